"""English for the ninety questions: a title, the question as asked, and a summary of the document's answer that keeps
the answer's mistakes, with the words that repeat each mistake so that its note can open on them. The text is
`assets/english/summaries.toml`; a question that the document leaves open has no summary, its answer is in
`study.answers`. Reading times follow the IReST study (Trauzettel-Klosinski & Dietz, 2012): read aloud, which is also
how long an answer takes to say, 228 English words or 255 Chinese characters a minute."""

from __future__ import annotations

import functools
import math
import re
from collections.abc import Mapping
from dataclasses import dataclass
from graphlib import CycleError, TopologicalSorter
from types import MappingProxyType

from study import answers, document, markdown, tables
from study.assets import ASSETS
from study.document import UnknownQuestionError
from study.tables import DataError

SUMMARIES = ASSETS / "english" / "summaries.toml"

_WORDS_A_MINUTE, _HAN_A_MINUTE = 228, 255
_HAN = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_WORD = re.compile(r"[^\W\u3400-\u9fff]+(?:['’-][^\W\u3400-\u9fff]+)*")


@dataclass(frozen=True)
class English:
    """One question in English. `faulty` maps an erratum's id to the words of `summary` that repeat its claim (the keys
    are `notes`); `phrases` maps a binding's id to the words that stand for its Chinese phrase; all of these words are
    read exactly once in the summary. `prerequisites` are questions to explain first. `sample` says that the answer
    speaks as somebody's experience and is nobody's."""

    id: str
    title: str
    question: str
    summary: str
    notes: tuple[str, ...]
    faulty: Mapping[str, str]
    phrases: Mapping[str, str]
    prerequisites: tuple[str, ...]
    sample: bool


@functools.cache
def load() -> Mapping[str, English]:
    """Every question's English by id, in the document's order; raises `DataError` naming the slip when an entry is
    incomplete, words are not read exactly once in their summary, or the prerequisites run in a circle."""
    found: dict[str, English] = {}
    for entry in tables.tables(tables.read(SUMMARIES), "question", SUMMARIES.name):
        english = _english(entry)
        if english.id in found:
            raise DataError(f"{SUMMARIES.name}: the id {english.id!r} is used twice")
        found[english.id] = english
    _check_prerequisites(found)
    return MappingProxyType(found)


def of_question(question_id: str) -> English:
    """The English of one question; raises `UnknownQuestionError`."""
    try:
        return load()[question_id]
    except KeyError:
        raise UnknownQuestionError(question_id) from None


@functools.cache
def minutes(question_id: str, lang: str) -> int:
    """`reading_minutes` of a question and its answer: in English the summary, in Chinese the document's text, and for a
    question that the document leaves open our own answer in that language."""
    english = of_question(question_id)
    ours = markdown.to_text(answers.answer(question_id, lang))
    if lang == "en":
        text = f"{english.question} {english.summary or ours}"
    else:
        question = document.load().question(question_id)
        text = f"{markdown.to_text(question.heading)} {markdown.to_text(question.body) or ours}"
    return reading_minutes(text)


def reading_minutes(text: str) -> int:
    """Whole minutes, begun ones counted, to read a text of Chinese characters and Latin words aloud; at least 1."""
    return max(1, math.ceil(len(_HAN.findall(text)) / _HAN_A_MINUTE + len(_WORD.findall(text)) / _WORDS_A_MINUTE))


def _english(entry: Mapping[str, object]) -> English:
    name = tables.text(entry, "id", SUMMARIES.name)
    where = f"{SUMMARIES.name}, {name}"
    english = English(
        id=name,
        title=_line(tables.text(entry, "title", where)),
        question=_line(tables.text(entry, "question", where)),
        summary=_line(tables.text(entry, "summary", where)),
        notes=tables.texts(entry, "notes", where),
        faulty=_words(entry, "faulty", where),
        phrases=_words(entry, "phrases", where),
        prerequisites=tables.texts(entry, "prerequisites", where),
        sample=tables.flag(entry, "sample", where) if "sample" in entry else False,
    )
    if sorted(english.notes) != sorted(english.faulty):
        raise DataError(f"{where}: notes and faulty must name the same errata")
    for key, words in [*english.faulty.items(), *english.phrases.items()]:
        if not words or english.summary.count(words) != 1:
            raise DataError(f"{where}: the words of {key} must be read exactly once in the summary")
    return english


def _words(entry: Mapping[str, object], key: str, where: str) -> Mapping[str, str]:
    parent = tables.table(entry.get(key, {}), f"{where}, {key}")
    return MappingProxyType({name: _line(tables.text(parent, name, f"{where}, {key}")) for name in parent})


def _line(text: str) -> str:
    # The file wraps its texts to be read and compared by eye; a reader's page wraps them anew.
    return " ".join(text.split())


def _check_prerequisites(found: Mapping[str, English]) -> None:
    for english in found.values():
        for needed in english.prerequisites:
            if needed not in found:
                raise DataError(f"{SUMMARIES.name}, {english.id}: no question {needed!r} to explain first")
    try:
        TopologicalSorter({name: english.prerequisites for name, english in found.items()}).prepare()
    except CycleError as error:
        raise DataError(f"{SUMMARIES.name}: prerequisites run in a circle: {' '.join(error.args[1])}") from error
