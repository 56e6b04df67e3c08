"""The six examples of question B55 as figures and payloads: pictures with right and wrong texts, tracks with offsets.

Pictures and texts meet in the shipped dual encoder; film, sounds and speech in what `media` measures of them.
"""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explainers.alignment import batch, captions, encoder, media, scenes, timing
from explainers.alignment.captions import Language
from explainers.alignment.packing import floats, pack, webp
from explainers.alignment.timing import Offsets

Texts = Literal["caption", "label"]
Track = Literal["subtitle", "speech", "foreign"]
PICTURES = 24
SIDE = 144  # pixels of a picture on screen
SEED = 3
UNSAID = frozenset({"size", "place"})  # what a class label leaves out of a caption


@dataclass(frozen=True, eq=False)
class Still:
    """Pictures and all texts that might be theirs. own, wrong: Int64[pictures], the true text and one drawn at random.
    cosines: Float32[pictures, texts]."""

    texts: tuple[str, ...]
    own: NDArray[np.int64]
    wrong: NDArray[np.int64]
    cosines: NDArray[np.float32]

    @property
    def found(self) -> int:
        """Pictures whose own text is the nearest of all."""
        return int((self.cosines.argmax(axis=1) == self.own).sum())


@functools.lru_cache(maxsize=8)
def still(kind: Texts, language: Language) -> Still:
    """Rendered pictures against 64 captions, or against the 36 labels that a colour and a shape make."""
    drawn = batch.draw_scenes("single", batch.MOST, SEED)
    shown = drawn[:PICTURES]
    if kind == "caption":
        texts = [captions.caption(scene, language) for scene in drawn]
        own = np.arange(PICTURES)
    else:
        every = [captions.caption(scene, language, drop=UNSAID) for scene in scenes.singles()]
        texts = list(dict.fromkeys(every))
        own = np.array([texts.index(captions.caption(scene, language, drop=UNSAID)) for scene in shown])
    model = batch.shipped()
    images = encoder.embed_images(model, scenes.render(shown, SEED))
    ids = np.array([captions.read(text).ids for text in texts])
    wrong = (own + np.random.default_rng(SEED).integers(1, len(texts), PICTURES)) % len(texts)
    return Still(tuple(texts), own, wrong, images @ encoder.embed_texts(model, ids).T)


@functools.lru_cache(maxsize=8)
def still_payload(kind: Texts, language: Language) -> bytes:
    """Texts, cosines and pictures for the browser."""
    one = still(kind, language)
    shown = batch.draw_scenes("single", batch.MOST, SEED)[:PICTURES]
    head = {"n": PICTURES, "side": SIDE, "columns": 8, "texts": one.texts}
    head |= {"own": one.own.tolist(), "wrong": one.wrong.tolist()}
    return pack(head, [floats(one.cosines), webp(scenes.render(shown, SEED, SIDE))])


# ---------------------------------------------------------------- tracks


def offsets_of(kind: Track, language: Language) -> Offsets:
    """Similarity over offsets of an example."""
    if kind == "speech":
        return media.speech_offsets(language)
    return media.subtitle_offsets(language) if kind == "subtitle" else media.sound_offsets("other")


def _curve(found: Offsets) -> dict[str, list[float]]:
    return {"seconds": found.seconds.round(3).tolist(), "similarity": found.similarity.round(4).tolist()}


@functools.lru_cache(maxsize=8)
def track_payload(kind: Track, language: Language) -> bytes:
    """Two lanes (what is seen or heard; what is laid against it), the curve over offsets, levels, pictures, a sound."""
    film = media.film()
    seen = {"blocks": [{"start": one.start, "end": one.end, "picture": k} for k, one in enumerate(film.events)]}
    levels: list[NDArray[np.float64]] = []
    head: dict[str, object] = {"length": film.length, "first": film.events[0].start + 0.2, "levels": [], "upper": seen}
    if kind == "speech":
        one = media.speech(language)
        level = timing.loudness(*media.sound(one.name))
        levels = [(level - level.min()) / np.ptp(level)]
        words = [{"start": word.start, "end": word.end, "text": word.text} for word in one.words]
        head |= {"length": one.seconds, "levels": ["level"], "lower": {"blocks": words}, "sound": one.name}
        head["upper"] = {"blocks": [], "level": "level", "hop": timing.HOP_S}
    elif kind == "subtitle":
        texts = [captions.caption(event.scene, language) for event in film.events]
        said = [{"start": e.start, "end": e.end, "text": text} for e, text in zip(film.events, texts, strict=True)]
        head |= {"lower": {"blocks": said}, "sound": "film"}
    else:
        rises = timing.onsets(*media.sound("other"), media.FRAME_HOP_S)
        levels = [rises / rises.max()]
        head |= {"levels": ["level"], "sound": "other", "soundMoves": True, "foreign": True}
        head |= {"lower": {"blocks": [], "level": "level", "hop": media.FRAME_HOP_S}}
        head["compared"] = _curve(media.sound_offsets("film"))
    pictures = [] if kind == "speech" else [webp(media.event_pictures(film, SIDE))]
    head |= {"curve": _curve(offsets_of(kind, language)), "pictured": bool(pictures), "side": SIDE, "columns": 8}
    return pack(head, [*(floats(one) for one in levels), *pictures, media.wav(str(head["sound"]))])


@functools.lru_cache(maxsize=4)
def warp_payload(language: Language) -> bytes:
    """The distances at half their resolution (near is bright), the path in full, and both recordings."""
    found = media.carry(language)
    n, m = (length // 2 * 2 for length in found.warp.cost.shape)
    small = found.warp.cost[:n, :m].reshape(n // 2, 2, m // 2, 2).mean(axis=(1, 3))
    near = 255 * (1 - (small - small.min()) / np.ptp(small)) ** 1.5
    head = {
        "shape": small.shape,
        "frames": found.warp.cost.shape,
        "hop": timing.HOP_S,
        "seconds": [found.plain.seconds, found.slow.seconds],
        "words": [[a.text, a.start, b.start] for a, b in zip(found.plain.words, found.slow.words, strict=True)],
    }
    parts = [near.astype(np.uint8).tobytes(), found.warp.path.astype("<u2").tobytes()]
    return pack(head, [*parts, media.wav(found.plain.name), media.wav(found.slow.name)])
