"""Every loss and gradient against torch and its autograd; the paper's own numbers; properties under hypothesis."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from torch.nn import functional

from explainers.focal_loss import losses

Z = np.linspace(-30.0, 30.0, 241)
gammas = st.floats(0, 5)
margins = st.floats(-30, 30)
probabilities = st.floats(1e-12, 1 - 1e-12)


def by_autograd(loss: torch.Tensor, z: torch.Tensor) -> np.ndarray:
    (gradient,) = torch.autograd.grad(loss.sum(), z)
    return gradient.numpy()


def as_tensor(z: np.ndarray) -> torch.Tensor:
    return torch.tensor(z, dtype=torch.float64, requires_grad=True)


def two_logits(z: torch.Tensor) -> torch.Tensor:
    """Logits of two classes whose second is ahead by z: what torch's cross_entropy takes."""
    return torch.stack([torch.zeros_like(z), z], dim=1)


def test_cross_entropy_is_torchs() -> None:
    z = as_tensor(Z)
    loss = functional.cross_entropy(two_logits(z), torch.ones(len(Z), dtype=torch.int64), reduction="none")
    found = losses.curve(Z, "ce")
    np.testing.assert_allclose(found.loss, loss.detach().numpy(), rtol=1e-12, atol=1e-14)  # torch rounds to eps
    np.testing.assert_allclose(found.gradient, by_autograd(loss, z), rtol=1e-9, atol=1e-13)


@pytest.mark.parametrize("weight", [0.0, 0.3, 4.0, 20.0])
def test_weighted_cross_entropy_is_torchs(weight: float) -> None:
    z = as_tensor(Z)
    loss = functional.cross_entropy(
        two_logits(z),
        torch.ones(len(Z), dtype=torch.int64),
        weight=torch.tensor([1.0, weight], dtype=torch.float64),
        reduction="none",
    )
    found = losses.curve(Z, "weighted", weight=weight)
    np.testing.assert_allclose(found.loss, loss.detach().numpy(), rtol=1e-12, atol=1e-14)  # torch rounds to eps
    np.testing.assert_allclose(found.gradient, by_autograd(loss, z), rtol=1e-9, atol=1e-12)


@pytest.mark.parametrize("gamma", [0.0, 0.3, 1.0, 2.0, 5.0])
@pytest.mark.parametrize(("alpha", "side"), [(None, "positive"), (0.25, "positive"), (0.25, "negative")])
def test_focal_loss_and_its_gradient_are_those_of_autograd(
    gamma: float, alpha: float | None, side: losses.Side
) -> None:
    z = as_tensor(Z)
    p_t = torch.sigmoid(z)
    weight = 1.0 if alpha is None else alpha if side == "positive" else 1 - alpha
    loss = -weight * torch.sigmoid(-z) ** gamma * functional.logsigmoid(z)
    found = losses.curve(Z, gamma=gamma, alpha=alpha, side=side)
    np.testing.assert_allclose(found.loss, loss.detach().numpy(), rtol=1e-10)
    np.testing.assert_allclose(found.gradient, by_autograd(loss, z), rtol=1e-8, atol=1e-12)
    np.testing.assert_allclose(found.p_t, p_t.detach().numpy(), rtol=1e-12)


@pytest.mark.parametrize("epsilon", [0.0, 0.1, 0.5])
def test_label_smoothing_is_torchs(epsilon: float) -> None:
    z = as_tensor(Z)
    loss = functional.cross_entropy(
        two_logits(z), torch.ones(len(Z), dtype=torch.int64), reduction="none", label_smoothing=epsilon
    )
    found = losses.curve(Z, "smoothing", epsilon=epsilon)
    np.testing.assert_allclose(found.loss, loss.detach().numpy(), rtol=1e-10, atol=1e-14)
    np.testing.assert_allclose(found.gradient, by_autograd(loss, z), rtol=1e-9, atol=1e-12)


def test_hinge_is_torchs() -> None:
    z = as_tensor(Z)
    wanted = 2 * functional.multi_margin_loss(two_logits(z), torch.ones(len(Z), dtype=torch.int64), reduction="none")
    found = losses.curve(Z, "hinge")
    np.testing.assert_allclose(found.loss, wanted.detach().numpy())
    np.testing.assert_array_equal(found.gradient, by_autograd(functional.relu(1 - z), z))


@pytest.mark.parametrize(
    ("p_t", "gamma", "times"),
    [(0.9, 2, 100), (0.968, 2, 976.5625), (0.5, 2, 4), (0.9, 0, 1), (0.9, 5, 1e5)],
)
def test_the_numbers_of_the_paper(p_t: float, gamma: float, times: float) -> None:
    """Section 3.2: with gamma 2, p_t = 0.9 has 100x lower loss, 0.968 1000x lower, and p_t <= 0.5 at most 4x."""
    assert losses.read(p_t, gamma).times_less == pytest.approx(times)


def test_the_paper_rounds_968_to_a_thousand_times() -> None:
    assert losses.read(1 - 1000**-0.5, 2).times_less == pytest.approx(1000)
    assert abs(1 - 1000**-0.5 - 0.968) < 5e-4


@given(st.floats(1e-12, 0.5))
def test_a_hard_example_is_scaled_down_at_most_four_times_by_gamma_2(p_t: float) -> None:
    assert losses.read(p_t, 2).times_less <= 4 * (1 + 1e-12)


@given(margins)
def test_gamma_0_and_alpha_a_half_is_half_of_cross_entropy(z: float) -> None:
    for side in ("positive", "negative"):
        half = losses.curve(z, gamma=0.0, alpha=0.5, side=side)
        plain = losses.curve(z, "ce")
        assert half.loss[0] == pytest.approx(plain.loss[0] / 2, rel=1e-14)
        assert half.gradient[0] == pytest.approx(plain.gradient[0] / 2, rel=1e-14)


@given(margins, gammas, gammas)
def test_more_gamma_is_never_more_loss(z: float, one: float, other: float) -> None:
    low, high = sorted((one, other))
    assert losses.focal_loss(z, high) <= losses.focal_loss(z, low) * (1 + 1e-12)


@given(margins, margins, gammas)
def test_a_surer_right_answer_never_costs_more(z: float, other: float, gamma: float) -> None:
    low, high = sorted((z, other))
    assert losses.focal_loss(high, gamma) <= losses.focal_loss(low, gamma) * (1 + 1e-12)
    assert losses.focal_gradient(z, gamma) <= 0


@given(probabilities, gammas)
def test_everything_is_finite_down_to_a_millionth_of_a_millionth(p_t: float, gamma: float) -> None:
    found = losses.read(p_t, gamma)
    assert math.isfinite(found.loss) and found.loss >= 0
    assert math.isfinite(found.gradient)
    assert found.cross_entropy == pytest.approx(-math.log(p_t), rel=1e-9)


@given(probabilities)
def test_a_margin_leads_back_to_its_probability(p_t: float) -> None:
    assert float(np.exp(losses.log_p(losses.margin(p_t)))) == pytest.approx(p_t, rel=1e-9)


@pytest.mark.parametrize("z", [-800.0, -40.0, 0.0, 40.0, 800.0])
def test_no_margin_overflows(z: float) -> None:
    for kind in ("ce", "weighted", "focal", "hinge", "smoothing"):
        found = losses.curve(z, kind, gamma=5.0, weight=2.0)
        for values in (found.loss, found.gradient):
            assert np.isfinite(values).all(), kind


def test_the_factor_is_the_loss_over_cross_entropy() -> None:
    for kind in ("weighted", "focal", "hinge", "smoothing"):
        found = losses.curve(Z, kind, gamma=2.0, weight=3.0)
        np.testing.assert_allclose(found.factor * losses.cross_entropy(Z), found.loss, rtol=1e-12)


@pytest.mark.parametrize(
    "given_",
    [{"gamma": -0.1}, {"gamma": 5.1}, {"gamma": math.nan}, {"alpha": 1.1}, {"weight": -1.0}, {"epsilon": 2.0}],
)
def test_a_parameter_out_of_range_is_refused(given_: dict[str, float]) -> None:
    with pytest.raises(losses.LossError) as caught:
        losses.curve(0.0, **given_)
    assert caught.value.code == "loss-range"
    assert caught.value.details["name"] == next(iter(given_))


@pytest.mark.parametrize("p_t", [0.0, 1.0, -0.2, 1.2, math.nan])
def test_what_is_no_probability_has_no_margin(p_t: float) -> None:
    with pytest.raises(losses.LossError):
        losses.margin(p_t)


@given(st.lists(st.integers(0, 500).map(lambda n: n / 100), min_size=1, max_size=4))
def test_gammas_survive_the_address(values: list[float]) -> None:
    assert losses.parse_gammas(losses.spell_gammas(values)) == tuple(values)


@pytest.mark.parametrize("text", ["", "a", "1,2,3,4,5", "6", "-1", "nan", "1,,2", "2;3", "<b>"])
def test_gammas_that_cannot_be_drawn_are_refused(text: str) -> None:
    with pytest.raises(losses.LossError) as caught:
        losses.parse_gammas(text)
    assert caught.value.code == "loss-gammas"
