"""What is marked in every answer and every summary: all of it, in its place, and nothing of the text is touched."""

from __future__ import annotations

from html.parser import HTMLParser

import pytest

from study import bindings, catalogue, contradictions, document, english, glossary, marks, notes
from study.markdown import to_html
from study.passages import visible_text

IDS = [question.id for question in document.load().questions]
# Every text as it is shown: in the reader, and beside each picture that it belongs to.
SHOWN = [(name, page) for name in IDS for page in ("", *(c.page for c in catalogue.load().for_question(name)))]


class Handles(HTMLParser):
    """What the marks of a text are, and where handles stand: `inside` holds those within another."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[dict[str, str | None]] = []
        self.buttons: list[str] = []
        self.bound: list[str] = []
        self.terms: list[str] = []
        self.inside: list[str] = []
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        found = dict(attrs)
        handle = tag == "button" or found.get("role") == "button" or "data-term" in found
        if handle and any(outer.get("handle") for outer in self.open):
            self.inside.append(str(found))
        if tag == "button":
            self.buttons.append(str(found["data-note"]))
        elif found.get("role") == "button":
            self.bound.append(str(found["data-bind"]))
        elif "data-term" in found:
            self.terms.append(str(found["data-term"]))
        if tag not in {"br", "hr"}:
            # Every stretch of bound words and of a term answers the hand, not only the first.
            self.open.append({"handle": "yes" if handle or "data-bind" in found else None})

    def handle_endtag(self, tag: str) -> None:
        self.open.pop()


@pytest.mark.parametrize(("question", "page"), SHOWN)
def test_the_text_is_not_touched(question: str, page: str) -> None:
    body = document.load().question(question).body
    assert visible_text(marks.chinese(question, page).html) == visible_text(to_html(body))
    assert visible_text(marks.summary(question, page).html) == english.of_question(question).summary


@pytest.mark.parametrize(("question", "page"), SHOWN)
def test_every_note_contradiction_and_bound_word_has_its_handle(question: str, page: str) -> None:
    found = Handles(marks.chinese(question, page).html)
    wanted = [note.id for note in notes.of_question(question) for p in note.places if p.question == question]
    wanted += [one.id for one in contradictions.of_question(question) for s in one.sides if s.question == question]
    assert sorted(found.buttons) == sorted(wanted)
    bound = [binding.id for binding in bindings.for_question(page, question)] if page else []
    assert sorted(found.bound) == sorted(bound)
    assert set(marks.chinese(question, page).notes) == set(wanted)


@pytest.mark.parametrize(("question", "page"), SHOWN)
def test_the_summary_has_the_handles_that_its_entry_names(question: str, page: str) -> None:
    entry = english.of_question(question)
    found = Handles(marks.summary(question, page).html)
    sides = [
        phrase.id
        for one in contradictions.of_question(question)
        for phrase in contradictions.english_phrases(one, question)
    ]
    assert sorted(found.buttons) == sorted([*entry.faulty, *sides])
    bound = {binding.id for binding in bindings.for_question(page, question)} if page else set()
    assert sorted(found.bound) == sorted(bound & set(entry.phrases))


@pytest.mark.parametrize(("question", "page"), SHOWN)
def test_no_handle_stands_in_another(question: str, page: str) -> None:
    for marked in (marks.chinese(question, page), marks.summary(question, page)):
        assert Handles(marked.html).inside == []


@pytest.mark.parametrize("question", IDS)
def test_a_term_is_marked_once_in_a_text_and_is_in_the_glossary(question: str) -> None:
    for marked in (marks.chinese(question), marks.summary(question)):
        assert len(set(marked.terms)) == len(marked.terms)
        assert set(marked.terms) <= set(glossary.load())
        assert set(Handles(marked.html).terms) == set(marked.terms)


def test_most_terms_of_the_glossary_are_marked_somewhere() -> None:
    marked = {term for question in IDS for term in marks.chinese(question).terms}
    held = {term for term in glossary.load() if glossary.questions(term)}
    assert len(marked) > 0.9 * len(held)


@pytest.mark.parametrize(
    ("question", "note", "binding"), [("A19", "E07", "a19-bidirectional-encoding"), ("B48", "E46", "b48-cls")]
)
def test_a_note_may_hold_words_that_a_page_binds(question: str, note: str, binding: str) -> None:
    html = marks.chinese(question, "attention").html
    opens, held, closes = (
        html.index(part)
        for part in (
            f'<span class="note core" data-note="{note}">',
            f'data-bind="{binding}"',
            f'<button type="button" class="note core" data-note="{note}">',
        )
    )
    assert opens < held < closes
