"""Run what is heavy in the background, each job once per process."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable, Sequence

PAUSE_S = 2.0  # after the first page, its own scripts and pictures go first

_begun: set[Callable[[], object]] = set()
_lock = threading.Lock()


def begin(jobs: Sequence[Callable[[], object]], pause_s: float = 0.0) -> None:
    """Run those of `jobs` that the process has not begun before, one after the other in a background thread."""
    with _lock:
        fresh = tuple(job for job in jobs if job not in _begun)
        _begun.update(fresh)
    if fresh:
        threading.Thread(target=_run, args=(fresh, pause_s), name="warm", daemon=True).start()


def _run(jobs: tuple[Callable[[], object], ...], pause_s: float) -> None:
    time.sleep(pause_s)
    for job in jobs:
        try:
            job()
        except Exception:
            # Nobody waits for this; the page that needs it meets the same trouble and says so.
            logging.getLogger("illustrated_notes").warning("warming failed", exc_info=True)
