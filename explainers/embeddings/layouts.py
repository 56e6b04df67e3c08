"""The maps that are shipped: every setting of the sliders laid out beforehand, small enough to send all of it.

One file per language and set of words (`tools/maps.py` makes them), in the form in which the browser gets it: a JSON
header, then its parts. Coordinates take 10 bits each, three to a 32-bit number, as in Coenen & Pearce 2019,
"Understanding UMAP" (the map of the whole vocabulary in the plane takes 16). A map has no unit: all are centred, with a
mean square radius of 1 before they are packed.
"""

from __future__ import annotations

import functools
import hashlib
import json
import struct
from collections.abc import Mapping, Sequence
from dataclasses import asdict, dataclass
from types import MappingProxyType
from typing import Any

import numpy as np
import numpy.typing as npt

from explainers.embeddings import faithful, spaces
from explainers.embeddings.faithful import Faithfulness, Strangers
from explainers.errors import ExplainerError

Float32 = npt.NDArray[np.float32]

METHODS = ("umap", "plain", "tsne", "pca")
TOPICS = ("people", "living", "places", "things", "time", "mind", "deeds", "qualities", "other")
PARTS_OF_SPEECH = ("noun", "verb", "adjective", "adverb", "other")
CLOSEST = 10  # true neighbours that are shipped of each word
LAST = 1023  # the largest 10-bit number


@dataclass(frozen=True)
class Setting:
    """How a map was made. method: "umap" (all spaces together), "plain" (umap-learn, each space alone), "tsne", "pca".

    n_neighbors: for t-SNE its perplexity, 0 for PCA. min_dist: 0 where there is none. dims: 2 or 3.
    """

    method: str = "umap"
    n_neighbors: int = 15
    min_dist: float = 0.1
    metric: str = "cosine"
    seed: int = 1
    dims: int = 2

    @property
    def key(self) -> str:
        """Its name, unique among settings."""
        return f"{self.method}-{self.n_neighbors}-{self.min_dist:g}-{self.metric}-{self.seed}-{self.dims}"


@dataclass(frozen=True, eq=False)
class Layout:
    """One setting's maps of all spaces. points: [spaces, words, dims]; kept: [spaces, words], 0 to 1 in tenths.

    quality: for each space the mean of kept, trustworthiness and continuity.
    """

    setting: Setting
    points: Float32
    kept: Float32
    quality: tuple[tuple[float, float, float], ...]


@dataclass(frozen=True, eq=False)
class Maps:
    """All maps of one set of words.

    words: the most frequent first; rows: their rows in the spaces; near: [spaces, words, closest], places of the true
    nearest neighbours among these words, nearest first; cosines: the same shape. topics, parts_of_speech: [words],
    places in TOPICS and PARTS_OF_SPEECH, or None where nobody says. head: what is said of each setting; parts: bytes.
    """

    language: str
    words: tuple[str, ...]
    rows: npt.NDArray[np.int64]
    near: npt.NDArray[np.int64]
    cosines: Float32
    counts: npt.NDArray[np.int64]
    topics: npt.NDArray[np.uint8] | None
    parts_of_speech: npt.NDArray[np.uint8] | None
    head: Mapping[str, Any]
    parts: Mapping[str, bytes]

    @functools.cached_property
    def settings(self) -> tuple[Setting, ...]:
        """Every setting that there is a map of."""
        return tuple(Setting(**entry["setting"]) for entry in self.head["layouts"])

    def find(self, wanted: Setting) -> Setting:
        """The setting wanted, or the nearest to it that there is: first its method and number of directions count,
        then metric and seed, then n_neighbors (by its ratio), then min_dist."""

        def far(one: Setting) -> tuple[bool, bool, bool, bool, float, float]:
            ratio = abs(float(np.log((one.n_neighbors or 1) / (wanted.n_neighbors or 1))))
            differs = (one.dims != wanted.dims, one.method != wanted.method, one.metric != wanted.metric)
            return (*differs, one.seed != wanted.seed, round(ratio, 6), abs(one.min_dist - wanted.min_dist))

        return min(self.settings, key=far)

    def layout(self, wanted: Setting) -> Layout:
        """The maps of `find(wanted)`, unpacked."""
        setting = self.find(wanted)
        entry = self.head["layouts"][self.settings.index(setting)]
        shape = (len(self.near), len(self.words), setting.dims)
        numbers = unpack(self.parts[setting.key], entry["bits"], int(np.prod(shape))).reshape(shape)
        points = np.asarray(entry["low"], dtype=np.float32) + numbers * np.float32(entry["step"])
        kept = unpack_kept(self.parts[f"{setting.key}-kept"], shape[0] * shape[1]).reshape(shape[:2])
        return Layout(setting, points, kept, tuple(tuple(row) for row in entry["quality"]))

    def strangers(self, wanted: Setting) -> tuple[tuple[Strangers, ...], ...]:
        """For each space, the pairs of words that are side by side on the map of `find(wanted)` and farthest apart in
        the space, farthest first; nothing where the file does not tell."""
        entry = self.head["layouts"][self.settings.index(self.find(wanted))]
        return tuple(tuple(Strangers(*pair) for pair in pairs) for pairs in entry.get("strangers", ()))

    def index(self, word: str) -> int:
        """Place of a word among these words, or -1."""
        return self._index.get(word, -1)

    @functools.cached_property
    def _index(self) -> dict[str, int]:
        return {word: place for place, word in enumerate(self.words)}

    @functools.cached_property
    def digest(self) -> str:
        """A name made from the content."""
        made = hashlib.sha256(json.dumps([self.head["layouts"], self.words], sort_keys=True).encode())
        for name in sorted(self.parts):
            made.update(self.parts[name])
        return made.hexdigest()[:12]

    def payload(self, settings: Sequence[Setting], *, words: bool = True) -> bytes:
        """What the browser needs to draw these settings; `words`: with what is the same for all settings."""
        keys = {setting.key for setting in settings}
        told = ("key", "setting", "bits", "low", "step", "quality")
        entries = [{name: entry[name] for name in told} for entry in self.head["layouts"] if entry["key"] in keys]
        parts = {name: data for name, data in self.parts.items() if name.removesuffix("-kept") in keys}
        head: dict[str, Any] = {"layouts": entries, "spaces": len(self.near), "closest": self.near.shape[2]}
        if words:
            head["words"] = self.words
            parts["near"] = self.near.astype("<u2").tobytes()
            parts["cosines"] = np.rint(np.clip(self.cosines, 0, 1) * 255).astype(np.uint8).tobytes()
            parts["counts"] = self.counts.astype("<u4").tobytes()
            if self.topics is not None:
                parts["topics"] = self.topics.tobytes()
            if self.parts_of_speech is not None:
                parts["parts_of_speech"] = self.parts_of_speech.tobytes()
        return bundle(head, parts)


def bundle(head: Mapping[str, Any], parts: Mapping[str, bytes]) -> bytes:
    """Length of a JSON header (uint32), the header, then the parts, each from a multiple of 4; `head["parts"]` tells
    where each begins, counted from the end of the header, and how many bytes it has."""
    places, body = {}, bytearray()
    for name, data in parts.items():
        places[name] = (len(body), len(data))
        body += data + b"\0" * (-len(data) % 4)
    text = json.dumps({**head, "parts": places}, ensure_ascii=False, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 4)
    return struct.pack("<I", len(text)) + text + bytes(body)


def unbundle(data: bytes) -> tuple[dict[str, Any], dict[str, bytes]]:
    """The header and the parts of a `bundle`. Raises ExplainerError("map-damaged") for anything else."""
    try:
        (length,) = struct.unpack_from("<I", data)
        head = json.loads(data[4 : 4 + length])
        body = memoryview(data)[4 + length :]
        places = head.pop("parts")
        parts = {name: bytes(body[start : start + size]) for name, (start, size) in places.items()}
        whole = all(len(parts[name]) == size for name, (_, size) in places.items())
    except (struct.error, ValueError, KeyError, TypeError, AttributeError) as error:
        raise ExplainerError("map-damaged") from error
    if not whole:
        raise ExplainerError("map-damaged")
    return head, parts


def pack(numbers: npt.NDArray[np.integer[Any]], bits: int) -> bytes:
    """Whole numbers from 0, of 16 bits each, or of 10 and three to a 32-bit number, the first in the lowest bits."""
    flat = np.ascontiguousarray(numbers).ravel()
    if bits == 16:
        return flat.astype("<u2").tobytes()
    threes = np.zeros(-(-len(flat) // 3) * 3, dtype=np.uint32)
    threes[: len(flat)] = flat
    a, b, c = threes.reshape(-1, 3).T
    packed: npt.NDArray[np.uint32] = a | b << np.uint32(10) | c << np.uint32(20)
    return packed.astype("<u4").tobytes()


def unpack(data: bytes, bits: int, count: int) -> npt.NDArray[np.uint32]:
    """The inverse of `pack`, for `count` numbers."""
    if bits == 16:
        return np.frombuffer(data, dtype="<u2", count=count).astype(np.uint32)
    packed = np.frombuffer(data, dtype="<u4")
    return np.stack([packed & LAST, packed >> 10 & LAST, packed >> 20 & LAST], axis=1).ravel()[:count].astype(np.uint32)


def pack_kept(kept: Float32) -> bytes:
    """Shares in tenths, two to a byte, the first in the lower half."""
    tenths = np.rint(np.asarray(kept).ravel() * 10).astype(np.uint8)
    pairs = np.append(tenths, np.zeros(len(tenths) % 2, dtype=np.uint8)).reshape(-1, 2)
    return (pairs[:, 0] | pairs[:, 1] << 4).tobytes()


def unpack_kept(data: bytes, count: int) -> Float32:
    """The inverse of `pack_kept`."""
    pairs = np.frombuffer(data, dtype=np.uint8)
    return (np.stack([pairs & 15, pairs >> 4], axis=1).ravel()[:count] / np.float32(10)).astype(np.float32)


def squeeze(points: Float32, bits: int) -> tuple[npt.NDArray[np.uint32], list[float], float]:
    """Maps [spaces, words, dims] as whole numbers in one box for all spaces, the box's corner, and its step."""
    low = points.reshape(-1, points.shape[-1]).min(axis=0)
    step = float((points.reshape(-1, points.shape[-1]).max(axis=0) - low).max()) / (2**bits - 1) or 1.0
    return np.rint((points - low) / step).astype(np.uint32), [round(float(x), 6) for x in low], step


def entry(
    setting: Setting, points: Float32, quality: Sequence[Faithfulness], bits: int = 10
) -> tuple[dict[str, Any], dict[str, bytes]]:
    """One setting for a file: what the header says of it, and its parts."""
    numbers, low, step = squeeze(points, bits)
    figures = [[round(x, 4) for x in (q.mean_kept, q.trustworthiness, q.continuity)] for q in quality]
    said = {"key": setting.key, "setting": asdict(setting), "bits": bits, "low": low, "step": step, "quality": figures}
    kept = np.stack([q.kept for q in quality])
    return said, {setting.key: pack(numbers, bits), f"{setting.key}-kept": pack_kept(kept)}


@functools.lru_cache(maxsize=4)
def shipped(language: str = "en", shown: str = "some") -> Maps:
    """The shipped maps of a language: of some 2,000 words ("some") or of the whole vocabulary ("all")."""
    words, counts = spaces.vocabulary(spaces.ASSETS / language)
    head, parts = unbundle((spaces.ASSETS / language / f"map-{shown}.bin").read_bytes())
    # No rows named: all of them.
    rows = np.frombuffer(parts.pop("rows"), dtype="<u4").astype(np.int64) if "rows" in parts else np.arange(len(words))
    shape = (len(spaces.MODELS), len(rows), int(head["closest"]))

    def labels(name: str) -> npt.NDArray[np.uint8] | None:
        return np.frombuffer(parts.pop(name), dtype=np.uint8) if name in parts else None

    near = np.frombuffer(parts.pop("near"), dtype="<u2").astype(np.int64).reshape(shape)
    cosines = np.stack(
        [
            _cosines(spaces.shipped(model, language).rows(rows), one)
            for model, one in zip(spaces.MODELS, near, strict=True)
        ]
    )
    return Maps(
        language, tuple(words[row] for row in rows), rows, near, cosines, counts[rows],
        labels("topics"), labels("parts_of_speech"), MappingProxyType(head), MappingProxyType(parts),
    )  # fmt: skip


def _cosines(vectors: Float32, near: npt.NDArray[np.int64]) -> Float32:
    """Cosine of each word with each of its neighbours: the shape of `near` [words, closest]."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    made = np.empty(near.shape, dtype=np.float32)
    for column in range(near.shape[1]):  # one at a time: the whole would be 90 MB for a vocabulary
        made[:, column] = np.einsum("ij,ij->i", unit, unit[near[:, column]])
    return made


@functools.lru_cache(maxsize=2)
def topics(language: str = "en") -> Mapping[str, str]:
    """Topic of every word of the vocabulary that WordNet knows (by its lexicographer's files); none for Chinese."""
    maps = shipped(language, "all")
    if maps.topics is None:
        return MappingProxyType({})
    named = zip(maps.words, maps.topics, strict=True)
    return MappingProxyType({word: TOPICS[at] for word, at in named if TOPICS[at] != "other"})


@functools.lru_cache(maxsize=12)
def payload(language: str, shown: str, kind: str) -> bytes:
    """What the browser needs of the shipped maps: "first" (the words and one map of them), or all maps of "2" or "3"
    directions beside it."""
    maps = shipped(language, shown)
    first = maps.find(Setting())
    if kind == "first":
        return maps.payload([first])
    return maps.payload([one for one in maps.settings if one.dims == int(kind) and one != first], words=False)


@functools.lru_cache(maxsize=64)
def agreement(language: str, model: str, first: Setting, second: Setting, near: int = CLOSEST) -> float:
    """Mean share of a word's nearest on one shipped map of a space that are its nearest on the other too."""
    maps, at = shipped(language, "some"), spaces.MODELS.index(model)
    one, other = maps.layout(first).points[at], maps.layout(second).points[at]
    return float(faithful.shared(one, other, near).mean())
