"""The questions as a map: what has to be explained first stands to the left of what builds on it. A question's layer is
the longest way from a question that needs nothing (layered drawing after Sugiyama, Tagawa & Toda, 1981); within a layer
questions are ordered by the mean place of their neighbours, which shortens lines and untangles most of them."""

from __future__ import annotations

import functools
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from study import english

MAX_ROWS = 13  # a layer of more questions takes several columns
SWEEPS = 8


@dataclass(frozen=True)
class Place:
    """Where a question stands: `column` from 0 over the whole map, `row` from 0, `layer` as said above."""

    question: str
    layer: int
    column: int
    row: float


@dataclass(frozen=True)
class QuestionMap:
    """`edges`: (explained first, builds on it). `rows`: height of the tallest column."""

    places: tuple[Place, ...]
    edges: tuple[tuple[str, str], ...]
    columns: int
    rows: int


@functools.cache
def load() -> QuestionMap:
    """The map of all questions."""
    return drawn({name: entry.prerequisites for name, entry in english.load().items()})


def drawn(prerequisites: Mapping[str, Sequence[str]]) -> QuestionMap:
    """The map of questions, each with those to explain before it, which run in no circle."""
    layers = _layers(prerequisites)
    columns = [math.ceil(len(layer) / MAX_ROWS) for layer in layers]
    rows = max((math.ceil(len(layer) / width) for layer, width in zip(layers, columns, strict=True)), default=0)
    edges = tuple((first, name) for name, needed in prerequisites.items() for first in needed)
    places: list[Place] = []
    left = 0
    for number, (layer, width) in enumerate(zip(_ordered(layers, edges), columns, strict=True)):
        top = (rows - math.ceil(len(layer) / width)) / 2
        places += (
            Place(name, number, left + at % width, top + at // width)  # along the rows, so that neighbours stay near
            for at, name in enumerate(layer)
        )
        left += width
    return QuestionMap(tuple(places), edges, left, rows)


def _layers(prerequisites: Mapping[str, Sequence[str]]) -> list[list[str]]:
    depths: dict[str, int] = {}

    def depth(name: str) -> int:
        if name not in depths:
            depths[name] = 1 + max((depth(first) for first in prerequisites[name]), default=-1)
        return depths[name]

    layers: list[list[str]] = [[] for _ in range(1 + max(map(depth, prerequisites), default=-1))]
    for name in prerequisites:
        layers[depths[name]].append(name)
    return layers


def _ordered(layers: Sequence[Sequence[str]], edges: Sequence[tuple[str, str]]) -> list[list[str]]:
    """Each layer sorted by the mean height of its neighbours, sweeping there and back."""
    neighbours: dict[str, list[str]] = {name: [] for layer in layers for name in layer}
    for first, then in edges:
        neighbours[first].append(then)
        neighbours[then].append(first)
    ordered = [list(layer) for layer in layers]
    height = {name: (at + 0.5) / len(layer) for layer in ordered for at, name in enumerate(layer)}
    for sweep in range(SWEEPS):
        for layer in ordered if sweep % 2 == 0 else ordered[::-1]:
            wanted = {
                name: sum(height[other] for other in neighbours[name]) / len(neighbours[name])
                if neighbours[name]
                else height[name]
                for name in layer
            }
            layer.sort(key=wanted.__getitem__)
            height.update({name: (at + 0.5) / len(layer) for at, name in enumerate(layer)})
    return ordered
