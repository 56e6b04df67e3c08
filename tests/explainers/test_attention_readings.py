"""Rollout against its definition written out, rank correlations against SciPy, sinks against plain loops."""

from __future__ import annotations

import warnings
from typing import Literal

import numpy as np
import pytest
import scipy.stats
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers.attention import (
    NAMES,
    Token,
    attention_x_gradient,
    averaged,
    compare,
    for_target,
    forward,
    leave_one_out,
    rank_correlations,
    raw,
    rollout,
    sink_share,
    sink_share_by_layer,
    trace,
)
from explainers.models import load_bert

TIRED = "The animal didn't cross the street because it was too tired."


def random_stack(layers: int, heads: int, n: int, seed: int = 5) -> np.ndarray:
    return np.random.default_rng(seed).dirichlet(np.ones(n), size=(layers, heads, n))


def rolled_out(stack: np.ndarray, residual: bool) -> list[np.ndarray]:
    """Abnar & Zuidema 2020, section 3, entry by entry: A~(l) = A(l) A~(l - 1), A~(first) = A(first)."""
    layers, heads, n, _ = stack.shape
    result: list[np.ndarray] = []
    for layer in range(layers):
        a = np.zeros((n, n))
        for i in range(n):
            for j in range(n):
                mean = sum(float(stack[layer, head, i, j]) for head in range(heads)) / heads
                a[i, j] = 0.5 * mean + 0.5 * (i == j) if residual else mean
            a[i] /= sum(a[i])
        if not result:
            result.append(a)
            continue
        product = np.zeros((n, n))
        for i in range(n):
            for j in range(n):
                product[i, j] = sum(a[i, k] * result[-1][k, j] for k in range(n))
        result.append(product)
    return result


@pytest.mark.parametrize("residual", [True, False])
def test_rollout_follows_its_definition(residual: bool) -> None:
    stack = random_stack(4, 3, 6)
    ours = rollout(stack, residual=residual)
    np.testing.assert_allclose(ours, rolled_out(stack, residual), atol=1e-6)
    np.testing.assert_allclose(rollout(stack.mean(axis=1), residual=residual), ours, atol=1e-6)


def test_rollout_by_hand() -> None:
    # Both layers swap two tokens. Without the residual that is the identity; with it, all is half and half.
    swap = np.array([[[0.0, 1.0], [1.0, 0.0]]] * 2)
    np.testing.assert_array_equal(rollout(swap, residual=False)[-1], np.eye(2))
    np.testing.assert_array_equal(rollout(swap), np.full((2, 2, 2), 0.5))
    # Rows that do not sum to 1 (columns set aside, say) are renormalised after the identity is added.
    np.testing.assert_allclose(rollout([[[0.0, 0.0], [1.0, 1.0]]])[0], [[1, 0], [1 / 3, 2 / 3]], atol=1e-7)


@pytest.mark.parametrize("shape", [(2, 2), (1, 2, 3), (0, 2, 2), (1, 1, 1, 1, 1)])
def test_rollout_of_another_shape(shape: tuple[int, ...]) -> None:
    with pytest.raises(ValueError):
        rollout(np.ones(shape))


@settings(max_examples=20, deadline=None)
@given(st.integers(1, 5), st.integers(1, 3), st.integers(1, 7), st.integers(0, 1000), st.booleans())
def test_rows_of_a_rollout_sum_to_one(layers: int, heads: int, n: int, seed: int, residual: bool) -> None:
    rolled = rollout(random_stack(layers, heads, n, seed), residual=residual)
    np.testing.assert_allclose(rolled.sum(axis=-1), 1, atol=1e-6)
    assert (rolled >= 0).all()


def test_raw_and_averaged_and_what_a_target_reads() -> None:
    found = trace(TIRED)
    np.testing.assert_array_equal(raw(found, 3, 1), found.attention[3, 1])
    mean = sum(found.attention[layer, head] for layer in range(6) for head in range(12)) / 72
    np.testing.assert_allclose(averaged(found), mean, atol=1e-6)
    np.testing.assert_allclose(for_target(mean, 2), mean[2])
    np.testing.assert_allclose(for_target(mean, None), sum(mean) / len(mean), atol=1e-7)
    for target in (-1, len(mean)):
        with pytest.raises(IndexError):
            for_target(mean, target)
    with pytest.raises(IndexError):
        raw(found, 6, 0)


def tokens(special: list[bool]) -> tuple[Token, ...]:
    return tuple(Token(i, "x", i, 0, i, is_special, "x", 0, 1) for i, is_special in enumerate(special))


def scipys(words: np.ndarray) -> np.ndarray:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return np.array([[scipy.stats.spearmanr(a, b).statistic for b in words] for a in words])


def test_rank_correlations_equal_scipys_with_ties_and_constants() -> None:
    random = np.random.default_rng(2)
    special = [True, *[False] * 9, True]
    readings = random.normal(size=(6, 11))
    readings[1] = np.round(readings[1])  # ties
    readings[2] = random.integers(0, 2, 11)
    readings[3] = 0.25  # the same everywhere
    readings[4] = [9.0, *[1.0] * 9, 7.0]  # the same for every word
    found = rank_correlations(readings, tokens(special))
    np.testing.assert_allclose(found, scipys(readings[:, 1:-1]), atol=1e-12)
    assert np.isnan(found[3]).all() and np.isnan(found[:, 4]).all()
    np.testing.assert_allclose(np.diag(found)[[0, 1, 2, 5]], 1)


def test_rank_correlations_that_are_not_defined() -> None:
    assert np.isnan(rank_correlations([[1.0, 2.0], [2.0, 1.0]], tokens([True, False]))).all()
    assert np.isnan(rank_correlations([[1.0, 2.0], [2.0, 1.0]], tokens([True, True]))).all()
    found = rank_correlations([[1.0, 2.0, np.nan], [1.0, 2.0, 3.0]], tokens([False] * 3))
    np.testing.assert_allclose(found, [[np.nan, np.nan], [np.nan, 1]])
    with pytest.raises(ValueError):
        rank_correlations([[1.0, 2.0]], tokens([False]))


@settings(max_examples=30, deadline=None)
@given(st.integers(2, 8).flatmap(lambda n: st.lists(st.lists(st.integers(-3, 3), min_size=n, max_size=n), min_size=2)))
def test_rank_correlations_equal_scipys(readings: list[list[int]]) -> None:
    found = rank_correlations(readings[:4], tokens([False] * len(readings[0])))
    np.testing.assert_allclose(found, scipys(np.array(readings[:4])), atol=1e-12)


def test_sinks_equal_a_plain_loop() -> None:
    found = trace("He typed [SEP] and [CLS] here.", "It slept.")
    shares = sink_share_by_layer(found)
    n = len(found.tokens)
    for layer in (0, 3, 5):
        for piece, ours in (("[CLS]", shares.cls), ("[SEP]", shares.sep)):
            total = sum(
                float(found.attention[layer, head, query, token.index])
                for head in range(12)
                for query in range(n)
                for token in found.tokens
                if token.piece == piece
            )
            assert ours[layer] == pytest.approx(total / 12 / n, abs=1e-6)
    np.testing.assert_allclose(shares.cls + shares.sep, sink_share(found).mean(axis=1), atol=1e-6)


@pytest.mark.parametrize("by", ["mask", "remove"])
@pytest.mark.parametrize("target", [None, 10])
def test_five_readings_of_one_target(target: int | None, by: Literal["mask", "remove"]) -> None:
    found = trace(TIRED)
    gradient, left_out = attention_x_gradient(found, target=target), leave_one_out(found, by=by)
    compared = compare(found, 3, 1, gradient, left_out)
    assert compared.rows.shape == (len(NAMES), len(found.tokens))
    holes = {(4, target)} if target is not None and by == "remove" else set()
    assert set(zip(*np.nonzero(~(compared.rows >= 0)), strict=True)) == holes
    np.testing.assert_allclose(compared.rows[:3].sum(axis=1), 1, atol=1e-5)
    np.testing.assert_array_equal(compared.rows[2], for_target(rollout(found.attention)[-1], target))
    np.testing.assert_array_equal(compared.rows[3], np.abs(gradient.by_key))
    np.testing.assert_array_equal(compared.rows[4], left_out.sentence if target is None else left_out.token[target])
    words = np.delete(compared.rows, [0, -1, *(place for _, place in holes)], axis=1)
    np.testing.assert_allclose(compared.correlations, scipys(words), atol=1e-12)
    for array in (compared.rows, compared.correlations):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_the_figures_in_the_text_about_the_sink() -> None:
    # Half of all attention rests on [CLS]. Take [CLS] away, and it rests on whatever stands first instead.
    tokens = trace(TIRED).tokens
    shares = [forward(load_bert(), kept).attention.mean(axis=(0, 1, 2)) for kept in (tokens, tokens[1:])]
    assert [f"{share[0]:.2f}" for share in shares] == ["0.47", "0.48"]
    # A [MASK] in place of "because" moves the sentence far more than leaving the word out does.
    masked, removed = (leave_one_out(trace(TIRED), by=by).sentence[9] for by in ("mask", "remove"))
    assert (f"{masked:.2f}", f"{removed:.2f}") == ("0.19", "0.01")
