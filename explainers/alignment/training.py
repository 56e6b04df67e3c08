"""Train two dual encoders side by side from the same seed, one on true pairs, one on broken ones, and keep the course.

Both begin with the same weights and see the same pictures in the same order; only the captions differ. What a course
holds is what the browser draws: losses, held-out retrieval, and the embeddings of all held-out pairs at every frame.
Loss and model: Radford et al. 2021 (arXiv:2103.00020); one-cycle learning rate: Smith & Topin 2018 (arXiv:1708.07120).
"""

from __future__ import annotations

import copy
import functools
import hashlib
import itertools
import json
import math
import struct
from collections.abc import Sequence
from concurrent.futures import ThreadPoolExecutor
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt
import torch

from explainers.alignment import breaking, captions, contrastive, encoder, retrieval, scenes
from explainers.alignment.breaking import PARTS, Swap
from explainers.alignment.contrastive import Float64, Int
from explainers.progress import Report, silent

Float32 = npt.NDArray[np.float32]
Int8 = npt.NDArray[np.int8]
RUNS = ("aligned", "broken")
HELD_OUT = 60
VIEWS = 4
"""Pictures that are rendered of every training scene."""
SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "alignment" / "broken.bin"
DOSES = SHIPPED.with_name("doses.json")
LEARNING_RATE = 2e-3
WEIGHT_DECAY = 1e-2
_TEST_SEED, _TRAIN_SEED = 1_000_003, 7


@dataclass(frozen=True)
class Setup:
    """share: of the training captions that belong to another scene, 0 to 1. swap: which other scene. seed: of the
    weights, the order of the batches and the swap. steps: of `batch` pairs each; frames: how many are kept, besides
    the one before the first step."""

    share: float = 1.0
    swap: Swap = "any"
    seed: int = 0
    steps: int = 240
    batch: int = 64
    frames: int = 24

    @property
    def name(self) -> str:
        """Names the course: the same setup, the same name."""
        return hashlib.sha256(repr(self).encode()).hexdigest()[:16]


@dataclass(frozen=True)
class Frame:
    """Where one run stands. loss: InfoNCE on the training batches since the frame before, mean, nats (before the first
    step: on the first batch). found: retrieval among held-out pairs. own: recall at 1 among 60 training pictures of the
    captions they were given, right or wrong. parts: of `breaking.first_answers`. Geometry as in `contrastive`."""

    loss: float
    found: retrieval.Retrieval
    own: float
    parts: tuple[float, ...]
    scale: float
    alignment: float
    uniformity: tuple[float, float]
    gap: float


@dataclass(eq=False)
class Course:
    """Two runs so far. frames: by step, one Frame for each of RUNS. embeddings: for each step Int8[2, 2, 60, 64]: run,
    modality (picture, caption), held-out pair, dimension, in 127ths."""

    setup: Setup
    steps: list[int] = field(default_factory=list)
    frames: list[tuple[Frame, ...]] = field(default_factory=list)
    embeddings: list[Int8] = field(default_factory=list)

    @property
    def done(self) -> bool:
        return bool(self.steps) and self.steps[-1] == self.setup.steps

    def last(self, run: str) -> Frame:
        """The latest frame of a run."""
        return self.frames[-1][RUNS.index(run)]


@dataclass(frozen=True)
class Moment:
    """A running training: its record so far, to be drawn. Finished where `step` is `steps`."""

    step: int
    steps: int
    record_id: str
    record: bytes


@dataclass(frozen=True, eq=False)
class Trained:
    """A finished training: its course, and the record with all frames."""

    course: Course
    record_id: str
    record: bytes


@dataclass(frozen=True)
class Dose:
    """Where a run on broken pairs ends: last training loss, held-out recall at 1 (mean of both directions), the same on
    training pairs as given, and `breaking.first_answers`."""

    swap: Swap
    share: float
    seed: int
    loss: float
    recall_1: float
    own: float
    parts: tuple[float, ...]


@functools.cache
def data() -> tuple[scenes.Split, npt.NDArray[np.uint8], Int]:
    """The scenes, the held-out pictures UInt8[60, 48, 48, 3] and the held-out captions' tokens."""
    found = scenes.split(scenes.singles(), HELD_OUT)
    return found, scenes.render(found.held_out, _TEST_SEED), captions.tokens_of(found.held_out)


def training_views(views: int) -> npt.NDArray[np.uint8]:
    """All training pictures UInt8[views * n, 48, 48, 3], view by view: scene i's picture v is at v * n + i."""
    split, _, _ = data()
    return np.concatenate([scenes.render(split.train, _TRAIN_SEED + view) for view in range(views)])


@functools.lru_cache(maxsize=2)
def pictures_of(views: int) -> torch.Tensor:
    """The same as input of the network."""
    return encoder.to_input(training_views(views))


def one_cycle(optimiser: torch.optim.Optimizer, steps: int) -> torch.optim.lr_scheduler.OneCycleLR:
    """The rate rises over the first tenth of `steps` and falls over the rest; a short run rises within its first step.

    torch divides by the length of the rise, its share of the steps less one: never let that be nothing.
    """
    total = max(3, steps)
    rise = max(0.1, min(0.5, 2 / total))
    return torch.optim.lr_scheduler.OneCycleLR(optimiser, max_lr=LEARNING_RATE, total_steps=total, pct_start=rise)


class Run:
    """One dual encoder in training."""

    def __init__(self, setup: Setup, given: Int) -> None:
        split, self.pictures, self.tokens = data()
        self.setup, self.given = setup, given
        self.model = encoder.new(setup.seed)
        self.ids = torch.from_numpy(captions.tokens_of([split.train[i] for i in given]))
        self.optimiser = torch.optim.AdamW(self.model.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
        self.rate = one_cycle(self.optimiser, setup.steps)
        self.same = breaking.same_parts(split.held_out)
        self.probe = np.random.default_rng(17).permutation(len(given))[:HELD_OUT]

    def advance(self, batches: Sequence[Int]) -> float:
        """One step for each batch of picture numbers; the mean loss."""
        pictures = pictures_of(VIEWS)
        self.model.train()
        losses = []
        for batch in batches:
            ids = self.ids[batch % len(self.given)]
            losses.append(encoder.train_step(self.model, self.optimiser, pictures[batch], ids))
            self.rate.step()
        return float(np.mean(losses))

    def first_loss(self, batch: Int) -> float:
        """The loss of a batch before anything is learned."""
        twin = copy.deepcopy(self.model)  # a pass in training mode moves the running means of the normalisation
        with torch.no_grad():
            images = twin.encode_images(pictures_of(VIEWS)[batch])
            texts = twin.encode_texts(self.ids[batch % len(self.given)])
            return float(encoder.infonce(images, texts, twin.scale))

    def look(self, loss: float) -> tuple[Frame, Float32]:
        """The frame now, and the held-out embeddings Float32[2, 60, 64]."""
        images = encoder.embed_images(self.model, self.pictures)
        texts = encoder.embed_texts(self.model, self.tokens)
        cosines = images.astype(np.float64) @ texts.astype(np.float64).T
        frame = Frame(
            loss=loss,
            found=retrieval.measure(cosines),
            own=self._own(),
            parts=tuple(float(part) for part in breaking.first_answers(cosines, self.same)),
            scale=float(self.model.scale.detach()),
            alignment=contrastive.alignment(images, texts),
            uniformity=(contrastive.uniformity(images), contrastive.uniformity(texts)),
            gap=float(np.linalg.norm(contrastive.gap(images, texts))),
        )
        return frame, np.stack([images, texts])

    def _own(self) -> float:
        was = self.model.training
        self.model.eval()
        with torch.inference_mode():
            images = self.model.encode_images(pictures_of(VIEWS)[self.probe])
            texts = self.model.encode_texts(self.ids[self.probe])
        self.model.train(was)
        return retrieval.recall((images @ texts.T).numpy())


def batches_of(setup: Setup, pictures: int) -> list[Int]:
    """The picture numbers of every step: each picture once before any comes again."""
    random = np.random.default_rng([setup.seed, 23])
    needed = setup.steps * setup.batch
    order = np.concatenate([random.permutation(pictures) for _ in range(needed // pictures + 1)])[:needed]
    return list(order.reshape(setup.steps, setup.batch))


def train(setup: Setup, report: Report = silent) -> Trained:
    """Train both runs, each in a thread of its own; partial results are Moments. Raises nothing of its own."""
    split, _, _ = data()
    given = (
        np.arange(len(split.train)),
        breaking.pairing(split.train, setup.share, setup.swap, setup.seed),
    )
    runs = [Run(setup, one) for one in given]
    batches = batches_of(setup, VIEWS * len(split.train))
    course = Course(setup)
    edges = np.linspace(0, setup.steps, setup.frames + 1).round().astype(int)

    def keep(step: int, losses: Sequence[float]) -> None:
        looks = [run.look(loss) for run, loss in zip(runs, losses, strict=True)]
        course.steps.append(step)
        course.frames.append(tuple(frame for frame, _ in looks))
        course.embeddings.append(np.round(127 * np.stack([found for _, found in looks])).astype(np.int8))
        report(step / setup.steps, Moment(step, setup.steps, f"{setup.name}-{step}", pack(course, kept=1)))

    with ThreadPoolExecutor(len(runs)) as threads:
        keep(0, [run.first_loss(batches[0]) for run in runs])
        for start, end in itertools.pairwise(edges):
            part = batches[start:end]
            keep(int(end), list(threads.map(Run.advance, runs, [part] * len(runs))))
    return Trained(course, f"{setup.name}-all", pack(course, kept=len(course.steps)))


def finish(setup: Setup) -> Frame:
    """The last frame of the broken run alone; `loss` is the mean over the last frame's steps."""
    split, _, _ = data()
    run = Run(setup, breaking.pairing(split.train, setup.share, setup.swap, setup.seed))
    batches = batches_of(setup, VIEWS * len(split.train))
    last = len(batches) - max(1, len(batches) // setup.frames)
    if last:
        run.advance(batches[:last])
    return run.look(run.advance(batches[last:]))[0]


@functools.cache
def lucky(k: int) -> retrieval.Chance:
    """Recall at k that luck gives among the held-out pairs, by permutation."""
    drawn = np.random.default_rng(0).standard_normal((HELD_OUT, HELD_OUT))
    return retrieval.chance(drawn, k)


@functools.cache
def lucky_parts() -> dict[str, float]:
    """How often the caption of a held-out pair drawn at random names a picture's colour, shape, size, place."""
    split, _, _ = data()
    return dict(zip(PARTS, breaking.same_parts(split.held_out).mean(axis=(0, 1)).round(4).tolist(), strict=True))


def planes(embeddings: Int8) -> tuple[Float32, Float64]:
    """For each run the plane that shows most of its 120 held-out points: Float32[2, 3, 64] (mean, first and second
    principal direction), and the share of their variance that it shows, Float64[2]. embeddings: one frame's."""
    basis = np.zeros((len(RUNS), 3, embeddings.shape[-1]), np.float32)
    shown = np.zeros(len(RUNS))
    for run, both in enumerate(embeddings):
        points = contrastive.unit(both.reshape(-1, both.shape[-1]).astype(np.float64))
        mean = points.mean(axis=0)
        _, lengths, directions = np.linalg.svd(points - mean, full_matrices=False)
        # A sign for each direction, so that the same course is always drawn the same way up.
        turned = directions[:2] * np.sign(directions[:2][np.arange(2), np.abs(directions[:2]).argmax(axis=1)])[:, None]
        basis[run] = np.stack([mean, *turned])
        shown[run] = (lengths[:2] ** 2).sum() / (lengths**2).sum()
    return basis, shown


def pack(course: Course, kept: int) -> bytes:
    """A course for the browser, little-endian: uint32 length of a JSON header, the header, padding to 4, float32
    planes[2, 3, 64], int8 embeddings[kept, 2, 2, 60, 64] of the last `kept` frames."""
    basis, shown = planes(course.embeddings[-1])
    header = {
        "name": course.setup.name,
        "setup": asdict(course.setup),
        "steps": course.steps,
        "total": course.setup.steps,
        "kept": kept,
        "pairs": HELD_OUT,
        "width": encoder.WIDTH,
        "frames": [[_rounded(asdict(frame)) for frame in both] for both in course.frames],
        "luck": {"1": asdict(lucky(1)), "5": asdict(lucky(5)), "parts": lucky_parts()},
        "shown": shown.round(4).tolist(),
        "done": course.done and kept == len(course.steps),
    }
    head = json.dumps(header, separators=(",", ":")).encode()
    start = struct.pack("<I", len(head)) + head
    arrays = (basis.astype("<f4"), np.stack(course.embeddings[-kept:]))
    return start + b"\0" * (-len(start) % 4) + b"".join(np.ascontiguousarray(one).tobytes() for one in arrays)


def unpack(record: bytes) -> Course:
    """The course of a record of `pack`, its embeddings those that were kept."""
    (length,) = struct.unpack_from("<I", record)
    head = json.loads(record[4 : 4 + length])
    shape = (head["kept"], len(RUNS), 2, head["pairs"], head["width"])
    kept = np.frombuffer(record, np.int8)[-math.prod(shape) :].reshape(shape)
    frames = [tuple(_frame(one) for one in both) for both in head["frames"]]
    return Course(Setup(**head["setup"]), head["steps"], frames, list(kept))


def _frame(row: dict[str, Any]) -> Frame:
    pairs = {name: tuple(row[name]) for name in ("parts", "uniformity")}
    return Frame(**{**row, **pairs, "found": retrieval.Retrieval(**row["found"])})


@functools.cache
def shipped() -> Trained:
    """The training of `Setup()` that `make assets` made."""
    record = SHIPPED.read_bytes()
    course = unpack(record)
    return Trained(course, f"{course.setup.name}-shipped", record)


@functools.cache
def doses() -> tuple[Dose, ...]:
    """What every dose of breaking costs, measured by `make assets` (tools/broken_pairs.py)."""
    table = json.loads(DOSES.read_text("utf-8"))
    return tuple(Dose(**{**row, "parts": tuple(row["parts"])}) for row in table["rows"])


def _rounded(value: object) -> object:
    if isinstance(value, dict):
        return {name: _rounded(one) for name, one in value.items()}
    if isinstance(value, tuple | list):
        return [_rounded(one) for one in value]
    return round(value, 4) if isinstance(value, float) else value
