"""Reader: the whole document with its contents, search, and the page that shows each question; its questions as a map;
and any of them as pages to print."""

from __future__ import annotations

import streamlit as st

from explainers import models
from pages.parts import reader_views
from study import catalogue, document, meaning
from ui import components, frame, reading, widgets
from ui.state import PageState


def encoder() -> meaning.Encode | None:
    """The sentence model, where it is loaded already: a search does not wait for it."""
    if not models.is_loaded():
        return None
    from explainers import attention

    return lambda text: attention.trace(text, max_tokens=64).sentence_vector


def results(here: PageState) -> dict[str, object] | None:
    """Search results as the component takes them, with a sentence on what was found."""
    query = here.text("find").strip()
    encode = encoder()
    found = reading.found(query, encode)
    if found is None:
        return None
    said = (
        here.t("reader.search_found", query=query, n=len(found.hits))
        if found.hits
        else here.t("reader.search_none", query=query)
    )
    corrected = [here.t("reader.search_corrected", typed=typed, used=used) for typed, used in found.corrected]
    return {
        "said": " ".join([*corrected, said, *([] if encode else [here.t("reader.search_words")])]),
        "terms": list(found.terms),
        "hits": [{"id": hit.question, "snippet": hit.snippet} for hit in found.hits],
    }


def draw(here: PageState) -> None:
    with st.container(key="reader-search"):
        widgets.draw(here, "find")
    sections = [section.id for section in document.load().sections]
    components.mount(
        "reader",
        "reader",
        {
            "text": reader_views.send(here),
            "current": here.text("q"),
            "results": results(here),
            "labels": {**here.t.group("reader"), "lang": here.t.code},
            "sections": {name: here.t(f"section.{name}") for name in sections},
            "ways": [
                {"text": here.t("reader.way_map"), "href": frame.address(here, "reader", view="map", **frame.PLAIN)},
                {
                    "text": here.t("reader.way_print"),
                    "href": frame.address(here, "reader", print=here.text("q"), **frame.PLAIN),
                },
            ],
            "concepts": {
                concept.id: {
                    "title": here.t(f"concept.{concept.id}.title"),
                    "code": here.t(f"mapcode.{concept.id}"),
                    "href": frame.address(here, concept.page, q="%q", **frame.PLAIN).replace("%25q", "%q")
                    if concept.ready
                    else "",
                    "questions": list(concept.questions),
                }
                for concept in catalogue.load().concepts
            },
        },
        height="stretch",
    )


here = frame.open_page("reader", tuple(question.id for question in document.load().questions))
if here.text("print"):
    reader_views.draw_printed(here)
elif here.text("view") == "map":
    reader_views.draw_map(here)
else:
    draw(here)
