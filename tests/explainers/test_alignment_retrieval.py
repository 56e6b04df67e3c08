"""Retrieval figures against scikit-learn, chance against its formula."""

from __future__ import annotations

import numpy as np
import pytest
from sklearn.metrics import label_ranking_average_precision_score, top_k_accuracy_score

from explainers.alignment import retrieval

SIMILARITY = np.random.default_rng(5).standard_normal((40, 40)) + 1.5 * np.eye(40)


@pytest.mark.parametrize("k", [1, 5])
def test_recall_is_scikit_learns_top_k_accuracy(k: int) -> None:
    found = retrieval.measure(SIMILARITY)
    for matrix, name in ((SIMILARITY, "image_to_text"), (SIMILARITY.T, "text_to_image")):
        wanted = top_k_accuracy_score(np.arange(40), matrix, k=k, labels=np.arange(40))
        assert getattr(found, f"{name}_{k}") == pytest.approx(wanted)
        assert retrieval.recall(matrix, k) == pytest.approx(wanted)


def test_reciprocal_rank_is_scikit_learns_ranking_precision() -> None:
    wanted = [label_ranking_average_precision_score(np.eye(40), matrix) for matrix in (SIMILARITY, SIMILARITY.T)]
    assert retrieval.measure(SIMILARITY).reciprocal_rank == pytest.approx(np.mean(wanted))


def test_answering_everything_alike_finds_nothing() -> None:
    found = retrieval.measure(np.ones((9, 9)))
    assert found.recall_1 == 0
    assert found.image_to_text_5 == 0
    assert found.reciprocal_rank == pytest.approx(1 / 9)


@pytest.mark.parametrize("k", [1, 5])
def test_chance_is_k_in_n(k: int) -> None:
    found = retrieval.chance(SIMILARITY, k, draws=4000)
    assert found.mean == pytest.approx(k / 40, rel=0.05)
    assert found.low <= k / 40 <= found.high


def test_chance_of_one_draw_is_the_recall_of_that_pairing() -> None:
    order = np.random.default_rng(8).permutation(40)
    paired = SIMILARITY[:, order]  # the right answer to row i is now column order[i]
    assert retrieval.chance(SIMILARITY, 3, draws=1, seed=8).mean == pytest.approx(retrieval.recall(paired, 3))
