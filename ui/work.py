"""Long work on a page: start it, show how far it is, call it off, draw what there is so far and what comes of it.

The work itself runs in the pool (`pool.py`), never in the script. Its result is kept by key, so whoever asks for the
same thing next sees it at once.
"""

from __future__ import annotations

import logging
import uuid
from collections.abc import Callable, Hashable
from typing import Any

import streamlit as st

from ui import frame
from ui.pool import POOL, Call, Job, PoolIsFullError
from ui.state import PageState, run_again

TICK_S = 0.4  # how often a running job is looked at
PATIENCE_S = 0.3  # a job that answers within this needs no progress bar


def panel(
    here: PageState,
    name: str,
    call: Call,
    draw: Callable[[Any, bool], None],
    *,
    key: Hashable,
    process: bool = False,
    wait: bool = False,
) -> None:
    """Show long work and what comes of it.

    name: unique on the page. call: a partial of a function that takes `report` (explainers/progress.py); with
    `process` it runs in a worker process and must be picklable. key: everything the result depends on.
    draw(result, done): draws the final result (done) or the latest part of it. wait: nothing runs before the reader
    presses start.
    """
    who, wanted, refused = _reader(), f"work-{name}", f"work-{name}-left"
    before = st.session_state.get(wanted)
    if before is not None and before != key:
        POOL.leave(before, who)
    st.session_state[wanted] = key

    def start() -> None:
        st.session_state.pop(refused, None)
        try:
            POOL.start(key, call, process=process, who=who)
        except PoolIsFullError:
            st.session_state[refused] = ("full", key)

    def leave() -> None:
        st.session_state[refused] = ("cancelled", key)
        POOL.leave(key, who)

    def state() -> Job | None:
        """The job, unless this reader has called it off or was refused."""
        return None if st.session_state.get(refused, ("", None))[1] == key else POOL.find(key, who)

    job = state()
    if job is None and not wait and st.session_state.get(refused, ("", None))[1] != key:
        start()
        job = state()
    if job is not None:
        job.wait(PATIENCE_S)
        if job.state == "done":
            draw(job.result, True)
            return
    ticking = job is not None and job.active
    first = [True]

    @st.fragment(run_every=TICK_S if ticking else None)
    def shown() -> None:
        job = state()
        active = job is not None and job.active
        done = job is not None and job.state == "done"
        # Never within the run of the page itself: to begin it again would end it before the rest is drawn.
        if bool(first) and first.pop():
            if job is not None and done:
                draw(job.result, True)
                return
        elif active != ticking or done:
            run_again()
        if job is not None and job.active:
            _progress(here, name, job, leave)
            if job.partial is not None:
                draw(job.partial, False)
        else:
            _stopped(here, name, job, st.session_state.get(refused, ("", None)), key, start)

    shown()


def quietly(name: str, call: Call, *, key: Hashable) -> Any | None:
    """The result of work that replaces what is on the page already: None until it is there, then the page runs again.

    No bar and no button: the caller shows something else meanwhile, and goes on showing it where the work fails or the
    pool is full. Arguments as in `panel`.
    """
    who, wanted = _reader(), f"work-{name}"
    before = st.session_state.get(wanted)
    if before is not None and before != key:
        POOL.leave(before, who)
    st.session_state[wanted] = key
    job = POOL.find(key, who)
    if job is None:
        try:
            job = POOL.start(key, call, who=who)
        except PoolIsFullError:
            return None
    job.wait(PATIENCE_S / 3)
    if job.state == "failed":
        logging.getLogger("illustrated_notes").error("work %s failed", name, exc_info=job.error)
    if not job.active:
        return job.result if job.state == "done" else None

    @st.fragment(run_every=TICK_S)
    def waiting() -> None:
        job = POOL.find(key, who)
        if job is None or not job.active:
            run_again()

    waiting()
    return None


def _reader() -> str:
    """A name for this session, so that work which two readers share goes on when one of them leaves."""
    return str(st.session_state.setdefault("work-reader", uuid.uuid4().hex))


def _progress(here: PageState, name: str, job: Job, leave: Callable[[], None]) -> None:
    seconds = job.seconds_left
    if job.state == "waiting":
        text = here.t("work.waiting", jobs=POOL.place(job))
    elif seconds is None:
        text = here.t("work.running")
    else:
        text = here.t("work.running_left", done=f"{job.fraction:.0%}", seconds=f"{max(1.0, seconds):.0f}")
    with st.container(horizontal=True, vertical_alignment="bottom", key=f"{name}-progress"):
        st.progress(job.fraction, text=text)
        st.button(here.t("work.cancel"), key=f"{name}-cancel", on_click=leave)


def _stopped(
    here: PageState,
    name: str,
    job: Job | None,
    refusal: tuple[str, Hashable],
    key: Hashable,
    start: Callable[[], None],
) -> None:
    """Nothing runs: say why, if there is a reason, and offer to start."""
    if job is not None and job.state == "failed":
        code = getattr(job.error, "code", None)
        if code is None:
            logging.getLogger("illustrated_notes").error("work %s failed", name, exc_info=job.error)
            frame.trouble(here.t("work.failed"))
        else:
            frame.trouble(here.t(f"error.{code}", **getattr(job.error, "details", {})))
            return
    elif refusal[1] == key and refusal[0] == "full":
        frame.notice(here.t("work.full"))
    elif refusal[1] == key:
        frame.notice(here.t("work.cancelled"))
    st.button(here.t("work.start"), key=f"{name}-start", on_click=start, type="primary")
