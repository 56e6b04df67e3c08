"""What a map keeps of the space it was made from: neighbours kept, trustworthiness, continuity, strangers side by side.

A true neighbour is always one by cosine in the original space, whatever metric the map was made with. References:
trustworthiness and continuity, Venna & Kaski 2001, "Neighborhood preservation in nonlinear projection methods"; the
first is what scikit-learn computes, the second the same with map and space changing places.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]

NEAR = 10
"""Neighbours that count."""
BLOCK = 512


@dataclass(frozen=True, eq=False)
class Faithfulness:
    """How true a map is. kept: [words], share of each word's true neighbours that are neighbours on the map too.

    trustworthiness: near 1 where words side by side on the map are near in the space (few strangers). continuity: near
    1 where words near in the space lie side by side (few torn apart). Both are 1 at best and about 0.5 by chance.
    """

    kept: Float32
    trustworthiness: float
    continuity: float

    @property
    def mean_kept(self) -> float:
        return float(self.kept.mean())


@dataclass(frozen=True)
class Strangers:
    """Two words side by side on the map and far apart in the space.

    first, second: places. map_rank: the second is the map_rank-th nearest of the first on the map (from 1); true_rank:
    and the true_rank-th nearest in the space. cosine: of the two in the space.
    """

    first: int
    second: int
    map_rank: int
    true_rank: int
    cosine: float


def _unit(vectors: Float32) -> Float32:
    table = np.asarray(vectors, dtype=np.float32)
    made: Float32 = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)
    return made


def _squares(points: Float32, rows: npt.NDArray[np.int64]) -> Float32:
    """Squared distances on the map from `rows` to all words."""
    made = np.zeros((len(rows), len(points)), dtype=np.float32)
    for axis in range(points.shape[1]):
        made += (points[rows, axis, None] - points[None, :, axis]) ** 2
    return made


def _nearest(far: Float32, count: int) -> Int64:
    found = np.argpartition(far, count - 1, axis=1)[:, :count]
    order = np.argsort(np.take_along_axis(far, found, 1), axis=1, kind="stable")
    return np.take_along_axis(found, order, 1)


def _ranks(far: Float32, of: Int64) -> Int64:
    """Rank (from 1) of the given columns in each row: one more than how many are nearer."""
    made = np.empty(of.shape, dtype=np.int64)
    for column in range(of.shape[1]):
        made[:, column] = np.count_nonzero(far < np.take_along_axis(far, of[:, column, None], 1), axis=1) + 1
    return made


def measure(vectors: Float32, points: Float32, near: int = NEAR) -> Faithfulness:
    """How true the map `points` [words, 2 or 3] is to the space `vectors` [words, dims].

    near: neighbours that count; fewer where there are too few words for the measures (they need near < words / 2).
    """
    unit, words = _unit(vectors), len(points)
    near = max(1, min(near, (words - 1) // 2))
    points = np.asarray(points, dtype=np.float32)
    kept = np.empty(words, dtype=np.float32)
    strangers = torn = 0
    for start in range(0, words, BLOCK):
        rows = np.arange(start, min(start + BLOCK, words))
        space, flat = -(unit[rows] @ unit.T), _squares(points, rows)
        for far in (space, flat):
            far[np.arange(len(rows)), rows] = np.inf
        true, shown = _nearest(space, near), _nearest(flat, near)
        kept[rows] = (true[:, :, None] == shown[:, None, :]).any(axis=2).mean(axis=1)
        strangers += int(np.maximum(_ranks(space, shown) - near, 0).sum())
        torn += int(np.maximum(_ranks(flat, true) - near, 0).sum())
    worst = max(1, words * near * (2 * words - 3 * near - 1) / 2)  # of two words nothing can be said
    return Faithfulness(kept, 1 - strangers / worst, 1 - torn / worst)


def shared(first: Float32, second: Float32, near: int = NEAR) -> Float32:
    """Share of each word's nearest on one map [words, dims] that are so on another [words, dims] too: [words]."""
    words = len(first)
    near = max(1, min(near, words - 1))
    made = np.empty(words, dtype=np.float32)
    for start in range(0, words, BLOCK):
        rows = np.arange(start, min(start + BLOCK, words))
        found = []
        for points in (first, second):
            far = _squares(np.asarray(points, dtype=np.float32), rows)
            far[np.arange(len(rows)), rows] = np.inf
            found.append(_nearest(far, near))
        made[rows] = (found[0][:, :, None] == found[1][:, None, :]).any(axis=2).mean(axis=1)
    return made


def near_but_far(vectors: Float32, points: Float32, count: int = 12, side_by_side: int = 1) -> tuple[Strangers, ...]:
    """Pairs that lie side by side on the map and are the greatest strangers in the space, greatest first.

    side_by_side: the second word is among so many nearest of the first on the map. Of the two true ranks of a pair the
    smaller one counts, so that neither knows the other.
    """
    unit, words = _unit(vectors), len(points)
    side_by_side = min(side_by_side, words - 1)
    found: dict[tuple[int, int], Strangers] = {}
    if words < 3:
        return ()
    shown = np.empty((words, side_by_side), dtype=np.int64)
    for start in range(0, words, BLOCK):
        rows = np.arange(start, min(start + BLOCK, words))
        flat = _squares(np.asarray(points, dtype=np.float32), rows)
        flat[np.arange(len(rows)), rows] = np.inf
        shown[rows] = _nearest(flat, side_by_side)
    first = np.repeat(np.arange(words), side_by_side)
    second = shown.ravel()
    true = np.minimum(_true_ranks(unit, first, second), _true_ranks(unit, second, first))
    for at in np.argsort(-true, kind="stable"):
        pair = (int(first[at]), int(second[at]))
        if pair[::-1] not in found:
            cosine = float(unit[pair[0]] @ unit[pair[1]])
            found[pair] = Strangers(*pair, int(at % side_by_side) + 1, int(true[at]), cosine)
        if len(found) == count:
            break
    return tuple(found.values())


def _true_ranks(unit: Float32, of: Int64, among: Int64) -> Int64:
    """Rank of word among[i] in the neighbourhood of word of[i]."""
    made = np.empty(len(of), dtype=np.int64)
    for start in range(0, len(of), BLOCK):
        part = slice(start, start + BLOCK)
        far = -(unit[of[part]] @ unit.T)
        far[np.arange(len(far)), of[part]] = np.inf
        made[part] = _ranks(far, among[part, None])[:, 0]
    return made
