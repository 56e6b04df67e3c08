"""Spaces that readers opened beside the shipped ones: at most two at a time, one copy for all readers.

A space can take a gigabyte, so it is held here and nowhere else: whoever loads one (`hold`, long work) gets its key,
and whoever draws asks for it by that key (`held`). The one asked for longest ago makes room.
"""

from __future__ import annotations

import threading
from collections import OrderedDict
from pathlib import Path

from explainers.embeddings.space import Space
from explainers.progress import Report, silent

MOST = 2
_spaces: OrderedDict[str, Space] = OrderedDict()
_lock = threading.Lock()


def key_of(source: str) -> str:
    """A name for what `source` holds now: a file that was written anew has another."""
    try:
        state = Path(source).stat()
    except (OSError, ValueError):
        return source
    return f"{source} {state.st_size} {state.st_mtime_ns}"


def held(key: str) -> Space | None:
    """The space, if it is still held."""
    with _lock:
        found = _spaces.get(key)
        if found is not None:
            _spaces.move_to_end(key)
        return found


def hold(key: str, source: str, name: str | None = None, *, report: Report = silent) -> str:
    """Load `source` (`spaces.load`) and hold it under `key`, which is returned. name: what the reader calls it."""
    from explainers.embeddings import spaces

    found = spaces.load(source, name=name, report=report)
    with _lock:
        _spaces[key] = found
        while len(_spaces) > MOST:
            _spaces.popitem(last=False)
    return key
