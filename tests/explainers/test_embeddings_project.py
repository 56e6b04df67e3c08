"""Maps of several spaces: UMAP's graph, curve and quality against umap-learn, neighbours and PCA against scikit-learn,
the turning against SciPy; and what it costs to keep a word in its place."""

from __future__ import annotations

import functools

import numpy as np
import pytest
import scipy.linalg
from sklearn.decomposition import PCA
from sklearn.neighbors import NearestNeighbors

from explainers.embeddings import faithful, project
from explainers.embeddings.project import Float32

WORDS, DIMS = 360, 20


@functools.cache
def spaces() -> tuple[Float32, ...]:
    """Three spaces of the same words: twelve clusters, in each space turned, with noise, and some words elsewhere."""
    rng = np.random.default_rng(3)
    centres = rng.normal(size=(12, DIMS)) * 1.5
    of = rng.integers(0, 12, WORDS)
    made = []
    for _ in range(3):
        here = of.copy()
        moved = rng.choice(WORDS, WORDS // 10, replace=False)
        here[moved] = rng.integers(0, 12, len(moved))
        turn = np.linalg.qr(rng.normal(size=(DIMS, DIMS)))[0]
        made.append(((centres[here] + rng.normal(size=(WORDS, DIMS))) @ turn).astype(np.float32))
    return tuple(made)


@functools.cache
def graphs() -> tuple[object, ...]:
    return tuple(project.fuzzy_graph(project.nearest(space, 15)) for space in spaces())


@functools.cache
def start() -> Float32:
    return project.meeting_place(spaces(), 15, 0.1, 1, 2)


@functools.cache
def laid_out(pull: float) -> Float32:
    return project.umap(graphs(), start(), 0.1, 1, pull=pull)


# ---------------------------------------------------------------- against umap-learn


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
@pytest.mark.parametrize("k", [5, 15, 40])
def test_the_graph_is_that_of_umap_learn(k: int, metric: project.Metric) -> None:
    from umap.umap_ import fuzzy_simplicial_set

    near = project.nearest(spaces()[0], k, metric)
    wanted, _, _ = fuzzy_simplicial_set(
        spaces()[0], k, np.random.RandomState(0), metric, knn_indices=near.places, knn_dists=near.distances
    )
    found = project.fuzzy_graph(near)
    assert np.abs(found.toarray() - wanted.toarray()).max() < 1e-5
    assert np.abs(found.toarray() - found.toarray().T).max() == 0


@pytest.mark.parametrize("min_dist", [0.0, 0.1, 0.3, 0.8, 1.0])
def test_the_curve_is_that_of_umap_learn(min_dist: float) -> None:
    from umap.umap_ import find_ab_params

    assert project.curve_of(min_dist) == pytest.approx(find_ab_params(1.0, min_dist), rel=1e-6)


def test_a_map_is_as_true_as_that_of_umap_learn() -> None:
    """Same graph, other random numbers: the maps differ, what they keep does not."""
    space = spaces()[0]
    plain = faithful.measure(space, project.plain_umap(space, 15, 0.1, "cosine", 1, 2))
    own = faithful.measure(space, project.umap(graphs()[:1], project.components(space, 2), 0.1, 1)[0])
    assert own.trustworthiness == pytest.approx(plain.trustworthiness, abs=0.015)
    assert own.continuity == pytest.approx(plain.continuity, abs=0.015)
    assert own.mean_kept == pytest.approx(plain.mean_kept, abs=0.04)


# ---------------------------------------------------------------- a word keeps its place


def test_the_pull_keeps_words_in_place_and_costs_little() -> None:
    moved, trust = [], []
    for pull in (0.0, 0.2):
        maps = laid_out(pull)
        moved.append(project.moved(project.aligned(list(maps), start())))
        trust.append(np.mean([faithful.measure(*pair).trustworthiness for pair in zip(spaces(), maps, strict=True)]))
    assert moved[1] < 0.8 * moved[0]
    assert trust[1] > trust[0] - 0.02


def test_a_shared_start_keeps_words_in_place() -> None:
    apart = [project.umap([g], project.components(s, 2), 0.1, 1)[0] for g, s in zip(graphs(), spaces(), strict=True)]
    alone = project.moved(project.aligned(apart, start()))
    assert project.moved(project.aligned(list(laid_out(0.2)), start())) < 0.7 * alone


def test_equal_arguments_give_equal_maps_and_another_seed_others() -> None:
    again = project.umap(graphs(), start(), 0.1, 1, pull=0.2)
    assert np.array_equal(again, laid_out(0.2))
    assert not np.array_equal(project.umap(graphs(), start(), 0.1, 2, pull=0.2), again)


@pytest.mark.parametrize("dims", [2, 3])
def test_maps_are_finite_in_any_number_of_directions(dims: int) -> None:
    made = project.umap(graphs(), project.meeting_place(spaces(), 15, 0.1, 1, dims), 0.5, 1)
    assert made.shape == (3, WORDS, dims)
    assert np.isfinite(made).all()


def test_words_that_are_the_same_vector_are_laid_out() -> None:
    same = np.repeat(spaces()[0][:30], 4, axis=0)
    near = project.nearest(same, 10)
    assert (near.places[:, 0] == np.arange(120)).all()
    made = project.umap([project.fuzzy_graph(near)], project.components(same, 2), 0.1, 1)
    assert np.isfinite(made).all()


def test_progress_is_told_and_calling_off_is_let_pass() -> None:
    told: list[float] = []
    project.umap(graphs(), start(), 0.1, 1, epochs=50, report=lambda share, points: told.append(share))
    assert told == sorted(told)
    assert len(told) >= 5
    assert told[-1] == 1

    class EnoughError(Exception):
        pass

    def stop(share: float, points: object) -> None:
        raise EnoughError

    with pytest.raises(EnoughError):
        project.umap(graphs(), start(), 0.1, 1, report=stop)


# ---------------------------------------------------------------- the pieces


@pytest.mark.parametrize("metric", ["cosine", "euclidean"])
def test_neighbours_are_those_of_scikit_learn(metric: project.Metric) -> None:
    found = project.nearest(spaces()[1], 12, metric)
    wanted, places = NearestNeighbors(n_neighbors=12, metric=metric).fit(spaces()[1]).kneighbors()
    own, _ = NearestNeighbors(n_neighbors=12, metric=metric).fit(spaces()[1]).kneighbors(spaces()[1])
    assert (found.places[:, 1:] == places[:, :11]).mean() > 0.999
    assert found.distances[:, 1:] == pytest.approx(wanted[:, :11], abs=2e-3)
    assert own.shape == found.distances.shape


def test_more_neighbours_than_words_are_all_words() -> None:
    assert project.nearest(spaces()[0][:6], 50).places.shape == (6, 6)


def test_components_are_those_of_scikit_learn() -> None:
    unit = spaces()[0] / np.linalg.norm(spaces()[0], axis=1, keepdims=True)
    wanted = PCA(3).fit_transform(unit)
    assert np.abs(project.components(spaces()[0], 3)) == pytest.approx(np.abs(wanted), abs=1e-4)


def test_the_cosine_of_what_is_put_together_is_the_mean_of_the_cosines() -> None:
    joined = project.together(spaces())
    cosine = [np.dot(s[3], s[8]) / np.linalg.norm(s[3]) / np.linalg.norm(s[8]) for s in spaces()]
    assert float(joined[3] @ joined[8]) / 3 == pytest.approx(np.mean(cosine), abs=1e-6)


def test_turning_is_that_of_scipy() -> None:
    onto = laid_out(0.0)[0]
    points = laid_out(0.0)[1]
    turn, _ = scipy.linalg.orthogonal_procrustes(points - points.mean(0), onto - onto.mean(0))
    wanted = (points - points.mean(0)) @ turn
    found = project.turned(points, onto)
    assert found == pytest.approx(wanted / np.sqrt((wanted**2).sum(axis=1).mean()), abs=1e-5)
    assert np.sqrt((found**2).sum(axis=1).mean()) == pytest.approx(1, abs=1e-5)


def test_a_map_that_was_turned_is_turned_back() -> None:
    onto = project.turned(laid_out(0.0)[0], laid_out(0.0)[0])
    angle = np.array([[0.6, -0.8], [0.8, 0.6]]) @ np.diag([1, -1])
    assert project.turned((onto @ angle * 7 + 3).astype(np.float32), onto) == pytest.approx(onto, abs=1e-4)


def test_words_in_the_same_place_have_not_moved() -> None:
    one = laid_out(0.0)[:1]
    assert project.moved(np.concatenate([one, one])) == 0
    shifted = np.stack([one[0], one[0] + np.float32([3, 4])])
    radius = np.sqrt((shifted**2).sum(axis=2)).mean()
    assert project.moved(shifted) == pytest.approx(5 / radius, rel=1e-5)
