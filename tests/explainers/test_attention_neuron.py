"""Inside a head: against a sum done by hand, against torch, and against the model's own weights and outputs."""

from __future__ import annotations

import math
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from explainers import models
from explainers.attention import neuron, pack_projections, projections, scaled_dot_product, trace
from explainers.attention.framing import unframed
from explainers.models import ModelSource, load_bert, load_encoder
from tests.explainers.encoders import FAMILIES, save_encoder

TIRED = "The animal didn't cross the street because it was too tired."
TEXTS = [(TIRED, ""), ("He sat on the bank.", "She opened an account."), ("one", "")]


def test_two_tokens_by_hand() -> None:
    # q.k = (4, 2), divided by sqrt(4) = (2, 1); softmax = (e, 1) / (e + 1).
    found = scaled_dot_product([1, 1, 1, 1], [[1, 1, 1, 1], [2, 0, 0, 0]], [[1, 0], [0, 10]])
    share = math.e / (math.e + 1)
    np.testing.assert_array_equal(found.product, [[1, 1, 1, 1], [2, 0, 0, 0]])
    assert found.dot.tolist() == [4, 2]
    assert found.score.tolist() == [2, 1]
    np.testing.assert_allclose(found.weight, [share, 1 - share], rtol=1e-12)
    np.testing.assert_allclose(found.output, [share, 10 * (1 - share)], rtol=1e-12)
    # At temperature 0.5 the scores differ by 2 instead of 1.
    assert scaled_dot_product([1, 1, 1, 1], [[1, 1, 1, 1], [2, 0, 0, 0]], [[1], [0]], 0.5).weight[0] == pytest.approx(
        1 / (1 + math.exp(-2))
    )


def test_it_equals_torchs_own() -> None:
    import torch

    random = np.random.default_rng(3)
    q, k, v = random.normal(size=(1, 8)), random.normal(size=(5, 8)), random.normal(size=(5, 6))
    expected = torch.nn.functional.scaled_dot_product_attention(*(torch.tensor(array)[None] for array in (q, k, v)))
    np.testing.assert_allclose(scaled_dot_product(q[0], k, v).output, expected[0, 0].numpy(), atol=1e-12)


@pytest.mark.parametrize("pair", TEXTS)
def test_every_head_is_reproduced(pair: tuple[str, str]) -> None:
    import torch

    loaded = load_bert()
    found = trace(*pair)
    contexts: list[np.ndarray] = []
    hooks = [
        layer.attention.self.register_forward_hook(lambda _, __, out: contexts.append(out[0][0].detach().numpy()))
        for layer in loaded.model.encoder.layer
    ]
    ids = torch.tensor([[token.id for token in found.tokens]])
    segments = torch.tensor([[token.segment for token in found.tokens]])
    try:
        with torch.inference_mode():
            loaded.model(input_ids=ids, token_type_ids=segments)
        calls = len(contexts)
        for layer in range(6):
            for head in range(12):
                for query in range(len(found.tokens)):
                    view = neuron(found, layer, head, query)
                    np.testing.assert_allclose(view.weight, found.attention[layer, head, query], atol=1e-5)
                    own = contexts[layer][query, 32 * head : 32 * (head + 1)]
                    np.testing.assert_allclose(view.output, own, atol=1e-5)
        assert (calls, len(contexts)) == (6, 6)  # the views ran nothing
    finally:
        for hook in hooks:
            hook.remove()
    assert (view.q.shape, view.k.shape, view.v.shape) == ((32,), (len(ids[0]), 32), (len(ids[0]), 32))
    np.testing.assert_allclose(view.score, view.k @ view.q / math.sqrt(32), atol=1e-4)


@pytest.mark.parametrize("family", FAMILIES)
def test_other_families(tmp_path: Path, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_loaded", {})
    grouped = {"num_hidden_layers": 4, "num_hidden_groups": 2, "inner_group_num": 2} if family == "albert" else {}
    source = ModelSource("folder", str(save_encoder(tmp_path, family, **grouped)))
    found = trace("the cat sat on the mat", "the dog ran", max_tokens=20, source=source)
    assert found.layers == load_encoder(source).layers
    for layer in range(found.layers):
        for head in range(found.heads):
            view = neuron(found, layer, head, 2, source=source)
            np.testing.assert_allclose(view.weight, found.attention[layer, head, 2], atol=1e-5)


def test_what_the_browser_gets_is_what_is_computed_here() -> None:
    found = trace(TIRED)
    header, numbers = unframed(pack_projections(found, 3, 1))
    n, dim = len(found.tokens), 32
    assert [header[name] for name in ("layer", "head", "n", "dim")] == [3, 1, n, dim]
    assert [token["piece"] for token in header["tokens"]] == [token.piece for token in found.tokens]
    q, k, v = np.frombuffer(numbers, "<f4").reshape(3, n, dim)
    view = neuron(found, 3, 1, 10, temperature=0.5)
    np.testing.assert_array_equal(q[10], view.q)
    np.testing.assert_array_equal(k, view.k)
    np.testing.assert_array_equal(v, view.v)
    np.testing.assert_array_equal(projections(found, 3, 1).q, q)
    with pytest.raises(IndexError):
        pack_projections(found, 0, 12)


@pytest.mark.parametrize("place", [(6, 0, 0), (0, 12, 0), (0, 0, 99), (-1, 0, 0), (0, -1, 0), (0, 0, -1)])
def test_what_does_not_exist(place: tuple[int, int, int]) -> None:
    with pytest.raises(IndexError):
        neuron(trace(TIRED), *place)


@pytest.mark.parametrize("temperature", [0, -1, math.inf, math.nan])
def test_no_such_temperature(temperature: float) -> None:
    with pytest.raises(ValueError):
        neuron(trace(TIRED), 0, 0, 0, temperature=temperature)


@pytest.mark.parametrize(
    ("q", "k", "v"), [([1.0], [[1.0, 2.0]], [[1.0]]), ([1.0], [[1.0]], [[1.0], [2.0]]), ([], [[]], [[1.0]])]
)
def test_shapes_that_do_not_fit(q: list, k: list, v: list) -> None:
    with pytest.raises(ValueError):
        scaled_dot_product(q, k, v)


VECTORS = st.integers(1, 6).flatmap(lambda n: arrays(np.float64, (n + 1, 4), elements=st.floats(-30, 30)))

# Whole numbers: scores are equal or clearly apart, so that what is cold enough is known.
WHOLE = st.integers(1, 6).flatmap(lambda n: arrays(np.float64, (n + 1, 4), elements=st.integers(-30, 30).map(float)))


@settings(max_examples=40, deadline=None)
@given(VECTORS, st.floats(1e-300, 1e300))
def test_weights_sum_to_one_at_any_temperature(vectors: np.ndarray, temperature: float) -> None:
    found = scaled_dot_product(vectors[0], vectors[1:], vectors[1:], temperature)
    assert found.weight.sum() == pytest.approx(1, abs=1e-12)
    assert (found.weight >= 0).all()
    assert (found.output <= vectors[1:].max(axis=0) + 1e-9).all()


@settings(max_examples=40, deadline=None)
@given(WHOLE)
def test_cold_is_the_highest_score_and_hot_is_even(vectors: np.ndarray) -> None:
    q, k = vectors[0], vectors[1:]
    cold, hot = (scaled_dot_product(q, k, k, temperature) for temperature in (1e-300, 1e300))
    best = cold.score == cold.score.max()
    np.testing.assert_allclose(cold.weight, best / best.sum(), atol=1e-12)
    np.testing.assert_allclose(hot.weight, 1 / len(k), atol=1e-12)


def test_the_figures_in_the_text_about_temperature() -> None:
    found = trace(TIRED)
    pieces = [token.piece for token in found.tokens]
    it, animal = pieces.index("it"), pieces.index("animal")
    shares = {t: neuron(found, 3, 1, it, temperature=t).weight[animal] for t in (0.25, 0.5, 1, 2, 4)}
    assert {t: f"{share:.2f}" for t, share in shares.items()} == {
        0.25: "1.00", 0.5: "0.96", 1: "0.68", 2: "0.32", 4: "0.16"
    }  # fmt: skip


def test_the_figures_in_the_text_about_the_separators_v() -> None:
    found = trace(TIRED)
    lengths = np.linalg.norm(projections(found, 3, 1).v, axis=1)
    weight = neuron(found, 3, 1, [token.piece for token in found.tokens].index("it")).weight
    assert f"{weight[0]:.2f} {lengths[0]:.1f} {lengths[1:].min():.1f} {lengths[1:].max():.1f}" == "0.10 0.2 2.7 4.3"
