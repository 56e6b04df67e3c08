"""Arithmetic on words, an axis between two of them, and what WEAT measures with such axes.

3CosAdd: Mikolov, Yih and Zweig 2013 (aclanthology.org/N13-1090), on vectors of length 1 as Levy and Goldberg 2014
(doi:10.3115/v1/W14-1618) write it. The words put in are left out of the answers, as everybody does; without that the
nearest word is most often one of them. WEAT: Caliskan, Bryson and Narayanan 2017 (arXiv:1608.07187); its effect size
is divided by the sample's standard deviation, as in the authors' follow-up code.
"""

from __future__ import annotations

import itertools
import math
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.embeddings.space import Neighbour, Space, nearest
from explainers.errors import ExplainerError
from explainers.progress import Report, silent

Float64 = npt.NDArray[np.float64]
EXACT = 200_000
"""Partitions that are all tried; of more, SAMPLED random ones are."""
SAMPLED = 100_000


@dataclass(frozen=True)
class Point:
    """A word in the plane of the arithmetic: x, y, and how far it stands off that plane (0 for a, b, c)."""

    word: str
    x: float
    y: float
    off: float


@dataclass(frozen=True)
class Arithmetic:
    """a - b + c on vectors of length 1.

    results: the nearest words without a, b and c, nearest first. barred: where a, b, c themselves would have come,
    (word, cosine, place from 1). corner: the fourth corner of the parallelogram a, b, c, where the sum points to;
    points: a, b, c and the first results in the plane through a, b and c, whose first direction runs from b to a.
    """

    a: str
    b: str
    c: str
    results: tuple[Neighbour, ...]
    barred: tuple[tuple[str, float, int], ...]
    corner: tuple[float, float]
    points: tuple[Point, ...]


def _direction(space: Space, word: str) -> Float64:
    vector = space.vector(word).astype(np.float64)
    return np.asarray(vector / (np.linalg.norm(vector) or 1.0), dtype=np.float64)


def arithmetic(space: Space, a: str, b: str, c: str, count: int = 10, *, drawn: int = 3) -> Arithmetic:
    """The words nearest to a - b + c (king - man + woman). Raises ExplainerError("embedding_unknown")."""
    va, vb, vc = (_direction(space, word) for word in (a, b, c))
    target = va - vb + vc
    cosines = space.cosines(target)
    rows = {space.row(word) for word in (a, b, c) if space.has(word)}
    results = nearest(space, cosines, count, rows)
    barred = tuple(
        (space.words[row], float(cosines[row]), int((cosines > cosines[row]).sum()) + 1) for row in sorted(rows)
    )
    first, second = _plane(va - vb, vc - vb)
    shown = [(a, va), (b, vb), (c, vc), *((hit.word, _direction(space, hit.word)) for hit in results[:drawn])]
    points = []
    for word, vector in shown:
        moved = vector - vb
        x, y = float(moved @ first), float(moved @ second)
        points.append(Point(word, x, y, math.sqrt(max(0.0, float(moved @ moved) - x * x - y * y))))
    corner = target - vb
    return Arithmetic(a, b, c, results, barred, (float(corner @ first), float(corner @ second)), tuple(points))


def _plane(one: Float64, other: Float64) -> tuple[Float64, Float64]:
    """Two directions at right angles that span both vectors; zeros for what is not there (two equal words)."""
    first = one / (np.linalg.norm(one) or 1.0)
    rest = other - (other @ first) * first
    length = np.linalg.norm(rest)
    return first, rest / length if length > 1e-9 else np.zeros_like(rest)


@dataclass(frozen=True)
class Placed:
    """A word on an axis: `cosine` with the direction from low to high; `along`: 0 at the low end, 1 at the high."""

    word: str
    cosine: float
    along: float


@dataclass(frozen=True)
class Axis:
    """Words along the line from `low` to `high`, lowest first. missing: without a vector. apart: cosine of the ends."""

    low: str
    high: str
    placed: tuple[Placed, ...]
    missing: tuple[str, ...]
    apart: float


def axis(space: Space, low: str, high: str, words: Sequence[str]) -> Axis:
    """Lay words along the axis between two. Raises ExplainerError: "embedding_unknown", "embedding_same_ends"."""
    start, end = _direction(space, low), _direction(space, high)
    line = end - start
    length = float(np.linalg.norm(line))
    if length < 1e-6:
        raise ExplainerError("embedding_same_ends", {"low": low, "high": high})
    placed, missing = [], []
    for word in dict.fromkeys(words):
        try:
            vector = _direction(space, word)
        except ExplainerError:
            missing.append(word)
            continue
        placed.append(Placed(word, float(vector @ line) / length, float((vector - start) @ line) / length**2))
    placed.sort(key=lambda item: item.cosine)
    return Axis(low, high, tuple(placed), tuple(missing), float(start @ end))


@dataclass(frozen=True)
class Weat:
    """Do the words X stand nearer to A than the words Y do, against B?

    leanings: s(w, A, B) = mean cosine with A less mean cosine with B, of every word of X, then of Y. statistic: their
    sum over X less that over Y. effect: difference of their means over their standard deviation (2 at the most).
    p: share of the partitions of X and Y into sets of these sizes with a larger statistic. `exact`: all were tried,
    `partitions` says how many.
    """

    x: tuple[tuple[str, float], ...]
    y: tuple[tuple[str, float], ...]
    statistic: float
    effect: float
    p: float
    partitions: int
    exact: bool
    missing: tuple[str, ...]


def weat(
    space: Space,
    x: Sequence[str],
    y: Sequence[str],
    a: Sequence[str],
    b: Sequence[str],
    *,
    seed: int = 17,
    report: Report = silent,
) -> Weat:
    """The word embedding association test. Words without a vector are left out and named.

    Raises ExplainerError("embedding_too_few", of fewer than two words left in one of the four sets).
    """
    missing: list[str] = []
    known: list[list[str]] = []
    for words in (x, y, a, b):
        there = [word for word in dict.fromkeys(words) if space.has(word)]
        missing += [word for word in dict.fromkeys(words) if not space.has(word)]
        if len(there) < 2:
            raise ExplainerError("embedding_too_few", {"words": ", ".join(words), "space": space.name})
        known.append(there)
    vx, vy, va, vb = (np.stack([_direction(space, word) for word in words]) for words in known)
    leaning = np.concatenate([vx, vy]) @ (va.mean(axis=0) - vb.mean(axis=0))
    many = len(vx)
    statistic = float(leaning[:many].sum() - leaning[many:].sum())
    spread = float(leaning.std(ddof=1))
    effect = float(leaning[:many].mean() - leaning[many:].mean()) / spread if spread > 0 else 0.0
    larger, partitions, exact = _permuted(leaning, many, statistic, seed, report)
    values = [float(value) for value in leaning]
    return Weat(
        tuple(zip(known[0], values[:many], strict=True)),
        tuple(zip(known[1], values[many:], strict=True)),
        statistic, effect, larger / partitions, partitions, exact, tuple(missing),
    )  # fmt: skip


def _permuted(leaning: Float64, many: int, statistic: float, seed: int, report: Report) -> tuple[int, int, bool]:
    """(partitions with a larger statistic, partitions tried, whether those are all)."""
    total, all_of_them = float(leaning.sum()), math.comb(len(leaning), many)
    # The statistic of a partition is twice the sum over its first set, less the sum of everything.
    bar = statistic + 1e-9 * max(1.0, float(np.abs(leaning).sum()))
    if all_of_them <= EXACT:
        chosen = itertools.combinations(range(len(leaning)), many)
        larger = 0
        while part := list(itertools.islice(chosen, 20_000)):
            larger += int((2 * leaning[np.array(part)].sum(axis=1) - total > bar).sum())
            report(0.5, None)
        return larger, all_of_them, True
    rng = np.random.default_rng(seed)
    larger = 0
    for start in range(0, SAMPLED, 5000):
        order = rng.random((5000, len(leaning))).argpartition(many, axis=1)[:, :many]
        larger += int((2 * leaning[order].sum(axis=1) - total > bar).sum())
        report((start + 5000) / SAMPLED, None)
    return larger, SAMPLED, False
