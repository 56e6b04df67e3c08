"""Every metric against scikit-learn, with weights and ties; the calibration error against a case worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from sklearn import metrics
from sklearn.calibration import calibration_curve

from explainers.focal_loss import evaluation
from explainers.focal_loss.evaluation import sigmoid


def sample(seed: int, n: int = 300, ties: bool = True) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    random = np.random.default_rng(seed)
    rare = random.random(n) < 0.2
    rare[:2] = True, False
    score = random.normal(0, 2, n) + rare
    return rare, np.round(score, 1 if ties else 8), random.uniform(0.1, 3, n)


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("threshold", [-1.0, 0.0, 0.7, 9.0])
def test_confusion_and_its_figures(seed: int, threshold: float) -> None:
    rare, score, weight = sample(seed)
    at = evaluation.confusion(rare, score, threshold, weight)
    flagged = score >= threshold
    wanted = metrics.confusion_matrix(rare, flagged, sample_weight=weight) / weight.sum()
    assert [[at.passed, at.alarmed], [at.missed, at.found]] == pytest.approx(wanted)
    assert at.accuracy == pytest.approx(metrics.accuracy_score(rare, flagged, sample_weight=weight))
    known = {"sample_weight": weight, "zero_division": 0.0}
    assert at.precision == pytest.approx(metrics.precision_score(rare, flagged, **known))
    assert at.recall == pytest.approx(metrics.recall_score(rare, flagged, **known))
    assert at.f1 == pytest.approx(metrics.f1_score(rare, flagged, **known))


@pytest.mark.parametrize("seed", range(5))
@pytest.mark.parametrize("ties", [False, True])
def test_curves_and_areas(seed: int, ties: bool) -> None:
    rare, score, weight = sample(seed, ties=ties)
    found = evaluation.curves(rare, score, weight)
    precision, recall, thresholds = metrics.precision_recall_curve(rare, score, sample_weight=weight)
    assert found.threshold[::-1] == pytest.approx(thresholds)
    assert found.precision[::-1] == pytest.approx(precision[:-1])
    assert found.recall[::-1] == pytest.approx(recall[:-1])
    alarms, hits, _ = metrics.roc_curve(rare, score, sample_weight=weight, drop_intermediate=False)
    assert (found.alarms, found.recall) == (pytest.approx(alarms[1:]), pytest.approx(hits[1:]))
    average = metrics.average_precision_score(rare, score, sample_weight=weight)
    assert evaluation.average_precision(rare, score, weight) == pytest.approx(average)
    area = metrics.roc_auc_score(rare, score, sample_weight=weight)
    assert evaluation.roc_area(rare, score, weight) == pytest.approx(area)


def test_a_batch_of_average_precisions_is_one_after_the_other() -> None:
    rare, _, weight = sample(0)
    scores = np.round(np.random.default_rng(1).normal(size=(7, rare.size)), 1).astype(np.float32)
    wanted = [metrics.average_precision_score(rare, score, sample_weight=weight) for score in scores]
    assert evaluation.batch_average_precision(scores, rare, weight) == pytest.approx(wanted)


@pytest.mark.parametrize("seed", range(6))
def test_the_best_threshold_has_the_best_f1_of_all(seed: int) -> None:
    rare, score, weight = sample(seed, n=80)
    best = evaluation.best_threshold(rare, score, weight)
    f1 = [metrics.f1_score(rare, score >= one, sample_weight=weight) for one in np.unique(score)]
    assert evaluation.confusion(rare, score, best, weight).f1 == pytest.approx(max(f1))


def test_the_best_threshold_of_a_clean_split_lies_between() -> None:
    score = np.array([0.1, 0.2, 0.7, 0.9])
    rare = np.array([False, False, True, True])
    assert evaluation.best_threshold(rare, score, np.ones(4)) == pytest.approx(0.45)


@settings(deadline=None)
@given(st.integers(0, 10_000), st.lists(st.floats(-6, 6), min_size=2, max_size=2).map(sorted))
def test_a_higher_threshold_never_finds_more(seed: int, pair: list[float]) -> None:
    rare, score, weight = sample(seed, n=40)
    low, high = (evaluation.confusion(rare, score, threshold, weight) for threshold in pair)
    assert high.recall <= low.recall
    assert high.alarmed <= low.alarmed
    for at in (low, high):
        assert at.found + at.missed + at.alarmed + at.passed == pytest.approx(1)
        assert 0 <= at.f1 <= 1
        assert min(at.precision, at.recall) - 1e-12 <= at.f1 <= max(at.precision, at.recall) + 1e-12


@settings(deadline=None)
@given(st.integers(0, 10_000))
def test_areas_do_not_mind_a_monotone_change_of_the_scores(seed: int) -> None:
    rare, score, weight = sample(seed, n=60)
    for area in (evaluation.average_precision, evaluation.roc_area):
        assert area(rare, score, weight) == pytest.approx(area(rare, sigmoid(score / 3), weight))


def test_reliability_is_scikit_learns_curve() -> None:
    rare, score, _ = sample(3, n=2000, ties=False)
    probability = sigmoid(score)
    found = evaluation.reliability(rare, probability, np.ones(rare.size))
    came, said = calibration_curve(rare, probability, n_bins=evaluation.BINS)
    full = found.share > 0
    assert found.came[full] == pytest.approx(came)
    assert found.said[full] == pytest.approx(said)


def test_a_weight_of_two_is_the_example_twice() -> None:
    rare, score, _ = sample(4, n=100)
    times = np.random.default_rng(5).integers(1, 4, rare.size)
    once = evaluation.reliability(rare, sigmoid(score), times.astype(float))
    twice = evaluation.reliability(np.repeat(rare, times), sigmoid(np.repeat(score, times)), np.ones(times.sum()))
    assert once.error == pytest.approx(twice.error)
    assert once.came == pytest.approx(twice.came, nan_ok=True)


def test_the_calibration_error_by_hand() -> None:
    """Bin 0.2-0.3: two examples at 0.2 and 0.3 - 1e-9, none rare: gap 0.25. Bin 0.9-1: 0.9 and 1.0, one rare: gap 0.45.
    Half of the weight each: 0.35."""
    probability = np.array([0.2, 0.3 - 1e-9, 0.9, 1.0])
    found = evaluation.reliability(np.array([False, False, True, False]), probability, np.ones(4))
    assert found.error == pytest.approx(0.35, abs=1e-8)
    assert found.share[[2, 9]] == pytest.approx([0.5, 0.5])
    assert np.isnan(found.said[0])


def test_an_honest_probability_has_no_error() -> None:
    rare = np.arange(1000) < 250
    assert evaluation.reliability(rare, np.full(1000, 0.25), np.ones(1000)).error == pytest.approx(0)


def test_sigmoid_is_finite_everywhere() -> None:
    assert sigmoid([-1e4, 0.0, 1e4]) == pytest.approx([0.0, 0.5, 1.0])
