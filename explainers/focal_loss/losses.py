"""Cross-entropy, weighted cross-entropy, focal loss, hinge and label smoothing of one binary example.

Everything is a function of the margin z: the logit of the true class against the other one, so that
p_t = 1 / (1 + exp(-z)) is the probability the model gives to the truth. Starting from z and not from p_t keeps the
numbers finite where 1 - p_t is below the last digit of p_t. Gradients are with respect to z.
References: Lin et al. 2017, "Focal Loss for Dense Object Detection" (arXiv:1708.02002), sections 3.1, 3.2 and
appendix B; Szegedy et al. 2016 (arXiv:1512.00567) for label smoothing; Cortes & Vapnik 1995 for hinge.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError

Floats = npt.NDArray[np.float64]
Kind = Literal["ce", "weighted", "focal", "hinge", "smoothing"]
Side = Literal["positive", "negative"]

MAX_GAMMA = 5.0
MAX_CURVES = 4
TINY = 1e-300
"""Smallest value of which a logarithm is taken: exp of it is far below any double that a p_t of 1e-12 needs."""


class LossError(ExplainerError):
    """Code "loss-gammas" or "loss-range": a parameter outside what is drawn; details "name", "asked", "min", "max"."""


@dataclass(frozen=True)
class Curve:
    """One loss over a range of margins. All arrays have the length of `z`.

    loss: in nats. factor: what the loss is relative to cross-entropy, class weight included.
    gradient: d loss / d z, never positive for the losses that only pull the true class up.
    """

    kind: Kind
    gamma: float
    z: Floats
    p_t: Floats
    loss: Floats
    factor: Floats
    gradient: Floats


@dataclass(frozen=True)
class Reading:
    """One loss at one p_t. `times_less`: cross-entropy's loss divided by this one, infinite where this one is 0."""

    p_t: float
    cross_entropy: float
    loss: float
    times_less: float
    gradient: float


def margin(p_t: npt.ArrayLike) -> Floats:
    """The logit of `p_t`, which must lie strictly between 0 and 1. Raises LossError."""
    p = np.asarray(p_t, dtype=np.float64)
    if not np.all((p > 0) & (p < 1)):
        raise LossError("loss-range", {"name": "p_t", "asked": f"{p.min():g}", "min": "0", "max": "1"})
    return np.asarray(np.log(p) - np.log1p(-p))


def log_p(z: npt.ArrayLike) -> Floats:
    """log p_t = -log(1 + exp(-z)), exact to the last digits for any z."""
    return np.asarray(-np.logaddexp(0.0, -np.asarray(z, dtype=np.float64)))


def log_q(z: npt.ArrayLike) -> Floats:
    """log(1 - p_t)."""
    return log_p(-np.asarray(z, dtype=np.float64))


def alpha_t(alpha: float | None, side: Side) -> float:
    """Weight of a class as the paper sets it: alpha for positives, 1 - alpha for negatives; 1 where alpha is None."""
    if alpha is None:
        return 1.0
    return alpha if side == "positive" else 1.0 - alpha


def cross_entropy(z: npt.ArrayLike) -> Floats:
    """-log p_t, in nats."""
    return np.asarray(-log_p(z))


def modulating_factor(z: npt.ArrayLike, gamma: float) -> Floats:
    """(1 - p_t)^gamma: 1 for every example at gamma 0."""
    return np.asarray(np.exp(gamma * log_q(z)))


def focal_loss(z: npt.ArrayLike, gamma: float, weight: float = 1.0) -> Floats:
    """-weight * (1 - p_t)^gamma * log p_t, in nats (equations 4 and 5 of the paper)."""
    return np.asarray(weight * modulating_factor(z, gamma) * cross_entropy(z))


def focal_gradient(z: npt.ArrayLike, gamma: float, weight: float = 1.0) -> Floats:
    """d focal_loss / dz = weight * (1 - p_t)^gamma * (gamma * p_t * log p_t + p_t - 1) (appendix B of the paper)."""
    p, q = np.exp(log_p(z)), np.exp(log_q(z))
    return np.asarray(weight * modulating_factor(z, gamma) * (gamma * p * log_p(z) - q))


def hinge_loss(z: npt.ArrayLike) -> Floats:
    """max(0, 1 - z): the margin as the score of a support vector machine; 0 from z = 1 (p_t = 0.73) on."""
    return np.maximum(0.0, 1.0 - np.asarray(z, dtype=np.float64))


def hinge_gradient(z: npt.ArrayLike) -> Floats:
    """-1 inside the margin, 0 beyond it; at the corner 0, as torch's relu has it."""
    return np.where(np.asarray(z, dtype=np.float64) < 1.0, -1.0, 0.0)


def smoothed_loss(z: npt.ArrayLike, epsilon: float) -> Floats:
    """Cross-entropy against (1 - epsilon/2, epsilon/2): label smoothing over two classes. Never reaches 0."""
    return np.asarray(-(1.0 - epsilon / 2) * log_p(z) - epsilon / 2 * log_q(z))


def smoothed_gradient(z: npt.ArrayLike, epsilon: float) -> Floats:
    """p_t - (1 - epsilon/2): turns positive where the model is surer than the smoothed target."""
    return np.asarray(np.exp(log_p(z)) - (1.0 - epsilon / 2))


def curve(
    z: npt.ArrayLike,
    kind: Kind = "focal",
    *,
    gamma: float = 0.0,
    alpha: float | None = None,
    side: Side = "positive",
    weight: float = 1.0,
    epsilon: float = 0.1,
) -> Curve:
    """The loss `kind` at every margin of `z`.

    `gamma`, `alpha`, `side`: for focal; `weight`: for weighted; `epsilon`: for smoothing. Raises LossError for a
    parameter outside its range (gamma 0 to 5, alpha and epsilon 0 to 1, weight from 0).
    """
    for name, value, most in (("gamma", gamma, MAX_GAMMA), ("alpha", alpha or 0.0, 1.0), ("epsilon", epsilon, 1.0)):
        _check(name, value, most)
    _check("weight", weight, float("inf"))
    at = np.atleast_1d(np.asarray(z, dtype=np.float64))
    plain = cross_entropy(at)
    if kind == "hinge":
        loss, gradient = hinge_loss(at), hinge_gradient(at)
    elif kind == "smoothing":
        loss, gradient = smoothed_loss(at, epsilon), smoothed_gradient(at, epsilon)
    else:
        gamma = gamma if kind == "focal" else 0.0
        scale = {"focal": alpha_t(alpha, side), "weighted": weight, "ce": 1.0}[kind]
        loss, gradient = focal_loss(at, gamma, scale), focal_gradient(at, gamma, scale)
    return Curve(kind, gamma, at, np.exp(log_p(at)), loss, loss / np.maximum(plain, TINY), gradient)


def read(p_t: float, gamma: float, weight: float = 1.0) -> Reading:
    """Focal loss at one p_t, beside cross-entropy: (1 - p_t)^-gamma / weight times less. Raises LossError."""
    z = margin(p_t)
    _check("gamma", gamma, MAX_GAMMA)
    plain, loss = float(cross_entropy(z)), float(focal_loss(z, gamma, weight))
    return Reading(
        p_t, plain, loss, plain / loss if loss > 0 else float("inf"), float(focal_gradient(z, gamma, weight))
    )


def parse_gammas(text: str) -> tuple[float, ...]:
    """One to four values of gamma from "2,0.5,5". Raises LossError for another number of them, or another text."""
    parts = text.split(",")
    if not 1 <= len(parts) <= MAX_CURVES:
        raise _gammas(text)
    try:
        values = tuple(float(part) for part in parts)
    except ValueError as error:
        raise _gammas(text) from error
    if not all(0.0 <= value <= MAX_GAMMA for value in values):
        raise _gammas(text)
    return values


def spell_gammas(values: Sequence[float]) -> str:
    """The inverse of `parse_gammas`."""
    return ",".join(f"{value:g}" for value in values)


def _gammas(text: str) -> LossError:
    return LossError("loss-gammas", {"asked": text[:40], "most": str(MAX_CURVES), "max": f"{MAX_GAMMA:g}"})


def _check(name: str, value: float, most: float) -> None:
    if not 0.0 <= value <= most:
        raise LossError("loss-range", {"name": name, "asked": f"{value:g}", "min": "0", "max": f"{most:g}"})
