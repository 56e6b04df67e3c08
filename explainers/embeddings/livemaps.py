"""Maps of a reader's own words, laid out while they wait: the same three spaces, the same methods as the shipped maps.

Runs in a worker process, reports the map as it takes shape, and gives back the same `Maps` that the shipped files hold,
so that the same picture draws it. Reference: `project`.
"""

from __future__ import annotations

import functools
import re
import time
from collections.abc import Sequence
from dataclasses import replace
from typing import Any

import numpy as np

from explainers.embeddings import faithful, layouts, project, spaces
from explainers.embeddings.layouts import Maps, Setting
from explainers.embeddings.space import Space
from explainers.errors import ExplainerError
from explainers.progress import Report, silent

FEWEST, MOST = 12, 2000
SHOW_S = 0.4  # between two pictures of a map that still moves
START_SHARE = 0.3  # of the work, that the common start takes
PERPLEXITY = 30  # of t-SNE, as on the shipped maps; less where there are fewer words than three times as many

_LATIN = re.compile(r"[^\W\d_]+(?:'[^\W\d_]+)?")


def words_of(text: str, language: str) -> tuple[str, ...]:
    """The words of a list or of running text, each once, in order. Chinese that the vocabulary does not hold as it
    stands is cut by jieba."""
    known = spaces.shipped(spaces.MODELS[0], language)
    found: dict[str, None] = {}
    for piece in _LATIN.findall(text.replace("’", "'")):
        if language == "zh" and not known.has(piece):
            import jieba

            found.update(dict.fromkeys(jieba.lcut(piece)))
        else:
            found[known.folded(piece)] = None
    return tuple(found)


def lay_out(language: str, words: Sequence[str], setting: Setting, report: Report = silent) -> Maps:
    """Maps of those `words` that the shipped vocabulary holds, at one setting of method "umap".

    Raises ExplainerError "map-too-few" or "map-too-many". report(fraction, Maps): the latest state of the maps, whose
    quality is measured only at the end.
    """
    opened = [spaces.shipped(model, language) for model in spaces.MODELS]
    rows = _rows(opened[0], words)
    report(0.02, None)
    vectors = [space.rows(rows) for space in opened]
    count = min(setting.n_neighbors, len(rows) - 1)
    setting = replace(setting, n_neighbors=count)
    empty = _maps(language, rows, vectors)
    shown = [0.0]

    def growing(share: float, points: object) -> None:
        if time.monotonic() - shown[0] < SHOW_S or not isinstance(points, np.ndarray):
            report(share, None)
            return
        shown[0] = time.monotonic()
        three = points if len(points) == len(vectors) else np.repeat(points, len(vectors), axis=0)
        report(share, _with(empty, setting, project.aligned(list(three), three.mean(axis=0)), None))

    start = project.meeting_place(
        vectors, count, setting.min_dist, setting.seed, setting.dims,
        report=lambda part, points: growing(0.05 + START_SHARE * part, points),
    )  # fmt: skip
    graphs = [project.fuzzy_graph(project.nearest(one, count, _metric(setting))) for one in vectors]
    rest = 0.92 - START_SHARE
    made = project.umap(
        graphs, start, setting.min_dist, setting.seed,
        report=lambda part, points: growing(0.05 + START_SHARE + rest * part * 0.99, points),
    )  # fmt: skip
    return _with(empty, setting, project.aligned(list(made), made.mean(axis=0)), vectors)


def ways(language: str, words: Sequence[str], setting: Setting, model: str, report: Report = silent) -> Maps:
    """One space four ways: UMAP alone with this seed and with the next, t-SNE, PCA; maps of one space, all turned onto
    its principal components. Raises as `lay_out`."""
    space = spaces.shipped(model, language)
    rows = _rows(space, words)
    vectors = space.rows(rows)
    count, dims = min(setting.n_neighbors, len(rows) - 1), setting.dims
    start = project.components(vectors, dims)
    graph = project.fuzzy_graph(project.nearest(vectors, count, _metric(setting)))
    perplexity = min(PERPLEXITY, (len(rows) - 1) // 3)
    made: dict[Setting, project.Float32] = {}
    for at, seed in enumerate((setting.seed, setting.seed + 1)):
        # Another seed is another start too: from one and the same, chance has little left to decide.
        noise = np.random.default_rng(seed).normal(scale=0.05 * start.std(), size=start.shape).astype(np.float32)
        step = functools.partial(_told, report, 0.02 + 0.25 * at, 0.25)
        made[replace(setting, method="umap", n_neighbors=count, seed=seed)] = project.umap(
            [graph], start + noise, setting.min_dist, seed, pull=0.0, report=step
        )[0]
    made[Setting("tsne", perplexity, 0.0, dims=dims)] = project.tsne(vectors, start, perplexity, "cosine", 1)
    report(0.95, None)
    made[Setting("pca", 0, 0.0, dims=dims)] = start
    maps = _maps(language, rows, [vectors])
    for one, points in made.items():
        maps = _with(maps, one, project.aligned([points], start), [vectors])
    return maps


def _told(report: Report, done: float, share: float, part: float, partial: object = None) -> None:
    report(done + share * part, None)


def _rows(space: Space, words: Sequence[str]) -> faithful.Int64:
    """Rows of the words that the space has, in order. Raises ExplainerError."""
    rows = np.array(sorted({space.row(word) for word in words if space.has(word)}), dtype=np.int64)
    if len(rows) < FEWEST:
        raise ExplainerError("map-too-few", {"found": str(len(rows)), "asked": str(len(words)), "fewest": str(FEWEST)})
    if len(rows) > MOST:
        raise ExplainerError("map-too-many", {"found": f"{len(rows):,}", "most": f"{MOST:,}"})
    return rows


def _metric(setting: Setting) -> project.Metric:
    return "euclidean" if setting.metric == "euclidean" else "cosine"


def _maps(language: str, rows: faithful.Int64, vectors: Sequence[project.Float32]) -> Maps:
    """All that is known of the words before they are laid out."""
    whole = layouts.shipped(language, "all")
    found = [project.nearest(one, min(layouts.CLOSEST, len(rows) - 1) + 1) for one in vectors]
    near = np.stack([one.places[:, 1:] for one in found]).astype(np.int64)
    cosines = np.stack([1 - one.distances[:, 1:] for one in found]).astype(np.float32)
    words = tuple(whole.words[row] for row in rows)
    topics = None if whole.topics is None else whole.topics[rows]
    speech = None if whole.parts_of_speech is None else whole.parts_of_speech[rows]
    head: dict[str, Any] = {"layouts": []}
    return Maps(language, words, rows, near, cosines, whole.counts[rows], topics, speech, head, {})


def _with(empty: Maps, setting: Setting, points: project.Float32, vectors: Sequence[project.Float32] | None) -> Maps:
    """The maps with one layout more, measured where `vectors` are given."""
    numbers, low, step = layouts.squeeze(points, 16)
    at = np.asarray(low, dtype=np.float32) + numbers * np.float32(step)
    if vectors is None:
        none = np.zeros(points.shape[1], dtype=np.float32)
        quality = [faithful.Faithfulness(none, 0.0, 0.0) for _ in points]
    else:
        quality = [faithful.measure(rows, one) for rows, one in zip(vectors, at, strict=True)]
    said, parts = layouts.entry(setting, points, quality, 16)
    if vectors is None:
        said["quality"] = []
    return replace(empty, head={"layouts": [*empty.head["layouts"], said]}, parts={**empty.parts, **parts})
