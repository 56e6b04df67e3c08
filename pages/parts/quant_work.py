"""What the measuring views of the quantization page share: work in a worker process, done anew when asked for."""

from __future__ import annotations

import functools
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from typing import Any

import streamlit as st

from ui import work
from ui.state import PageState


@dataclass
class Found:
    """The result of long work, None while it is not there. `above`: where its card goes, over the way to start it."""

    above: Any
    result: Any = None


def fresh(name: str) -> int:
    """How often the reader has asked to have it measured anew."""
    return int(st.session_state.get(_counter(name), 0))


def _counter(name: str) -> str:
    return f"quant-{name}-again"


def _once_more(name: str) -> None:
    st.session_state[_counter(name)] = fresh(name) + 1


def origin(here: PageState, found: Found) -> str:
    """Where what is shown was measured."""
    return here.t("quantmodel.shipped" if found.result is None else "quantmodel.own")


def again(here: PageState, name: str, found: Found) -> None:
    """The button that has it measured anew, once it was measured."""
    if found.result is None:
        return
    st.button(here.t("quantmodel.again"), key=f"quant-{name}-more", on_click=_once_more, args=(name,), type="tertiary")


def long(
    here: PageState,
    name: str,
    call: functools.partial[Any],
    key: Hashable,
    *,
    so_far: Callable[[Any], None] | None = None,
    wait: bool = False,
) -> Found:
    """Run it in a worker process, so that neither its threads nor its load touch the server's own work.

    so_far draws the latest part while it runs. wait: nothing runs before the reader presses start.
    """
    found = Found(st.container())

    def draw(result: Any, done: bool) -> None:
        if done:
            found.result = result
        elif so_far is not None:
            so_far(result)

    work.panel(here, f"quant-{name}", call, draw, key=(f"quant-{name}", key), process=True, wait=wait)
    return found
