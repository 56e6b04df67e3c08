"""What the document pane shows: a concept's passages as HTML with their bound words, and what these set."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass

from study import answers, bindings, catalogue, document, markdown, passages
from ui.controls import Table


@dataclass(frozen=True)
class Passages:
    """All passages of a concept as one payload for the browser's store."""

    payload_id: str
    payload: bytes


@functools.cache
def of_concept(concept_id: str, lang: str) -> Passages:
    """Passages of the concept, in its reading order: JSON list of id, heading, body (HTML), answered, related.

    `answer` is our own text, in `lang`, for a question that the document leaves open.
    """
    concept = catalogue.load().concept(concept_id)
    rows = [
        {**_row(question, concept), "answer": markdown.to_html(answers.answer(question, lang))}
        for question in concept.questions
    ]
    return Passages(f"passages-{concept_id}-{lang}", json.dumps(rows, ensure_ascii=False).encode("utf-8"))


def _row(question_id: str, concept: catalogue.Concept) -> dict[str, object]:
    notes = document.load()
    question = notes.question(question_id)
    words = [
        passages.Phrase(binding.id, binding.phrase, occurrence=binding.occurrence)
        for binding in bindings.load(concept.page)
        if binding.question == question_id
    ]
    related = catalogue.load().related.get(question_id, ())
    return {
        "id": question.id,
        "heading": markdown.inline_html(question.heading),
        "body": passages.annotate(markdown.to_html(question.body), words),
        "answered": question.answered,
        "related": [
            {
                "id": other,
                "title": markdown.to_text(notes.question(other).heading).strip(),
                "here": other in concept.questions,
            }
            for other in related
        ],
    }


def bound(page: str, table: Table) -> dict[str, dict[str, str | None]]:
    """What each binding of the page sets in the address, None for a default, which the address leaves out.

    The browser compares it with the address, so that a sentence lights without the passage being sent again.
    """
    return {
        binding.id: {
            name: None if value == table[name].default else table[name].spell(value)
            for name, value in binding.state.items()
        }
        for binding in bindings.load(page)
    }
