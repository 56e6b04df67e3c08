"""The reader's other views: the map of the questions, and chosen questions as pages to print."""

from __future__ import annotations

import re
from pathlib import Path

import streamlit as st

from study import catalogue, document, questionmap
from ui import answers, components, reading
from ui.state import PageState

PRINT_STYLE = Path(__file__).resolve().parents[2] / "assets" / "style" / "print.css"


def send(here: PageState) -> str:
    """Send the whole document to the browser; returns the name of the payload."""
    whole = reading.whole(here.t.code)
    components.send("document-payload", whole.payload_id, whole.payload)
    return whole.payload_id


def chosen(text: str) -> tuple[list[str], list[str]]:
    """The questions that `print` names, in the document's order, and the names that are none.

    "all" stands for every question, "none" for a choice still to be made.
    """
    known = [question.id for question in document.load().questions]
    if text == "all":
        return known, []
    asked = [name for name in re.split(r"[\s,，、]+", text.upper()) if name and name != "NONE"]
    return [name for name in known if name in asked], [name for name in dict.fromkeys(asked) if name not in known]


def draw_printed(here: PageState) -> None:
    st.html(f"<style>{PRINT_STYLE.read_text('utf-8')}</style>")
    ids, unknown = chosen(here.text("print"))
    components.mount(
        "printed",
        "printed",
        {
            "text": send(here),
            "print": here.text("print"),
            "ids": ids,
            "unknown": here.t("printed.unknown", names=here.t.listed(unknown)) if unknown else "",
            "labels": {**here.t.group("printed"), "lang": here.t.code},
            "sections": {section.id: here.t(f"section.{section.id}") for section in document.load().sections},
        },
    )


def draw_map(here: PageState) -> None:
    drawn = questionmap.load()
    concepts = catalogue.load()
    components.mount(
        "questionmap",
        "questionmap",
        {
            "columns": drawn.columns,
            "rows": drawn.rows,
            "places": [
                {
                    "id": place.question,
                    "layer": place.layer,
                    "column": place.column,
                    "row": place.row,
                    "title": answers.title(place.question, here.t.code),
                    "concepts": [concept.id for concept in concepts.for_question(place.question)],
                }
                for place in drawn.places
            ],
            "edges": [list(edge) for edge in drawn.edges],
            "concepts": {
                concept.id: {
                    "title": here.t(f"concept.{concept.id}.title"),
                    "code": here.t(f"mapcode.{concept.id}"),
                }
                for concept in concepts.concepts
            },
            "current": here.text("q"),
            "labels": {**here.t.group("map"), "lang": here.t.code},
        },
    )
