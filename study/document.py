"""The notes as data: one Markdown file becomes ninety questions without changing a byte of it. The file
opens with a list of sixty questions (series B) in five sections, goes on with the thirty answers of
series A, a divider, and the answers of series B, the last five of which were never written. Every line
of the file belongs to exactly one `Piece`, so joining the pieces gives the file back, and a question's
line numbers can be checked against the original by eye."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path
from typing import Literal

from study.assets import DOCUMENT

PieceKind = Literal["preamble", "list-section", "list-item", "list-gap", "heading", "body", "interlude"]

# The opening list names its sections in words; these short names are what the rest of the product uses.
SECTION_IDS = ("annotation", "rlhf", "multimodal", "optimization", "classification")

_NUMBERED_HEADING = re.compile(r"### (\d+)\. (.+)")
_SECTION_HEADING = re.compile(r"### (?!\d+\. )(.+)")
_LIST_ITEM = re.compile(r"(\d+)\. (.+)")
_DIVIDER = re.compile(r"={5,}")


class DocumentError(ValueError):
    """The text does not have the shape of the notes; the message says where and why."""


class UnknownQuestionError(KeyError):
    """No question has this id."""

    def __init__(self, question_id: str) -> None:
        super().__init__(question_id)
        self.question_id = question_id

    def __str__(self) -> str:
        return f"no question {self.question_id!r} in the document"


@dataclass(frozen=True)
class Piece:
    """A run of whole lines (1-based, inclusive), line ends included."""

    kind: PieceKind
    first_line: int
    last_line: int
    text: str


@dataclass(frozen=True)
class Question:
    """One question with its answer. `body` is verbatim, blank lines at both ends included; it is empty
    when the question stands in the opening list only."""

    id: str
    part: Literal["A", "B"]
    number: int
    section: str
    heading: str
    body: str
    answered: bool
    first_line: int
    last_line: int
    listed: str | None


@dataclass(frozen=True)
class Section:
    """A group of questions; `title` is the document's own heading, empty for series A, which has none."""

    id: str
    title: str
    question_ids: tuple[str, ...]


@dataclass(frozen=True)
class Document:
    """The whole file. `preamble` opens it; `interlude` stands between series A and B."""

    text: str
    sections: tuple[Section, ...]
    questions: tuple[Question, ...]
    preamble: str
    interlude: str
    opening_list: tuple[str, ...]
    pieces: tuple[Piece, ...]
    _positions: dict[str, int] = field(init=False, repr=False, compare=False)

    def __post_init__(self) -> None:
        positions = {question.id: place for place, question in enumerate(self.questions)}
        object.__setattr__(self, "_positions", positions)

    def question(self, question_id: str) -> Question:
        return self.questions[self._position(question_id)]

    def previous(self, question_id: str) -> Question | None:
        place = self._position(question_id)
        return self.questions[place - 1] if place else None

    def next(self, question_id: str) -> Question | None:
        place = self._position(question_id) + 1
        return self.questions[place] if place < len(self.questions) else None

    def _position(self, question_id: str) -> int:
        try:
            return self._positions[question_id]
        except KeyError:
            raise UnknownQuestionError(question_id) from None


@dataclass(frozen=True)
class _Listed:
    section: int
    line: int
    wording: str


@dataclass(frozen=True)
class _Answer:
    number: int
    heading: str
    body: str
    first_line: int
    last_line: int


def parse(text: str) -> Document:
    """Read the notes; raises `DocumentError` when numbering, sections or the divider are not as expected."""
    pieces = tuple(_join(_classify(_lines(text))))
    titles, listed = _opening_list(pieces)
    series_a, series_b = _answers(pieces)
    _check_numbers("series A", [answer.number for answer in series_a])
    _check_numbers("series B", [answer.number for answer in series_b])
    if len(series_b) > len(listed):
        raise DocumentError(f"series B answers {len(series_b)} questions but the list has {len(listed)}")
    questions = tuple(_questions_a(series_a)) + tuple(_questions_b(series_b, listed))
    return Document(
        text=text,
        sections=_sections(titles, questions),
        questions=questions,
        preamble="".join(piece.text for piece in pieces if piece.kind == "preamble"),
        interlude="".join(piece.text for piece in pieces if piece.kind == "interlude"),
        opening_list=tuple(item.wording for item in listed),
        pieces=pieces,
    )


@functools.cache
def load(path: Path | None = None) -> Document:
    """The notes from `path`, by default the file under `assets/`; read once per process."""
    # Decoding the bytes keeps line ends as they are; reading as text would translate them.
    return parse((path or DOCUMENT).read_bytes().decode("utf-8"))


def _lines(text: str) -> list[str]:
    # str.splitlines would also break at U+2028 and other signs that end no Markdown line.
    return re.findall(r"[^\n]*\n|[^\n]+", text)


def _classify(lines: list[str]) -> Iterator[tuple[PieceKind, str]]:
    """Say for each line what it is; the text is read once, from the top, in five stages."""
    stage: Literal["preamble", "list", "answers A", "interlude", "answers B"] = "preamble"
    for line in lines:
        content = line.rstrip("\r\n")
        numbered = _NUMBERED_HEADING.fullmatch(content) is not None
        section = _SECTION_HEADING.fullmatch(content) is not None
        if _DIVIDER.fullmatch(content) and stage == "answers A":
            stage = "interlude"
        elif numbered:
            stage = "answers A" if stage in ("preamble", "list", "answers A") else "answers B"
            yield "heading", line
            continue
        elif section and stage in ("preamble", "list"):
            stage = "list"
            yield "list-section", line
            continue
        if stage == "list":
            yield ("list-item" if _LIST_ITEM.fullmatch(content) else "list-gap"), line
        elif stage in ("answers A", "answers B"):
            yield "body", line
        else:
            yield ("preamble" if stage == "preamble" else "interlude"), line


def _join(classified: Iterator[tuple[PieceKind, str]]) -> Iterator[Piece]:
    """Gather neighbouring lines of one kind; headings and list items stay one line each."""
    kind: PieceKind | None = None
    first = 1
    run: list[str] = []
    number = 0
    for number, (this, line) in enumerate(classified, start=1):
        if kind is not None and (this != kind or kind in ("heading", "list-item", "list-section")):
            yield Piece(kind, first, number - 1, "".join(run))
            run, first = [], number
        kind = this
        run.append(line)
    if kind is not None:
        yield Piece(kind, first, number, "".join(run))


def _opening_list(pieces: tuple[Piece, ...]) -> tuple[list[str], list[_Listed]]:
    titles: list[str] = []
    listed: list[_Listed] = []
    numbers: list[int] = []
    for piece in pieces:
        content = piece.text.rstrip("\r\n")
        if piece.kind == "list-section":
            titles.append(content.removeprefix("### "))
        elif piece.kind == "list-gap" and content.strip():
            raise DocumentError(f"line {piece.first_line}: not a list item: {content[:40]!r}")
        elif piece.kind == "list-item" and (item := _LIST_ITEM.fullmatch(content)):
            numbers.append(int(item[1]))
            listed.append(_Listed(len(titles) - 1, piece.first_line, item[2]))
    if len(titles) != len(SECTION_IDS):
        raise DocumentError(f"the opening list has {len(titles)} sections, expected {len(SECTION_IDS)}")
    _check_numbers("the opening list", numbers)
    return titles, listed


def _answers(pieces: tuple[Piece, ...]) -> tuple[list[_Answer], list[_Answer]]:
    """The answers of both series; the interlude is the boundary, so it must stand exactly once."""
    boundaries = [place for place, piece in enumerate(pieces) if piece.kind == "interlude"]
    if len(boundaries) != 1:
        raise DocumentError(f"expected one divider between series A and series B, found {len(boundaries)}")
    series: tuple[list[_Answer], list[_Answer]] = ([], [])
    for place, piece in enumerate(pieces):
        heading = _NUMBERED_HEADING.fullmatch(piece.text.rstrip("\r\n")) if piece.kind == "heading" else None
        if heading is None:
            continue
        after = pieces[place + 1] if place + 1 < len(pieces) else None
        if after is None or after.kind != "body" or not after.text.strip():
            raise DocumentError(f"line {piece.first_line}: the heading has no answer under it")
        answer = _Answer(int(heading[1]), heading[2], after.text, piece.first_line, after.last_line)
        series[place > boundaries[0]].append(answer)
    return series


def _check_numbers(where: str, numbers: list[int]) -> None:
    if not numbers:
        raise DocumentError(f"{where}: no numbered question found")
    for expected, found in enumerate(numbers, start=1):
        if found != expected:
            raise DocumentError(f"{where}: expected number {expected}, found {found}")


def _questions_a(answers: list[_Answer]) -> Iterator[Question]:
    for answer in answers:
        yield _answered("A", "A", answer, listed=None)


def _questions_b(answers: list[_Answer], listed: list[_Listed]) -> Iterator[Question]:
    for number, item in enumerate(listed, start=1):
        section = SECTION_IDS[item.section]
        if number <= len(answers):
            yield _answered("B", section, answers[number - 1], item.wording)
        else:
            yield Question(
                id=f"B{number}",
                part="B",
                number=number,
                section=section,
                heading=item.wording,
                body="",
                answered=False,
                first_line=item.line,
                last_line=item.line,
                listed=item.wording,
            )


def _answered(part: Literal["A", "B"], section: str, answer: _Answer, listed: str | None) -> Question:
    return Question(
        id=f"{part}{answer.number}",
        part=part,
        number=answer.number,
        section=section,
        heading=answer.heading,
        body=answer.body,
        answered=True,
        first_line=answer.first_line,
        last_line=answer.last_line,
        listed=listed,
    )


def _sections(titles: list[str], questions: tuple[Question, ...]) -> tuple[Section, ...]:
    named = [("A", ""), *zip(SECTION_IDS, titles, strict=True)]
    return tuple(
        Section(name, title, tuple(question.id for question in questions if question.section == name))
        for name, title in named
    )
