"""Reader: the whole document with its contents, search, and the page that shows each question."""

from __future__ import annotations

import streamlit as st

from study import catalogue, document
from ui import components, frame, reading, widgets
from ui.state import PageState


def results(here: PageState) -> dict[str, object] | None:
    """Search results as the component takes them, with a sentence on what was found."""
    query = here.text("find").strip()
    found = reading.found(query)
    if found is None:
        return None
    said = (
        here.t("reader.search_found", query=query, n=len(found.hits))
        if found.hits
        else here.t("reader.search_none", query=query)
    )
    corrected = [here.t("reader.search_corrected", typed=typed, used=used) for typed, used in found.corrected]
    return {
        "said": " ".join([*corrected, said]),
        "terms": list(found.terms),
        "hits": [{"id": hit.question, "snippet": hit.snippet} for hit in found.hits],
    }


def draw(here: PageState) -> None:
    whole = reading.whole()
    components.send("document-payload", whole.payload_id, whole.payload)
    with st.container(key="reader-search"):
        widgets.draw(here, "find")
    sections = [section.id for section in document.load().sections]
    components.mount(
        "reader",
        "reader",
        {
            "text": whole.payload_id,
            "current": here.text("q"),
            "results": results(here),
            "labels": {**here.t.group("reader"), "lang": here.t.code},
            "sections": {name: here.t(f"section.{name}") for name in sections},
            "concepts": {
                concept.id: {
                    "title": here.t(f"concept.{concept.id}.title"),
                    "href": frame.address(here, concept.page, q="%q").replace("%25q", "%q") if concept.ready else "",
                    "questions": list(concept.questions),
                }
                for concept in catalogue.load().concepts
            },
        },
        height="stretch",
    )


here = frame.open_page("reader", tuple(question.id for question in document.load().questions))
draw(here)
