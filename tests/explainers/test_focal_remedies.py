"""The table of remedies against scikit-learn, what counts as noise, and what travels to the browser."""

from __future__ import annotations

import functools
import json
import struct

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from sklearn import metrics

from explainers.focal_loss import compare, datasets, experiment, remedies, training
from explainers.focal_loss.datasets import PlaneSetup
from explainers.focal_loss.evaluation import sigmoid
from explainers.focal_loss.experiment import Experiment, Moment
from explainers.focal_loss.remedies import difference, find, spread
from explainers.focal_loss.training import VARIANTS, Recipe

SETUP, SHORT = PlaneSetup(30, noise=0.01), Recipe(steps=30)


@functools.cache
def done() -> tuple[Experiment, tuple[Moment, ...]]:
    moments: list[Moment] = []

    def report(fraction: float, partial: object) -> None:
        if isinstance(partial, Moment):
            moments.append(partial)

    return experiment.train_plane(SETUP, SHORT, report), tuple(moments)


@functools.cache
def by_hand() -> tuple[training.TrainingRun, tuple[datasets.Trial, ...]]:
    trials, _ = datasets.plane(SETUP)
    return training.train(trials, SHORT), trials


# ---------------------------------------------------------------- the table


@pytest.mark.parametrize("moved", [False, True])
@pytest.mark.parametrize("variant", VARIANTS)
def test_every_figure_of_a_remedy_is_scikit_learns(variant: str, moved: bool) -> None:
    run, trials = by_hand()
    row = find(remedies.remedies(run, trials), variant, moved=moved)
    place = VARIANTS.index(variant)
    for seed, trial in enumerate(trials):
        rare, weight = trial.test.rare, trial.test.weight
        score = run.test[place, seed]
        flagged = sigmoid(score) >= row.threshold[seed]
        known = {"sample_weight": weight, "zero_division": 0.0}
        assert row.f1[seed] == pytest.approx(metrics.f1_score(rare, flagged, **known))
        assert row.precision[seed] == pytest.approx(metrics.precision_score(rare, flagged, **known))
        assert row.recall[seed] == pytest.approx(metrics.recall_score(rare, flagged, **known))
        assert row.accuracy[seed] == pytest.approx(metrics.accuracy_score(rare, flagged, sample_weight=weight))
        area = metrics.average_precision_score(rare, score, sample_weight=weight)
        assert row.pr_auc[seed] == pytest.approx(area)
        assert row.roc_auc[seed] == pytest.approx(metrics.roc_auc_score(rare, score, sample_weight=weight))


def test_a_moved_threshold_is_the_best_on_validation_and_knows_no_test() -> None:
    run, trials = by_hand()
    row = find(remedies.remedies(run, trials), "ce", moved=True)
    for seed, trial in enumerate(trials):
        tuned = trial.validation
        score = run.validation[0, seed]
        precision, recall, _ = metrics.precision_recall_curve(tuned.rare, score)
        best = np.max(2 * precision * recall / np.maximum(precision + recall, 1e-12))
        assert metrics.f1_score(tuned.rare, sigmoid(score) >= row.threshold[seed]) == pytest.approx(best)
    assert (find(remedies.remedies(run, trials), "ce", moved=False).threshold == 0.5).all()


def test_on_balanced_clean_data_all_that_balances_is_the_same() -> None:
    trials, _ = datasets.plane(PlaneSetup(1), seeds=2)
    table = remedies.remedies(training.train(trials, SHORT), trials)
    plain = find(table, "ce", moved=False)
    for variant in ("weighted", "over", "under", "smote"):
        assert find(table, variant, moved=False).pr_auc == pytest.approx(plain.pr_auc, abs=1e-6)


def test_a_difference_is_noise_unless_it_exceeds_its_spread() -> None:
    base = np.array([0.5, 0.6, 0.7])
    assert difference(base + 0.1, base).verdict == "better"
    assert difference(base - 0.1, base).verdict == "worse"
    assert difference(base, base).verdict == "noise"
    gaps = np.array([0.1, 0.0, -0.04])
    found = difference(base + gaps, base)
    assert (found.mean, found.verdict) == (pytest.approx(0.02), "noise")
    assert found.spread == pytest.approx(np.std(gaps, ddof=1))


@given(st.lists(st.tuples(st.floats(0, 1), st.floats(0, 1)), min_size=2, max_size=8))
def test_a_difference_turns_round_with_its_sides(pairs: list[tuple[float, float]]) -> None:
    first, second = (np.array(side) for side in zip(*pairs, strict=True))
    there, back = difference(first, second), difference(second, first)
    assert there.mean == pytest.approx(-back.mean)
    turned = {"better": "worse", "worse": "better", "noise": "noise"}
    assert back.verdict == turned[there.verdict]


def test_spread_is_that_of_a_sample() -> None:
    assert spread(np.array([1.0, 3.0])) == pytest.approx(np.sqrt(2))
    assert spread(np.array([1.0])) == 0.0


# ---------------------------------------------------------------- the experiment


def test_no_network_passes_the_true_odds_by_more_than_luck() -> None:
    result, _ = done()
    assert result.ideal is not None
    assert 0.3 < result.ideal.pr_auc < 1
    assert max(row.pr_auc.max() for row in result.table) < result.ideal.pr_auc + 0.02


def test_the_ideal_is_scikit_learns_figure_of_the_true_odds() -> None:
    result, _ = done()
    trials, size = datasets.plane(SETUP)
    test = trials[0].test
    odds = datasets.plane_odds(test.x, SETUP, size.prevalence)
    assert result.ideal is not None
    wanted = metrics.average_precision_score(test.rare, odds, sample_weight=test.weight)
    assert result.ideal.pr_auc == pytest.approx(wanted)
    f1 = max(metrics.f1_score(test.rare, odds >= one, sample_weight=test.weight) for one in np.unique(odds)[::20])
    assert result.ideal.f1 >= f1 - 1e-9


def test_texts_are_trained_the_same_way() -> None:
    rare = np.arange(400) < 120
    x = np.random.default_rng(0).normal(size=(400, 6)).astype(np.float32)
    x[rare, 0] += 2
    result = experiment.train_texts(x, rare, 10, Recipe(hidden=(4,), steps=20), name="t")
    assert result.ideal is None
    assert result.counts.ratio == pytest.approx(10, rel=0.1)
    assert find(result.table, "ce", moved=False).pr_auc.mean() > 0.2  # the rare class is a tenth
    assert np.array_equal(result.labels, rare[result.index])
    other = experiment.train_texts(x, rare, 10, Recipe(hidden=(4,), steps=20), name="other texts")
    assert other.record_id != result.record_id


def unframed(data: bytes) -> tuple[dict[str, object], bytes]:
    (length,) = struct.unpack_from("<I", data)
    return json.loads(data[4 : 4 + length]), data[-(-(4 + length) // 4) * 4 :]


def test_the_record_holds_every_frame() -> None:
    result, moments = done()
    head, rest = unframed(result.record)
    frames, seeds, cell = len(result.last.steps), 5, training.GRID**2
    assert head["variants"] == list(VARIANTS)
    assert head["chosen"] == result.chosen.tolist()
    assert np.array(head["precision"]) == pytest.approx(result.last.precision, abs=1e-4)
    grids = np.frombuffer(rest[: frames * 7 * seeds * cell], np.uint8).reshape(frames, 7, seeds, cell)
    assert np.array_equal(grids[-1], result.last.grid)
    last_moment, last_rest = unframed(moments[-1].record)
    assert last_moment["chosen"] is None
    assert last_rest[: 7 * seeds * cell] == grids[-1].tobytes()
    odds = np.frombuffer(rest, np.uint8, cell, grids.size)
    places = training.plane_grid(datasets.PLANE_HALF_WIDTH)
    assert odds / 255 == pytest.approx(datasets.plane_odds(places, SETUP, result.counts.prevalence), abs=0.002)
    trials, _ = datasets.plane(SETUP)
    points = np.frombuffer(rest, "<i2", seeds * head["points"] * 2, grids.size + cell).reshape(seeds, -1, 2)
    inside = (np.abs(trials[2].train.x) <= 4).all(axis=1)
    assert points[2][inside] / 32767 * 4 == pytest.approx(trials[2].train.x[inside], abs=2e-4)
    marks = np.frombuffer(rest[-seeds * head["points"] :], np.uint8).reshape(seeds, -1)
    assert np.array_equal(marks[2] & 1, trials[2].train.rare)
    assert np.array_equal(marks[2] >> 1, trials[2].wrong)


def test_moments_come_before_the_resampled_sets_are_made() -> None:
    result, moments = done()
    assert json.loads(moments[0].record[4 : 4 + struct.unpack_from("<I", moments[0].record)[0]])["variants"] == list(
        training.LOSSES
    )
    assert [moment.step for moment in moments[1:]] == result.last.steps.tolist()
    assert len({moment.record_id for moment in moments}) == len(moments)


def test_the_scores_sent_are_those_measured_to_half_a_thousandth() -> None:
    result, _ = done()
    head, rest = unframed(result.scores)
    raw = np.frombuffer(rest, "<u2").reshape(7, 5, -1)
    assert (head["rare"], head["common"]) == (1000, 3000)
    order = np.argsort(~result.labels[0], kind="stable")
    wanted = result.test[:, :, order].clip(-16, 16)
    assert raw / 65535 * 32 - 16 == pytest.approx(wanted, abs=3e-4)


def test_who_finds_what_is_counted_one_by_one() -> None:
    result, _ = done()
    found = compare.overlap(result, "ce", "focal", seed=1)
    rare = result.labels[1]
    flags = [
        sigmoid(result.test[VARIANTS.index(name), 1]) >= find(result.table, name, moved=True).threshold[1]
        for name in ("ce", "focal")
    ]
    sides = [(found.both, 1, 1), (found.first_only, 1, 0), (found.second_only, 0, 1), (found.neither, 0, 0)]
    for part, one, two in sides:
        wanted = np.flatnonzero(rare & (flags[0] == one) & (flags[1] == two))
        assert sorted(each.place for each in part) == result.index[1][wanted].tolist()
        gaps = [abs(each.first - each.second) for each in part]
        assert gaps == sorted(gaps, reverse=True)
    recall = find(result.table, "ce", moved=True).recall[1]
    assert (len(found.both) + len(found.first_only)) / rare.sum() == pytest.approx(recall)


def test_the_same_setup_gives_the_same_experiment() -> None:
    result, _ = done()
    again = experiment.train_plane(SETUP, SHORT)
    assert again.record == result.record
    assert again.scores == result.scores
