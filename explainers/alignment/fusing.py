"""The two-modality tasks of the fusion view: scenes through the shipped encoders, with noise on one of the two.

"shape": which of six shapes, which picture and caption both say, so that one can stand in for the other. "match": does
the caption describe the picture? Neither says so alone. Noise on a picture is Gaussian on its pixels, level 1 being a
standard deviation of 128 of 255; noise on a caption replaces each of its words with that probability by any other word.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from explainers.alignment import batch, captions, encoder, fusion, scenes
from explainers.alignment.fusion import Features, Graceful, Int
from explainers.alignment.scenes import Scene
from explainers.alignment.use import CHANGES
from explainers.progress import Report, silent

Task = Literal["shape", "match"]
Side = Literal["image", "text"]
TASKS: tuple[Task, ...] = get_args(Task)
SIDES: tuple[Side, ...] = get_args(Side)
LEVELS = (0.0, 0.25, 0.5, 0.75, 1.0)
VIEWS = 3  # of each training scene
TEST_VIEWS = 5  # of each held-out scene
STEPS = 120
SEEDS = 5
SAMPLED = (4, 27, 50)  # of the held-out scenes, those that a page shows
SAMPLE_SEED = 2
SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "alignment" / "fusion.json"
_CHANGED = ("colour", "shape", "size", "place")


@dataclass(frozen=True)
class Question:
    """One study: the task, which modality gets the noise, and whether training saw noise too."""

    task: Task = "shape"
    noised: Side = "image"
    hardened: bool = False


@dataclass(frozen=True, eq=False)
class _Examples:
    pictures: npt.NDArray[np.uint8]
    ids: Int
    labels: Int


def _changed(scene: Scene, allowed: frozenset[Scene], random: np.random.Generator) -> Scene:
    """The scene with one thing changed. In training only scenes of the training are `allowed`: a caption that were
    only ever seen as wrong would give the answer away."""
    others = [CHANGES[_CHANGED[place]](scene) for place in random.permutation(len(_CHANGED))]
    return next((other for other in others if other in allowed), others[0])


def _examples(
    task: Task, shown: Sequence[Scene], views: int, seed: int, allowed: frozenset[Scene] = frozenset()
) -> _Examples:
    every = [scene for _ in range(views) for scene in shown]
    pictures = np.concatenate([scenes.render(shown, seed + view) for view in range(views)])
    if task == "shape":
        labels = np.array([scenes.SHAPES.index(scene.shape) for scene in every])
        return _Examples(pictures, captions.tokens_of(every), labels)
    random = np.random.default_rng(seed)
    labels = random.integers(0, 2, len(every))
    told = [scene if same else _changed(scene, allowed, random) for scene, same in zip(every, labels, strict=True)]
    return _Examples(pictures, captions.tokens_of(told), labels)


def noisy_pictures(pictures: npt.NDArray[np.uint8], levels: npt.ArrayLike, seed: int) -> npt.NDArray[np.uint8]:
    """Pictures with Gaussian noise of 128 times their level."""
    scale = 128 * np.broadcast_to(np.asarray(levels, dtype=np.float32), len(pictures))[:, None, None, None]
    return np.asarray((pictures + scale * _noise(pictures.shape, seed)).clip(0, 255), np.uint8)


def _noise(shape: tuple[int, ...], seed: int) -> npt.NDArray[np.float32]:
    return np.random.default_rng(seed).standard_normal(shape, dtype=np.float32)


def noisy_words(ids: Int, levels: npt.ArrayLike, seed: int) -> Int:
    """Token ids where each word is replaced by another with the probability of its level."""
    chance = np.broadcast_to(np.asarray(levels, dtype=np.float64), len(ids))[:, None]
    drawn, others = _replacements(ids, seed)
    return np.asarray(np.where((drawn < chance) & (ids != captions.PAD), others, ids))


def _replacements(ids: Int, seed: int) -> tuple[fusion.Float64, Int]:
    """For each token the level above which it is replaced, and by which other token."""
    random = np.random.default_rng(seed)
    drawn = random.random(ids.shape)
    step = random.integers(1, captions.grammar().size - 1, ids.shape)
    return drawn, (ids - 1 + step) % (captions.grammar().size - 1) + 1


@dataclass(frozen=True, eq=False)
class Sample:
    """Held-out examples with the draws of their noise, so that any level of it can be shown.

    pictures: UInt8[n, 48, 48, 3]; noise: Float32 of the same shape; ids: Int64[n, 10]; a token is replaced by that in
    `others` where the level is above `drawn`. labels: Int64[n], the right answers. At level x the pictures are
    noisy_pictures(pictures, x, SAMPLE_SEED), the tokens noisy_words(ids, x, SAMPLE_SEED).
    """

    pictures: npt.NDArray[np.uint8]
    ids: Int
    labels: Int
    noise: npt.NDArray[np.float32]
    drawn: fusion.Float64
    others: Int


@functools.cache
def sample(task: Task) -> Sample:
    """Three examples of a task's test."""
    held_out = scenes.split(scenes.singles(), 60).held_out
    every = _examples(task, [held_out[place] for place in SAMPLED], 1, 60_000)
    return Sample(
        every.pictures,
        every.ids,
        every.labels,
        _noise(every.pictures.shape, SAMPLE_SEED),
        *_replacements(every.ids, SAMPLE_SEED),
    )


def _features(examples: _Examples, side: Side, levels: npt.ArrayLike, seed: int) -> Features:
    model = batch.shipped()
    pictures, ids = examples.pictures, examples.ids
    if side == "image":
        pictures = noisy_pictures(pictures, levels, seed)
    else:
        ids = noisy_words(ids, levels, seed)
    size = encoder.WIDTH**0.5  # entries of about one, which is what a new network expects
    return Features(size * encoder.embed_images(model, pictures), size * encoder.embed_texts(model, ids))


def ask(
    question: Question, *, seeds: int = SEEDS, first: int = 0, views: int = VIEWS, report: Report = silent
) -> Graceful:
    """Train all heads for a question and measure them at every level of noise, with `seeds` seeds from `first` on.

    Raises encoder.WeightsError.
    """
    split = scenes.split(scenes.singles(), 60)
    learn = _examples(question.task, split.train, views, 50_000, frozenset(split.train))
    test = _examples(question.task, split.held_out, TEST_VIEWS, 60_000)
    levels: npt.ArrayLike = 0.0
    if question.hardened:
        drawn = np.random.default_rng(3).random((2, len(learn.labels)))
        levels = np.where(drawn[0] < 0.5, drawn[1], 0.0)
    report(0.0, None)
    features = _features(learn, question.noised, levels, 1)
    tests = [_features(test, question.noised, level, 2) for level in LEVELS]
    return fusion.degrade(
        features, learn.labels, tests, test.labels, LEVELS, seeds=seeds, first=first, steps=STEPS, report=report
    )


@functools.cache
def shipped() -> dict[Question, Graceful]:
    """The answers to all questions that `make assets` measured (tools/fusions.py)."""
    table = json.loads(SHIPPED.read_text("utf-8"))
    return {
        Question(row["task"], row["noised"], row["hardened"]): Graceful(
            tuple(row["methods"]), tuple(row["levels"]), np.array(row["accuracy"]), np.array(row["attention"])
        )
        for row in table
    }
