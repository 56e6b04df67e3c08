"""Maps of the same words in several spaces: UMAP with all spaces laid out together, umap-learn, t-SNE and PCA.

A word keeps its place as far as its neighbourhood allows. All spaces start from one map, that of the vectors put end
to end; then each follows its own neighbours, while in every epoch a word's places are pulled together a little; last,
each map is turned (Procrustes) onto the first. References: UMAP, McInnes, Healy & Melville 2018 (arXiv:1802.03426);
AlignedUMAP of umap-learn, whose pull this is; starting from PCA, Kobak & Linderman 2021
(doi:10.1038/s41587-020-00809-z).
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from explainers.progress import Report, silent

if TYPE_CHECKING:  # SciPy, scikit-learn, numba and umap-learn come when something is laid out, not with the page
    import scipy.sparse  # type: ignore[import-untyped]

Float32 = npt.NDArray[np.float32]
Metric = Literal["cosine", "euclidean"]

PULL = 0.2  # chosen by measuring, see tests/explainers/test_embeddings_project.py
BLOCK = 1024  # rows of a distance table made at a time
CHUNK = 10  # epochs between two reports
FEW = 10_000  # words up to which umap-learn takes 500 epochs


@dataclass(frozen=True, eq=False)
class Neighbourhood:
    """The nearest words of every word, itself first. places: [words, k]; distances: [words, k], ascending."""

    places: npt.NDArray[np.int32]
    distances: Float32

    def first(self, count: int) -> Neighbourhood:
        """Of these, the nearest `count`."""
        return Neighbourhood(self.places[:, :count], self.distances[:, :count])


def nearest(vectors: Float32, count: int, metric: Metric = "cosine") -> Neighbourhood:
    """The `count` nearest rows of every row of vectors [words, dims] (fewer where there are fewer), exact."""
    table = np.asarray(vectors, dtype=np.float32)
    if metric == "cosine":
        table = table / np.maximum(np.linalg.norm(table, axis=1, keepdims=True), 1e-12)
    count = min(count, len(table))
    squares = np.einsum("ij,ij->i", table, table)
    places = np.empty((len(table), count), dtype=np.int32)
    distances = np.empty((len(table), count), dtype=np.float32)
    for start in range(0, len(table), BLOCK):
        rows = np.arange(start, min(start + BLOCK, len(table)))
        far = -table[rows] @ table.T
        if metric == "euclidean":
            far = squares[rows, None] + squares[None, :] + 2 * far
        far[np.arange(len(rows)), rows] = -np.inf  # itself comes first, also before its doubles
        found = np.argpartition(far, count - 1, axis=1)[:, :count]
        order = np.argsort(np.take_along_axis(far, found, 1), axis=1, kind="stable")
        places[rows] = np.take_along_axis(found, order, 1)
        value = np.take_along_axis(far, places[rows].astype(np.int64), 1)
        value[:, 0] = -1.0 if metric == "cosine" else 0.0
        distances[rows] = value + 1 if metric == "cosine" else np.sqrt(np.maximum(value, 0))
    return Neighbourhood(places, np.maximum(distances, 0))


def fuzzy_graph(near: Neighbourhood) -> scipy.sparse.coo_array:
    """UMAP's graph: for each pair of words, the weight (0 to 1) of the edge between them; [words, words], symmetric.

    The nearest neighbour has weight 1, the weights of a word sum to log2(k): section 3.1 of the paper, and
    `umap.umap_.fuzzy_simplicial_set` to rounding (tested).
    """
    import scipy.sparse

    far = near.distances.astype(np.float64)
    words, k = far.shape
    rho = np.where(far > 0, far, np.inf).min(axis=1)
    rho[~np.isfinite(rho)] = 0.0
    beyond = np.maximum(far[:, 1:] - rho[:, None], 0.0)
    low, high, sigma = np.zeros(words), np.full(words, np.inf), np.ones(words)
    for _ in range(64):
        total = np.exp(-beyond / sigma[:, None]).sum(axis=1)
        too_wide = total > np.log2(k)
        high, low = np.where(too_wide, sigma, high), np.where(too_wide, low, sigma)
        sigma = np.where(np.isfinite(high), (low + np.where(np.isfinite(high), high, 0)) / 2, sigma * 2)
    sigma = np.maximum(sigma, 1e-3 * np.where(rho > 0, far.mean(axis=1), far.mean()))
    weight = np.exp(-beyond / sigma[:, None])
    rows = np.repeat(np.arange(words), k - 1)
    one_way = scipy.sparse.csr_array((weight.ravel(), (rows, near.places[:, 1:].ravel())), shape=(words, words))
    other = one_way.T.tocsr()
    both = scipy.sparse.coo_array(one_way + other - one_way * other)
    both.eliminate_zeros()
    return both


def curve_of(min_dist: float) -> tuple[float, float]:
    """a and b for which 1 / (1 + a d^(2b)) comes nearest to "1 up to min_dist, then falling off": Definition 11."""
    from scipy.optimize import curve_fit  # type: ignore[import-untyped]

    d = np.linspace(0, 3, 300)
    wanted = np.where(d < min_dist, 1.0, np.exp(-(d - min_dist)))
    (a, b), _ = curve_fit(lambda x, a, b: 1 / (1 + a * x ** (2 * b)), d, wanted)
    return float(a), float(b)


def umap(
    graphs: Sequence[scipy.sparse.coo_array],
    start: Float32,
    min_dist: float,
    seed: int,
    *,
    pull: float = PULL,
    epochs: int | None = None,
    report: Report = silent,
) -> Float32:
    """Lay out the same words in several spaces together: Float32[spaces, words, dims], from `start` [words, dims].

    graphs: one of `fuzzy_graph` per space. pull: 0 for maps that do not know of one another. Equal arguments give
    equal maps. report(fraction, Float32[spaces, words, dims]).
    """
    from explainers.embeddings.descent import NEGATIVE, descend

    words = len(start)
    total = epochs or (500 if words <= FEW else 200)
    points = np.repeat(_spread(start)[None], len(graphs), axis=0)
    heads, tails, weights = [], [], []
    for graph in graphs:
        strong = graph.data >= graph.data.max() / total
        # In umap-learn every edge acts from both of its ends; so do these, being in the graph twice.
        heads.append(graph.row[strong].astype(np.int32))
        tails.append(graph.col[strong].astype(np.int32))
        weights.append(graph.data.max() / graph.data[strong])
    starts = np.cumsum([0, *map(len, heads)])
    every = np.concatenate(weights).astype(np.float32)
    due, due_away = every.copy(), every / np.float32(NEGATIVE)
    head, tail = np.concatenate(heads), np.concatenate(tails)
    a, b = curve_of(min_dist)
    state = np.array([seed * 2654435761 % 2**32 | 1], dtype=np.uint32)
    for first in range(0, total, CHUNK):
        last = min(total, first + CHUNK)
        descend(points, head, tail, every, due, due_away, starts, a, b, pull, first, last, total, state)
        report(last / total, points.copy())
    return points


def _spread(start: Float32) -> Float32:
    """A start scaled to the width that umap-learn begins with: 0 to 10 in each direction."""
    low, high = start.min(axis=0), start.max(axis=0)
    return np.ascontiguousarray(10 * (start - low) / np.maximum(high - low, 1e-9), dtype=np.float32)


def components(vectors: Float32, dims: int) -> Float32:
    """The first principal components of rows scaled to length 1, Float32[words, dims]; each with its longer tail up."""
    unit = vectors / np.maximum(np.linalg.norm(vectors, axis=1, keepdims=True), 1e-12)
    centred = unit - unit.mean(axis=0)
    _, axes = np.linalg.eigh((centred.T @ centred).astype(np.float64))
    wanted = axes[:, ::-1][:, :dims].astype(np.float32)
    if wanted.shape[1] < dims:  # fewer numbers per vector than the map has directions
        wanted = np.pad(wanted, ((0, 0), (0, dims - wanted.shape[1])))
    found = centred @ wanted
    sign = np.sign((found**3).sum(axis=0))
    return np.asarray(found * np.where(sign == 0, 1, sign), dtype=np.float32)


def together(spaces: Sequence[Float32]) -> Float32:
    """The vectors of all spaces end to end, each of length 1: their cosine is the mean of the spaces' cosines."""
    made: Float32 = np.hstack(
        [rows / np.maximum(np.linalg.norm(rows, axis=1, keepdims=True), 1e-12) for rows in spaces]
    )
    return made


def meeting_place(
    spaces: Sequence[Float32], n_neighbors: int, min_dist: float, seed: int, dims: int, report: Report = silent
) -> Float32:
    """The one map that all spaces start from, that of `together`: Float32[words, dims]."""
    joined = together(spaces)
    first = _spread(components(joined, dims))
    first += np.random.default_rng(seed).normal(scale=1e-4, size=first.shape).astype(np.float32)
    graph = fuzzy_graph(nearest(joined, n_neighbors))
    made: Float32 = umap([graph], first, min_dist, seed, report=report)[0]
    return made


def plain_umap(vectors: Float32, n_neighbors: int, min_dist: float, metric: Metric, seed: int, dims: int) -> Float32:
    """One map by umap-learn, which knows nothing of the other spaces: Float32[words, dims]. Imports it: seconds."""
    import umap as umap_learn  # type: ignore[import-untyped]

    model = umap_learn.UMAP(
        n_neighbors=n_neighbors, min_dist=min_dist, metric=metric, random_state=seed, n_components=dims, n_jobs=1
    )
    return np.asarray(model.fit_transform(vectors), dtype=np.float32)


def tsne(vectors: Float32, start: Float32, perplexity: float, metric: Metric, seed: int) -> Float32:
    """One map by scikit-learn's t-SNE from `start` [words, dims]: Float32[words, dims].

    The start is scaled to the 1e-4 that t-SNE begins with: Kobak & Berens 2019 (doi:10.1038/s41467-019-13056-x).
    """
    from sklearn.manifold import TSNE  # type: ignore[import-untyped]

    small = (start - start.mean(axis=0)) / start[:, 0].std() * 1e-4
    model = TSNE(
        n_components=start.shape[1], perplexity=perplexity, metric=metric, init=small, random_state=seed, n_jobs=1
    )
    return np.asarray(model.fit_transform(vectors), dtype=np.float32)


def turned(points: Float32, onto: Float32) -> Float32:
    """`points` [words, dims] turned or mirrored onto `onto`, about its centre, at a mean square distance of 1 from it.

    Orthogonal Procrustes (Schoenemann 1966). No map has a scale of its own, so all get the same.
    """
    here, there = (values.astype(np.float64) - values.mean(axis=0, dtype=np.float64) for values in (points, onto))
    left, _, right = np.linalg.svd(here.T @ there)
    made = here @ (left @ right)
    return np.asarray(made / max(1e-12, float(np.sqrt((made**2).sum(axis=1).mean()))), dtype=np.float32)


def aligned(maps: Sequence[Float32], onto: Float32) -> Float32:
    """Every map turned onto `onto`: Float32[spaces, words, dims], centred, with mean square radius 1."""
    return np.stack([turned(points, onto) for points in maps])


def moved(maps: Float32) -> float:
    """How far a word's places in two of the maps lie apart, as a part of the mean radius of the maps; mean of all."""
    spaces = len(maps)
    pairs = [(i, j) for i in range(spaces) for j in range(i + 1, spaces)]
    radius = np.sqrt((maps**2).sum(axis=2)).mean()
    return float(np.mean([np.sqrt(((maps[i] - maps[j]) ** 2).sum(axis=1)).mean() for i, j in pairs]) / radius)
