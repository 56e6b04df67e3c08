"""The product's own answers to questions that the document asks and does not answer, keyed by question id.

They are the product's words, not the document's, and are shown as such. One Markdown file per question and language
in `assets/answers/`; a link of the form `?lens=input` leads to a state of the page that answers the question.
"""

from __future__ import annotations

import functools
from pathlib import Path

FOLDER = Path(__file__).resolve().parent.parent / "assets" / "answers"


@functools.cache
def answer(question_id: str, lang: str) -> str:
    """Markdown of the answer to `question_id` in `lang`, or "" where there is none."""
    path = FOLDER / f"{question_id}.{lang}.md"
    return path.read_text("utf-8") if path.exists() else ""


def answered() -> frozenset[str]:
    """Ids of the questions that have an answer of ours."""
    return frozenset(path.name.split(".")[0] for path in FOLDER.glob("*.md"))
