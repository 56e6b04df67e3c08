"""How good a shared space is at finding the other half of a pair: recall at k, rank, and what luck alone would give.

Rows ask, columns answer; the right answer to row i is column i. Reference: the retrieval protocol of Karpathy & Fei-Fei
2015 (arXiv:1412.2306). Ties count against the model, so a model that answers everything alike finds nothing.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.alignment.contrastive import Float64, Int, checked


@dataclass(frozen=True)
class Retrieval:
    """Recall at 1 and 5 in both directions (shares of N), and the mean reciprocal rank over both."""

    image_to_text_1: float
    image_to_text_5: float
    text_to_image_1: float
    text_to_image_5: float
    reciprocal_rank: float

    @property
    def recall_1(self) -> float:
        """Recall at 1 in the mean of both directions."""
        return 0.5 * (self.image_to_text_1 + self.text_to_image_1)


@dataclass(frozen=True)
class Chance:
    """Recall at k where the pairs are drawn at random: mean and the range that holds 95 % of the draws."""

    mean: float
    low: float
    high: float


def ranks(similarity: npt.ArrayLike) -> Int:
    """Place of the right answer in each row, 1 for the best: how many columns are at least as similar."""
    matrix = checked(similarity)
    return np.asarray((matrix >= np.diag(matrix)[:, None]).sum(axis=1), dtype=np.int64)


def recall(similarity: npt.ArrayLike, k: int = 1) -> float:
    """Share of rows whose right answer is among the first k."""
    return float((ranks(similarity) <= k).mean())


def measure(similarity: npt.ArrayLike) -> Retrieval:
    """All figures of one matrix, pictures in rows and captions in columns."""
    matrix = checked(similarity)
    there, back = ranks(matrix), ranks(matrix.T)
    return Retrieval(
        image_to_text_1=float((there <= 1).mean()),
        image_to_text_5=float((there <= 5).mean()),
        text_to_image_1=float((back <= 1).mean()),
        text_to_image_5=float((back <= 5).mean()),
        reciprocal_rank=float(0.5 * ((1 / there).mean() + (1 / back).mean())),
    )


def chance(similarity: npt.ArrayLike, k: int = 1, *, draws: int = 2000, seed: int = 0) -> Chance:
    """Recall at k of the same matrix when which column is right is drawn anew each time (a permutation test)."""
    matrix = checked(similarity)
    # How many columns are at least as similar as this one, for every cell: a draw only looks its cells up.
    order = np.sort(matrix, axis=1)
    place = np.stack(
        [len(matrix) - np.searchsorted(row, cells, "left") for row, cells in zip(order, matrix, strict=True)]
    )
    random, rows = np.random.default_rng(seed), np.arange(len(matrix))
    found: Float64 = np.array([(place[rows, random.permutation(len(matrix))] <= k).mean() for _ in range(draws)])
    return Chance(float(found.mean()), *(float(edge) for edge in np.quantile(found, (0.025, 0.975))))
