"""One table of everything that can be done about a rare class, on the same data and the same seeds.

A remedy is a training (a loss, or a resampled set) with a threshold: one half, or the one with the best F1 on the
seed's validation sample. Moving the threshold is the oldest remedy: see Provost 2000, "Machine Learning from
Imbalanced Data Sets 101" (AAAI workshop). Differences are taken within a seed, where both sides began with the same
weights and read the same rows, and called noise unless their mean is larger than their spread.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from explainers.focal_loss.datasets import Float64, Trial
from explainers.focal_loss.evaluation import (
    average_precision,
    best_threshold,
    confusion,
    reliability,
    roc_area,
    sigmoid,
)
from explainers.focal_loss.training import TrainingRun

Verdict = Literal["better", "worse", "noise"]
FIGURES = ("pr_auc", "roc_auc", "f1", "precision", "recall", "accuracy", "ece")


@dataclass(frozen=True, eq=False)
class Remedy:
    """A training with a threshold, measured on the test samples: Float64[S] each, one value for each seed.

    moved: whether the threshold was chosen on validation (else it is a probability of 0.5). threshold: a probability.
    f1, precision, recall, accuracy: of the rare class at the threshold. pr_auc, roc_auc, ece: whatever the threshold.
    rows: rare and common rows that the loss counted.
    """

    variant: str
    moved: bool
    threshold: Float64
    pr_auc: Float64
    roc_auc: Float64
    f1: Float64
    precision: Float64
    recall: Float64
    accuracy: Float64
    ece: Float64
    rows: tuple[float, float]


@dataclass(frozen=True)
class Difference:
    """One remedy less another in one figure. mean, spread: mean and standard deviation (n - 1) over seeds."""

    mean: float
    spread: float
    verdict: Verdict


def spread(values: Float64) -> float:
    """Standard deviation over seeds, n - 1 in the denominator; 0 for a single seed."""
    return float(np.std(values, ddof=1)) if values.size > 1 else 0.0


def difference(first: Float64, second: Float64) -> Difference:
    """`first` less `second`, seed by seed. Better or worse only where the mean exceeds the spread of the differences:
    a rule of thumb that five seeds allow, no test of significance."""
    gap = np.asarray(first, dtype=np.float64) - np.asarray(second, dtype=np.float64)
    mean, width = float(gap.mean()), spread(gap)
    if abs(mean) <= max(width, 1e-9):
        return Difference(mean, width, "noise")
    return Difference(mean, width, "better" if mean > 0 else "worse")


def remedies(run: TrainingRun, trials: Sequence[Trial]) -> tuple[Remedy, ...]:
    """Every variant of the run at a half, and every variant with its threshold moved: 2 V rows, in this order."""
    return tuple(
        _measure(run, trials, index, moved) for moved in (False, True) for index in range(len(run.last.variants))
    )


def find(table: Sequence[Remedy], variant: str, *, moved: bool) -> Remedy:
    """The row of a variant."""
    return next(row for row in table if row.variant == variant and row.moved == moved)


def _measure(run: TrainingRun, trials: Sequence[Trial], index: int, moved: bool) -> Remedy:
    columns: dict[str, list[float]] = {name: [] for name in ("threshold", *FIGURES)}
    for seed, trial in enumerate(trials):
        tuned, test = trial.validation, trial.test
        score = run.test[index, seed]
        logit = best_threshold(tuned.rare, run.validation[index, seed], tuned.weight) if moved else 0.0
        at = confusion(test.rare, score, logit, test.weight)
        probability = sigmoid(score)
        values = {
            "threshold": float(sigmoid(logit)),
            "pr_auc": average_precision(test.rare, score, test.weight),
            "roc_auc": roc_area(test.rare, score, test.weight),
            "f1": at.f1,
            "precision": at.precision,
            "recall": at.recall,
            "accuracy": at.accuracy,
            "ece": reliability(test.rare, probability, test.weight).error,
        }
        for name, value in values.items():
            columns[name].append(value)
    series = {name: np.array(values) for name, values in columns.items()}
    return Remedy(run.last.variants[index], moved, rows=run.rows[index], **series)
