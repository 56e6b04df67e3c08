"""One experiment from data to pictures: train everything, measure every remedy, pack what the browser draws.

`train_plane` and `train_texts` are the long work of the page; what they return holds no training data but the points of
the plane, so many of them can be kept. Payloads are little-endian: uint32 length of a JSON header, the header, padding
to 4, then arrays in the order that `pack_record` and `pack_scores` name.
"""

from __future__ import annotations

import hashlib
import json
import struct
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.focal_loss import datasets
from explainers.focal_loss.datasets import Bool, Counts, Float32, PlaneSetup, Trial
from explainers.focal_loss.evaluation import average_precision, best_threshold, confusion
from explainers.focal_loss.remedies import Remedy, remedies
from explainers.focal_loss.training import GRID, VARIANTS, Recipe, Snapshot, TrainingRun, plane_grid, train
from explainers.progress import Report, silent

TEXT_RECIPE = Recipe(hidden=(16,), steps=100, learning_rate=0.01, decay=2.0)
LOGIT_LIMIT = 16.0
"""Logits travel to the browser in 16 bits between minus and plus this: to 0.0005."""


@dataclass(frozen=True)
class Moment:
    """Where a running experiment stands: its record so far, to be drawn."""

    step: int
    steps: int
    record_id: str
    record: bytes


@dataclass(frozen=True)
class Ideal:
    """The best that any classifier can do on the plane, from its true odds: average precision, and F1 at the best
    threshold on the test sample."""

    pr_auc: float
    f1: float


@dataclass(frozen=True, eq=False)
class Experiment:
    """A finished experiment. V variants, S seeds, n test examples.

    table: the remedies. test: Float32[V, S, n], logits of each network at the step where it was taken. labels:
    Bool[S, n]. index: Int[S, n], places in the corpus. ideal: None without a plane. record, scores: payloads of the
    two pictures.
    """

    counts: Counts
    last: Snapshot
    chosen: npt.NDArray[np.int64]
    table: tuple[Remedy, ...]
    test: Float32
    labels: Bool
    index: npt.NDArray[np.int64]
    ideal: Ideal | None
    record_id: str
    record: bytes
    scores_id: str
    scores: bytes


def train_plane(setup: PlaneSetup, recipe: Recipe, report: Report = silent) -> Experiment:
    """Everything on the plane of `setup`; partial results are Moments. Raises resampling.TooFewRareError."""
    trials, size = datasets.plane(setup)
    prevalence = size.prevalence
    places = plane_grid(datasets.PLANE_HALF_WIDTH)
    odds = np.round(255 * datasets.plane_odds(places, setup, prevalence)).astype(np.uint8)
    test = trials[0].test
    truth = datasets.plane_odds(test.x, setup, prevalence)
    at = confusion(test.rare, truth, best_threshold(test.rare, truth, test.weight), test.weight)
    ideal = Ideal(average_precision(test.rare, truth, test.weight), at.f1)
    return _experiment(trials, size, recipe, _name(setup, recipe), report, ideal=ideal, odds=odds, grid=places)


def train_texts(
    vectors: Float32,
    rare: Bool,
    ratio: int,
    recipe: Recipe = TEXT_RECIPE,
    *,
    noise: float = 0.0,
    seed: int = 0,
    name: str = "",
    report: Report = silent,
) -> Experiment:
    """Everything on texts as vectors[n, d]; partial results are Moments. `name` tells the texts apart from others.
    Raises datasets.TooFewError, resampling.TooFewRareError."""
    trials, size = datasets.text_trials(vectors, rare, ratio, noise=noise, seed=seed)
    return _experiment(trials, size, recipe, _name(name, ratio, recipe, noise, seed), report)


def _name(*parts: object) -> str:
    return hashlib.sha256(repr(parts).encode()).hexdigest()[:16]


def _experiment(
    trials: Sequence[Trial],
    size: Counts,
    recipe: Recipe,
    name: str,
    report: Report,
    *,
    ideal: Ideal | None = None,
    odds: npt.NDArray[np.uint8] | None = None,
    grid: Float32 | None = None,
) -> Experiment:
    def told(fraction: float, partial: object = None) -> None:
        if not isinstance(partial, Snapshot):
            return report(fraction, None)
        record = pack_record(partial, partial.grid[None], trials, odds, recipe.steps, name)
        place = f"{name}-{len(partial.steps)}-{len(partial.variants)}"
        return report(fraction, Moment(int(partial.steps[-1]), recipe.steps, place, record))

    run = train(trials, recipe, VARIANTS, grid=grid, report=told)
    return Experiment(
        counts=size,
        last=run.last,
        chosen=run.chosen,
        table=remedies(run, trials),
        test=run.test,
        labels=np.stack([trial.test.rare for trial in trials]),
        index=np.stack([trial.test_index for trial in trials]),
        ideal=ideal,
        record_id=f"{name}-all",
        record=pack_record(run.last, run.grids, trials, odds, recipe.steps, name, run.chosen),
        scores_id=f"{name}-scores",
        scores=pack_scores(run, trials, size),
    )


def pack_record(
    snapshot: Snapshot,
    grids: npt.NDArray[np.uint8],
    trials: Sequence[Trial],
    odds: npt.NDArray[np.uint8] | None,
    steps: int,
    name: str,
    chosen: npt.NDArray[np.int64] | None = None,
) -> bytes:
    """The course of a training: header; grids uint8[k, V, S, g * g], the last k frames; and on a plane the true odds
    uint8[g * g], training points int16[S, n, 2] in 32767ths of the half width, labels uint8[S, n] (1: rare, 2: turned
    over)."""
    header = {
        "name": name,
        "variants": snapshot.variants,
        "steps": snapshot.steps.tolist(),
        "total": steps,
        "kept": len(grids),
        "seeds": len(trials),
        "loss": snapshot.loss.round(5).tolist(),
        "precision": snapshot.precision.round(4).tolist(),
        "chosen": None if chosen is None else chosen.tolist(),
        "grid": 0 if odds is None else GRID,
        "half": datasets.PLANE_HALF_WIDTH,
        "points": 0 if odds is None else trials[0].train.rare.size,
    }
    if odds is None:
        return _framed(header)
    x = np.stack([trial.train.x for trial in trials]) / datasets.PLANE_HALF_WIDTH
    points = np.round(x.clip(-1, 1) * 32767).astype("<i2")
    labels = np.stack([trial.train.rare + 2 * trial.wrong for trial in trials]).astype(np.uint8)
    return _framed(header, grids, odds, points, labels)


def pack_scores(run: TrainingRun, trials: Sequence[Trial], size: Counts) -> bytes:
    """Every network's logits on its test sample: header; uint16[V, S, n], rare examples first, in 65535ths of the way
    from -LOGIT_LIMIT to LOGIT_LIMIT."""
    order = np.stack([np.argsort(~trial.test.rare, kind="stable") for trial in trials])
    ranked = np.take_along_axis(run.test, order[None], axis=2).clip(-LOGIT_LIMIT, LOGIT_LIMIT)
    header = {
        "variants": run.last.variants,
        "seeds": len(trials),
        "rare": int(trials[0].test.rare.sum()),
        "common": int((~trials[0].test.rare).sum()),
        "prevalence": size.prevalence,
        "limit": LOGIT_LIMIT,
    }
    return _framed(header, np.round((ranked + LOGIT_LIMIT) / (2 * LOGIT_LIMIT) * 65535).astype("<u2"))


def _framed(header: dict[str, object], *arrays: npt.NDArray[np.generic]) -> bytes:
    head = json.dumps(header, separators=(",", ":")).encode()
    start = struct.pack("<I", len(head)) + head
    return start + b"\0" * (-len(start) % 4) + b"".join(np.ascontiguousarray(array).tobytes() for array in arrays)
