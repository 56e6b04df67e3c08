"""The batch and its budget against sums written out in torch; the cumulative curves against the paper's figure 4."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats
from sklearn.metrics import average_precision_score
from torch.nn import functional

from explainers.focal_loss import budget, scores
from pages.parts.focal_budget import SCORES
from tools import names

settings_of_a_batch = st.tuples(
    st.integers(1, 1000), st.integers(0, 80).map(lambda n: n / 10), st.integers(0, 40).map(lambda n: n / 200)
)


def in_torch(batch: budget.Batch, gamma: float, alpha: float | None) -> tuple[np.ndarray, np.ndarray]:
    """Loss of every example and the size of its gradient, by autograd."""
    z = torch.tensor(batch.margin, requires_grad=True)
    labelled = torch.tensor(batch.labelled)
    weight = (
        torch.ones_like(z)
        if alpha is None
        else torch.where(labelled, *torch.tensor([alpha, 1 - alpha], dtype=torch.float64))
    )
    loss = -weight * torch.sigmoid(-z) ** gamma * functional.logsigmoid(z)
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    return loss.detach().numpy(), gradient.abs().numpy()


@settings(max_examples=25, deadline=None)
@given(settings_of_a_batch, st.floats(0, 5), st.none() | st.integers(1, 99).map(lambda n: n / 100))
def test_shares_are_sums_over_the_whole(setting: tuple[int, float, float], gamma: float, alpha: float | None) -> None:
    batch = budget.make_batch(*setting)
    found = budget.split(batch, gamma, alpha)
    loss, pull = in_torch(batch, gamma, alpha)
    assert found.total_loss == pytest.approx(loss.sum(), rel=1e-9)
    assert found.total_gradient == pytest.approx(pull.sum(), rel=1e-9)
    for at, owner in enumerate(budget.OWNERS):
        mine = batch.owner == at
        assert found.loss_of(owner) == pytest.approx(loss[mine].sum() / loss.sum(), abs=1e-9)
        assert found.gradient_of(owner) == pytest.approx(pull[mine].sum() / pull.sum(), abs=1e-9)
    hardest = np.argsort(batch.margin)[:1000]
    assert found.loss[-1].sum() == pytest.approx(loss[hardest].sum() / loss.sum(), abs=1e-9)
    assert found.loss.sum() == pytest.approx(1)
    assert found.gradient.sum() == pytest.approx(1)


@settings(max_examples=40, deadline=None)
@given(settings_of_a_batch)
def test_a_batch_is_what_was_asked_for(setting: tuple[int, float, float]) -> None:
    ratio, difficulty, noise = setting
    batch = budget.make_batch(*setting)
    positives = budget.positives(ratio)
    assert abs(positives - budget.SIZE / (1 + ratio)) <= 1
    assert sum(batch.count(owner) for owner in budget.OWNERS) == budget.SIZE
    assert batch.count("mislabelled") / budget.SIZE == pytest.approx(noise, abs=0.01)
    if noise == 0:
        assert batch.labelled.sum() == positives == batch.count("positive")
        assert (batch.margin[batch.owner == 0] > 0).all()
        assert (batch.margin[batch.owner == 1] <= 0).all()
        assert abs(batch.margin[:positives].mean() - (4 - difficulty)) < 5 * 1.25 / positives**0.5


def test_the_draws_are_those_of_the_distributions_they_are_said_to_be() -> None:
    made = budget.draws()
    assert stats.kstest(made.normals, "norm").pvalue > 0.01
    assert stats.kstest(made.uniforms, "uniform").pvalue > 0.01
    assert len(budget.payload()) == 8 * budget.SIZE
    np.testing.assert_array_equal(np.frombuffer(budget.payload(), "<f4")[: budget.SIZE], made.normals)


def test_the_surprise_the_page_is_there_for() -> None:
    """At 1:1000 the easy negatives own the loss; gamma 2 takes it from them. With wrong labels it hands it to these."""
    clean, noisy = budget.make_batch(1000, 5.0), budget.make_batch(1000, 5.0, 0.01)
    assert budget.split(clean, 0.0).loss_of("easy_negative") == pytest.approx(0.94, abs=0.005)
    assert budget.split(clean, 2.0).loss_of("easy_negative") == pytest.approx(0.34, abs=0.005)
    assert budget.split(clean, 2.0).gradient_of("easy_negative") == pytest.approx(0.61, abs=0.005)
    assert budget.split(noisy, 0.0).loss_of("mislabelled") == pytest.approx(0.51, abs=0.005)
    assert budget.split(noisy, 2.0).loss_of("mislabelled") == pytest.approx(0.94, abs=0.005)


def test_what_the_presets_say() -> None:
    balanced = budget.make_batch(1, 0.0)
    plain, focal = budget.split(balanced, 0.0), budget.split(balanced, 5.0)
    for one in (plain, focal):
        assert one.loss_of("positive") == pytest.approx(0.5, abs=0.01)
    assert focal.total_gradient / plain.total_gradient == pytest.approx(0.005, abs=0.0005)
    rare = budget.make_batch(1000, 5.0)
    weighted = budget.split(rare, 0.0, 0.75)
    assert weighted.loss_of("easy_negative") == pytest.approx(0.86, abs=0.005)
    assert 2.5 < weighted.loss_of("positive") / budget.split(rare, 0.0).loss_of("positive") < 3
    assert budget.split(rare, 0.0, 0.98).loss_of("positive") < 0.72
    assert budget.split(rare, 0.0, 0.99).loss_of("easy_negative") < 0.2


@pytest.mark.parametrize("setting", [(0, 5.0, 0.0), (1001, 5.0, 0.0), (10, -1.0, 0.0), (10, 9.0, 0.0), (10, 5.0, 0.6)])
def test_a_batch_that_cannot_be_drawn_is_refused(setting: tuple[int, float, float]) -> None:
    with pytest.raises(budget.BudgetError, match="loss-range"):
        budget.make_batch(*setting)


# ---------------------------------------------------------------- the real detector


@pytest.fixture(scope="module")
def detector() -> scores.Scores:
    return scores.unpack(SCORES.read_bytes())


@pytest.mark.parametrize("gamma", [0.0, 0.5, 2.0, 5.0])
def test_a_cumulative_curve_is_a_sorted_sum(detector: scores.Scores, gamma: float) -> None:
    z = torch.tensor(detector.positives)
    loss = np.sort((-(torch.sigmoid(-z) ** gamma) * functional.logsigmoid(z)).numpy())
    found = budget.cumulative(detector.positives, gamma)
    for part in (0.01, 0.2, 0.5):
        wanted = loss[int(len(loss) * (1 - part)) :].sum() / loss.sum()
        assert found.hardest(part) == pytest.approx(wanted, abs=0.01)
    assert found.share[0] == 0
    assert found.share[-1] == pytest.approx(1)
    assert (np.diff(found.share) >= 0).all()
    assert (np.diff(found.share, 2) >= -1e-9).all()  # sorted by loss, so it bends upwards only


def test_the_shape_of_the_papers_figure_4(detector: scores.Scores) -> None:
    """Positives: fairly similar curves, a little more at the hardest as gamma grows. Negatives: at gamma 2 the vast
    majority of the loss comes from a small fraction of the samples."""

    def hardest(margins: np.ndarray, part: float) -> list[float]:
        return [budget.cumulative(margins, gamma).hardest(part) for gamma in (0.0, 0.5, 1.0, 2.0)]

    for margins in (detector.positives, detector.negatives):
        for part in (0.01, 0.2):
            assert hardest(margins, part) == sorted(hardest(margins, part))
    rare, common = hardest(detector.positives, 0.01), hardest(detector.negatives, 0.01)
    assert common[-1] > 0.9 > 0.3 > common[0]
    assert rare[-1] - rare[0] < 0.1 < 0.5 < common[-1] - common[0]


def test_what_the_page_says_of_the_detector(detector: scores.Scores) -> None:
    assert len(detector.positives) == 5942
    assert len(detector.negatives) == 40_000
    assert (np.diff(detector.positives) >= 0).all()
    assert (np.diff(detector.negatives) >= 0).all()
    assert 0.9 < detector.average_precision < 1


def test_the_file_is_what_the_command_makes(detector: scores.Scores) -> None:
    """The whole command again. Margins may move by a rounding of another torch, not by more."""
    made = names.build(names.newspaper())
    again = scores.unpack(scores.pack(made))
    assert again.all_negatives == detector.all_negatives
    assert again.average_precision == pytest.approx(detector.average_precision, abs=1e-4)
    np.testing.assert_allclose(again.positives, detector.positives, atol=0.02)
    np.testing.assert_allclose(again.negatives, detector.negatives, atol=0.02)


@given(st.lists(st.tuples(st.integers(-5, 5), st.booleans()), min_size=1, max_size=60))
def test_average_precision_is_scikit_learns(pairs: list[tuple[int, bool]]) -> None:
    logits, labels = [float(one) for one, _ in pairs], [label for _, label in pairs]
    if any(labels):
        assert scores.average_precision(logits, labels) == pytest.approx(average_precision_score(labels, logits))


def test_scores_survive_the_file() -> None:
    rng = np.random.default_rng(0)
    made = scores.Scores(np.sort(rng.normal(size=7)), np.sort(rng.normal(5, 20, size=9)), 12, 0.5)
    back = scores.unpack(scores.pack(made))
    np.testing.assert_allclose(back.positives, made.positives, atol=scores.STEP / 2)
    np.testing.assert_allclose(back.negatives, np.clip(made.negatives, -32.767, 32.767), atol=scores.STEP / 2)
    assert (back.all_negatives, back.average_precision) == (12, 0.5)


@pytest.mark.parametrize("data", [b"", b"\x05\0\0\0abcde", b"\x02\0\0\0{}  ", SCORES.read_bytes()[:-2]])
def test_a_damaged_file_is_named(data: bytes) -> None:
    with pytest.raises(scores.ScoresError, match="scores-damaged"):
        scores.unpack(data)
