"""Draw a control of the page's table as the widget of its kind; label and help come from the locale."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from ui.state import PageState, reset, widget_key


def draw(state: PageState, name: str, *, lines: int = 1, words: Sequence[str] = ()) -> None:
    """Draw control `name` unless the URL hides it. `lines`: height of a text field, 1 for a single line. `words`: what
    the values of an integer are called, from its least one on, where a number alone would say little.

    Its value stands in the session state and is given as the default too: a browser to which one run follows the
    other before it has built the widget gets the second only, which does not tell a value that it told before.
    """
    if state.hidden(name):
        return
    control = state.table[name]
    key = widget_key(state.page, name)
    label = state.t(f"control.{state.page}.{name}.label")
    guide = state.t(f"control.{state.page}.{name}.help")
    if control.kind == "flag":
        st.toggle(label, state.flag(name), key=key, help=guide)
    elif control.kind == "choice":
        st.radio(
            label,
            control.options,
            control.options.index(state.text(name)),
            key=key,
            help=guide,
            horizontal=True,
            label_visibility="collapsed" if name == "lens" else "visible",
            format_func=lambda option: state.t(f"control.{state.page}.{name}.option.{option}"),
        )
    elif control.kind in ("integer", "number"):
        kind = int if control.kind == "integer" else float
        low, high, value = kind(control.minimum), kind(control.maximum), kind(state[name])
        if words:
            said = dict(zip(range(int(low), int(high) + 1), words, strict=True))
            st.select_slider(label, list(said), value, key=key, help=guide, format_func=lambda one: said[one])
        elif low < high:  # of one value there is nothing to choose
            st.slider(label, low, high, value, kind(control.step), key=key, help=guide)
    elif lines == 1:
        st.text_input(label, state.text(name), key=key, help=guide)
    else:
        st.text_area(label, state.text(name), key=key, help=guide, height=24 * lines + 20)


def draw_reset(state: PageState) -> None:
    """A button that puts the page's controls back to their defaults."""
    st.button(state.t("house.reset"), key=f"{state.page}-reset", on_click=reset, args=(state.page,), type="tertiary")
