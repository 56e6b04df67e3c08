"""What the reader page shows: the whole document as one payload, its contents, and search results as data."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass

from study import catalogue, document, markdown, meaning, search
from ui import answers


@dataclass(frozen=True)
class WholeDocument:
    """Every section and question of the notes, for the browser's store."""

    payload_id: str
    payload: bytes


@functools.cache
def whole(lang: str) -> WholeDocument:
    """The document as JSON: `sections` with id, title (HTML, the document's own) and questions (`answers.row` and the
    ids of their concepts), the `titles` of all questions, and the kit of their marks (`answers.kit`)."""
    notes = document.load()
    ids = [question.id for question in notes.questions]
    content = {
        **answers.kit(ids, lang),
        "titles": answers.titles(ids, lang),
        "sections": [
            {
                "id": section.id,
                "title": markdown.inline_html(section.title),
                "questions": [
                    {
                        **answers.row(question_id, lang),
                        "concepts": [concept.id for concept in catalogue.load().for_question(question_id)],
                    }
                    for question_id in section.question_ids
                ],
            }
            for section in notes.sections
        ],
    }
    return WholeDocument(f"document-{lang}", json.dumps(content, ensure_ascii=False).encode("utf-8"))


def found(query: str, encode: meaning.Encode | None = None) -> search.SearchResult | None:
    """Search results, or None when the reader searches for nothing. encode: as in `study.search`."""
    return search.search(query, limit=90, encode=encode) if query.strip() else None
