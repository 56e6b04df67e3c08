"""The values of a running page's controls, kept in step with the URL.

The URL is the state that survives: a reload, the back button or a copied link restore exactly it. On every run this
module asks one question: did the URL change by itself (link, reload, back, forward), or did a widget? The one that
changed wins, and the other is brought in step.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import streamlit as st

from ui import controls, language
from ui.controls import Table, Value

RECENT = 4  # addresses that a browser may still show while the newest is on its way to it
_UNASKED = "_unasked"  # the run that begins was asked for by no reader
SHARED = ("lang", "present", "pane", "notes", "text")  # one value for all pages


@dataclass(frozen=True)
class _Memory:
    """What this session last knew of a page: the values of its controls and the query that spelt them."""

    values: dict[str, Value]
    query: dict[str, str]
    earlier: tuple[dict[str, str], ...] = ()  # what was published before it, the newest first


@dataclass(frozen=True)
class PageState:
    """The controls of the page being drawn. `state["layer"]` is a value, `state.t("key")` a text."""

    page: str
    table: Table
    values: Mapping[str, Value]
    refused: tuple[str, ...]
    t: language.Language

    def __getitem__(self, name: str) -> Value:
        return self.values[name]

    def text(self, name: str) -> str:
        return str(self.values[name])

    def integer(self, name: str) -> int:
        return int(self.values[name])

    def flag(self, name: str) -> bool:
        return bool(self.values[name])

    def hidden(self, name: str) -> bool:
        """True for a control that the URL's `hide` takes off the page."""
        return name in self.text("hide").split(",")

    def left_at(self, page: str) -> dict[str, str]:
        """The query with which the reader left `page`."""
        memory: _Memory | None = st.session_state.get(_memory_key(page))
        return dict(memory.query) if memory else {}

    def link(self, page: str, **changes: Value) -> dict[str, str]:
        """Query of a link to `page` that keeps language, presenter mode and what the reader left there."""
        query = self.left_at(page)
        table = controls.load(page)
        for name in SHARED:
            query.pop(name, None)
        shared = {name: self.values[name] for name in SHARED if name in table}
        for name, value in {**shared, **changes}.items():
            if name in table and (name == "lang" or value != table[name].default):
                query[name] = table[name].spell(value)
        return query


@dataclass(frozen=True)
class Unopened(PageState):
    """The state that an address will open with, before there is a session (`early.py`)."""

    def left_at(self, page: str) -> dict[str, str]:
        """A reader who has just come has left nothing anywhere."""
        return {}


def unopened(page: str, query: Mapping[str, str], spoken: str, questions: Sequence[str] = ()) -> Unopened:
    """State of `page` at this address for a new reader whose browser speaks the language `spoken`."""
    table = _table(page, questions)
    values, refused = table.read(query)
    if "lang" not in query or "lang" in refused:
        values["lang"] = spoken
    return Unopened(page, table, values, refused, language.load(str(values["lang"])))


def _table(page: str, questions: Sequence[str]) -> Table:
    return controls.load(page).with_options("q", ("", *questions), questions[0] if questions else "")


def widget_key(page: str, name: str) -> str:
    """Session key of a control: shared controls have one key for all pages."""
    return f"{'house' if name in SHARED else page}-{name}"


def _memory_key(page: str) -> str:
    return f"_memory-{page}"


def set_values(page: str, changes: Mapping[str, Value]) -> None:
    """Set controls from a callback (a clicked sentence, a picture, a reset); the next run publishes them."""
    for name, value in changes.items():
        st.session_state[widget_key(page, name)] = value


def reset(page: str) -> None:
    """Put the page's own controls back to their defaults; language and presenter mode stay."""
    table = controls.load(page)
    keep = (*SHARED, "q", "hide")
    set_values(page, {c.name: c.default for c in table if c.name not in keep})


def open_page(page: str, questions: Sequence[str] = ()) -> PageState:
    """State of `page` for this run. Call it once, before any widget; it also brings the URL in step."""
    table = _table(page, questions)
    query = dict(st.query_params.to_dict())
    unasked = bool(st.session_state.pop(_UNASKED, False))
    memory: _Memory | None = st.session_state.get(_memory_key(page))
    refused: tuple[str, ...] = ()
    if memory is None:
        values, refused = _from_url(table, query)
    else:
        values, refused = _latest(page, table, memory, query, unasked)
    for name, value in values.items():
        key = widget_key(page, name)
        if st.session_state.get(key) != value:
            st.session_state[key] = value
    written = table.write(values, always=("lang",))
    if written != query:
        st.query_params.from_dict(written)
    earlier = (memory.query, *memory.earlier)[:RECENT] if memory else ()
    st.session_state[_memory_key(page)] = _Memory(values, written, earlier)
    return PageState(page, table, values, refused, language.load(str(values["lang"])))


def run_again() -> None:
    """Run the page anew because something is ready now. The run carries the address that the work began with, which the
    reader may have left since."""
    st.session_state[_UNASKED] = True
    st.rerun()


def reopen(here: PageState) -> PageState:
    """State of the same page when only a part of it runs again."""
    return open_page(here.page, here.table["q"].options[1:])


def _latest(
    page: str, table: Table, memory: _Memory, query: Mapping[str, str], unasked: bool
) -> tuple[dict[str, Value], tuple[str, ...]]:
    """Values after what happened last: a widget moved, the address changed, or both."""
    values = _from_widgets(page, table, memory)
    moved = [name for name in values if values[name] != memory.values[name]]
    # A quick second action still carries the address from before the first one, and so may a run that nobody asked for:
    # that is no wish to go back.
    stale = (bool(moved) or unasked) and query in memory.earlier
    if query == memory.query or stale:
        return values, ()
    asked, refused = _from_url(table, query)
    for name in moved:
        if query.get(name) == memory.query.get(name):
            asked[name] = values[name]
    return asked, refused


def _from_url(table: Table, query: Mapping[str, str]) -> tuple[dict[str, Value], tuple[str, ...]]:
    values, refused = table.read(query)
    if "lang" not in query or "lang" in refused:
        spoken = st.session_state.get(widget_key(table.page, "lang"))
        values["lang"] = spoken or language.guess(st.context.locale)
    return values, refused


def _from_widgets(page: str, table: Table, memory: _Memory) -> dict[str, Value]:
    """Values as the widgets hold them; a widget that another page dropped keeps what the session remembers."""
    return {
        control.name: st.session_state.get(widget_key(page, control.name), memory.values[control.name])
        for control in table
    }
