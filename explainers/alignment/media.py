"""What the page plays: a film of rendered scenes with subtitles and sounds, and recordings of speech with word times.

All of it is made for the product by `make assets` (tools/align_media.py) and lies in assets/media/alignment: WAV files
of 16-bit numbers and one media.json with events, transcripts and times in seconds.
"""

from __future__ import annotations

import functools
import json
import wave
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explainers.alignment import captions, encoder, scenes, timing
from explainers.alignment.batch import shipped
from explainers.alignment.captions import Language
from explainers.alignment.scenes import Scene
from explainers.alignment.timing import Offsets
from explainers.errors import ExplainerError

FOLDER = Path(__file__).resolve().parents[2] / "assets" / "media" / "alignment"
FILM_SEED = 41
FRAME_HOP_S = 0.05  # the film is looked at twenty times a second
MOST_S = 3.0  # offsets up to this
GROUND = 240.0  # grey of the empty picture
PARTS = 3  # of a word, for what it should sound like
Reading = Literal["plain", "slow"]


class MediaError(ExplainerError):
    """A shipped file is missing or broken. `code`: "alignment-media" (details: file)."""


@dataclass(frozen=True)
class Event:
    """A scene that is in the picture from `start` to `end`, in seconds."""

    start: float
    end: float
    scene: Scene


@dataclass(frozen=True)
class Film:
    """Events in order, and the film's length in seconds."""

    name: str
    events: tuple[Event, ...]
    length: float


@dataclass(frozen=True)
class Word:
    """A word of a transcript and when it is spoken, in seconds."""

    text: str
    start: float
    end: float


@dataclass(frozen=True)
class Speech:
    """A recording with its words in order."""

    name: str
    words: tuple[Word, ...]
    seconds: float


@functools.cache
def _table() -> dict[str, dict[str, dict[str, object]]]:
    try:
        table: dict[str, dict[str, dict[str, object]]] = json.loads((FOLDER / "media.json").read_text("utf-8"))
    except (OSError, ValueError) as error:
        raise MediaError("alignment-media", {"file": "media.json"}) from error
    return table


def wav(name: str) -> bytes:
    """The file of a sound, as a browser plays it. Raises MediaError."""
    try:
        return (FOLDER / f"{name}.wav").read_bytes()
    except OSError as error:
        raise MediaError("alignment-media", {"file": f"{name}.wav"}) from error


@functools.lru_cache(maxsize=16)
def sound(name: str) -> tuple[NDArray[np.float64], int]:
    """A sound as numbers in [-1, 1], and its rate. Raises MediaError."""
    try:
        with wave.open(str(FOLDER / f"{name}.wav")) as file:
            rate, data = file.getframerate(), file.readframes(file.getnframes())
    except (OSError, wave.Error, EOFError) as error:
        raise MediaError("alignment-media", {"file": f"{name}.wav"}) from error
    return np.frombuffer(data, "<i2").astype(np.float64) / 32768, rate


@functools.cache
def film(name: str = "film") -> Film:
    """The film, or the "other" one whose sounds are put beside it. Raises MediaError."""
    row = _table()["films"][name]
    events = tuple(Event(one["start"], one["end"], Scene(**one["scene"])) for one in row["events"])  # type: ignore[attr-defined]
    return Film(name, events, float(row["length"]))  # type: ignore[arg-type]


@functools.cache
def speech(language: Language, reading: Reading = "plain") -> Speech:
    """A recording of the page's sentence. Raises MediaError."""
    name = f"speech-{language}-{reading}"
    row = _table()["speech"][name]
    words = tuple(Word(*one) for one in row["words"])  # type: ignore[attr-defined]
    return Speech(name, words, float(row["seconds"]))  # type: ignore[arg-type]


# ---------------------------------------------------------------- tracks


def presence(one: Film, times: NDArray[np.float64]) -> NDArray[np.float64]:
    """Which event is in the picture at each time, Float64[times, events], 0 or 1: scenes come and go with a cut."""
    starts = np.array([event.start for event in one.events])
    ends = np.array([event.end for event in one.events])
    t = times[:, None] + 1e-6  # a frame at the very start of an event shows it, whatever its time is rounded to
    return ((t >= starts) & (t < ends)).astype(np.float64)


def event_pictures(one: Film, side: int = scenes.SIDE) -> NDArray[np.uint8]:
    """Each event's picture, UInt8[events, side, side, 3]: the same drawing at every size."""
    return scenes.render([event.scene for event in one.events], FILM_SEED, side)


def frames(one: Film) -> NDArray[np.uint8]:
    """The film as the encoder sees it, UInt8[frames, 48, 48, 3], one every FRAME_HOP_S."""
    times = np.arange(0, one.length, FRAME_HOP_S)
    pictures = event_pictures(one).astype(np.float64)
    mixed = GROUND + np.tensordot(presence(one, times), pictures - GROUND, axes=1)
    return np.asarray(mixed.round(), np.uint8)


def looks(one: Film) -> NDArray[np.float32]:
    """The film's frames as unit vectors of the shipped encoder, Float32[frames, d]; zeros where nothing is shown."""
    vectors = encoder.embed_images(shipped(), frames(one))
    shown = presence(one, np.arange(0, one.length, FRAME_HOP_S)).max(axis=1) > 0
    return np.where(shown[:, None], vectors, 0).astype(np.float32)


def subtitles(one: Film, language: Language) -> NDArray[np.float32]:
    """The subtitle on screen at each frame as a unit vector, Float32[frames, d]; zeros where there is none."""
    times = np.arange(0, one.length, FRAME_HOP_S)
    texts = encoder.embed_texts(shipped(), captions.tokens_of([event.scene for event in one.events], (language,)))
    out = np.zeros((len(times), texts.shape[1]), np.float32)
    for event, vector in zip(one.events, texts, strict=True):
        out[(times + 1e-6 >= event.start) & (times + 1e-6 < event.end)] = vector
    return out


def changes(one: Film) -> NDArray[np.float64]:
    """How much appears from frame to frame, Float64[frames]: the rise of what differs from the empty ground."""
    shown = np.abs(frames(one).astype(np.float64) - GROUND).mean(axis=(1, 2, 3))
    return np.concatenate([[0.0], np.maximum(0, np.diff(shown))])


@functools.lru_cache(maxsize=8)
def subtitle_offsets(language: Language) -> Offsets:
    """Mean cosine of frame and subtitle when the subtitles come late by each offset."""
    one = film()
    return timing.slide_vectors(looks(one), subtitles(one, language), FRAME_HOP_S, MOST_S)


@functools.lru_cache(maxsize=8)
def sound_offsets(track: Literal["film", "other"]) -> Offsets:
    """Correlation of what appears in the film with the onsets in a sound track, its own or the other film's."""
    signal, rate = sound(track)
    seen, struck = changes(film()), timing.onsets(signal, rate, FRAME_HOP_S)
    # Smoothed alike, so that a frame's difference between the two still counts.
    kernel = np.hanning(7)[1:-1]
    first, second = (np.convolve(track, kernel / kernel.sum(), "same") for track in (seen, struck))
    return timing.slide(first, second, FRAME_HOP_S, MOST_S)


def _unit(rows: NDArray[np.float64]) -> NDArray[np.float64]:
    return np.asarray(rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-9))


@functools.lru_cache(maxsize=8)
def heard(language: Language, reading: Reading) -> NDArray[np.float64]:
    """MFCCs of a recording, Float64[frames, timing.KEPT], each coefficient with mean 0 and deviation 1."""
    values = timing.mfcc(*sound(speech(language, reading).name))
    return np.asarray((values - values.mean(axis=0)) / (values.std(axis=0) + 1e-9))


def expected(language: Language) -> NDArray[np.float64]:
    """What the transcript says should be heard in the plain reading, Float64[frames, timing.KEPT], zeros outside words.

    A word should sound as it does, third by third and on average, in the other reading; its times are the transcript's.
    """
    plain, slow = speech(language, "plain"), heard(language, "slow")
    out = np.zeros_like(heard(language, "plain"))
    for word, model in zip(plain.words, speech(language, "slow").words, strict=True):
        here, there = (np.linspace(one.start, one.end, PARTS + 1) / timing.HOP_S for one in (word, model))
        for part in range(PARTS):
            sample = slow[int(there[part]) : max(int(there[part]) + 1, int(there[part + 1]))]
            out[int(here[part]) : int(here[part + 1])] = sample.mean(axis=0)
    return out


@functools.lru_cache(maxsize=8)
def speech_offsets(language: Language) -> Offsets:
    """Mean cosine of what is heard and what the transcript says should be, when it comes late by each offset."""
    seconds = speech(language).seconds
    tracks = (_unit(heard(language, "plain")), _unit(expected(language)))
    return timing.slide_vectors(*tracks, timing.HOP_S, min(MOST_S, seconds * 0.45))


@dataclass(frozen=True, eq=False)
class Carried:
    """Two readings of one sentence and what warping makes of them. warp: frames of the plain reading to frames of the
    slow one. words: the words of both readings in order. by_warp, by_line: Float64[words], where each word of the plain
    reading would begin in the slow one, in seconds, by the path and by stretching the whole evenly."""

    warp: timing.Warp
    plain: Speech
    slow: Speech
    by_warp: NDArray[np.float64]
    by_line: NDArray[np.float64]

    @property
    def truth(self) -> NDArray[np.float64]:
        """When the words of the slow reading begin."""
        return np.array([word.start for word in self.slow.words])

    @property
    def error_warp(self) -> float:
        """Mean distance from the truth, in seconds."""
        return float(np.abs(self.by_warp - self.truth).mean())

    @property
    def error_line(self) -> float:
        return float(np.abs(self.by_line - self.truth).mean())


@functools.lru_cache(maxsize=4)
def carry(language: Language) -> Carried:
    """Dynamic time warping between the MFCCs of two readings; no word times are used but to judge the outcome."""
    plain, slow = speech(language, "plain"), speech(language, "slow")
    features = (heard(language, "plain"), heard(language, "slow"))
    warp = timing.dtw(*features)
    starts = np.array([word.start for word in plain.words])
    last = len(features[0]) - 1
    by_warp = np.array([warp.carried(min(last, start / timing.HOP_S)) * timing.HOP_S for start in starts])
    stretch = slow.seconds / plain.seconds
    return Carried(warp, plain, slow, by_warp, starts * stretch)
