"""The editor's notes: what the document gets wrong, what holds instead, and where that can be read. The notes are
data, files under `assets/notes/` (`core*.toml` for E01 to E60, `secondary*.toml` for the smaller ones, S01 on); the
document itself is never altered. A note's phrases are handed to `study.passages`, which finds them in the rendered
answer, so notes are shown by the same means as the words that a page binds."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path
from types import MappingProxyType
from typing import Literal, get_args
from urllib.parse import parse_qsl, urlsplit

from study import tables
from study.assets import ASSETS
from study.passages import Phrase
from study.tables import DataError

FOLDER = ASSETS / "notes"
LANGUAGES = ("en", "zh-Hant")

Grade = Literal["error", "outdated", "imprecise", "term"]
GRADES: tuple[Grade, ...] = get_args(Grade)

PLACE_FIELDS = frozenset({"question", "phrase", "occurrence"})
_FIELDS = PLACE_FIELDS | {"id", "also", "grade", "checked", "sources", "show", *LANGUAGES}
_ID = re.compile(r"[ES](?!00)\d\d")
_ADDRESS = re.compile(r"(?P<page>[a-z0-9-]+)\?(?P<query>\S+)")
_HOST = re.compile(r"(?:[a-z0-9-]+\.)+[a-z]{2,}")
# Where the form of an address is known, a slip in it is found here and not by the reader who opens it.
_PATHS = {"arxiv.org": re.compile(r"/abs/\d{4}\.\d{4,5}"), "doi.org": re.compile(r"/10\.\d{4,9}/\S+")}


class UnknownNoteError(LookupError):
    """No note has this id."""

    def __init__(self, note_id: str) -> None:
        super().__init__(f"no note {note_id!r}")
        self.note_id = note_id


@dataclass(frozen=True)
class Source:
    """Where the statement can be read: `ref` is an https address, of arXiv, a DOI or a page."""

    title: str
    ref: str


@dataclass(frozen=True)
class Text:
    """A note in one language: what is wrong in the document, and the correct statement."""

    wrong: str
    correct: str


@dataclass(frozen=True)
class Place:
    """Words of an answer, verbatim: the `occurrence`-th place (from 1) where they are read in `question`'s body."""

    question: str
    phrase: str
    occurrence: int = 1

    @property
    def visible(self) -> str:
        """The phrase as it is read, the stars of bold type gone."""
        return self.phrase.replace("**", "")


@dataclass(frozen=True)
class State:
    """A state of a page that shows the matter live: `address` is "page?query", `query` as the page's URL spells it."""

    address: str
    page: str
    query: Mapping[str, str]


@dataclass(frozen=True)
class Note:
    """One finding. `places[0]` is the phrase itself, the others have the same fault.

    checked: the statement was verified in a source that was read, not cited from memory.
    show: a page state to see it in, None where no page shows it. texts: by language.
    """

    id: str
    places: tuple[Place, ...]
    grade: Grade
    checked: bool
    sources: tuple[Source, ...]
    show: State | None
    texts: Mapping[str, Text]

    @property
    def question(self) -> str:
        return self.places[0].question

    @property
    def phrase(self) -> str:
        return self.places[0].phrase

    @property
    def core(self) -> bool:
        """Whether it is one of the main findings, shown without being asked for."""
        return self.id.startswith("E")

    def text(self, lang: str) -> Text:
        return self.texts[lang]


@functools.cache
def load(folder: Path | None = None) -> tuple[Note, ...]:
    """All notes in the order of their ids, the core ones first; from `folder`, by default `assets/notes/`.

    Raises ValueError naming the note (or the file) when a field is missing, unknown or of the wrong kind.
    """
    folder = folder or FOLDER
    files = [*sorted(folder.glob("core*.toml")), *sorted(folder.glob("secondary*.toml"))]
    if not files:
        raise DataError(f"no notes in {folder.name}")
    found = tuple(_note(entry, path.name) for path in files for entry in _entries(path))
    for before, after in pairwise(found):
        if after.id <= before.id:
            raise DataError(f"note {after.id}: stands after {before.id}; ids are unique and in order")
    return found


def of_question(question_id: str) -> tuple[Note, ...]:
    """The notes that mark something in this question's answer."""
    return tuple(note for note in load() if any(place.question == question_id for place in note.places))


def find(note_id: str) -> Note:
    """The note of this id. Raises UnknownNoteError."""
    for note in load():
        if note.id == note_id:
            return note
    raise UnknownNoteError(note_id)


def phrases(note: Note, question_id: str, kind: str = "note") -> tuple[Phrase, ...]:
    """The note's places in this question as `study.passages.annotate` takes them; their id is the note's, so a note
    with two places in one answer gives two handles of one id. `kind` becomes their class."""
    return tuple(
        Phrase(note.id, place.visible, kind=kind, occurrence=place.occurrence)
        for place in note.places
        if place.question == question_id
    )


def _entries(path: Path) -> list[Mapping[str, object]]:
    return tables.tables(tables.read(path), "note", path.name)


def _note(entry: Mapping[str, object], file: str) -> Note:
    name = tables.text(entry, "id", file)
    where = f"note {name}"
    if not _ID.fullmatch(name):
        raise DataError(f"{where}: an id is E or S and two digits")
    refuse_unknown(entry, _FIELDS, where)
    return Note(
        id=name,
        places=tuple(_places(entry, where)),
        grade=_grade(entry, where),
        checked=tables.flag(entry, "checked", where),
        sources=tuple(read_sources(entry, where)),
        show=_state(tables.text(entry, "show", where), where) if "show" in entry else None,
        texts=MappingProxyType({lang: _text(entry.get(lang), f"{where}, {lang}") for lang in LANGUAGES}),
    )


def _grade(entry: Mapping[str, object], where: str) -> Grade:
    named = tables.text(entry, "grade", where)
    for grade in GRADES:
        if grade == named:
            return grade
    raise DataError(f"{where}: grade must be one of {', '.join(GRADES)}")


def _places(entry: Mapping[str, object], where: str) -> Iterator[Place]:
    yield read_place(entry, where)
    if "also" in entry:
        for other in tables.tables(entry, "also", where):
            refuse_unknown(other, PLACE_FIELDS, where)
            yield read_place(other, where)


def read_place(entry: Mapping[str, object], where: str) -> Place:
    """The words that `question`, `phrase` and `occurrence` (1 when absent) of the entry name. Raises DataError."""
    occurrence = entry.get("occurrence", 1)
    if not isinstance(occurrence, int) or isinstance(occurrence, bool) or occurrence < 1:
        raise DataError(f"{where}: occurrence must be a whole number from 1")
    return Place(read_words(entry, "question", where), read_words(entry, "phrase", where), occurrence)


def _text(value: object, where: str) -> Text:
    entry = tables.table(value, where)
    refuse_unknown(entry, frozenset({"wrong", "correct"}), where)
    return Text(read_words(entry, "wrong", where), read_words(entry, "correct", where))


def read_sources(entry: Mapping[str, object], where: str) -> Iterator[Source]:
    """The entry's `sources`, one at least. Raises DataError."""
    sources = tables.tables(entry, "sources", where)
    if not sources:
        raise DataError(f"{where}: a note names a source")
    for source in sources:
        refuse_unknown(source, frozenset({"title", "ref"}), where)
        yield Source(read_words(source, "title", where), _address(read_words(source, "ref", where), where))


def _address(ref: str, where: str) -> str:
    parts = urlsplit(ref)
    path = _PATHS.get(parts.netloc)
    if parts.scheme != "https" or not _HOST.fullmatch(parts.netloc) or re.search(r"\s", ref):
        raise DataError(f"{where}: {ref!r} is no https address")
    if path and not path.fullmatch(parts.path):
        raise DataError(f"{where}: {ref!r} is no address of {parts.netloc}")
    return ref


def _state(address: str, where: str) -> State:
    parts = _ADDRESS.fullmatch(address)
    if not parts:
        raise DataError(f"{where}: show must be a page and its query, not {address!r}")
    try:
        query = parse_qsl(parts["query"], strict_parsing=True)
    except ValueError as error:
        raise DataError(f"{where}: show: {error}") from error
    if len(dict(query)) < len(query):
        raise DataError(f"{where}: show names a control twice")
    return State(address, parts["page"], MappingProxyType(dict(query)))


def read_words(entry: Mapping[str, object], key: str, where: str) -> str:
    """The text under `key`, which must say something. Raises DataError."""
    words = tables.text(entry, key, where)
    if not words or words != words.strip():
        raise DataError(f"{where}: {key} must be words without blanks around them")
    return words


def refuse_unknown(entry: Mapping[str, object], fields: frozenset[str], where: str) -> None:
    """Raises DataError when the entry has a field that is none of these."""
    unknown = sorted(entry.keys() - fields)
    if unknown:
        raise DataError(f"{where}: unknown field {unknown[0]!r}")
