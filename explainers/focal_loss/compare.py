"""Which examples of the rare class two trainings find: together, one of them alone, or neither.

Two figures can be equal and mean different examples; this names them. Thresholds are those chosen on validation. The
idea is that of McNemar's table (McNemar 1947, doi:10.1007/BF02295996), read example by example.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.focal_loss.evaluation import sigmoid
from explainers.focal_loss.experiment import Experiment
from explainers.focal_loss.remedies import find


@dataclass(frozen=True)
class Found:
    """One rare test example. place: in the corpus. first, second: its probability under each training."""

    place: int
    first: float
    second: float


@dataclass(frozen=True)
class Overlap:
    """The rare test examples of one seed by who flags them, each part with the widest differences first."""

    both: tuple[Found, ...]
    first_only: tuple[Found, ...]
    second_only: tuple[Found, ...]
    neither: tuple[Found, ...]


def overlap(result: Experiment, first: str, second: str, seed: int = 0) -> Overlap:
    """Rare test examples that the variants `first` and `second` flag, each at its own moved threshold."""
    names = result.last.variants
    probabilities = [sigmoid(result.test[names.index(name), seed]) for name in (first, second)]
    flagged = [
        probability >= find(result.table, name, moved=True).threshold[seed]
        for name, probability in zip((first, second), probabilities, strict=True)
    ]
    rare = result.labels[seed]

    def part(mask: npt.NDArray[np.bool_]) -> tuple[Found, ...]:
        rows = np.flatnonzero(mask & rare)
        rows = rows[np.argsort(-np.abs(probabilities[0][rows] - probabilities[1][rows]), kind="stable")]
        return tuple(
            Found(int(result.index[seed, row]), float(probabilities[0][row]), float(probabilities[1][row]))
            for row in rows
        )

    one, two = flagged
    return Overlap(part(one & two), part(one & ~two), part(~one & two), part(~one & ~two))
