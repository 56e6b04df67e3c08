"""Who owns the loss of an imbalanced batch: shares of the total loss and gradient by class and by difficulty.

The batch is drawn, and says so: 10,000 logits from two normal distributions of the same spread, the negatives' mean
margin at 4 (p_t = 0.98, background that the model knows well), the positives' at 4 less the difficulty. A wrong label
turns an example's margin round: the model is as sure as before, of what the label denies. One seeded set of draws
serves every setting, so that moving a slider moves the same examples.
References: Lin et al. 2017 (arXiv:1708.02002), sections 1 and 3, and figure 4 for the cumulative curves.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError
from explainers.focal_loss import losses

Floats = npt.NDArray[np.float64]

SIZE = 10_000
SEED = 17
SPREAD = 1.25
CLEAR = 4.0
"""Mean margin of an example that the model knows well: p_t = 0.982."""

DECILES = 10
OWNERS = ("easy_negative", "hard_negative", "positive", "mislabelled")
RANGES = {"ratio": (1.0, 1000.0), "difficulty": (0.0, 8.0), "noise": (0.0, 0.5)}


class BudgetError(ExplainerError):
    """Code "loss-range": a number outside what is drawn; details "name", "asked", "min", "max"."""


@dataclass(frozen=True)
class Draws:
    """What is drawn once: standard normals for the margins and uniforms for who is mislabelled, Float32[SIZE] each."""

    normals: npt.NDArray[np.float32]
    uniforms: npt.NDArray[np.float32]


@dataclass(frozen=True)
class Batch:
    """10,000 examples. margin: logit of the *labelled* class. owner: index into OWNERS. labelled: True for positive."""

    margin: Floats
    owner: npt.NDArray[np.int8]
    labelled: npt.NDArray[np.bool_]

    def count(self, owner: str) -> int:
        """How many examples are of `owner`, one of OWNERS."""
        return int(np.count_nonzero(self.owner == OWNERS.index(owner)))


@dataclass(frozen=True)
class Budget:
    """Shares of a batch's total loss, and of the sum of |d loss / d z|; each table adds up to 1.

    loss, gradient: Float[DECILES, OWNERS], the decile of the easiest examples (largest margin) first. An easy negative
    is one whose margin is above 0: the model agrees with the label. total_*: in nats, and in nats per unit of logit.
    """

    gamma: float
    total_loss: float
    total_gradient: float
    loss: Floats
    gradient: Floats

    def loss_of(self, owner: str) -> float:
        """Share of the loss that `owner`, one of OWNERS, has."""
        return float(self.loss[:, OWNERS.index(owner)].sum())

    def gradient_of(self, owner: str) -> float:
        """Share of the gradient that `owner` has."""
        return float(self.gradient[:, OWNERS.index(owner)].sum())


@dataclass(frozen=True)
class Cumulative:
    """Examples sorted from the smallest loss to the largest: share of the total loss that the first `fraction` own."""

    gamma: float
    fraction: Floats
    share: Floats

    def hardest(self, part: float) -> float:
        """Share of the loss owned by the hardest `part` (0 to 1) of the examples."""
        return 1.0 - float(np.interp(1.0 - part, self.fraction, self.share))


@functools.cache
def draws() -> Draws:
    """The seeded draws behind every batch."""
    rng = np.random.default_rng(SEED)
    return Draws(rng.standard_normal(SIZE).astype(np.float32), rng.random(SIZE).astype(np.float32))


def payload() -> bytes:
    """The draws for the browser: normals, then uniforms, little-endian float32."""
    made = draws()
    return made.normals.astype("<f4").tobytes() + made.uniforms.astype("<f4").tobytes()


def positives(ratio: int) -> int:
    """Positives in a batch with `ratio` negatives to each, rounded half up, at least one."""
    return max(1, int(SIZE / (1 + ratio) + 0.5))


def make_batch(ratio: int, difficulty: float, noise: float = 0.0) -> Batch:
    """The batch at one setting. Raises BudgetError outside ratio 1 to 1000, difficulty 0 to 8, noise 0 to 0.5."""
    for name, value in (("ratio", float(ratio)), ("difficulty", difficulty), ("noise", noise)):
        low, high = RANGES[name]
        if not low <= value <= high:
            raise BudgetError(
                "loss-range", {"name": name, "asked": f"{value:g}", "min": f"{low:g}", "max": f"{high:g}"}
            )
    made = draws()
    positive = np.arange(SIZE) < positives(ratio)
    margin = np.where(positive, CLEAR - difficulty, CLEAR) + SPREAD * made.normals.astype(np.float64)
    wrong = made.uniforms < noise
    margin = np.where(wrong, -margin, margin)
    owner = np.where(wrong, 3, np.where(positive, 2, np.where(margin > 0, 0, 1))).astype(np.int8)
    return Batch(margin, owner, positive ^ wrong)


def split(batch: Batch, gamma: float, alpha: float | None = None) -> Budget:
    """Who owns the batch's focal loss and its gradient. `alpha` weights by label; None weights nobody."""
    weight = np.where(
        batch.labelled, losses.alpha_t(alpha, "positive"), losses.alpha_t(alpha, "negative")
    )  # of the label, right or wrong: the loss knows no other
    loss = weight * losses.focal_loss(batch.margin, gamma)
    pull = weight * np.abs(losses.focal_gradient(batch.margin, gamma))
    order = np.argsort(-batch.margin, kind="stable")
    decile = np.empty(SIZE, dtype=np.int64)
    decile[order] = np.arange(SIZE) * DECILES // SIZE
    cell = decile * len(OWNERS) + batch.owner

    def shares(of: Floats) -> Floats:
        table = np.bincount(cell, of, DECILES * len(OWNERS)).reshape(DECILES, len(OWNERS))
        return np.asarray(table / max(of.sum(), losses.TINY))

    return Budget(gamma, float(loss.sum()), float(pull.sum()), shares(loss), shares(pull))


def cumulative(margins: npt.ArrayLike, gamma: float, points: int = 201) -> Cumulative:
    """The curve of figure 4: examples sorted by their loss, its running sum divided by the total."""
    loss = np.sort(losses.focal_loss(margins, gamma))
    sums = np.concatenate([[0.0], np.cumsum(loss)])
    fraction = np.linspace(0.0, 1.0, points)
    share = np.interp(fraction * len(loss), np.arange(len(sums)), sums) / sums[-1]
    return Cumulative(gamma, fraction, share)
