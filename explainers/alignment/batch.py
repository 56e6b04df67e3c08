"""A batch of pairs as the matrix view takes it: pictures, captions, and the unit vectors that an encoder gives both.

The shipped encoder is read once per process (`shipped`). A payload holds the vectors as float32 and the pictures as one
lossless WebP, so that everything the matrix shows is worked out in the browser from the numbers used here.
"""

from __future__ import annotations

import functools
import threading
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explainers.alignment import captions, encoder, scenes
from explainers.alignment.captions import Language
from explainers.alignment.contrastive import BatchError
from explainers.alignment.packing import floats, pack, webp
from explainers.alignment.scenes import Scene

World = Literal["near", "mixed", "single", "counted", "related"]
WORLDS: tuple[World, ...] = ("near", "mixed", "single", "counted", "related")
MOST = 64  # pairs of a batch
COLUMNS = 8  # of the sheet of pictures
_lock = threading.Lock()


@dataclass(frozen=True, eq=False)
class Batch:
    """n pairs. pictures: UInt8[n, side, side, 3]. captions: n texts. images, texts: Float32[n, d], unit vectors.
    scale: the logit scale that the model learned (1 / temperature)."""

    pictures: NDArray[np.uint8]
    captions: tuple[str, ...]
    images: NDArray[np.float32]
    texts: NDArray[np.float32]
    scale: float

    @property
    def cosines(self) -> NDArray[np.float64]:
        """Float64[n, n], picture by caption."""
        return np.asarray(self.images.astype(np.float64) @ self.texts.astype(np.float64).T)


@functools.cache
def _loaded() -> encoder.DualEncoder:
    return encoder.load()


def shipped() -> encoder.DualEncoder:
    """The trained model of `make assets`, one instance per process, in evaluation mode. Raises WeightsError."""
    with _lock:
        import torch

        torch.set_num_threads(1)  # as every model here runs: see explainers.models
        return _loaded()


def draw_scenes(world: World, many: int, seed: int) -> tuple[Scene, ...]:
    """`many` different scenes of a world. "mixed" takes as many of each kind as it can; "near" takes all that a few
    pairs of a colour and a shape allow, so that many captions differ in one word. Raises BatchError."""
    if not 1 <= many <= MOST:
        raise BatchError("alignment-batch-empty" if many < 1 else "alignment-batch-shape")
    random = np.random.default_rng(seed)
    if world == "near":
        return _near(many, random)
    made = {"single": scenes.singles, "counted": scenes.counted, "related": scenes.related}
    kinds = list(made) if world == "mixed" else [world]
    found: list[Scene] = []
    for place, kind in enumerate(kinds):
        share = (many - len(found)) // (len(kinds) - place)
        everything = made[kind]()
        found += [everything[i] for i in random.choice(len(everything), share, replace=False)]
    return tuple(found[i] for i in random.permutation(len(found)))


def _near(many: int, random: np.random.Generator) -> tuple[Scene, ...]:
    """Scenes of as few pairs of colour and shape as hold `many`: neighbours are its other sizes, places and numbers."""
    looks = sorted({(one.colour, one.shape) for one in scenes.singles()})
    found: list[Scene] = []
    for place in random.permutation(len(looks)):
        here = [one for one in (*scenes.singles(), *scenes.counted()) if (one.colour, one.shape) == looks[place]]
        found += [here[i] for i in random.permutation(len(here))[:12]]
    return tuple(found[:many])


@functools.lru_cache(maxsize=64)
def make_batch(world: World = "near", many: int = MOST, seed: int = 0, language: Language = "en") -> Batch:
    """A batch of rendered scenes through the shipped model. Raises BatchError, WeightsError."""
    drawn = draw_scenes(world, many, seed)
    pictures = scenes.render(drawn, 10_000 + seed)
    model = shipped()
    texts = tuple(captions.caption(scene, language) for scene in drawn)
    return Batch(
        pictures,
        texts,
        encoder.embed_images(model, pictures),
        encoder.embed_texts(model, captions.tokens_of(drawn, (language,))),
        float(model.scale.item()),
    )


def payload(batch: Batch) -> bytes:
    """What the browser gets: n, width, side, columns, captions and scale; float32 vectors of the pictures, of the
    captions, and the sheet of pictures."""
    head = {
        "n": len(batch.captions),
        "width": batch.images.shape[1],
        "side": batch.pictures.shape[1],
        "columns": COLUMNS,
        "captions": batch.captions,
        "scale": round(batch.scale, 4),
    }
    return pack(head, [floats(batch.images), floats(batch.texts), webp(batch.pictures, COLUMNS)])


def moved(batch: Batch, order: Sequence[int]) -> Batch:
    """The same pictures with other captions: picture i gets caption `order[i]`."""
    places = list(order)
    return Batch(
        batch.pictures, tuple(batch.captions[i] for i in places), batch.images, batch.texts[places], batch.scale
    )
