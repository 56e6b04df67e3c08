"""GloVe, which gensim lacks: count how often words stand near each other, then fit word vectors to the logarithms.

Pennington, Socher and Manning 2014, "GloVe: Global Vectors for Word Representation" (doi:10.3115/v1/D14-1162). Two
words d places apart add 1/d to their cell X (section 4.2); the objective (equation 8) is the weighted least squares
J = sum f(X_ij) (w_i . w~_j + b_i + b~_j - log X_ij)^2 with f(x) = min(1, (x / x_max)^alpha) (equation 9), minimised
cell by cell, in random order, with AdaGrad (Duchi et al. 2011) as the authors' own program does: the sums of squares
begin at 1 and hold the steps with the learning rate in them. The word's vector is w + w~. The loop is compiled with
numba on first use.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import numpy.typing as npt

from explainers.progress import Report, silent

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]
CHUNK = 200_000  # cells between two reports: a fraction of a second


@dataclass(frozen=True)
class Cells:
    """The cells of the co-occurrence matrix that are not empty: row and column (Int32[n]), X (Float32[n])."""

    row: Int32
    column: Int32
    x: Float32

    def __len__(self) -> int:
        return len(self.x)


@dataclass(frozen=True)
class Settings:
    """`x_max` and `alpha` of the weight f; `rate` is AdaGrad's first step."""

    dims: int = 100
    epochs: int = 25
    x_max: float = 100.0
    alpha: float = 0.75
    rate: float = 0.05
    seed: int = 17


@dataclass(frozen=True, eq=False)
class Fitted:
    """Where a fit stands.

    w, context: w and w~, Float32[words, dims]; bias, context_bias: Float32[words]; losses: J / n after each epoch.
    """

    w: Float32
    context: Float32
    bias: Float32
    context_bias: Float32
    losses: tuple[float, ...]

    @property
    def vectors(self) -> Float32:
        """w + w~, what the authors publish."""
        return self.w + self.context


def weight(x: npt.ArrayLike, x_max: float = 100.0, alpha: float = 0.75) -> npt.NDArray[np.float64]:
    """f(x) of the paper's equation 9."""
    return np.minimum(1.0, (np.asarray(x, dtype=np.float64) / x_max) ** alpha)


def cooccurrences(sentences: Sequence[npt.NDArray[np.int32]], words: int, window: int = 10) -> Cells:
    """Count both ways: each sentence is Int32[n] of rows, -1 where a word is not in the vocabulary (its place counts).

    Cells come sorted by row, then column; the matrix is symmetric.
    """
    from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

    ids = np.concatenate([*sentences, np.zeros(0, np.int32)])
    part = np.repeat(np.arange(len(sentences)), [len(sentence) for sentence in sentences])
    total = csr_matrix((words, words), dtype=np.float64)
    for distance in range(1, window + 1):
        left, right = ids[:-distance], ids[distance:]
        together = (part[:-distance] == part[distance:]) & (left >= 0) & (right >= 0)
        share = np.full(int(together.sum()), 1.0 / distance)
        total = total + csr_matrix((share, (left[together], right[together])), shape=(words, words))
    both = (total + total.T).tocoo()
    order = np.lexsort((both.col, both.row))
    return Cells(
        both.row[order].astype(np.int32), both.col[order].astype(np.int32), both.data[order].astype(np.float32)
    )


class Fit:
    """A fit under way: `epoch` goes once over all cells, in a new random order; `now` is where it stands."""

    def __init__(self, cells: Cells, words: int, settings: Settings) -> None:
        self.cells, self.rate = cells, np.float32(settings.rate)
        self._rng = np.random.default_rng(settings.seed)
        shapes = ((words, settings.dims), (words, settings.dims), (words,), (words,))
        self._values = tuple(
            ((self._rng.random(shape, dtype=np.float32) - 0.5) / settings.dims).astype(np.float32) for shape in shapes
        )
        self._squares = tuple(np.ones_like(value) for value in self._values)
        self._logarithm = np.log(cells.x.astype(np.float64)).astype(np.float32)
        self._weights = weight(cells.x, settings.x_max, settings.alpha).astype(np.float32)
        self._losses: list[float] = []

    def epoch(self, report: Report = silent) -> float:
        """Returns J / n as it was before each cell's own step; `report` tells the part of the epoch."""
        run = _compiled()
        order = self._rng.permutation(len(self.cells)).astype(np.int32)
        lost = 0.0
        for start in range(0, len(order), CHUNK):
            chunk = order[start : start + CHUNK]
            cells = (chunk, self.cells.row, self.cells.column, self._logarithm, self._weights)
            lost += run(*cells, *self._values, *self._squares, self.rate)
            report(min(1.0, (start + CHUNK) / len(order)), None)
        self._losses.append(lost / max(1, len(order)))
        return self._losses[-1]

    def now(self) -> Fitted:
        """A copy of where the fit stands."""
        w, context, bias, context_bias = (value.copy() for value in self._values)
        return Fitted(w, context, bias, context_bias, tuple(self._losses))


def fit(cells: Cells, words: int, settings: Settings, *, report: Report = silent) -> Fitted:
    """Fit w, w~ and both biases; partial results are `Fitted`, at most three a second."""
    under_way = Fit(cells, words, settings)
    shown = time.monotonic()
    for epoch in range(settings.epochs):
        under_way.epoch(functools.partial(_told, report, epoch, settings.epochs))
        if time.monotonic() - shown > 0.3:
            report((epoch + 1) / settings.epochs, under_way.now())
            shown = time.monotonic()
    return under_way.now()


def _told(report: Report, epoch: int, epochs: int, part: float, _: object) -> None:
    report((epoch + part) / epochs, None)


@functools.lru_cache(maxsize=1)
def _compiled() -> Callable[..., float]:
    from numba import njit

    compiled: Callable[..., float] = njit(fastmath=True, nogil=True, cache=True)(steps)
    return compiled


def steps(
    chunk: Int32, row: Int32, column: Int32, logarithm: Float32, weights: Float32,
    w: Any, context: Any, bias: Any, context_bias: Any,
    w_squares: Any, context_squares: Any, bias_squares: Any, context_bias_squares: Any, rate: np.float32,
) -> float:  # fmt: skip
    """One step for each cell of the chunk, in place; returns the sum of f(X) times the squared error before each.

    Plain Python, compiled by `fit`: the test steps through it as it stands.
    """
    lost = 0.0
    for cell in chunk:
        i, j = row[cell], column[cell]
        word, other, word_squares, other_squares = w[i], context[j], w_squares[i], context_squares[j]
        error = bias[i] + context_bias[j] - logarithm[cell]
        for d in range(len(word)):
            error += word[d] * other[d]
        lost += weights[cell] * error * error
        # The factor 2 of the derivative is part of the rate, as in the authors' program.
        slope = rate * weights[cell] * error
        for d in range(len(word)):
            mine, its = slope * other[d], slope * word[d]
            word[d] -= mine / np.sqrt(word_squares[d])
            other[d] -= its / np.sqrt(other_squares[d])
            word_squares[d] += mine * mine
            other_squares[d] += its * its
        bias[i] -= slope / np.sqrt(bias_squares[i])
        context_bias[j] -= slope / np.sqrt(context_bias_squares[j])
        bias_squares[i] += slope * slope
        context_bias_squares[j] += slope * slope
    return lost
