"""What the shipped dual encoder is good for, and where it breaks: retrieval both ways, classes by name, probes.

The gallery is rendered scenes, nearly all of combinations that training never showed. Zero-shot classification by
sentences is Radford et al. 2021 (arXiv:2103.00020), section 3.1. Probes that change one thing of a caption and ask
which of the two the model prefers follow Thrush et al. 2022 (Winoground, arXiv:2204.03162) and Yuksekgonul et al. 2023
(arXiv:2210.01936), on our own scenes.
"""

from __future__ import annotations

import dataclasses
import functools
from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.alignment import batch, captions, encoder, scenes
from explainers.alignment.captions import CaptionError, Language
from explainers.alignment.contrastive import Float64, log_softmax
from explainers.alignment.scenes import Scene

Float32 = npt.NDArray[np.float32]
SEED = 4242
RELATED = 24  # scenes with a relation in the gallery
MOST_CLASSES = 12
PROBES = ("colour", "shape", "size", "place", "count", "relation", "binding", "negation")


@dataclass(frozen=True, eq=False)
class Gallery:
    """scenes: n of them. pictures: UInt8[n, 48, 48, 3]. vectors: Float32[n, d], of length 1."""

    scenes: tuple[Scene, ...]
    pictures: npt.NDArray[np.uint8]
    vectors: Float32


@dataclass(frozen=True)
class Hit:
    """Something found: its place in what was searched, and its cosine."""

    place: int
    cosine: float


@dataclass(frozen=True)
class Found:
    """hits, the best first. unknown: words of the question that the model has never seen and passed over."""

    hits: tuple[Hit, ...]
    unknown: tuple[str, ...]


@dataclass(frozen=True)
class Probe:
    """What the model prefers when one thing of a caption is changed. right of total: the true caption had the higher
    cosine; guessing gives half. For negation: pictures without the thing that "no ..." ranks in its first ten.
    example: scene, true caption's scene and the changed one, and the two cosines."""

    name: str
    right: int
    total: int
    truth: str
    changed: str
    cosines: tuple[float, float]
    picture: int


@functools.cache
def gallery() -> Gallery:
    """The held-out scenes of every world, embedded by the shipped model. Raises encoder.WeightsError."""
    shown = (
        *scenes.split(scenes.singles(), 60).held_out,
        *scenes.split(scenes.counted(), 36).held_out,
        *scenes.split(scenes.related(), 60).held_out[:RELATED],
    )
    pictures = scenes.render(shown, SEED)
    return Gallery(shown, pictures, encoder.embed_images(batch.shipped(), pictures))


@functools.lru_cache(maxsize=2)
def sentences(language: Language) -> tuple[tuple[str, ...], Float32]:
    """Every caption of one thing, of several, and of the gallery's relations; and their vectors."""
    every = (*scenes.singles(), *scenes.counted(), *(one for one in gallery().scenes if one.relation))
    texts = tuple(captions.caption(one, language) for one in every)
    return texts, _embedded(texts)


def _embedded(texts: Sequence[str]) -> Float32:
    return encoder.embed_texts(batch.shipped(), np.array([captions.read(text).ids for text in texts]))


def _best(cosines: Float64, many: int) -> tuple[Hit, ...]:
    order = np.argsort(-cosines, kind="stable")[:many]
    return tuple(Hit(int(place), float(cosines[place])) for place in order)


def pictures_for(sentence: str, many: int = 8) -> Found:
    """Pictures of the gallery that fit a sentence best. Raises CaptionError where no word of it is known."""
    asked = captions.read(sentence)
    vector = encoder.embed_texts(batch.shipped(), asked.ids[None])[0]
    return Found(_best(gallery().vectors.astype(np.float64) @ vector.astype(np.float64), many), asked.unknown)


def sentences_for(picture: Float32, language: Language, many: int = 5) -> Found:
    """Sentences that fit a picture's vector best."""
    _, vectors = sentences(language)
    return Found(_best(vectors.astype(np.float64) @ picture.astype(np.float64), many), ())


def class_names(given: str) -> tuple[str, ...]:
    """Names that a reader separated by ";" or a line; at most MOST_CLASSES. Raises CaptionError for none."""
    names = [name.strip() for name in given.replace("；", ";").replace("\n", ";").split(";")]
    found = tuple(dict.fromkeys(name for name in names if name))[:MOST_CLASSES]
    if not found:
        raise CaptionError("caption-empty")
    return found


def classify(picture: Float32, names: Sequence[str]) -> tuple[Float64, tuple[str, ...]]:
    """Softmax of logit scale times cosine over the classes, Float64[classes], and words that the model never saw.
    Raises CaptionError where a name has no known word."""
    asked = [captions.read(name) for name in names]
    vectors = encoder.embed_texts(batch.shipped(), np.array([one.ids for one in asked]))
    logits = float(batch.shipped().scale.item()) * (vectors.astype(np.float64) @ picture.astype(np.float64))
    unknown = tuple(dict.fromkeys(word for one in asked for word in one.unknown))
    return np.exp(log_softmax(logits, 0)), unknown


# ---------------------------------------------------------------- where it breaks


def _next(values: Sequence[str], value: str) -> str:
    return values[(list(values).index(value) + 1) % len(values)]


CHANGES: dict[str, Callable[[Scene], Scene]] = {
    "colour": lambda one: dataclasses.replace(one, colour=_next(tuple(scenes.COLOURS), one.colour)),
    "shape": lambda one: dataclasses.replace(one, shape=_next(scenes.SHAPES, one.shape)),
    "size": lambda one: dataclasses.replace(one, size=_next(tuple(scenes.SIZES), one.size)),
    "place": lambda one: dataclasses.replace(one, place=_next(tuple(scenes.PLACES), one.place)),
    "count": lambda one: dataclasses.replace(one, count=one.count + 1 if one.count < 4 else 3),
    "relation": lambda one: dataclasses.replace(
        one, shape=one.other_shape, colour=one.other_colour, other_shape=one.shape, other_colour=one.colour
    ),
    "binding": lambda one: dataclasses.replace(one, colour=one.other_colour, other_colour=one.colour),
}
"""One thing changed: the next colour, shape, size, place; one thing more; the two things in each other's place; the two
things in each other's colour."""


def _probed(name: str) -> list[Scene]:
    if name == "count":
        return list(scenes.split(scenes.counted(), 36).held_out)
    if name in ("relation", "binding"):
        held_out = scenes.split(scenes.related(), 60).held_out
        return [one for one in held_out if name == "relation" or one.colour != one.other_colour]
    return list(scenes.split(scenes.singles(), 60).held_out)


def probe(name: str, language: Language) -> Probe:
    """Ask of every held-out scene whether the true caption beats the one with a change."""
    if name == "negation":
        return _negation(language)
    shown = _probed(name)
    pictures = encoder.embed_images(batch.shipped(), scenes.render(shown, SEED + 1)).astype(np.float64)
    told = [[captions.caption(one, language) for one in part] for part in (shown, [CHANGES[name](s) for s in shown])]
    true, changed = (np.einsum("nd,nd->n", pictures, _embedded(part).astype(np.float64)) for part in told)
    worst = int((true - changed).argmin())
    pair = (float(true[worst]), float(changed[worst]))
    return Probe(name, int((true > changed).sum()), len(shown), told[0][worst], told[1][worst], pair, worst)


def _negation(language: Language) -> Probe:
    """ "No red circle" over the gallery: how many of the first ten pictures have none, summed over colours."""
    whole = gallery()
    words = captions.grammar().words
    right, total = 0, 0
    said, plain = "", ""
    for colour in scenes.COLOURS:
        name = words[colour][language]
        plain = f"a {name} circle" if language == "en" else f"{name}{words['circle'][language]}"
        said = f"no {plain[2:]}" if language == "en" else f"沒有{plain}"
        for hit in pictures_for(said, 10).hits:
            one = whole.scenes[hit.place]
            right += colour not in (one.colour, one.other_colour)
            total += 1
    asked = [captions.read(text).ids for text in (said, plain)]
    first, second = encoder.embed_texts(batch.shipped(), np.array(asked)).astype(np.float64)
    return Probe("negation", right, total, said, plain, (float(first @ second), 1.0), 0)


@functools.lru_cache(maxsize=2)
def probes(language: Language) -> tuple[Probe, ...]:
    """All of PROBES; a second of work at most, done once."""
    return tuple(probe(name, language) for name in PROBES)
