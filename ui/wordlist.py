"""What the glossary page lists: every term with its names, meaning and places, as one payload for the browser."""

from __future__ import annotations

import functools
import json
from dataclasses import dataclass

from study import glossary
from ui import answers
from ui.controls import Table


@dataclass(frozen=True)
class Listed:
    """All terms in one language, for the browser's store."""

    payload_id: str
    payload: bytes


def groups(table: Table) -> tuple[str, ...]:
    """The subjects of the terms, in the order in which the page's control offers them."""
    return table["group"].options[1:]


@functools.cache
def listed(lang: str) -> Listed:
    """JSON: `terms` (`answers.term`, its other spellings, group and questions), and the questions' `titles`."""
    terms = [
        {
            **answers.term(term, lang),
            "also": [name for name in term.also if name not in (term.zh, term.en)],
            "group": term.group,
            "questions": list(glossary.questions(term.id)),
        }
        for term in sorted(glossary.load().values(), key=lambda term: term.en.casefold())
    ]
    asked = {question for term in glossary.load() for question in glossary.questions(term)}
    content = {"terms": terms, "titles": {question: answers.title(question, lang) for question in sorted(asked)}}
    return Listed(f"glossary-{lang}", json.dumps(content, ensure_ascii=False).encode("utf-8"))
