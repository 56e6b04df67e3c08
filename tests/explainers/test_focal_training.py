"""Training in one batch: the losses against torch, the batch against networks trained alone, resampling against
imbalanced-learn, and the same seed twice."""

from __future__ import annotations

import imblearn.over_sampling
import imblearn.under_sampling
import numpy as np
import pytest
import torch
from sklearn.utils.class_weight import compute_sample_weight

from explainers.focal_loss import datasets, losses, resampling, training
from explainers.focal_loss.datasets import PlaneSetup, Sample, even
from explainers.focal_loss.evaluation import average_precision
from explainers.focal_loss.resampling import TooFewRareError
from explainers.focal_loss.training import Recipe, Snapshot

SHORT = Recipe(steps=25)


@pytest.fixture(scope="module")
def trials() -> tuple[datasets.Trial, ...]:
    return datasets.plane(PlaneSetup(30, noise=0.02), seeds=3)[0]


# ---------------------------------------------------------------- the loss


def test_gamma_0_is_torchs_cross_entropy() -> None:
    logit = torch.linspace(-30, 30, 121, dtype=torch.float64)
    for label in (True, False):
        rare = torch.full((121,), label)
        wanted = torch.nn.functional.binary_cross_entropy_with_logits(logit, rare.double(), reduction="none")
        assert torch.allclose(training.focal_objective(logit, rare, 0.0), wanted, atol=1e-12)


@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0, 2.0, 5.0])
def test_loss_and_gradient_are_the_papers(gamma: float) -> None:
    z = np.linspace(-25, 25, 101)
    logit = torch.tensor(z, requires_grad=True)
    loss = training.focal_objective(logit, torch.ones(101, dtype=torch.bool), gamma)
    p = 1 / (1 + np.exp(-z))
    assert loss.detach().numpy() == pytest.approx(-((1 - p) ** gamma) * np.log(p), rel=1e-6, abs=1e-12)
    (gradient,) = torch.autograd.grad(loss.sum(), logit)
    assert gradient.numpy() == pytest.approx(losses.focal_gradient(z, gamma), rel=1e-8, abs=1e-14)


@pytest.mark.parametrize("gamma", [0.0, 0.1, 0.5, 2.0, 5.0])
def test_loss_and_gradient_stay_finite(gamma: float) -> None:
    logit = torch.tensor([-1e4, -200.0, -50.0, 0.0, 50.0, 200.0, 1e4], requires_grad=True)
    for label in (True, False):
        loss = training.focal_objective(logit, torch.full((7,), label), torch.tensor(gamma))
        (gradient,) = torch.autograd.grad(loss.sum(), logit)
        assert torch.isfinite(loss).all()
        assert torch.isfinite(gradient).all()


def test_weighted_cross_entropy_balances_as_scikit_learn_does() -> None:
    rare = np.arange(200) < 20
    assert training.row_weights("weighted", rare, SHORT, 0) == pytest.approx(compute_sample_weight("balanced", rare))


def test_alpha_weighs_the_rare_class() -> None:
    found = training.row_weights("alpha_focal", np.array([True, False]), Recipe(alpha=0.25), 0)
    assert found.tolist() == [0.25, 0.75]


# ---------------------------------------------------------------- resampling


def sample_of(rare: int, common: int, seed: int = 0) -> Sample:
    x = np.random.default_rng(seed).normal(size=(rare + common, 2)).astype(np.float32)
    return even(x, np.arange(rare + common) < rare)


def test_over_and_undersampling_are_imbalanced_learns() -> None:
    sample = sample_of(12, 90)
    index = np.arange(102)[:, None]
    over, _ = imblearn.over_sampling.RandomOverSampler(random_state=4).fit_resample(index, sample.rare)
    under, _ = imblearn.under_sampling.RandomUnderSampler(random_state=4).fit_resample(index, sample.rare)
    for times, rows in (
        (resampling.oversampled(sample.rare, 4), over),
        (resampling.undersampled(sample.rare, 4), under),
    ):
        assert np.array_equal(times, np.bincount(rows.ravel(), minlength=102))
        assert times[sample.rare].sum() == times[~sample.rare].sum()


@pytest.mark.parametrize("rare", [2, 3, 12])
def test_smotes_points_lie_between_two_rare_ones(rare: int) -> None:
    sample = sample_of(rare, 60)
    made = resampling.smote(sample, 1)
    assert made.rare.sum() == (~made.rare).sum() == 60
    assert np.array_equal(made.x[: rare + 60], sample.x)
    real = sample.x[sample.rare].astype(np.float64)
    for point in made.x[rare + 60 :].astype(np.float64):
        ends = real[:, None] - real[None]
        there = point - real[None]
        length = (ends**2).sum(axis=2)
        along = np.where(length > 0, (there * ends).sum(axis=2) / np.where(length > 0, length, 1), 0)
        off = np.linalg.norm(there - along[..., None] * ends, axis=2)
        assert ((off < 1e-5) & (along > -1e-5) & (along < 1 + 1e-5)).any()


def test_smote_needs_two() -> None:
    with pytest.raises(TooFewRareError) as refusal:
        resampling.smote(sample_of(1, 40), 0)
    assert refusal.value.details == {"rare": "1"}


def test_balanced_data_need_no_resampling() -> None:
    sample = sample_of(30, 30)
    assert resampling.oversampled(sample.rare, 0).tolist() == [1.0] * 60
    assert resampling.undersampled(sample.rare, 0).tolist() == [1.0] * 60
    assert resampling.smote(sample, 0) is sample


# ---------------------------------------------------------------- the batch


def test_the_batch_equals_every_network_trained_alone(trials: tuple[datasets.Trial, ...]) -> None:
    together = training.train(trials, SHORT)
    assert together.last.variants == training.VARIANTS
    for place, variant in enumerate(training.VARIANTS):
        for seed in (0, 2):
            alone = training.train(trials[seed : seed + 1], SHORT, (variant,), seeds=(seed,))
            at = together.last.loss[:, place, seed]
            assert alone.last.loss[:, 0, 0] == pytest.approx(at, abs=1e-5)
            assert alone.chosen[0, 0] == together.chosen[place, seed]
            assert alone.test[0, 0] == pytest.approx(together.test[place, seed], abs=1e-5)


@pytest.mark.parametrize(("variant", "hidden"), [("ce", (16,)), ("focal", (5, 4)), ("alpha_focal", ()), ("over", (3,))])
def test_a_network_learns_as_plain_torch_teaches_it(
    trials: tuple[datasets.Trial, ...], variant: str, hidden: tuple[int, ...]
) -> None:
    """torch.nn layers, torch's cross-entropy and AdamW, one network, one row after the other as they are."""
    recipe = Recipe(hidden=hidden, steps=20, learning_rate=0.05, decay=0.3, gamma=1.5)
    sample = trials[1].train
    sizes = (2, *hidden, 1)
    layers: list[torch.nn.Module] = []
    for (weight, bias), inner, outer in zip(training.initial_weights(2, hidden, 1), sizes[:-1], sizes[1:], strict=True):
        linear = torch.nn.Linear(inner, outer)
        linear.load_state_dict({"weight": torch.from_numpy(weight.T.copy()), "bias": torch.from_numpy(bias)})
        layers += [linear, torch.nn.Tanh()]
    network = torch.nn.Sequential(*layers[:-1])
    optimizer = torch.optim.AdamW(network.parameters(), lr=0.05, weight_decay=0.3)
    label = torch.from_numpy(sample.rare).float()
    weight = torch.from_numpy(training.row_weights(variant, sample.rare, recipe, 1)).float()
    reached = []
    for _ in range(21):
        logit = network(torch.from_numpy(sample.x))[:, 0]
        each = torch.nn.functional.binary_cross_entropy_with_logits(logit, label, reduction="none")
        if "focal" in variant:
            p_t = torch.where(label > 0, torch.sigmoid(logit), 1 - torch.sigmoid(logit))
            each = each * (1 - p_t) ** 1.5
        loss = (each * weight).sum() / weight.sum()
        reached.append(loss.item())
        optimizer.zero_grad()
        loss.backward()
        optimizer.step()
    found = training.train(trials[1:2], recipe, (variant,), seeds=(1,))
    kept = [reached[step] for step in found.last.steps]
    assert found.last.loss[:, 0, 0] == pytest.approx(kept, abs=2e-5)


def test_the_same_seed_gives_the_same_networks(trials: tuple[datasets.Trial, ...]) -> None:
    first, second = (training.train(trials[:2], SHORT, ("ce", "focal", "smote")) for _ in range(2))
    assert np.array_equal(first.test, second.test)
    assert np.array_equal(first.last.loss, second.last.loss)


def test_all_variants_of_a_seed_begin_with_the_same_network(trials: tuple[datasets.Trial, ...]) -> None:
    found = training.train(trials, SHORT, grid=training.plane_grid(4.0, 8))
    for seed in range(3):
        assert all(np.array_equal(grid, found.grids[0, 0, seed]) for grid in found.grids[0, :, seed])
    assert not np.array_equal(found.grids[0, 0, 0], found.grids[0, 0, 1])


def test_rows_say_what_each_loss_counts() -> None:
    found = training.train(datasets.plane(PlaneSetup(99), seeds=1)[0], Recipe(steps=2))
    rows = dict(zip(found.last.variants, found.rows, strict=True))
    assert rows["ce"] == rows["focal"] == (30, 2970)
    assert rows["weighted"] == pytest.approx((1500, 1500))
    assert rows["over"] == rows["smote"] == (2970, 2970)
    assert rows["under"] == (30, 30)


# ---------------------------------------------------------------- what it tells


def test_partial_results_come_early_and_grow(trials: tuple[datasets.Trial, ...]) -> None:
    told: list[tuple[float, object]] = []

    def report(fraction: float, partial: object) -> None:
        told.append((fraction, partial))

    found = training.train(trials, SHORT, grid=training.plane_grid(4.0, 6), report=report)
    shots = [partial for _, partial in told if partial is not None]
    assert all(isinstance(shot, Snapshot) for shot in shots)
    assert shots[0].variants == training.LOSSES  # before the resampled sets are made
    assert shots[0].grid.shape == (4, 3, 36)
    assert [len(shot.steps) for shot in shots[1:]] == list(range(1, len(found.last.steps) + 1))
    assert [fraction for fraction, _ in told] == sorted(fraction for fraction, _ in told)
    assert len(told) == SHORT.steps + 2
    assert told[-1][0] == 1.0


def test_a_report_that_raises_calls_the_training_off(trials: tuple[datasets.Trial, ...]) -> None:
    class EnoughError(Exception):
        pass

    def report(fraction: float, partial: object) -> None:
        if fraction > 0.3:
            raise EnoughError

    with pytest.raises(EnoughError):
        training.train(trials, SHORT, report=report)


def test_a_network_is_taken_where_validation_is_best_and_not_before_a_tenth(
    trials: tuple[datasets.Trial, ...],
) -> None:
    recipe = Recipe(steps=40)
    found = training.train(trials, recipe)
    steps = found.last.steps
    assert (steps[found.chosen] >= training.EARLIEST * recipe.steps).all()
    assert len(set(found.chosen.ravel())) > 1
    for place in range(len(training.VARIANTS)):
        for seed, trial in enumerate(trials):
            taken = average_precision(trial.test.rare, found.test[place, seed], trial.test.weight)
            assert taken == pytest.approx(found.last.precision[found.chosen[place, seed], place, seed], abs=1e-6)


def test_frames_begin_at_0_and_end_at_the_last_step() -> None:
    frames = training.frame_steps(200)
    assert (frames[0], frames[-1], len(frames)) == (0, 200, training.FRAMES)
    assert (np.diff(frames) > 0).all()
    assert training.frame_steps(3).tolist() == [0, 1, 2, 3]


def test_the_losses_fall(trials: tuple[datasets.Trial, ...]) -> None:
    found = training.train(trials, Recipe(steps=60))
    assert (found.last.loss[-1] < 0.8 * found.last.loss[0]).all()
