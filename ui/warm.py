"""Run what is heavy in the background, once per process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

PAUSE_S = 2.0  # after the first page, its own scripts and pictures go first

_begun = threading.Event()
_lock = threading.Lock()


def begin(jobs: Sequence[Callable[[], object]], pause_s: float = 0.0) -> None:
    """Run `jobs` one after the other in a background thread; every later call of the process does nothing."""
    with _lock:
        if _begun.is_set():
            return
        _begun.set()
    threading.Thread(target=_run, args=(tuple(jobs), pause_s), name="warm", daemon=True).start()


def _run(jobs: tuple[Callable[[], object], ...], pause_s: float) -> None:
    time.sleep(pause_s)
    for job in jobs:
        try:
            job()
        except Exception:
            # Nobody waits for this; the page that needs it meets the same trouble and says so.
            logging.getLogger("illustrated_notes").warning("warming failed", exc_info=True)
