"""Our own answers: only where the document has none, in both languages, with links to states that exist."""

from __future__ import annotations

import html as markup
import re
from urllib.parse import parse_qsl

import pytest

from study import answers, catalogue, document, markdown, passages
from ui import answers as shown
from ui import controls

LANGUAGES = ("zh-Hant", "en")


def test_only_questions_that_the_document_leaves_open_are_answered() -> None:
    unanswered = {question.id for question in document.load().questions if not question.answered}
    assert answers.answered()
    assert answers.answered() <= unanswered


def links(html: str) -> list[tuple[str, str]]:
    """Page and query of every link; the page is "" where it is the answer's own."""
    return [(page, markup.unescape(query)) for page, query in re.findall(r'href="(?:/([a-z-]+))?\?([^"]*)"', html)]


@pytest.mark.parametrize("question", sorted(answers.answered()))
@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_answer_renders_and_its_links_are_states_of_ready_pages(question: str, lang: str) -> None:
    html = markdown.to_html(answers.answer(question, lang))
    assert "**" not in passages.visible_text(html)
    home = next(one for one in catalogue.load().for_question(question) if one.ready)
    ready = {concept.page for concept in catalogue.load().concepts if concept.ready}
    assert len(links(html)) == html.count("href=") >= 5
    for page, query in links(html):
        assert page in {"", *ready} - {home.page}
        table = controls.load(page or home.page)
        values, refused = table.read(dict(parse_qsl(query, strict_parsing=True)))
        assert not refused and values


@pytest.mark.parametrize("question", sorted(answers.answered()))
def test_away_from_its_page_an_answer_leads_there(question: str) -> None:
    home = next(one for one in catalogue.load().for_question(question) if one.ready)
    here = links(shown.own_answer(question, "en", home.page))
    away = links(shown.own_answer(question, "en"))
    assert here == links(markdown.to_html(answers.answer(question, "en")))
    assert away == [(page, query) if page else (home.page, f"q={question}&{query}") for page, query in here]


@pytest.mark.parametrize("question", sorted(answers.answered()))
def test_both_languages_lead_to_the_same_states(question: str) -> None:
    found = [sorted(re.findall(r"\]\(((?:/[a-z-]+)?\?[^)]*)\)", answers.answer(question, lang))) for lang in LANGUAGES]
    assert found[0] == found[1]


def test_a_question_without_an_answer_of_ours_has_none() -> None:
    assert answers.answer("A1", "en") == ""
