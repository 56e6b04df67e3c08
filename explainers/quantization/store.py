"""Results and files kept on disk by content: the name is a hash of everything they depend on.

A file is written under a temporary name and renamed, so that nobody ever reads half of one. The folder is the user's
cache (`ILLUSTRATED_NOTES_CACHE`, else `XDG_CACHE_HOME`, else ~/.cache); deleting it costs only time.
"""

from __future__ import annotations

import hashlib
import json
import os
import tempfile
from contextlib import suppress
from pathlib import Path

MOST_FILES = 200
"""More than that, and what was read longest ago goes."""


def folder() -> Path:
    """The folder for what this page keeps."""
    own = os.environ.get("ILLUSTRATED_NOTES_CACHE")
    base = Path(own) if own else Path(os.environ.get("XDG_CACHE_HOME") or Path.home() / ".cache") / "illustrated-notes"
    return base / "quantization"


def digest(*parts: object) -> str:
    """A short hash of plain values."""
    said = json.dumps(parts, sort_keys=True, ensure_ascii=False, default=str)
    return hashlib.sha256(said.encode("utf-8")).hexdigest()[:24]


def path_of(name: str) -> Path | None:
    """The kept file of this name, or None."""
    path = folder() / name
    try:
        os.utime(path)
    except OSError:
        return None
    return path


def keep(name: str, content: bytes) -> Path:
    """Write a file and return its path. Where the cache cannot be written, a temporary file takes its place."""
    try:
        folder().mkdir(parents=True, exist_ok=True)
        return _write(folder() / name, content)
    except OSError:
        return _write(Path(tempfile.mkdtemp(prefix="illustrated-notes-")) / name, content)


def _write(path: Path, content: bytes) -> Path:
    handle, temporary = tempfile.mkstemp(dir=path.parent, prefix=".", suffix=path.suffix)
    try:
        with os.fdopen(handle, "wb") as stream:
            stream.write(content)
        os.replace(temporary, path)
    except BaseException:
        with suppress(OSError):
            os.unlink(temporary)
        raise
    _make_room(path.parent)
    return path


def _make_room(where: Path) -> None:
    kept = [path for path in where.iterdir() if not path.name.startswith(".")]
    if len(kept) > MOST_FILES:
        with suppress(OSError):
            for path in sorted(kept, key=lambda path: path.stat().st_mtime)[: len(kept) - MOST_FILES]:
                path.unlink(missing_ok=True)
