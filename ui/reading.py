"""What the reader page shows: the whole document as one payload, its contents, and search results as data."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass

from study import catalogue, document, markdown, search


@dataclass(frozen=True)
class WholeDocument:
    """Every section and question of the notes, for the browser's store."""

    payload_id: str
    payload: bytes


@functools.cache
def whole() -> WholeDocument:
    """JSON list of sections: id, title (HTML, the document's own) and questions (id, heading, body, answered, ...)."""
    notes = document.load()
    sections = [
        {
            "id": section.id,
            "title": markdown.inline_html(section.title),
            "questions": [_row(question_id) for question_id in section.question_ids],
        }
        for section in notes.sections
    ]
    return WholeDocument("document", json.dumps(sections, ensure_ascii=False).encode("utf-8"))


def _row(question_id: str) -> dict[str, object]:
    notes = document.load()
    question = notes.question(question_id)
    known = catalogue.load()
    return {
        "id": question.id,
        "heading": markdown.inline_html(question.heading),
        "title": markdown.to_text(question.heading).strip(),
        "body": markdown.to_html(question.body),
        "answered": question.answered,
        "concepts": [concept.id for concept in known.for_question(question_id)],
        "related": [
            {"id": other, "title": markdown.to_text(notes.question(other).heading).strip()}
            for other in known.related.get(question_id, ())
        ],
    }


def found(query: str) -> search.SearchResult | None:
    """Search results, or None when the reader searches for nothing."""
    return search.search(query, limit=90) if query.strip() else None
