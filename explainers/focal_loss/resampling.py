"""Three ways to change the data in place of the loss, as imbalanced-learn does them: repeat rare rows, drop common
ones, or make up rare ones between neighbours.

References: SMOTE is Chawla et al. 2002, "SMOTE: Synthetic Minority Over-sampling Technique" (JAIR 16, 321-357); the
software Lemaître, Nogueira & Aridas 2017, "Imbalanced-learn" (JMLR 18(17), 1-5). imbalanced-learn is imported by the
first call.
"""

from __future__ import annotations

from typing import Protocol

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError
from explainers.focal_loss.datasets import Bool, Float64, Sample, even

NEIGHBOURS = 5
"""Of SMOTE's paper; fewer where the rare class has fewer."""


class TooFewRareError(ExplainerError):
    """Code "too-few-rare": SMOTE needs two examples of the class it makes up; details "rare"."""


def oversampled(rare: Bool, seed: int) -> Float64:
    """How often each row stands in the set after random oversampling to 1:1, Float64[n], 1 or more."""
    from imblearn.over_sampling import RandomOverSampler  # type: ignore[import-untyped]

    return _times(RandomOverSampler(random_state=seed), rare)


def undersampled(rare: Bool, seed: int) -> Float64:
    """Which rows stand in the set after random undersampling to 1:1, Float64[n], 0 or 1."""
    from imblearn.under_sampling import RandomUnderSampler  # type: ignore[import-untyped]

    return _times(RandomUnderSampler(random_state=seed), rare)


class _Sampler(Protocol):
    """What the two random samplers of imbalanced-learn have in common."""

    sample_indices_: npt.NDArray[np.int64]

    def fit_resample(self, x: Float64, y: Bool) -> object: ...


def _times(sampler: _Sampler, rare: Bool) -> Float64:
    if rare.sum() * 2 == rare.size:
        return np.ones(rare.size)
    sampler.fit_resample(np.zeros((rare.size, 1)), rare)
    return np.bincount(sampler.sample_indices_, minlength=rare.size).astype(np.float64)


def smote(sample: Sample, seed: int) -> Sample:
    """`sample` with synthetic examples of the smaller class up to 1:1. Raises TooFewRareError."""
    from imblearn.over_sampling import SMOTE

    fewest = int(min(sample.rare.sum(), (~sample.rare).sum()))
    if fewest * 2 == sample.rare.size:
        return sample
    if fewest < 2:
        raise TooFewRareError("too-few-rare", {"rare": str(fewest)})
    maker = SMOTE(k_neighbors=min(NEIGHBOURS, fewest - 1), random_state=seed)
    x, rare = maker.fit_resample(sample.x, sample.rare)
    return even(x.astype(np.float32), rare.astype(bool))
