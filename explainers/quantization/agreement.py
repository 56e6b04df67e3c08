"""How far the answers of two models agree: cosines of their vectors, similarities, neighbours, attention; with an
interval wherever a mean is taken.

Intervals are percentile bootstraps (Efron & Tibshirani 1993, chapter 13) over the sentences or pairs, paired: both
models answer the same ones. What is inside the interval of no difference is noise.
"""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.quantization.fake import Attention

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Statistic = Callable[[npt.NDArray[np.intp]], float]

DRAWS = 1000
SEED = 23


@dataclass(frozen=True)
class Interval:
    """A figure and the 95 % bootstrap interval around it."""

    value: float
    low: float
    high: float

    @property
    def has_zero(self) -> bool:
        """For a difference: it may as well be none."""
        return self.low <= 0 <= self.high


def bootstrap(count: int, statistic: Statistic, draws: int = DRAWS) -> Interval:
    """`statistic` of all `count` cases, and its 2.5th and 97.5th percentile over `draws` draws with replacement."""
    rng = np.random.default_rng(SEED)
    found = [statistic(rng.integers(0, count, count)) for _ in range(draws)]
    kept = [one for one in found if np.isfinite(one)]
    whole = statistic(np.arange(count))
    if not kept:
        return Interval(whole, whole, whole)
    low, high = np.percentile(kept, [2.5, 97.5])
    return Interval(whole, float(low), float(high))


def cosines(first: Float32, second: Float32) -> Float64:
    """Float64[row]: cosine of each row of one with the same row of the other."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    found: Float64 = (a * b).sum(axis=1) / (np.linalg.norm(a, axis=1) * np.linalg.norm(b, axis=1))
    return found


def similarity(vectors: Float32) -> Float64:
    """Float64[row, row]: cosine of every row with every other."""
    unit = vectors.astype(np.float64)
    unit /= np.linalg.norm(unit, axis=1, keepdims=True)
    found: Float64 = unit @ unit.T
    return found


@dataclass(frozen=True)
class Move:
    """What became of one sentence's nearest other sentences: indices, nearest first, under the one and the other model,
    and how many of the first `len(before)` are no longer among them."""

    before: tuple[int, ...]
    after: tuple[int, ...]

    @property
    def lost(self) -> int:
        return len(set(self.before) - set(self.after))

    @property
    def first_changed(self) -> bool:
        return self.before[:1] != self.after[:1]


def neighbour_moves(first: Float64, second: Float64, count: int = 5) -> tuple[Move, ...]:
    """For each row of two similarity matrices the nearest others under either."""

    def nearest(matrix: Float64, row: int) -> tuple[int, ...]:
        order = np.argsort(-matrix[row], kind="stable")
        return tuple(int(place) for place in order if place != row)[:count]

    return tuple(Move(nearest(first, row), nearest(second, row)) for row in range(len(first)))


@dataclass(frozen=True, eq=False)
class Agreement:
    """Two models on the same sentences. cosines: Float64[sentence]; before, after: similarity matrices; mean: of the
    cosines, with its interval; moves: the neighbours of each sentence."""

    cosines: Float64
    mean: Interval
    before: Float64
    after: Float64
    moves: tuple[Move, ...]

    @property
    def similarity_error(self) -> float:
        """Mean absolute difference of the similarities of different sentences; 0 for a single sentence."""
        off = ~np.eye(len(self.before), dtype=bool)
        return float(np.abs(self.after - self.before)[off].mean()) if off.any() else 0.0

    @property
    def largest(self) -> tuple[int, int]:
        """The pair of sentences whose similarity changed most."""
        at = int(np.abs(self.after - self.before).argmax())
        row, column = divmod(at, len(self.before))
        return row, column


def agree(first: Float32, second: Float32) -> Agreement:
    """Compare the sentence vectors, Float32[sentence, hidden], of two models."""
    found = cosines(first, second)
    before, after = similarity(first), similarity(second)
    mean = bootstrap(len(found), lambda places: float(found[places].mean()))
    return Agreement(found, mean, before, after, neighbour_moves(before, after))


def attention_moved(first: Attention, second: Attention) -> Float64:
    """Float64[query]: the share of each token's attention that went elsewhere, half of the summed differences."""
    moved: Float64 = np.abs(second.weights.astype(np.float64) - first.weights).sum(axis=1) / 2
    return moved
