"""Draw a control of the page's table as the widget of its kind; label and help come from the locale."""

from __future__ import annotations

import streamlit as st

from ui.state import PageState, note_drawn, reset, widget_key


def draw(state: PageState, name: str, *, lines: int = 1) -> None:
    """Draw control `name` unless the URL hides it. `lines`: height of a text field, 1 for a single line."""
    if state.hidden(name):
        return
    control = state.table[name]
    key = widget_key(state.page, name)
    label = state.t(f"control.{state.page}.{name}.label")
    guide = state.t(f"control.{state.page}.{name}.help")
    if control.kind == "flag":
        st.toggle(label, key=key, help=guide)
    elif control.kind == "choice":
        st.radio(
            label,
            control.options,
            key=key,
            help=guide,
            horizontal=True,
            label_visibility="collapsed" if name == "lens" else "visible",
            format_func=lambda option: state.t(f"control.{state.page}.{name}.option.{option}"),
        )
    elif control.kind in ("integer", "number"):
        kind = int if control.kind == "integer" else float
        st.slider(label, kind(control.minimum), kind(control.maximum), step=kind(control.step), key=key, help=guide)
    elif lines == 1:
        st.text_input(label, key=key, help=guide)
    else:
        st.text_area(label, key=key, help=guide, height=24 * lines + 20)
    note_drawn(key)


def draw_reset(state: PageState) -> None:
    """A button that puts the page's controls back to their defaults."""
    st.button(state.t("house.reset"), key=f"{state.page}-reset", on_click=reset, args=(state.page,), type="tertiary")
