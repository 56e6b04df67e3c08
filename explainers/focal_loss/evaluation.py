"""What a classifier of a rare class is worth: curves and figures over all thresholds, and how honest its numbers are.

Every function takes labels, scores and the weight of each example, so that a sample can stand for a population in
which the classes have another share. Definitions as in scikit-learn, against which they are tested: average precision
(Manning, Raghavan & Schütze 2008, chapter 8), area under the ROC curve (Fawcett 2006), reliability (DeGroot & Fienberg
1983) and the expected calibration error of Guo et al. 2017, "On Calibration of Modern Neural Networks"
(arXiv:1706.04599), here of the rare class's probability.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.focal_loss.datasets import Bool, Float32, Float64

BINS = 10


@dataclass(frozen=True)
class Confusion:
    """Shares of all examples, which sum to 1: rare ones found and missed, common ones let pass and falsely alarmed."""

    found: float
    missed: float
    alarmed: float
    passed: float

    @property
    def accuracy(self) -> float:
        return self.found + self.passed

    @property
    def precision(self) -> float:
        """Of what was flagged, the share that is rare; 0 where nothing was flagged."""
        flagged = self.found + self.alarmed
        return self.found / flagged if flagged else 0.0

    @property
    def recall(self) -> float:
        """Of the rare ones, the share that was flagged."""
        rare = self.found + self.missed
        return self.found / rare if rare else 0.0

    @property
    def f1(self) -> float:
        """Harmonic mean of precision and recall; 0 where nothing was found."""
        whole = 2 * self.found + self.alarmed + self.missed
        return 2 * self.found / whole if whole else 0.0


@dataclass(frozen=True, eq=False)
class Curves:
    """Every distinct threshold from the highest score down: Float64[k] each.

    Flagged are the examples whose score is at least `threshold`. recall: also called true positive rate. alarms: false
    positive rate.
    """

    threshold: Float64
    recall: Float64
    precision: Float64
    alarms: Float64


@dataclass(frozen=True, eq=False)
class Reliability:
    """Probabilities in equal bins beside what came true: Float64[BINS] each, nan in an empty bin.

    share: weight of the bin. said: mean probability. came: share that is rare. error: the expected calibration error,
    the mean over all examples of |said - came| of their bins.
    """

    share: Float64
    said: Float64
    came: Float64
    error: float


def sigmoid(logit: npt.ArrayLike) -> Float64:
    """1 / (1 + exp(-logit)), without overflow."""
    return np.asarray(np.exp(-np.logaddexp(0.0, -np.asarray(logit, dtype=np.float64))))


def confusion(rare: Bool, score: npt.ArrayLike, threshold: float, weight: Float64) -> Confusion:
    """The four shares when everything with a score of at least `threshold` is flagged."""
    flagged = np.asarray(score) >= threshold
    part = weight / weight.sum()
    shares = (part[rare & flagged], part[rare & ~flagged], part[~rare & flagged], part[~rare & ~flagged])
    return Confusion(*(float(share.sum()) for share in shares))


def curves(rare: Bool, score: npt.ArrayLike, weight: Float64) -> Curves:
    """Recall, precision and false alarms at every distinct score. Needs both classes."""
    values = np.asarray(score, dtype=np.float64)
    order = np.argsort(-values, kind="stable")
    values, label, part = values[order], rare[order], weight[order]
    last = np.append(np.diff(values) != 0, True)
    found, alarmed = np.cumsum(part * label)[last], np.cumsum(part * ~label)[last]
    return Curves(values[last], found / found[-1], found / (found + alarmed), alarmed / alarmed[-1])


def average_precision(rare: Bool, score: npt.ArrayLike, weight: Float64) -> float:
    """Sum over thresholds of (recall gained) x precision: the area under the precision-recall curve as steps."""
    each = curves(rare, score, weight)
    return float(np.sum(np.diff(each.recall, prepend=0.0) * each.precision))


def batch_average_precision(scores: Float32, rare: Bool, weight: Float64) -> Float64:
    """`average_precision` of each row of `scores`[m, n]. Equal scores count as one threshold."""
    order = np.argsort(-scores, axis=1, kind="stable")
    ranked = np.take_along_axis(scores, order, axis=1)
    part = weight[order]
    found = np.cumsum(part * rare[order], axis=1)
    flagged = np.cumsum(part, axis=1)
    last = np.append(np.diff(ranked, axis=1) != 0, np.ones((len(scores), 1), dtype=bool), axis=1)
    recall = np.where(last, found / found[:, -1:], 0.0)
    before = np.maximum.accumulate(recall, axis=1)
    gained = np.diff(before, axis=1, prepend=0.0)
    return np.asarray(np.sum(np.where(last, gained * found / flagged, 0.0), axis=1))


def roc_area(rare: Bool, score: npt.ArrayLike, weight: Float64) -> float:
    """Probability that a rare example scores above a common one, ties counted half."""
    each = curves(rare, score, weight)
    return float(np.trapezoid(np.append(0.0, each.recall), np.append(0.0, each.alarms)))


def best_threshold(rare: Bool, score: npt.ArrayLike, weight: Float64) -> float:
    """The threshold of the highest F1, halfway to the next score below; of several, the highest."""
    each = curves(rare, score, weight)
    share = float(weight[rare].sum() / weight.sum())
    found = each.recall * share
    flagged = found + each.alarms * (1 - share)
    best = int(np.argmax(2 * found / (flagged + share)))
    below = each.threshold[best + 1] if best + 1 < each.threshold.size else each.threshold[best]
    return float((each.threshold[best] + below) / 2)


def reliability(rare: Bool, probability: npt.ArrayLike, weight: Float64, bins: int = BINS) -> Reliability:
    """Probabilities in `bins` equal bins from 0 to 1, each beside the share of rare examples in it."""
    said = np.asarray(probability, dtype=np.float64)
    place = np.minimum((said * bins).astype(int), bins - 1)
    part = weight / weight.sum()
    share, total, came = (
        np.bincount(place, weights=values, minlength=bins).astype(np.float64)
        for values in (part, part * said, part * rare)
    )
    with np.errstate(invalid="ignore"):
        mean, observed = total / share, came / share
    return Reliability(share, mean, observed, float(np.abs(total - came).sum()))
