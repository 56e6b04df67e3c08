"""What a map keeps: trustworthiness and continuity as scikit-learn computes them, the rest by looking at every pair."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.manifold import trustworthiness

from explainers.embeddings import faithful
from explainers.embeddings.faithful import Float32

RNG = np.random.default_rng(5)
SPACE = RNG.normal(size=(240, 12)).astype(np.float32)
UNIT = SPACE / np.linalg.norm(SPACE, axis=1, keepdims=True)
MAPS = {
    "some of it": SPACE[:, :2] * np.float32(2),
    "three directions": SPACE[:, :3].copy(),
    "chance": RNG.normal(size=(240, 2)).astype(np.float32),
}


def order(far: np.ndarray) -> np.ndarray:
    far = far.astype(np.float64).copy()
    np.fill_diagonal(far, np.inf)
    return far.argsort(axis=1, kind="stable")


def true_order() -> np.ndarray:
    return order(1 - UNIT.astype(np.float64) @ UNIT.T)


def map_order(points: Float32) -> np.ndarray:
    return order(((points[:, None].astype(np.float64) - points[None]) ** 2).sum(axis=2))


@pytest.mark.parametrize("near", [3, 10, 25])
@pytest.mark.parametrize("name", MAPS)
def test_trustworthiness_and_continuity_are_those_of_scikit_learn(name: str, near: int) -> None:
    found = faithful.measure(SPACE, MAPS[name], near)
    wanted = trustworthiness(SPACE, MAPS[name], n_neighbors=near, metric="cosine")
    assert found.trustworthiness == pytest.approx(wanted, abs=1e-6)
    # On vectors of length 1 the Euclidean order is the order by cosine.
    assert found.continuity == pytest.approx(trustworthiness(MAPS[name], UNIT, n_neighbors=near), abs=1e-6)


@pytest.mark.parametrize("name", MAPS)
def test_kept_is_the_share_of_true_neighbours_on_the_map(name: str) -> None:
    true, shown = true_order()[:, :10], map_order(MAPS[name])[:, :10]
    wanted = [len(set(a) & set(b)) / 10 for a, b in zip(true, shown, strict=True)]
    assert faithful.measure(SPACE, MAPS[name]).kept == pytest.approx(wanted, abs=1e-6)


def test_a_perfect_map_is_perfect_and_chance_is_a_half() -> None:
    flat = RNG.normal(size=(200, 3)).astype(np.float32)
    flat /= np.linalg.norm(flat, axis=1, keepdims=True)
    best = faithful.measure(flat, flat)
    assert (best.trustworthiness, best.continuity, best.mean_kept) == (1, 1, 1)
    worst = faithful.measure(SPACE, MAPS["chance"])
    assert worst.trustworthiness == pytest.approx(0.5, abs=0.05)


def test_blocks_change_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    whole = faithful.measure(SPACE, MAPS["some of it"])
    strange = faithful.near_but_far(SPACE, MAPS["some of it"], 5)
    monkeypatch.setattr(faithful, "BLOCK", 17)
    parts = faithful.measure(SPACE, MAPS["some of it"])
    assert np.array_equal(parts.kept, whole.kept)
    assert parts.trustworthiness == whole.trustworthiness
    assert faithful.near_but_far(SPACE, MAPS["some of it"], 5) == strange


@pytest.mark.parametrize("words", [2, 3, 8, 21])
def test_few_words_are_measured_with_fewer_neighbours(words: int) -> None:
    found = faithful.measure(SPACE[:words], MAPS["some of it"][:words])
    assert np.isfinite(found.kept).all()
    assert found.kept.shape == (words,)


@pytest.mark.parametrize("name", MAPS)
def test_strangers_are_the_pairs_that_looking_at_all_finds(name: str) -> None:
    true, shown = true_order(), map_order(MAPS[name])
    rank = np.empty_like(true)
    np.put_along_axis(rank, true, np.arange(1, 241)[None], axis=1)
    pairs = {}
    for word in range(240):
        other = int(shown[word, 0])
        pairs[frozenset((word, other))] = min(int(rank[word, other]), int(rank[other, word]))
    wanted = sorted(pairs.values(), reverse=True)[:9]
    found = faithful.near_but_far(SPACE, MAPS[name], 9)
    assert [one.true_rank for one in found] == wanted
    for one in found:
        assert pairs[frozenset((one.first, one.second))] == one.true_rank
        assert one.map_rank == 1
        assert one.cosine == pytest.approx(float(UNIT[one.first] @ UNIT[one.second]), abs=1e-6)


def test_two_words_have_no_strangers() -> None:
    assert faithful.near_but_far(SPACE[:2], MAPS["chance"][:2]) == ()


def test_what_two_maps_share() -> None:
    first, second = MAPS["some of it"], MAPS["chance"]
    assert faithful.shared(first, first).mean() == 1
    a, b = map_order(first)[:, :10], map_order(second)[:, :10]
    wanted = [len(set(x) & set(y)) / 10 for x, y in zip(a, b, strict=True)]
    assert faithful.shared(first, second) == pytest.approx(wanted, abs=1e-6)
