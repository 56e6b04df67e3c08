"""The reader's map and print view as Streamlit runs them, and how the address names the questions to print."""

from __future__ import annotations

import pytest
from test_pages import opened, query, said

from pages.parts import reader_views
from study import document
from ui import language

IDS = [question.id for question in document.load().questions]


@pytest.mark.parametrize(
    ("text", "ids", "unknown"),
    [
        ("A1,B44", ["A1", "B44"], []),
        ("b44, a1", ["A1", "B44"], []),
        ("B44、A1，A1", ["A1", "B44"], []),
        ("A1,Z9,A31,Z9", ["A1"], ["Z9", "A31"]),
        ("none", [], []),
        ("all", IDS, []),
        (",", [], []),
    ],
)
def test_the_questions_to_print_are_read_from_the_address(text: str, ids: list[str], unknown: list[str]) -> None:
    assert reader_views.chosen(text) == (ids, unknown)


@pytest.mark.parametrize("lang", language.LANGUAGES)
@pytest.mark.parametrize("asked", [{"view": "map"}, {"print": "A1,B44"}, {"print": "none"}, {"print": "Z9"}])
def test_the_other_views_run_in_both_languages(asked: dict[str, str], lang: str) -> None:
    app = opened("reader", lang=lang, **asked)
    assert language.load(lang)("house.failed") not in said(app)
    assert query(app) == {"lang": lang, **asked}
