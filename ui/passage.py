"""What the document pane shows: a concept's passages as HTML with their marked words, and what the bound ones set."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass

from study import bindings, catalogue
from ui import answers
from ui.controls import Table


@dataclass(frozen=True)
class Passages:
    """All passages of a concept as one payload for the browser's store."""

    payload_id: str
    payload: bytes


@functools.cache
def of_concept(concept_id: str, lang: str) -> Passages:
    """Passages of the concept, in its reading order, as JSON: `questions` (`answers.row`), the `titles` of these and
    of those they lead to, and the kit of their marks (`answers.kit`)."""
    concept = catalogue.load().concept(concept_id)
    content = {
        **answers.kit(concept.questions, lang, concept.page),
        "titles": answers.titles(concept.questions, lang),
        "questions": [answers.row(question, lang, concept.page) for question in concept.questions],
    }
    return Passages(f"passages-{concept_id}-{lang}", json.dumps(content, ensure_ascii=False).encode("utf-8"))


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
