import hashlib

import pytest

from study import document
from study.assets import DOCUMENT
from study.document import DocumentError, UnknownQuestionError

SHA256 = "dcb1781cac6103f2df76e3f04d4b30691f6a0db80166006fdc772c4e76912f7b"
SECTION_NAMES = ("annotation", "rlhf", "multimodal", "optimization", "classification")


@pytest.fixture(scope="module")
def notes() -> document.Document:
    return document.load()


def small(listed: str = "1. one\n2. two\n", series_b: str = "### 1. One?\n\nFirst.\n") -> str:
    titles = "".join(f"### {name}\n\n{listed if name == 'annotation' else ''}\n" for name in SECTION_NAMES)
    return f"Opening.\n\n{titles}### 1. Alone?\n\nYes.\n\n=======\n\nBetween.\n\n{series_b}"


def test_the_file_is_the_one_we_were_given() -> None:
    assert hashlib.sha256(DOCUMENT.read_bytes()).hexdigest() == SHA256


def test_no_line_is_lost(notes: document.Document) -> None:
    raw = DOCUMENT.read_bytes().decode()
    assert "".join(piece.text for piece in notes.pieces) == raw == notes.text
    ends = [0, *(piece.last_line for piece in notes.pieces)]
    assert [piece.first_line for piece in notes.pieces] == [end + 1 for end in ends[:-1]]
    assert ends[-1] == len(raw.split("\n"))


def test_all_questions_are_there(notes: document.Document) -> None:
    expected = [f"A{n}" for n in range(1, 31)] + [f"B{n}" for n in range(1, 61)]
    assert [question.id for question in notes.questions] == expected
    assert len(notes.opening_list) == 60
    unanswered = [question.id for question in notes.questions if not question.answered]
    assert unanswered == ["B56", "B57", "B58", "B59", "B60"]


def test_sections(notes: document.Document) -> None:
    assert [section.id for section in notes.sections] == ["A", *SECTION_NAMES]
    sizes = [len(section.question_ids) for section in notes.sections]
    assert sizes == [30, 10, 10, 10, 10, 20]
    assert notes.sections[0].title == ""
    assert notes.sections[2].title == "RLHF（Reinforcement Learning from Human Feedback）"
    assert notes.question("B41").section == "classification"
    assert notes.question("A7").section == "A"


def test_line_numbers_point_at_the_text(notes: document.Document) -> None:
    lines = notes.text.split("\n")
    for question in notes.questions:
        own = "\n".join(lines[question.first_line - 1 : question.last_line])
        if question.answered:
            expected = f"### {question.number}. {question.heading}\n{question.body}"
        else:
            expected = f"{question.number}. {question.heading}"
        assert own == expected.removesuffix("\n")


def test_what_stands_around_the_questions(notes: document.Document) -> None:
    assert notes.preamble.startswith("以下是30個")
    assert "50個面試問題" in notes.interlude
    assert "=====" not in notes.question("A30").body
    assert notes.question("A1").listed is None
    assert notes.question("B11").listed == notes.opening_list[10]
    assert notes.question("B11").heading == "請解釋什麼是**RLHF**，它如何應用於強化學習中？"
    assert notes.question("B60").heading == notes.question("B60").listed


def test_neighbours(notes: document.Document) -> None:
    assert notes.previous("A1") is None
    assert notes.next("B60") is None
    following, before = notes.next("A30"), notes.previous("B1")
    assert following is not None and following.id == "B1"
    assert before is not None and before.id == "A30"


@pytest.mark.parametrize("name", ["", "a1", "A0", "A31", "B61", "../A1"])
def test_unknown_question(notes: document.Document, name: str) -> None:
    for ask in (notes.question, notes.previous, notes.next):
        with pytest.raises(UnknownQuestionError, match="no question"):
            ask(name)


def test_a_small_document_parses() -> None:
    parsed = document.parse(small())
    assert [(q.id, q.answered) for q in parsed.questions] == [("A1", True), ("B1", True), ("B2", False)]


def test_line_ends_are_kept() -> None:
    text = small().replace("\n", "\r\n")
    parsed = document.parse(text)
    assert "".join(piece.text for piece in parsed.pieces) == text
    assert parsed.question("A1").heading == "Alone?"


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("", "0 sections"),
        ("just words\n", "0 sections"),
        (small(listed="1. one\n3. three\n"), "opening list: expected number 2, found 3"),
        (small(listed="1. one\nstray\n"), "not a list item"),
        (small(series_b="### 2. Two?\n\nSecond.\n"), "series B: expected number 1, found 2"),
        (small(series_b="### 1. One?\n\n### 2. Two?\n\nSecond.\n"), "no answer under it"),
        (small(listed="1. one\n", series_b="### 1. a\n\nb\n### 2. c\n\nd\n"), "the list has 1"),
        (small().replace("=======\n", ""), "one divider"),
    ],
)
def test_malformed_input_is_named(text: str, message: str) -> None:
    with pytest.raises(DocumentError, match=message):
        document.parse(text)
