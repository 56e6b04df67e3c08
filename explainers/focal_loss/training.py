"""Train the same small network with each loss and on each resampled set, five seeds at once, and keep every step.

A network is a perceptron with tanh layers and one logit; all networks that learn from the same rows are trained in
one batched product, full batch, by Adam (Kingma & Ba 2015, arXiv:1412.6980; decay decoupled as in Loshchilov & Hutter
2019, arXiv:1711.05101). Adam does not mind how large a loss is, so no loss is helped by its scale. Within a seed all
begin with the same weights and read the same rows. Losses: Lin et al. 2017 (arXiv:1708.02002), equations 4 and 5.
"""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explainers.focal_loss import resampling
from explainers.focal_loss.datasets import Float32, Float64, Sample, Trial
from explainers.focal_loss.evaluation import batch_average_precision, sigmoid
from explainers.progress import Report, silent

if TYPE_CHECKING:
    import torch

LOSSES = ("ce", "weighted", "focal", "alpha_focal")
RESAMPLED = ("over", "under", "smote")
VARIANTS = LOSSES + RESAMPLED
GRID = 32
"""The probability is read off at so many places along each side of the plane."""

FRAMES = 24
EARLIEST = 0.1
"""No network is taken before this part of its steps: with three rare validation examples, luck would choose one that
has learnt nothing."""


@dataclass(frozen=True)
class Recipe:
    """How every network is trained. hidden: widths of its tanh layers. gamma, alpha: of the focal losses."""

    gamma: float = 2.0
    alpha: float = 0.25
    hidden: tuple[int, ...] = (16,)
    steps: int = 200
    learning_rate: float = 0.08
    decay: float = 0.0


@dataclass(frozen=True, eq=False)
class Snapshot:
    """Where a training stands. F frames so far, V variants, S seeds, g grid points a side.

    steps: Int32[F], optimiser steps done. loss: Float32[F, V, S], each variant's own training loss, mean per unit of
    weight, in nats. precision: Float32[F, V, S], average precision on the test sample. grid: uint8[V, S, g * g], the
    latest probability of the rare class at each place in 255ths, rows from the bottom; empty without a plane.
    """

    variants: tuple[str, ...]
    steps: npt.NDArray[np.int32]
    loss: Float32
    precision: Float32
    grid: npt.NDArray[np.uint8]


@dataclass(frozen=True, eq=False)
class TrainingRun:
    """A finished training. The fields of its last Snapshot, and:

    grids: uint8[F, V, S, g * g]. chosen: Int[V, S], the frame at which each network is taken: where its average
    precision on the validation sample is best (early stopping). validation, test: Float32[V, S, n], logits of the rare
    class at that frame. rows: for each variant how many rare and common rows its loss counts, weights included, in the
    mean over seeds.
    """

    last: Snapshot
    grids: npt.NDArray[np.uint8]
    chosen: npt.NDArray[np.int64]
    validation: Float32
    test: Float32
    rows: tuple[tuple[float, float], ...]


def focal_objective(logit: torch.Tensor, rare: torch.Tensor, gamma: torch.Tensor | float) -> torch.Tensor:
    """Focal loss of each example, without class weights, in nats; gamma 0 is cross-entropy.

    With z the logit of the true class: (1 - p_t)^gamma = exp(-gamma * softplus(z)) and -log p_t = softplus(-z). Both
    and their gradients stay finite for every z, which a power of 1 - p_t does not.
    """
    import torch

    z = torch.where(rare, logit, -logit)
    softplus = torch.nn.functional.softplus
    return torch.exp(-gamma * softplus(z)) * softplus(-z)


def row_weights(variant: str, rare: npt.NDArray[np.bool_], recipe: Recipe, seed: int) -> Float64:
    """How much each training row counts in a variant's loss, Float64[n]. SMOTE's rows are not these: see `smote`."""
    if variant == "weighted":
        share = rare.mean()
        return np.asarray(np.where(rare, 0.5 / share, 0.5 / (1 - share)))
    if variant == "alpha_focal":
        return np.asarray(np.where(rare, recipe.alpha, 1 - recipe.alpha))
    if variant == "over":
        return resampling.oversampled(rare, seed)
    if variant == "under":
        return resampling.undersampled(rare, seed)
    return np.ones(rare.size)


def initial_weights(width: int, hidden: Sequence[int], seed: int) -> list[tuple[Float32, Float32]]:
    """Weights and biases of every layer for one seed, drawn as Glorot & Bengio 2010 do; the biases are 0."""
    random = np.random.default_rng([seed, 7919])
    sizes = (width, *hidden, 1)
    return [
        (
            (random.standard_normal((inner, outer)) * np.sqrt(2 / (inner + outer))).astype(np.float32),
            np.zeros(outer, dtype=np.float32),
        )
        for inner, outer in itertools.pairwise(sizes)
    ]


@dataclass
class _Team:
    """Networks that read the same rows: for every seed one of each variant, in one batched product.

    The first layer's weights of a seed's variants lie side by side, so its rows are read once for all of them.
    """

    variants: tuple[str, ...]
    rows: torch.Tensor  # [S, n, d]
    rare: torch.Tensor  # [S, 1, n]
    weights: torch.Tensor  # [S, V, n], each row sums to 1
    counted: Float64  # [V, 2], what the rare and the common rows weighed before that, mean over seeds
    gamma: torch.Tensor  # [1, V, 1]
    recipe: Recipe
    layers: list[torch.Tensor] = field(default_factory=list)

    def begin(self, seeds: Sequence[int]) -> None:
        import torch

        count, width = len(self.variants), self.rows.shape[2]
        drawn = [initial_weights(width, self.recipe.hidden, seed) for seed in seeds]
        for depth in range(len(drawn[0])):
            for part in range(2):
                one = torch.stack([torch.from_numpy(np.atleast_2d(of_seed[depth][part])) for of_seed in drawn])
                wide = one.repeat(1, 1, count) if depth == 0 else one.repeat_interleave(count, dim=0)
                self.layers.append(wide.requires_grad_())
        self.optimizer = torch.optim.AdamW(
            self.layers, lr=self.recipe.learning_rate, weight_decay=self.recipe.decay, foreach=True
        )

    def logits(self, rows: torch.Tensor) -> torch.Tensor:
        """Logits [S, V, n] of rows [S, n, d]."""
        import torch

        seeds, count, many = rows.shape[0], len(self.variants), rows.shape[1]
        value = torch.baddbmm(self.layers[1], rows, self.layers[0])
        value = value.view(seeds, many, count, -1).transpose(1, 2).reshape(seeds * count, many, -1)
        for weight, bias in zip(self.layers[2::2], self.layers[3::2], strict=True):
            value = torch.baddbmm(bias, torch.tanh(value), weight)
        return value.view(seeds, count, many)

    def loss(self) -> torch.Tensor:
        """Each network's training loss [S, V]."""
        each = focal_objective(self.logits(self.rows), self.rare, self.gamma)
        return (each * self.weights).sum(dim=2)

    def step(self) -> torch.Tensor:
        """One step of the optimiser; returns the losses before it."""
        import torch

        loss = self.loss()
        self.optimizer.zero_grad()
        torch.autograd.backward(loss.sum())
        self.optimizer.step()
        return loss.detach()


def _team(
    variants: tuple[str, ...],
    samples: Sequence[tuple[Float32, npt.NDArray[np.bool_], Float64]],
    gamma: torch.Tensor,
    recipe: Recipe,
) -> _Team:
    """A team on rows, labels and weights [V, n] of each seed; the shorter are filled up with rows of no weight."""
    import torch

    most = max(rare.size for _, rare, _ in samples)
    pad = [most - rare.size for _, rare, _ in samples]
    rows = np.stack([np.pad(x, ((0, p), (0, 0))) for (x, _, _), p in zip(samples, pad, strict=True)])
    rare = np.stack([np.pad(label, (0, p))[None] for (_, label, _), p in zip(samples, pad, strict=True)])
    weights = np.stack([np.pad(w, ((0, 0), (0, p))) for (_, _, w), p in zip(samples, pad, strict=True)])
    counted = np.stack([(weights * rare).sum(axis=2), (weights * ~rare).sum(axis=2)], axis=-1).mean(axis=0)
    weights /= weights.sum(axis=2, keepdims=True)
    tensors = (torch.from_numpy(rows), torch.from_numpy(rare), torch.from_numpy(weights.astype(np.float32)))
    return _Team(variants, *tensors, counted, gamma, recipe)


def _teams(trials: Sequence[Trial], recipe: Recipe, variants: Sequence[str], seeds: Sequence[int]) -> Iterator[_Team]:
    """One team after the other: the losses first, for they need no other library to begin."""
    import torch

    for names in (LOSSES, RESAMPLED[:2], RESAMPLED[2:]):
        wanted = tuple(name for name in names if name in variants)
        if not wanted:
            continue
        made = [_learnt_from(wanted, trial.train, recipe, seed) for trial, seed in zip(trials, seeds, strict=True)]
        gammas = [recipe.gamma if "focal" in name else 0.0 for name in wanted]
        team = _team(wanted, made, torch.tensor(gammas).view(1, -1, 1), recipe)
        team.begin(seeds)
        yield team


def _learnt_from(
    variants: tuple[str, ...], sample: Sample, recipe: Recipe, seed: int
) -> tuple[Float32, npt.NDArray[np.bool_], Float64]:
    """Rows, labels and weights [V, n] that the variants of one seed learn from."""
    if variants == ("smote",):
        made = resampling.smote(sample, seed)
        return made.x, made.rare, np.ones((1, made.rare.size))
    return sample.x, sample.rare, np.stack([row_weights(name, sample.rare, recipe, seed) for name in variants])


def frame_steps(steps: int, frames: int = FRAMES) -> npt.NDArray[np.int32]:
    """The steps after which the picture is kept: closer together at the beginning, where it moves most."""
    return np.unique(np.round(steps * np.linspace(0, 1, frames) ** 1.5)).astype(np.int32)


def _logits(teams: Sequence[_Team], rows: torch.Tensor) -> Float32:
    """Logits of all teams on rows [S, n, d], as Float32[V, S, n]."""
    import torch

    with torch.no_grad():
        values: Float32 = torch.cat([team.logits(rows) for team in teams], dim=1).transpose(0, 1).numpy()
    return values


def plane_grid(half_width: float, side: int = GRID) -> Float32:
    """The places of a plane where the probability is read, Float32[side * side, 2], rows from the bottom."""
    along = np.linspace(-half_width, half_width, side, dtype=np.float32)
    return np.stack(np.meshgrid(along, along), axis=-1).reshape(-1, 2)


def train(
    trials: Sequence[Trial],
    recipe: Recipe,
    variants: Sequence[str] = VARIANTS,
    *,
    seeds: Sequence[int] | None = None,
    grid: Float32 | None = None,
    report: Report = silent,
) -> TrainingRun:
    """Train every variant on every trial; partial results are `Snapshot`s.

    seeds: one for each trial, for the first weights and the resampling (0, 1, ... where None). grid: places of the
    plane to be watched, as `plane_grid` gives them. Raises resampling.TooFewRareError.
    """
    import torch

    numbers = tuple(seeds) if seeds is not None else tuple(range(len(trials)))
    watch = _Watch(trials, None if grid is None else torch.from_numpy(grid).expand(len(trials), -1, -1))
    teams: list[_Team] = []
    for team in _teams(trials, recipe, variants, numbers):
        teams.append(team)
        if len(teams) == 1:
            report(0.0, watch.first(team))
    frames = frame_steps(recipe.steps)
    for step in range(recipe.steps + 1):
        kept = step in frames
        if kept:
            watch.look(teams, step < EARLIEST * recipe.steps)
        with torch.set_grad_enabled(step < recipe.steps):
            loss = [team.step() if step < recipe.steps else team.loss() for team in teams]
        report(step / recipe.steps, watch.snapshot(teams, frames, loss) if kept else None)
    rows = tuple((float(few), float(many)) for team in teams for few, many in team.counted)
    return TrainingRun(
        watch.snapshot(teams, frames), np.stack(watch.grids), watch.chosen, watch.validation, watch.test, rows
    )


class _Watch:
    """Keeps what every frame showed, and each network's logits at the frame where it does best on validation."""

    def __init__(self, trials: Sequence[Trial], places: torch.Tensor | None) -> None:
        self._places = places
        self._samples = [[trial.validation for trial in trials], [trial.test for trial in trials]]
        self._rows = [_stacked(samples) for samples in self._samples]
        self._losses: list[Float32] = []
        self._precisions: list[Float32] = []
        self.grids: list[npt.NDArray[np.uint8]] = []

    def first(self, team: _Team) -> Snapshot:
        """The untrained networks of the first team alone: there is something to see before the others are ready."""
        import torch

        with torch.no_grad():
            loss = team.loss().T.numpy()[None]
        precision = _precision(_logits([team], self._rows[1]), self._samples[1])[None]
        return Snapshot(team.variants, np.zeros(1, dtype=np.int32), loss, precision, self._grid([team]))

    def look(self, teams: Sequence[_Team], early: bool) -> None:
        """Read everything off the networks as they are; `early`: too soon to take one of them for good."""
        validation, test = (_logits(teams, rows) for rows in self._rows)
        reached = _precision(validation, self._samples[0])
        self._precisions.append(_precision(test, self._samples[1]))
        self.grids.append(self._grid(teams))
        if len(self._precisions) == 1:
            self.best, self.chosen = np.full_like(reached, -1.0), np.zeros(reached.shape, dtype=np.int64)
            self.validation, self.test = validation.copy(), test.copy()
            return
        better = early | (reached > self.best)
        self.best[better] = -1.0 if early else reached[better]
        self.chosen[better] = len(self._precisions) - 1
        self.validation[better], self.test[better] = validation[better], test[better]

    def snapshot(
        self, teams: Sequence[_Team], frames: npt.NDArray[np.int32], loss: Sequence[torch.Tensor] = ()
    ) -> Snapshot:
        """Everything so far; `loss` belongs to the frame last looked at, and is empty where it is known already."""
        import torch

        if loss:
            self._losses.append(torch.cat(list(loss), dim=1).T.numpy())
        names = tuple(name for team in teams for name in team.variants)
        kept = len(self._losses)
        return Snapshot(names, frames[:kept], np.stack(self._losses), np.stack(self._precisions), self.grids[-1])

    def _grid(self, teams: Sequence[_Team]) -> npt.NDArray[np.uint8]:
        if self._places is None:
            return np.zeros((0, 0, 0), dtype=np.uint8)
        return np.round(255 * sigmoid(_logits(teams, self._places))).astype(np.uint8)


def _stacked(samples: Sequence[Sample]) -> torch.Tensor:
    import torch

    return torch.from_numpy(np.stack([sample.x for sample in samples]))


def _precision(logits: Float32, samples: Sequence[Sample]) -> Float32:
    """Average precision of every network [V, S, n] on its seed's sample, Float32[V, S]."""
    columns = [batch_average_precision(logits[:, seed], one.rare, one.weight) for seed, one in enumerate(samples)]
    return np.stack(columns, axis=1).astype(np.float32)
