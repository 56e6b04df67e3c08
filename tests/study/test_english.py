"""The English of the ninety questions: whole, of the promised length, every repeated mistake marked and noted."""

from __future__ import annotations

import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from study import answers, bindings, catalogue, document, english, markdown, passages
from study.tables import DataError

QUESTIONS = document.load().questions
ALL = english.load()
ANSWERED = [question.id for question in QUESTIONS if question.answered]

# Where each erratum's claim stands, from the fact-check of the document.
PLACES = """
E01 A6; E02 A7 A11; E03 A14; E04 A15; E05 A18; E06 A19; E07 A19; E08 A21; E09 A23 B50; E10 A23; E11 A28; E12 B6; E13 B7
B16; E14 B8 B9; E15 B8; E16 B9; E17 B9; E18 B10; E19 B18; E20 B18 B20; E21 B19; E22 B19; E23 B24; E24 B25; E25 B25;
E26 B25; E27 B25; E28 B26 B36; E29 B27; E30 B28; E31 B31 B33; E32 B32; E33 B26 B33 B36; E34 B34; E35 B35; E36 B36;
E37 B38; E38 B39; E39 B40; E40 B43; E41 B44; E42 B45; E43 B46; E44 B47; E45 B48; E46 B48; E47 B51; E48 B51; E49 B51;
E50 B51; E51 B52; E52 B52; E53 B52; E54 B53; E55 B53; E56 B53; E57 B53; E58 B53; E59 B53; E60 B55;
S01 A1; S02 A3 B6 B42; S03 A3; S04 A4; S05 A5; S06 A5; S07 A6 A17; S08 A8 A26; S09 A9; S10 A9; S11 A12 A14; S12 A13 A21;
S13 A14; S14 A15; S15 A16; S16 A17; S17 A19; S18 A23; S19 A24; S20 A24; S21 A26; S22 A26; S23 A20 A29; S24 B6; S25 B12;
S26 B15; S27 B17; S28 B18 B20; S29 B23; S30 B24; S31 B26; S32 B27; S33 B27; S34 B28; S35 B29; S36 B31; S37 B35; S38 B36;
S39 B37; S40 B37; S41 B38; S42 B41; S43 B41; S44 B41; S45 B41; S46 B42; S47 B43; S48 B44; S49 B45; S50 B45; S51 A11 B46;
S52 B47; S53 B49; S54 B50; S55 B50; S56 B51; S57 B51; S58 B51; S59 B51; S60 B51; S61 B52; S62 B53; S63 B53; S64 B53;
S65 B53; S66 B54; S67 B55; S68 B55
"""
# Faults of a Chinese term that an English sentence cannot repeat: 推理 for reasoning, 活躍學習, 增強學習.
ONLY_IN_CHINESE = {("E06", "A19"), ("E15", "B8"), ("S51", "B46")}


def places() -> Iterator[tuple[str, str]]:
    for entry in PLACES.split(";"):
        erratum, *questions = entry.split()
        yield from ((erratum, question) for question in questions)


def handles(question: str) -> list[passages.Phrase]:
    """The summary's marked words as `study.passages` takes them."""
    one = ALL[question]
    return [passages.Phrase(key, words) for key, words in [*one.phrases.items(), *one.faulty.items()]]


def test_every_question_has_its_english_in_the_document_s_order() -> None:
    assert list(ALL) == [question.id for question in QUESTIONS]
    assert len(ALL) == 90


@pytest.mark.parametrize("question", ALL)
def test_a_summary_has_60_to_120_words_or_our_answer_stands_for_it(question: str) -> None:
    words = len(ALL[question].summary.split())
    assert 60 <= words <= 120 if question in ANSWERED else words == 0


def test_titles_are_short_and_all_different() -> None:
    titles = [one.title for one in ALL.values()]
    assert len({title.lower() for title in titles}) == len(titles)
    for title in titles:
        assert 1 <= len(title.split()) <= 8
        assert re.fullmatch(r"[A-Z0-9].*\w", title)


@pytest.mark.parametrize("question", ALL)
def test_the_texts_are_plain_english(question: str) -> None:
    one = ALL[question]
    assert re.fullmatch(r"[A-Z].*[.?]", one.question)
    for text in (one.title, one.question, one.summary):
        assert not re.search(r"[\u3000-\u9fff\uff00-\uffef]", text)
        # Shown as Markdown or as text, the words are the same: no sign is taken for markup.
        assert passages.visible_text(markdown.to_html(text)).strip() == text


def test_every_mistake_repeated_is_noted_and_every_mistake_is_repeated() -> None:
    noted = {(erratum, one.id) for one in ALL.values() for erratum in one.notes}
    assert noted == set(places()) - ONLY_IN_CHINESE
    assert set(places()) >= ONLY_IN_CHINESE


@pytest.mark.parametrize("question", ANSWERED)
def test_a_note_opens_on_the_words_that_repeat_the_mistake(question: str) -> None:
    marked = handles(question)
    html = passages.annotate(markdown.to_html(ALL[question].summary), marked)
    assert html.count('role="button"') == len(marked)


@pytest.mark.parametrize("page", [concept.page for concept in catalogue.load().concepts if concept.ready])
def test_the_words_that_set_a_page_have_their_english(page: str) -> None:
    found = {key: one.id for one in ALL.values() for key in one.phrases}
    assert {binding.id: binding.question for binding in bindings.load(page)}.items() <= found.items()


def test_every_phrase_stands_for_a_binding_of_its_question() -> None:
    known = {
        (binding.id, binding.question)
        for concept in catalogue.load().concepts
        for binding in bindings.load(concept.page)
    }
    assert {(key, one.id) for one in ALL.values() for key in one.phrases} <= known


def test_what_to_explain_first_exists_and_never_leads_back() -> None:
    order: list[str] = []
    waiting = {one.id: set(one.prerequisites) for one in ALL.values()}
    assert all(len(one.prerequisites) == len(set(one.prerequisites)) <= 3 for one in ALL.values())
    while ready := [name for name, needs in waiting.items() if needs <= set(order)]:
        order += ready
        for name in ready:
            del waiting[name]
    assert not waiting
    assert len(order) == 90


def test_nothing_is_asked_for_that_another_prerequisite_brings_along() -> None:
    def before(name: str) -> set[str]:
        return {name}.union(*(before(needed) for needed in ALL[name].prerequisites))

    for one in ALL.values():
        for needed in one.prerequisites:
            others = set(one.prerequisites) - {needed}
            assert not any(needed in before(other) for other in others), one.id


def test_answers_that_speak_as_somebody_s_experience_are_samples() -> None:
    personal = {question.id for question in QUESTIONS if re.search("我開發|^是的|部署經歷", question.body.strip())}
    assert {"A18", "B18", "B20", "B23"} <= personal
    assert {one.id for one in ALL.values() if one.sample} == personal


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("", 1),
        ("字" * 255, 1),
        ("字" * 256, 2),
        ("word " * 228, 1),
        ("word " * 229, 2),
        ("fine-tuning isn't " * 114, 1),
        ("字 word，" * 228, 2),
        ("字" * 510 + " word" * 228, 3),
    ],
)
def test_reading_time_counts_characters_and_words(text: str, expected: int) -> None:
    assert english.reading_minutes(text) == expected


def test_the_time_of_a_question_is_that_of_what_its_reader_reads() -> None:
    question = document.load().question("A15")
    text = question.heading + question.body
    characters, words = (len(re.findall(signs, text)) for signs in ("[一-龥]", "[A-Za-z0-9]+"))
    assert 2 < characters / 255 + words / 228 <= 3
    assert english.minutes("A15", "zh-Hant") == 3
    assert english.minutes("A15", "en") == 1
    ours = len(answers.answer("B56", "en").split())
    assert english.minutes("B56", "en") == -(-ours // 228) > 1


def test_an_unknown_question_is_named() -> None:
    with pytest.raises(document.UnknownQuestionError, match="B61"):
        english.of_question("B61")


GOOD = """
[[question]]
id = "A1"
title = "T"
question = "Q?"
summary = "one two one three"
notes = ["E01"]
prerequisites = []
faulty = { E01 = "two one" }
"""
SECOND = GOOD.replace('"A1"', '"A2"').replace("prerequisites = []", 'prerequisites = ["A1"]')


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = 1", "question"),
        (GOOD + GOOD, "used twice"),
        (GOOD.replace('title = "T"\n', ""), "title must be text"),
        (GOOD.replace('["E01"]', '["E02"]'), "same errata"),
        (GOOD.replace('["E01"]', "[]"), "same errata"),
        (GOOD.replace('"two one"', '"one"'), "exactly once"),
        (GOOD.replace('"two one"', '"four"'), "exactly once"),
        (GOOD + 'phrases = { p = "five" }\n', "exactly once"),
        (GOOD.replace("prerequisites = []", 'prerequisites = ["A9"]'), "no question 'A9'"),
        (GOOD.replace("prerequisites = []", 'prerequisites = ["A2"]') + SECOND, "circle"),
        (GOOD + "sample = 1\n", "sample must be"),
    ],
)
def test_a_slip_in_the_file_is_named(
    source: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "broken.toml"
    path.write_text(source, "utf-8")
    monkeypatch.setattr(english, "SUMMARIES", path)
    english.load.cache_clear()
    try:
        with pytest.raises(DataError, match=message):
            english.load()
    finally:
        english.load.cache_clear()


def test_line_breaks_of_the_file_are_blanks(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    path = tmp_path / "wrapped.toml"
    path.write_text(GOOD.replace('"one two one three"', '"""\none two\none three"""') + SECOND, "utf-8")
    monkeypatch.setattr(english, "SUMMARIES", path)
    english.load.cache_clear()
    try:
        assert english.of_question("A1").summary == "one two one three"
        assert english.of_question("A2").prerequisites == ("A1",)
    finally:
        english.load.cache_clear()
