"""Recurrent layers beside attention: gradients against recursions written out, formulas against the paper's table."""

from __future__ import annotations

import time

import numpy as np
import pytest

from explainers.attention.recurrent import (
    RangeError,
    gradient_reach,
    layer_costs,
    measure_times,
    path_length,
    reach_layer,
)

WIDTH, LENGTH = 8, 12


def norms(jacobian: np.ndarray) -> list[float]:
    """Frobenius norms of Float[output, token, input] by distance from the last token."""
    return [float(np.sqrt((jacobian[:, token] ** 2).sum())) for token in reversed(range(jacobian.shape[1]))]


@pytest.mark.parametrize(("seed", "gain"), [(0, 1.0), (3, 2.0)])
def test_a_tanh_rnn_by_the_chain_rule(seed: int, gain: float) -> None:
    layer, sentence = reach_layer("tanh_rnn", LENGTH, seed, width=WIDTH, gain=gain)
    weights = {name: value.detach().double().numpy() for name, value in layer.named_parameters()}
    state, slopes = np.zeros(WIDTH), []
    for token in sentence[0].double().numpy():
        state = np.tanh(
            weights["weight_ih_l0"] @ token
            + weights["bias_ih_l0"]
            + weights["weight_hh_l0"] @ state
            + weights["bias_hh_l0"]
        )
        slopes.append(np.diag(1 - state**2))
    expected, back = [], np.eye(WIDTH)
    for slope in reversed(slopes):
        back = back @ slope
        expected.append(float(np.linalg.norm(back @ weights["weight_ih_l0"])))
        back = back @ weights["weight_hh_l0"]
    found = gradient_reach("tanh_rnn", LENGTH, seed, width=WIDTH, gain=gain)
    np.testing.assert_allclose(found.norm, expected, rtol=1e-3)
    np.testing.assert_allclose(found.relative, np.array(expected) / expected[0], rtol=1e-3)


def test_a_gru_written_out() -> None:
    import torch

    layer, sentence = reach_layer("gru", LENGTH, 5, width=WIDTH, gain=1.0)
    parameters = {name: value.detach().double() for name, value in layer.named_parameters()}

    def last(tokens: torch.Tensor) -> torch.Tensor:
        state = torch.zeros(WIDTH, dtype=torch.float64)
        for token in tokens:
            inputs = (parameters["weight_ih_l0"] @ token + parameters["bias_ih_l0"]).chunk(3)
            states = (parameters["weight_hh_l0"] @ state + parameters["bias_hh_l0"]).chunk(3)
            reset, update = (torch.sigmoid(inputs[gate] + states[gate]) for gate in (0, 1))
            proposed = torch.tanh(inputs[2] + reset * states[2])
            state = (1 - update) * proposed + update * state
        return state

    jacobian = torch.autograd.functional.jacobian(last, sentence[0].double()).numpy()
    np.testing.assert_allclose(gradient_reach("gru", LENGTH, 5, width=WIDTH).norm, norms(jacobian), rtol=1e-3)


def test_attention_written_out() -> None:
    import torch

    layer, sentence = reach_layer("attention", LENGTH, 2, width=WIDTH, gain=1.0)
    parameters = {name: value.detach().double() for name, value in layer.named_parameters()}

    def last(tokens: torch.Tensor) -> torch.Tensor:
        query, key, value = (tokens @ parameters["in_proj_weight"].T + parameters["in_proj_bias"]).chunk(3, dim=-1)
        parts = []
        for head in range(4):
            part = slice(head * WIDTH // 4, (head + 1) * WIDTH // 4)
            scores = query[-1, part] @ key[:, part].T / (WIDTH // 4) ** 0.5
            parts.append(torch.softmax(scores, dim=-1) @ value[:, part])
        return parameters["out_proj.weight"] @ torch.cat(parts) + parameters["out_proj.bias"]

    jacobian = torch.autograd.functional.jacobian(last, sentence[0].double()).numpy()
    np.testing.assert_allclose(gradient_reach("attention", LENGTH, 2, width=WIDTH).norm, norms(jacobian), rtol=1e-3)


def test_recurrent_gradients_fade_and_attentions_do_not() -> None:
    for seed in range(3):
        gru, rnn, attention = (gradient_reach(kind, 40, seed).relative for kind in ("gru", "tanh_rnn", "attention"))
        for fading in (gru, rnn):
            # Every eight steps the gradient is smaller: a smooth fall, not one lucky number.
            assert (np.diff(fading[::8]) < 0).all()
            assert fading[-1] < 1e-4
        assert rnn[20] < gru[20]
        assert attention[1:].min() > 0.01
        # No trend with distance: the far half is no weaker than the near half.
        assert 0.5 < attention[20:].mean() / attention[1:20].mean() < 2


def test_large_recurrent_weights_stop_the_fading() -> None:
    assert (
        gradient_reach("tanh_rnn", 40, 0, gain=3.0).relative[30] > 1e3 * gradient_reach("tanh_rnn", 40, 0).relative[30]
    )


def test_the_seed_alone_decides_and_the_process_generator_is_left_alone() -> None:
    import torch

    before = torch.random.get_rng_state()
    one, two, other = (gradient_reach("attention", 10, seed).norm for seed in (1, 1, 2))
    assert np.array_equal(one, two)
    assert not np.array_equal(one, other)
    with pytest.raises(ValueError, match="read-only"):
        one[0] = 0
    gradient_reach("gru", 1)
    assert torch.equal(before, torch.random.get_rng_state())


def test_the_papers_table() -> None:
    rows = {cost.kind: cost for cost in layer_costs(100, 64, kernel=3, window=10)}
    assert rows["self_attention"].operations == 100**2 * 64
    assert rows["recurrent"].operations == 100 * 64**2
    assert rows["convolutional"].operations == 3 * 100 * 64**2
    assert rows["restricted_attention"].operations == 10 * 100 * 64
    assert [rows[kind].sequential_steps for kind in rows] == [1, 100, 1, 1]
    # 3^4 = 81 < 100 <= 243 = 3^5.
    assert [rows[kind].path_length for kind in rows] == [1, 100, 5, 10]
    equal = {cost.kind: cost.operations for cost in layer_costs(64, 64)}
    assert equal["self_attention"] == equal["recurrent"]
    found = path_length(20)
    assert (found.recurrent, found.attention) == (19, 1)
    assert (found.sequential_recurrent, found.sequential_attention) == (20, 1)
    assert path_length(1).attention == 0


def test_times_are_measured_within_their_bound() -> None:
    began = time.process_time()
    found = measure_times((4, 256), width=64, repeats=7)
    assert time.process_time() - began < 3
    assert [row.length for row in found.times] == [4, 256]
    assert found.complete
    assert all(row.repeats == 7 and row.gru_seconds > 0 and row.attention_seconds > 0 for row in found.times)
    assert (found.width, found.threads) == (64, 1)
    # Sixty-four times the steps, one after the other: if that cost nothing, nothing was measured.
    assert found.times[1].gru_seconds > 2 * found.times[0].gru_seconds


def test_measuring_can_be_stopped() -> None:
    asked: list[bool] = []

    def stop() -> bool:
        asked.append(True)
        return len(asked) > 4

    found = measure_times((8, 4), width=32, repeats=3, cancelled=stop)
    assert not found.complete
    assert [(row.length, row.repeats) for row in found.times] == [(4, 1), (8, 1)]
    assert measure_times((8, 2048), width=128, budget_seconds=-1).times == ()


@pytest.mark.parametrize(
    "call",
    [
        lambda: path_length(0),
        lambda: layer_costs(513, 64),
        lambda: layer_costs(8, 64, kernel=1),
        lambda: measure_times((683,)),
        lambda: measure_times((2049,), width=32),
        lambda: measure_times((8,), width=8),
        lambda: measure_times((8,), repeats=0),
        lambda: gradient_reach("gru", 0),
        lambda: gradient_reach("gru", 257),
        lambda: gradient_reach("gru", 8, width=256),
        lambda: gradient_reach("gru", 8, gain=-1),
    ],
)
def test_numbers_out_of_range(call: object) -> None:
    assert callable(call)
    with pytest.raises(RangeError) as caught:
        call()
    assert caught.value.code == "range"
    assert set(caught.value.details) == {"name", "asked", "min", "max"}
