"""Our own answers: only where the document has none, in both languages, with links to states that exist."""

from __future__ import annotations

import html as markup
import re
from urllib.parse import parse_qsl

import pytest

from study import answers, catalogue, document, markdown, passages
from ui import controls

LANGUAGES = ("zh-Hant", "en")


def test_only_questions_that_the_document_leaves_open_are_answered() -> None:
    unanswered = {question.id for question in document.load().questions if not question.answered}
    assert answers.answered()
    assert answers.answered() <= unanswered


@pytest.mark.parametrize("question", sorted(answers.answered()))
@pytest.mark.parametrize("lang", LANGUAGES)
def test_an_answer_renders_and_its_links_are_states_of_its_page(question: str, lang: str) -> None:
    html = markdown.to_html(answers.answer(question, lang))
    assert "**" not in passages.visible_text(html)
    concept = next(one for one in catalogue.load().for_question(question) if one.ready)
    table = controls.load(concept.page)
    links = re.findall(r'href="\?([^"]*)"', html)
    assert len(links) >= 5
    for link in links:
        for name, value in parse_qsl(markup.unescape(link)):
            table[name].parse(value)


@pytest.mark.parametrize("question", sorted(answers.answered()))
def test_both_languages_lead_to_the_same_states(question: str) -> None:
    found = [sorted(re.findall(r"\]\((\?[^)]*)\)", answers.answer(question, lang))) for lang in LANGUAGES]
    assert found[0] == found[1]


def test_a_question_without_an_answer_of_ours_has_none() -> None:
    assert answers.answer("A1", "en") == ""
