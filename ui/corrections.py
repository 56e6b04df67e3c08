"""What the page of corrections lists: every note with the words it stands on, as one payload for the browser."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass

from study import contradictions, document, english, notes
from ui import answers


@dataclass(frozen=True)
class Listed:
    """All notes in one language, for the browser's store."""

    payload_id: str
    payload: bytes


@functools.cache
def listed(lang: str) -> Listed:
    """JSON: `notes` (`answers.note` or, after them, `answers.contradiction`, and their `places`: question, section,
    phrase, and the English words that repeat it), and the `titles` of the questions they stand in, in the document's
    order."""
    entries = [(note.id, [(place, _faulty(note.id, place)) for place in note.places]) for note in notes.load()]
    entries += [(found.id, list(zip(found.sides, found.english, strict=True))) for found in contradictions.load()]
    asked = {place.question for _, places in entries for place, _ in places}
    content = {
        "notes": [
            {**answers.opened(name, lang), "places": [_place(place, words) for place, words in places]}
            for name, places in entries
        ],
        "titles": {
            question.id: answers.title(question.id, lang)
            for question in document.load().questions
            if question.id in asked
        },
    }
    return Listed(f"corrections-{lang}", json.dumps(content, ensure_ascii=False).encode("utf-8"))


def _faulty(note_id: str, place: notes.Place) -> str:
    return english.of_question(place.question).faulty.get(note_id, "")


def _place(place: notes.Place, in_english: str) -> answers.Row:
    return {
        "question": place.question,
        "section": document.load().question(place.question).section,
        "phrase": place.visible,
        "english": in_english,
    }
