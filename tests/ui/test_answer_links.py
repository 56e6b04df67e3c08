"""Payloads of the document: what the browser needs of each question, note and term, in the right language."""

from __future__ import annotations

import json
import re
from typing import Any

import pytest

from study import catalogue, contradictions, document, english, glossary, notes
from ui import answers, controls, corrections, language, passage, reading, wordlist
from ui.language import LANGUAGES

IDS = [question.id for question in document.load().questions]


def content(payload: bytes) -> Any:
    return json.loads(payload)


def marked(rows: list[Any], attribute: str) -> set[str]:
    html = "".join(row["body"] + row["summary"] for row in rows)
    return set(re.findall(rf'data-{attribute}="([^"]+)"', html))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_whole_document_carries_what_its_marks_open(lang: str) -> None:
    whole = content(reading.whole(lang).payload)
    rows = [row for section in whole["sections"] for row in section["questions"]]
    assert [row["id"] for row in rows] == IDS
    assert (
        set(whole["notes"])
        == marked(rows, "note")
        == {*(n.id for n in notes.load()), *(c.id for c in contradictions.load())}
    )
    assert set(whole["terms"]) == marked(rows, "term")
    assert set(whole["titles"]) == set(IDS)
    assert whole["labels"]["lang"] == lang
    assert reading.whole("en").payload_id != reading.whole("zh-Hant").payload_id


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("concept", catalogue.load().concepts, ids=lambda concept: concept.id)
def test_the_passages_of_a_page_carry_what_they_open_and_lead_to(concept: catalogue.Concept, lang: str) -> None:
    kit = content(passage.of_concept(concept.id, lang).payload)
    rows = kit["questions"]
    assert [row["id"] for row in rows] == list(concept.questions)
    assert set(kit["notes"]) == marked(rows, "note")
    assert set(kit["terms"]) == marked(rows, "term")
    named = {other for row in rows for other in (row["id"], *row["related"], *row["first"])}
    named |= {side["question"] for note in kit["notes"].values() for side in note.get("sides", ())}
    assert named <= set(kit["titles"])


def test_a_title_is_in_the_readers_language() -> None:
    assert answers.title("A19", "en") == english.of_question("A19").title
    assert answers.title("A19", "zh-Hant") == document.load().question("A19").heading.strip()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_a_note_is_in_one_language_with_its_sources(lang: str) -> None:
    found = notes.find("E07")
    row = answers.note(found, lang)
    assert (row["wrong"], row["correct"]) == (found.text(lang).wrong, found.text(lang).correct)
    assert row["sources"] == [{"title": source.title, "ref": source.ref} for source in found.sources]


def test_what_a_note_shows_opens_without_a_refused_setting() -> None:
    shown = [(note, answers.note(note, "en")["show"]) for note in notes.load() if note.show]
    assert any(show for _, show in shown)
    for note, show in shown:
        assert note.show
        concept = next(one for one in catalogue.load().concepts if one.page == note.show.page)
        if not concept.ready:
            assert show is None
            continue
        assert isinstance(show, dict)
        table = controls.load(concept.page).with_options("q", ("", *concept.questions), concept.questions[0])
        asked = {**show["query"], **({"q": show["q"]} if show["q"] else {})}
        assert table.read(asked)[1] == ()
        assert not show["q"] or show["q"] in {place.question for place in note.places}


def test_nothing_leads_to_a_page_that_is_not_ready() -> None:
    ready = {concept.page for concept in catalogue.load().concepts if concept.ready}
    rows = [answers.term(term, "en") for term in glossary.load().values()]
    assert {row["page"] for row in rows} <= {*ready, ""}
    assert {row["page"] for row in rows} & ready


def test_a_contradiction_tells_which_side_holds() -> None:
    row = answers.opened("C01", "en")
    assert [(side["question"], side["right"]) for side in row["sides"]] == [("A1", True), ("A19", False)]
    assert row["correct"] == contradictions.find("C01").text("en").holds
    assert not any(side["right"] for side in answers.opened("C03", "en")["sides"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_list_of_corrections_is_complete(lang: str) -> None:
    listed = content(corrections.listed(lang).payload)
    wanted = [*(note.id for note in notes.load()), *(found.id for found in contradictions.load())]
    assert [note["id"] for note in listed["notes"]] == wanted
    for note in listed["notes"]:
        for place in note["places"]:
            assert place["question"] in listed["titles"]
            assert place["section"] == document.load().question(place["question"]).section
            if note["grade"] != "contradiction":
                assert place["english"] == english.of_question(place["question"]).faulty.get(note["id"], "")
        if note["grade"] == "contradiction":
            assert [place["english"] for place in note["places"]] == list(contradictions.find(note["id"]).english)
    table = controls.load("notes")
    assert set(table["grades"].options) == {note["grade"] for note in listed["notes"]}
    assert table["section"].options == ("all", *(section.id for section in document.load().sections))
    assert all(table["about"].check(name) == name for name in listed["titles"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_glossary_lists_every_term_in_its_group(lang: str) -> None:
    listed = content(wordlist.listed(lang).payload)
    terms = glossary.load()
    assert {term["id"] for term in listed["terms"]} == set(terms)
    assert {term["group"] for term in listed["terms"]} == set(wordlist.groups(controls.load("glossary")))
    for term in listed["terms"]:
        found = terms[term["id"]]
        assert term["text"] == (found.definition_en if lang == "en" else found.definition_zh)
        assert term["questions"] == list(glossary.questions(found.id))
        assert {term["zh"], term["en"], *term["also"]} == set(found.spellings)
        assert set(term["questions"]) <= set(listed["titles"])


@pytest.mark.parametrize("lang", LANGUAGES)
def test_every_group_and_grade_has_a_name(lang: str) -> None:
    t = language.load(lang)
    for group in wordlist.groups(controls.load("glossary")):
        assert t(f"wordgroup.{group}")
    for concept in catalogue.load().concepts:
        assert t(f"mapcode.{concept.id}")
