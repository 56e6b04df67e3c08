"""Long work on a page: it starts by itself or on the button, is called off, and says what went wrong."""

from __future__ import annotations

import time
import uuid

from streamlit.testing.v1 import AppTest


def page(kind: str, key: str, wait: bool) -> None:
    import functools

    import streamlit as st

    from tests.ui import jobs
    from ui import state, work

    here = state.open_page("reader")
    call = {"slow": functools.partial(jobs.slow, 20.0), "quick": functools.partial(jobs.slow, 0.01)}.get(
        kind, functools.partial(jobs.refused)
    )
    work.panel(here, "trial", call, lambda value, done: st.text(f"{value} {done}"), key=key, wait=wait)


def opened(kind: str, *, wait: bool = False) -> AppTest:
    return AppTest.from_function(page, args=(kind, uuid.uuid4().hex, wait), default_timeout=20).run()


def texts(app: AppTest) -> list[str]:
    return [element.value for element in app.text]


def until(app: AppTest, found: str) -> bool:
    for _ in range(60):
        if found in texts(app):
            return True
        time.sleep(0.1)
        app.run()
    return False


def test_quick_work_is_there_without_a_button() -> None:
    app = opened("quick")
    assert until(app, "whole True")
    assert not app.button


def test_work_that_waits_is_started_by_the_reader() -> None:
    app = opened("quick", wait=True)
    assert texts(app) == []
    app.button(key="trial-start").click().run()
    assert until(app, "whole True")


def test_running_work_shows_a_part_and_can_be_called_off() -> None:
    app = opened("slow")
    assert until(app, "part 0 False")
    app.button(key="trial-cancel").click().run()
    assert texts(app) == []
    assert app.button(key="trial-start")
    app.run()
    assert not [button for button in app.button if button.key == "trial-cancel"], "it must not start again by itself"


def test_a_refusal_is_a_sentence_and_no_traceback() -> None:
    app = opened("refused")
    for _ in range(20):
        html = " ".join(element.proto.body for element in app.get("html"))
        if "Both sentences" in html or "兩句" in html:
            break
        time.sleep(0.1)
        app.run()
    assert "Both sentences are empty" in html
    assert not app.exception


def broken_off() -> None:
    import streamlit as st

    from ui import state, widgets

    here = state.open_page("attention", ("A1",))
    if not st.session_state.get("again"):
        st.session_state["again"] = True
        st.rerun()
    widgets.draw(here, "a", lines=2)


def test_a_field_that_a_run_did_not_reach_is_filled_by_the_next() -> None:
    """The browser must be told the value: it knows only what a run that drew the field sent. Here and where a second
    run follows before the browser has built the field, it takes the default."""
    from ui import controls

    field = AppTest.from_function(broken_off, default_timeout=20).run().text_area[0].proto
    assert field.default == controls.load("attention")["a"].default
