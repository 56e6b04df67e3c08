"""Data with one rare class: a made-up plane whose true odds are known, and labelled texts thinned to an imbalance.

Every seed gets a training sample, a validation sample of the same make and size, and a test sample. Only what a
practitioner would have is noisy and thinned: training and validation labels. The test sample keeps all held-out
examples with clean labels and weights them to the chosen imbalance, so that its figures do not hang on three rare
examples. Label noise: symmetric flips, as in Natarajan et al. 2013, "Learning with Noisy Labels" (NeurIPS).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]
Bool = npt.NDArray[np.bool_]

SEEDS = 5
MIN_RARE = 3
"""The fewest rare examples of a training sample: SMOTE needs two, and a split leaves nothing below three."""

PLANE_EXAMPLES = 3000
PLANE_TEST_RARE = 1000
PLANE_TEST_COMMON = 3000
PLANE_HALF_WIDTH = 4.0
RARE_SPREAD = 0.5
RARE_ANGLES = (0.5, 3.4)
"""Where the two clumps of the rare class lie, seen from the middle of the common one, in radians."""

TEXT_EXAMPLES = 2700
MIN_COMMON_TEXTS = 30
MIN_RARE_TEXTS = 15


class TooFewError(ExplainerError):
    """Code "too-few": a class has fewer examples than a split needs; details "rare", "common", "need_rare",
    "need_common"."""


@dataclass(frozen=True)
class PlaneSetup:
    """What the made-up plane is drawn from.

    ratio: common examples for each rare one, 1 to 1000. overlap: 0 (apart) to 1 (on top of each other). noise: the
    probability, 0 to 0.5, that a training or validation label is flipped. seed: another draw.
    """

    ratio: int = 100
    overlap: float = 0.2
    noise: float = 0.0
    seed: int = 0


@dataclass(frozen=True, eq=False)
class Sample:
    """n examples. x: Float32[n, d]. rare: Bool[n], the label as a learner sees it. weight: Float64[n], sums to 1."""

    x: Float32
    rare: Bool
    weight: Float64


@dataclass(frozen=True, eq=False)
class Trial:
    """What one seed learns from, tunes on and is measured by.

    wrong: Bool[n], the training rows whose label was turned over. test_index: the test rows' places in the corpus.
    """

    train: Sample
    validation: Sample
    test: Sample
    wrong: Bool
    test_index: npt.NDArray[np.int64]


@dataclass(frozen=True)
class Counts:
    """How many examples of each class a training sample holds."""

    rare: int
    common: int

    @property
    def ratio(self) -> float:
        """Common examples for each rare one."""
        return self.common / self.rare

    @property
    def prevalence(self) -> float:
        """Share of the rare class."""
        return self.rare / (self.rare + self.common)


def counts(ratio: int, most: int, rare: int, common: int) -> Counts:
    """The training sample nearest to 1:`ratio` from `rare` and `common` available examples, `most` in all.

    At least MIN_RARE of the rare class are kept, so a small collection cannot be thinned as far as asked: read the
    ratio that came out from the result.
    """
    wanted = min(rare, max(MIN_RARE, min(round(most / (ratio + 1)), round(common / ratio))))
    return Counts(wanted, min(common, wanted * ratio))


def centres(overlap: float) -> Float64:
    """Middles of the rare class's two clumps, Float64[2, 2]: 3.4 away from the common middle, or 0.8 at overlap 1."""
    distance = 3.4 - 2.6 * overlap
    return np.array([[np.cos(angle), np.sin(angle)] for angle in RARE_ANGLES]) * distance


def plane_odds(x: npt.ArrayLike, setup: PlaneSetup, prevalence: float) -> Float64:
    """The true probability of the rare class at the points `x`[n, 2], by Bayes' rule: Float64[n].

    Common: a normal distribution of width 1 around 0. Rare: two of width RARE_SPREAD around `centres`.
    """
    points = np.asarray(x, dtype=np.float64)
    common = np.exp(-0.5 * (points**2).sum(axis=1))
    squared = ((points[:, None, :] - centres(setup.overlap)[None]) ** 2).sum(axis=2)
    rare = (np.exp(-0.5 * squared / RARE_SPREAD**2) / RARE_SPREAD**2).mean(axis=1)
    odds: Float64 = prevalence * rare / (prevalence * rare + (1 - prevalence) * common)
    return odds


def _draw_plane(setup: PlaneSetup, rare: int, common: int, random: np.random.Generator) -> tuple[Float32, Bool]:
    middle = centres(setup.overlap)[random.integers(0, 2, rare)]
    points = np.concatenate(
        [middle + RARE_SPREAD * random.standard_normal((rare, 2)), random.standard_normal((common, 2))]
    )
    label = np.arange(rare + common) < rare
    order = random.permutation(rare + common)
    return points[order].astype(np.float32), label[order]


def flipped(rare: Bool, noise: float, random: np.random.Generator) -> Bool:
    """The labels with each one turned over with probability `noise`, as far as both classes survive."""
    turned: Bool = rare ^ (random.random(rare.size) < noise)
    return turned if 1 < turned.sum() < turned.size - 1 else rare


def even(x: Float32, rare: Bool) -> Sample:
    """A sample in which every example counts the same."""
    return Sample(x, rare, np.full(rare.size, 1 / rare.size))


def as_rare_as(x: Float32, rare: Bool, prevalence: float) -> Sample:
    """A sample whose rare examples together weigh `prevalence`, however many there are."""
    weight = np.where(rare, prevalence / max(1, rare.sum()), (1 - prevalence) / max(1, (~rare).sum()))
    return Sample(x, rare, weight / weight.sum())


def plane(setup: PlaneSetup, seeds: int = SEEDS) -> tuple[tuple[Trial, ...], Counts]:
    """The plane's trials, one for each seed, and the counts of each training sample. All share one test sample."""
    size = counts(setup.ratio, PLANE_EXAMPLES, PLANE_EXAMPLES, PLANE_EXAMPLES)
    held_out = np.random.default_rng([setup.seed, 0])
    test = as_rare_as(*_draw_plane(setup, PLANE_TEST_RARE, PLANE_TEST_COMMON, held_out), size.prevalence)
    trials = []
    for seed in range(seeds):
        random = np.random.default_rng([setup.seed, 1 + seed])
        drawn = [_draw_plane(setup, size.rare, size.common, random) for _ in range(2)]
        train, validation = (even(x, flipped(rare, setup.noise, random)) for x, rare in drawn)
        trials.append(Trial(train, validation, test, train.rare ^ drawn[0][1], np.arange(test.rare.size)))
    return tuple(trials), size


def text_counts(rare: Bool, ratio: int) -> Counts:
    """The training sample of each seed: a third of each class is there for it. Raises TooFewError."""
    few, many = int(rare.sum()), int((~rare).sum())
    if few < MIN_RARE_TEXTS or many < MIN_COMMON_TEXTS:
        details = {"rare": few, "common": many, "need_rare": MIN_RARE_TEXTS, "need_common": MIN_COMMON_TEXTS}
        raise TooFewError("too-few", {name: str(value) for name, value in details.items()})
    return counts(ratio, TEXT_EXAMPLES, few // 3, many // 3)


def text_trials(
    x: Float32, rare: Bool, ratio: int, *, noise: float = 0.0, seed: int = 0, seeds: int = SEEDS
) -> tuple[tuple[Trial, ...], Counts]:
    """Trials from vectors `x`[n, d] of labelled texts: each seed splits the texts anew, in three, class by class.

    Training and validation are thinned to 1:`ratio` as far as the texts go. Raises TooFewError.
    """
    size = text_counts(rare, ratio)
    scaled = x / np.float32(np.sqrt(np.mean(np.square(x))))
    trials = []
    for number in range(seeds):
        random = np.random.default_rng([seed, 1 + number])
        few, many = (random.permutation(np.flatnonzero(rare == kind)) for kind in (True, False))
        third = (few.size // 3, min(many.size // 3, TEXT_EXAMPLES))
        parts = [
            np.concatenate([few[i * third[0] :][: size.rare], many[i * third[1] :][: size.common]]) for i in range(2)
        ]
        rows = [random.permutation(part) for part in parts]
        train, validation = (even(scaled[row], flipped(rare[row], noise, random)) for row in rows)
        held = np.concatenate([few[2 * third[0] :][: third[0]], many[2 * third[1] :][: third[1]]])
        test = as_rare_as(scaled[held], rare[held], size.prevalence)
        trials.append(Trial(train, validation, test, train.rare ^ rare[rows[0]], held))
    return tuple(trials), size
