"""Which concept illuminates which questions. One entry of `assets/catalogue.toml` per concept is what
navigation, the reader's links and the tests are made from, so that a new concept is an entry, a page and
an explainer. Titles are not here: they are locale keys, `concept.<id>.title`."""

from __future__ import annotations

import functools
from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from study import tables
from study.assets import CATALOGUE
from study.tables import DataError


class UnknownConceptError(KeyError):
    """No concept has this id."""

    def __init__(self, concept_id: str) -> None:
        super().__init__(concept_id)
        self.concept_id = concept_id

    def __str__(self) -> str:
        return f"no concept {self.concept_id!r} in the catalogue"


@dataclass(frozen=True)
class Concept:
    """`questions` in the order a reader should take them; `strong` are those the page is really about.
    `script` is empty until the page is built."""

    id: str
    page: str
    script: str
    ready: bool
    questions: tuple[str, ...]
    strong: tuple[str, ...]


@dataclass(frozen=True)
class Catalogue:
    """All concepts, and for each unanswered question the answered ones nearest to it, nearest first."""

    concepts: tuple[Concept, ...]
    related: Mapping[str, tuple[str, ...]]

    def concept(self, concept_id: str) -> Concept:
        for concept in self.concepts:
            if concept.id == concept_id:
                return concept
        raise UnknownConceptError(concept_id)

    def for_question(self, question_id: str) -> tuple[Concept, ...]:
        """The concepts that bear on a question: those with a strong link first, then in file order."""
        linked = [concept for concept in self.concepts if question_id in concept.questions]
        return tuple(sorted(linked, key=lambda concept: question_id not in concept.strong))


@functools.cache
def load() -> Catalogue:
    """The catalogue as it stands in `assets/`; raises `DataError` when an entry contradicts itself."""
    source = tables.read(CATALOGUE)
    concepts = tuple(_concept(entry) for entry in tables.tables(source, "concept", CATALOGUE.name))
    for name in ("id", "page"):
        values = [getattr(concept, name) for concept in concepts]
        if len(set(values)) < len(values):
            raise DataError(f"{CATALOGUE.name}: two concepts share one {name}")
    related = tables.table(source.get("related"), f"{CATALOGUE.name}, related")
    nearest = {key: tables.texts(related, key, "related") for key in related}
    return Catalogue(concepts, MappingProxyType(nearest))


def _concept(entry: Mapping[str, object]) -> Concept:
    name = tables.text(entry, "id", CATALOGUE.name)
    where = f"concept {name}"
    concept = Concept(
        id=name,
        page=tables.text(entry, "page", where),
        script=tables.text(entry, "script", where),
        ready=tables.flag(entry, "ready", where),
        questions=tables.texts(entry, "questions", where),
        strong=tables.texts(entry, "strong", where),
    )
    if concept.ready and not concept.script:
        raise DataError(f"{where}: a concept that is ready needs a script")
    if len(set(concept.questions)) < len(concept.questions):
        raise DataError(f"{where}: a question stands twice")
    if not set(concept.strong) <= set(concept.questions):
        raise DataError(f"{where}: strong questions must be among its questions")
    return concept
