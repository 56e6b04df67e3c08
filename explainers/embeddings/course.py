"""What is drawn of a training while it runs: its losses, a small map of the most telling words, a word's neighbours.

The map is a principal component analysis of the words' directions (vectors of length 1), the one projection that is
quick enough to be made anew after every epoch; the browser turns each map onto the one before it, which changes no
distance. Words that fill a third of the text ("the", "of") say little, so the most frequent few are left out.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.embeddings.live import Learnt, Model
from explainers.embeddings.space import Neighbour, Space, neighbours
from explainers.errors import ExplainerError

Float32 = npt.NDArray[np.float32]

DRAWN = 60
LEFT_OUT = 12  # the most frequent words of a text are its grammar
NEAR = 8


@dataclass(frozen=True, eq=False)
class Moment:
    """A training at one epoch.

    epoch, epochs: done and asked for. losses: by model, before the first epoch (where it can be told) and after each.
    words: those drawn; maps: by model, Float32[words, 2], with a mean square radius of 1. near: by model, the nearest
    words of `asked`; empty where the text does not have it.
    """

    epoch: int
    epochs: int
    losses: dict[Model, tuple[float, ...]]
    words: tuple[str, ...]
    maps: dict[Model, Float32]
    near: dict[Model, tuple[Neighbour, ...]]
    asked: str


def telling(space: Space, asked: str) -> tuple[str, ...]:
    """The words that are drawn: the most frequent ones behind the first few, and the one asked for."""
    skip = min(LEFT_OUT, max(0, len(space) - DRAWN))
    found = list(space.words[skip : skip + DRAWN])
    if space.has(asked) and space.folded(asked) not in found:
        found[-1] = space.folded(asked)
    return tuple(found)


def flat(vectors: Float32) -> Float32:
    """Rows [n, dims] in the plane of their two main directions, Float32[n, 2], mean square radius 1."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    centred = unit - unit.mean(axis=0)
    left, sizes, _ = np.linalg.svd(centred, full_matrices=False)
    made = np.zeros((len(vectors), 2), dtype=np.float32)
    wide = min(2, left.shape[1])
    made[:, :wide] = left[:, :wide] * sizes[:wide]
    return made / np.float32(np.sqrt((made**2).sum(axis=1).mean()) or 1.0)


def moment(learnt: Learnt, asked: str) -> Moment:
    """What is drawn of the training as it stands."""
    first = next(iter(learnt.spaces.values()))
    words = telling(first, asked)
    maps: dict[Model, Float32] = {}
    near: dict[Model, tuple[Neighbour, ...]] = {}
    for name, space in learnt.spaces.items():
        maps[name] = flat(space.rows([space.row(word) for word in words]))
        try:
            near[name] = neighbours(space, asked, NEAR)
        except ExplainerError:
            near[name] = ()
    return Moment(learnt.epoch, learnt.settings.epochs, learnt.losses, words, maps, near, asked)
