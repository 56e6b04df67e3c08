"""Which words of the notes set which state of a page's figure. The bindings are data, one file per page
under `assets/bindings/`; whoever tunes an example edits that file and no code. `study.passages` turns a
binding's phrase into a handle in the text, and the page applies its state when the handle is used."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from study import tables
from study.assets import BINDINGS
from study.passages import Phrase
from study.tables import DataError, Scalar


@dataclass(frozen=True)
class Binding:
    """`phrase`, where it is read for the `occurrence`-th time in `question`'s answer, sets `state`."""

    id: str
    page: str
    question: str
    phrase: str
    occurrence: int
    state: Mapping[str, Scalar]

    def to_phrase(self) -> Phrase:
        return Phrase(id=self.id, text=self.phrase, occurrence=self.occurrence)


@functools.cache
def load(page: str) -> tuple[Binding, ...]:
    """The page's bindings in file order; none when the page has no file."""
    if not re.fullmatch(r"[a-z0-9-]+", page):
        raise ValueError(f"{page!r} is no page name")
    path = BINDINGS / f"{page}.toml"
    if not path.is_file():
        return ()
    found = tuple(_binding(page, entry) for entry in tables.tables(tables.read(path), "binding", path.name))
    seen: set[str] = set()
    for binding in found:
        if binding.id in seen:
            raise DataError(f"{path.name}: the id {binding.id!r} is used twice")
        seen.add(binding.id)
    return found


def for_question(page: str, question_id: str) -> tuple[Binding, ...]:
    """The page's bindings whose phrases stand in this question's answer."""
    return tuple(binding for binding in load(page) if binding.question == question_id)


def _binding(page: str, entry: Mapping[str, object]) -> Binding:
    name = tables.text(entry, "id", f"bindings of {page}")
    where = f"binding {name}"
    occurrence = entry.get("occurrence", 1)
    if not isinstance(occurrence, int) or isinstance(occurrence, bool) or occurrence < 1:
        raise DataError(f"{where}: occurrence must be a whole number from 1")
    return Binding(
        id=name,
        page=page,
        question=tables.text(entry, "question", where),
        phrase=tables.text(entry, "phrase", where),
        occurrence=occurrence,
        state=MappingProxyType(tables.scalars(entry.get("state"), where)),
    )
