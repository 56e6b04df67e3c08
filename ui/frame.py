"""The frame every page lives in: style, the bar on top, and the two panes with the document beside the picture."""

from __future__ import annotations

import functools
import html
import json
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from urllib.parse import urlencode

import streamlit as st

from study import catalogue
from ui import components, language, passage, state
from ui.controls import Value
from ui.state import PageState

PLAIN: dict[str, Value] = {"notes": "core", "text": "auto"}
STYLE = Path(__file__).resolve().parent.parent / "assets" / "style" / "house.css"


@functools.cache
def _style(lang: str) -> str:
    """The look, and as CSS variables the words that Streamlit itself would say in English: the sheet shows them."""
    t = language.load(lang)
    said = t.group("widgets")
    most = said["upload_most"].format(mb=st.get_option("server.maxUploadSize"))
    words = {**said, "upload_most": most}.items()
    variables = "".join(
        f"--say-{name.replace('_', '-')}:{json.dumps(text, ensure_ascii=False)};" for name, text in words
    )
    return f"<style>:root{{{variables}}}{STYLE.read_text('utf-8')}</style>"


def url_path(page: str) -> str:
    """Path of a page as the browser shows it."""
    return "/" if page == "home" else f"/{page}"


def address(here: PageState, page: str, **changes: Value) -> str:
    """A link to `page` in the reader's language, with what they left there, and `changes`."""
    return f"{url_path(page)}?{urlencode(here.link(page, **changes))}"


def open_page(page: str, questions: tuple[str, ...] = ()) -> PageState:
    """Begin a page: its state from the URL, the style, the bar, and a quiet word if the URL held a wrong value."""
    here = state.open_page(page, questions)
    st.html(_style(here.t.code))
    components.mount("topbar", "topbar", topbar_data(here))
    if here.refused:
        notice(here.t("house.refused", names=here.t.listed(here.refused)))
    return here


def topbar_data(here: PageState) -> dict[str, object]:
    """What the bar of a page shows."""
    ready = [concept for concept in catalogue.load().concepts if concept.ready]
    ids = ["home", *(concept.page for concept in ready), "reader", "notes", "glossary"]
    titles = [here.t(f"page.{page}.title") for page in ids]
    return {
        "lang": here.t.code,
        "present": here.flag("present"),
        "page": here.page,
        "title": here.t("house.document_title", page=here.t(f"page.{here.page}.title"))
        if here.page != "home"
        else here.t("house.name"),
        "pages": [
            {
                "id": page,
                "title": here.t("house.name") if page == "home" else title,
                "href": _way(here, page),
            }
            for page, title in zip(ids, titles, strict=True)
        ],
        "paths": [url_path(page) for page in ids],
        "labels": here.t.group("topbar"),
    }


def _way(here: PageState, page: str) -> str:
    """The bar's link to `page`. The one to the page we are on starts it afresh: were it to follow every control, the
    whole bar would travel with every change."""
    return f"{url_path(page)}?{urlencode({'lang': here.t.code})}" if page == here.page else address(here, page)


def notice(text: str) -> None:
    """A quiet line for the reader: nothing is broken, something was set differently than asked."""
    st.html(f'<p class="notice" role="status">{html.escape(text)}</p>')


def trouble(text: str) -> None:
    """A clear sentence in place of something that could not be done."""
    st.html(f'<p class="trouble" role="alert">{html.escape(text)}</p>')


@contextmanager
def two_panes(here: PageState, concept: catalogue.Concept) -> Iterator[None]:
    """Document on the left, the caller's picture on the right; on a phone the picture comes first."""
    share = here.integer("pane")
    st.html(f"<style>.st-key-panes{{--doc-share:{share}%}}</style>")
    with st.container(key="panes", horizontal=True):
        if share:
            with st.container(key="pane-doc"):
                _document_pane(here, concept)
        if 0 < share < 100 and not here.flag("present"):
            with st.container(key="pane-divider"):
                components.mount(
                    "divider", "divider", {"share": share, "label": here.t("house.divider")}, height="stretch"
                )
        if share < 100:
            with st.container(key="main-picture"):
                yield
        else:
            with st.container(key="unseen"):
                yield
    _pane_switch(here, share)


def live(here: PageState, outside: tuple[str, ...], body: Callable[[PageState], None]) -> None:
    """Draw a part of the page that runs again alone when one of its own widgets moves: the rest stays as it is.

    outside: controls that are drawn elsewhere; where one of them changed (by a reset) the whole page runs again.
    """
    first = [here]

    @st.fragment
    def part() -> None:
        now = first.pop() if first else state.reopen(here)
        if any(now[name] != here[name] for name in outside):
            st.rerun()
        body(now)

    part()


def _pane_switch(here: PageState, share: int) -> None:
    shown = "hidden" if share == 0 else "only" if share == 100 else "beside"
    components.mount("paneswitch", "paneswitch", {"shown": shown, "labels": here.t.group("paneswitch")})


def _document_pane(here: PageState, concept: catalogue.Concept) -> None:
    texts = passage.of_concept(concept.id, here.t.code)
    components.send("passage-text", texts.payload_id, texts.payload)
    components.mount("passage", "passage", passage_data(here, concept), height="stretch")


def passage_data(here: PageState, concept: catalogue.Concept) -> dict[str, object]:
    """What the document pane shows, besides the texts themselves."""
    return {
        "text": passage.of_concept(concept.id, here.t.code).payload_id,
        "current": here.text("q") or concept.questions[0],
        "bindings": passage.bound(here.page, here.table),
        "labels": {**here.t.group("passage"), "lang": here.t.code},
        # Without how the text is shown: the browser adds it, and the pane need not travel when it changes.
        "reader": address(here, "reader", q="%q", **PLAIN).replace("%25q", "%q"),
    }


def spoken() -> str:
    """The language of this session, for a sentence that must come out when the page itself could not."""
    return str(st.session_state.get(state.widget_key("house", "lang")) or language.guess(st.context.locale))
