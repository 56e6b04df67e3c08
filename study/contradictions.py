"""Where answers of the document contradict each other: the places that disagree, and what holds. Data like the notes
(`assets/notes/contradictions.toml`), which they refer to where one explains the matter; each place is found in the
rendered answer by `study.passages` and leads to the others."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType

from study import notes, tables
from study.notes import LANGUAGES, PLACE_FIELDS, Place, Source
from study.passages import Phrase
from study.tables import DataError

FILE = notes.FOLDER / "contradictions.toml"

_FIELDS = frozenset({"id", "sides", "right", "notes", "sources", *LANGUAGES})
_ID = re.compile(r"C(?!00)\d\d")


class UnknownContradictionError(LookupError):
    """No contradiction has this id."""

    def __init__(self, contradiction_id: str) -> None:
        super().__init__(f"no contradiction {contradiction_id!r}")
        self.contradiction_id = contradiction_id


@dataclass(frozen=True)
class Text:
    """A contradiction in one language: what it is about, in a few words, and what holds."""

    topic: str
    holds: str


@dataclass(frozen=True)
class Contradiction:
    """Places that do not agree; of more than two, the first stands against the others.

    english: for each side the words of the English summary that say the same, "" where it does not speak of it.
    right: the side that holds; None where none does without qualification. notes: ids of the notes on the matter.
    sources: where it can be read, beside the notes' own. texts: by language.
    """

    id: str
    sides: tuple[Place, ...]
    english: tuple[str, ...]
    right: Place | None
    notes: tuple[str, ...]
    sources: tuple[Source, ...]
    texts: Mapping[str, Text]

    def text(self, lang: str) -> Text:
        return self.texts[lang]

    def against(self, side: Place) -> tuple[Place, ...]:
        """What this side leads to: the first to all others, another to the first."""
        return self.sides[1:] if side == self.sides[0] else self.sides[:1]


@functools.cache
def load(path: Path | None = None) -> tuple[Contradiction, ...]:
    """All of them in the order of their ids; from `path`, by default the file in `assets/notes/`.

    Raises ValueError naming the contradiction (or the file) when a field is missing, unknown or of the wrong kind.
    """
    path = path or FILE
    entries = tables.tables(tables.read(path), "contradiction", path.name)
    found = tuple(_contradiction(entry, path.name) for entry in entries)
    for before, after in pairwise(found):
        if after.id <= before.id:
            raise DataError(f"contradiction {after.id}: stands after {before.id}; ids are unique and in order")
    return found


def of_question(question_id: str) -> tuple[Contradiction, ...]:
    """Those with a side in this question's answer."""
    return tuple(found for found in load() if any(side.question == question_id for side in found.sides))


def find(contradiction_id: str) -> Contradiction:
    """The one of this id. Raises UnknownContradictionError."""
    for found in load():
        if found.id == contradiction_id:
            return found
    raise UnknownContradictionError(contradiction_id)


def phrases(contradiction: Contradiction, question_id: str, kind: str = "contradiction") -> tuple[Phrase, ...]:
    """Its sides in this question as `study.passages` takes them; their id is the contradiction's, so that one with
    two sides in one answer gives two handles of one id. `kind` becomes their class."""
    return tuple(
        Phrase(contradiction.id, side.visible, kind=kind, occurrence=side.occurrence)
        for side in contradiction.sides
        if side.question == question_id
    )


def english_phrases(contradiction: Contradiction, question_id: str, kind: str = "contradiction") -> tuple[Phrase, ...]:
    """As `phrases`, in the question's English summary."""
    return tuple(
        Phrase(contradiction.id, words, kind=kind)
        for side, words in zip(contradiction.sides, contradiction.english, strict=True)
        if side.question == question_id and words
    )


def _contradiction(entry: Mapping[str, object], file: str) -> Contradiction:
    name = tables.text(entry, "id", file)
    where = f"contradiction {name}"
    if not _ID.fullmatch(name):
        raise DataError(f"{where}: an id is C and two digits")
    notes.refuse_unknown(entry, _FIELDS, where)
    sides, in_english = _sides(entry, where)
    named = tables.texts(entry, "notes", where) if "notes" in entry else ()
    sources = tuple(notes.read_sources(entry, where)) if "sources" in entry else ()
    if not named and not sources:
        raise DataError(f"{where}: it names a note or a source")
    texts = {lang: _text(entry.get(lang), f"{where}, {lang}") for lang in LANGUAGES}
    return Contradiction(name, sides, in_english, _right(entry, sides, where), named, sources, MappingProxyType(texts))


def _sides(entry: Mapping[str, object], where: str) -> tuple[tuple[Place, ...], tuple[str, ...]]:
    """The sides, and what each is in English."""
    entries = tables.tables(entry, "sides", where)
    for side in entries:
        notes.refuse_unknown(side, PLACE_FIELDS | {"en"}, where)
    sides = tuple(notes.read_place(side, where) for side in entries)
    if len(set(sides)) < max(2, len(sides)):
        raise DataError(f"{where}: it has two sides or more, each another place")
    return sides, tuple(notes.read_words(side, "en", where) if "en" in side else "" for side in entries)


def _right(entry: Mapping[str, object], sides: tuple[Place, ...], where: str) -> Place | None:
    """`right` in the file counts the sides from 1."""
    if "right" not in entry:
        return None
    number = entry["right"]
    if not isinstance(number, int) or isinstance(number, bool) or not 1 <= number <= len(sides):
        raise DataError(f"{where}: right must be the number of a side")
    return sides[number - 1]


def _text(value: object, where: str) -> Text:
    entry = tables.table(value, where)
    notes.refuse_unknown(entry, frozenset({"topic", "holds"}), where)
    return Text(notes.read_words(entry, "topic", where), notes.read_words(entry, "holds", where))
