"""Load what is heavy in the background, once per process, after the first page has been served."""

from __future__ import annotations

import logging
import threading
import time
from collections.abc import Callable

import streamlit as st

PAUSE_S = 0.8  # the first page's own pictures and scripts go first


@st.cache_resource(show_spinner=False)
def _start(_jobs: tuple[Callable[[], object], ...]) -> threading.Thread:
    thread = threading.Thread(target=_run, args=(_jobs,), name="warm", daemon=True)
    thread.start()
    return thread


def _run(jobs: tuple[Callable[[], object], ...]) -> None:
    time.sleep(PAUSE_S)
    for job in jobs:
        try:
            job()
        except Exception:
            # Nobody waits for this; the page that needs it meets the same trouble and says so.
            logging.getLogger("illustrated_notes").warning("warming failed", exc_info=True)


def after_first_page(*jobs: Callable[[], object]) -> None:
    """Run `jobs` one after the other in the background; later calls of the process do nothing."""
    _start(jobs)
