"""Gradient and erasure: against an attention written here with gates to differentiate, and one run per token."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest

from explainers import models
from explainers.attention import AttentionTrace, NoMaskTokenError, attention_x_gradient, influence, leave_one_out, trace
from explainers.models import BUNDLED_BERT, ModelSource, load_bert, load_encoder
from tests.explainers.encoders import FAMILIES, save_encoder

TIRED = "The animal didn't cross the street because it was too tired."
PAIR = ("He sat on the bank.", "She slept.")


class Gated:
    """A second copy of the bundled BERT in which weight a becomes gate * a: d value / d gate = a * d value / d a."""

    def __init__(self) -> None:
        import torch
        from transformers import AutoModel

        folder = models._bundled_folder(BUNDLED_BERT)
        self.model = AutoModel.from_pretrained(folder, local_files_only=True, attn_implementation="eager").eval()
        self.gates: list[torch.Tensor] = []
        for number, layer in enumerate(self.model.encoder.layer):
            own = layer.attention.self

            def attend(
                hidden: torch.Tensor, *_: object, own: object = own, number: int = number, **__: object
            ) -> tuple:
                q, k, v = (part(hidden)[0].view(-1, 12, 32).transpose(0, 1) for part in (own.query, own.key, own.value))
                weights = torch.softmax(q @ k.transpose(1, 2) / 32**0.5, dim=-1) * self.gates[number]
                return (weights @ v).transpose(0, 1).reshape(1, -1, 384), None

            own.forward = attend

    def last(self, found: AttentionTrace) -> object:
        import torch

        n = len(found.tokens)
        self.gates = [torch.ones(12, n, n, requires_grad=True) for _ in range(6)]
        ids = torch.tensor([[token.id for token in found.tokens]])
        segments = torch.tensor([[token.segment for token in found.tokens]])
        return self.model(input_ids=ids, token_type_ids=segments).last_hidden_state[0]

    def gradients(self, value: object) -> np.ndarray:
        import torch

        return torch.stack(torch.autograd.grad(value, self.gates)).numpy()


@pytest.fixture(scope="module")
def gated() -> Gated:
    return Gated()


@pytest.mark.parametrize("pair", [(TIRED, ""), PAIR])
def test_the_length_of_the_mean_vector(pair: tuple[str, str], gated: Gated) -> None:
    found = trace(*pair)
    length = gated.last(found).mean(dim=0).norm()
    expected = gated.gradients(length)
    ours = attention_x_gradient(found)
    assert ours.target is None
    assert ours.value == pytest.approx(length.item(), abs=1e-5)
    np.testing.assert_allclose(ours.matrix, expected.sum(axis=(0, 1)), atol=1e-5)
    np.testing.assert_allclose(ours.by_key, expected.sum(axis=(0, 1, 2)), atol=1e-5)
    np.testing.assert_allclose(ours.by_head, np.abs(expected).sum(axis=(2, 3)), atol=1e-5)


def test_similarity_to_a_second_text(gated: Gated) -> None:
    import torch

    found, other = trace(TIRED), trace("A dog was exhausted.").sentence_vector
    value = torch.nn.functional.normalize(gated.last(found).mean(dim=0), dim=0) @ torch.tensor(other)
    ours = attention_x_gradient(found, towards=other)
    assert ours.value == pytest.approx(float(found.sentence_vector @ other), abs=1e-5)
    np.testing.assert_allclose(ours.matrix, gated.gradients(value).sum(axis=(0, 1)), atol=1e-5)


def test_the_tokens_average_to_the_sentence() -> None:
    found = trace(*PAIR)
    each = [attention_x_gradient(found, target=place) for place in range(len(found.tokens))]
    whole = attention_x_gradient(found)
    assert np.mean([one.value for one in each]) == pytest.approx(whole.value, abs=1e-5)
    np.testing.assert_allclose(np.mean([one.by_key for one in each], axis=0), whole.by_key, atol=1e-5)


def test_it_is_the_slope_of_turning_a_column_down(gated: Gated) -> None:
    import torch

    found = trace(TIRED)
    ours = attention_x_gradient(found)
    for key in (0, 2, 8):
        lengths = []
        for gate in (1.005, 0.995):
            gates = torch.ones(12, len(found.tokens), len(found.tokens))
            gates[..., key] = gate
            gated.gates = [gates] * 6
            ids = torch.tensor([[token.id for token in found.tokens]])
            with torch.no_grad():
                lengths.append(gated.model(input_ids=ids).last_hidden_state[0].double().mean(dim=0).norm().item())
        assert (lengths[0] - lengths[1]) / 0.01 == pytest.approx(ours.by_key[key], abs=2e-3)


def test_the_shared_weights_are_left_alone() -> None:
    attention_x_gradient(trace(TIRED))
    assert all(parameter.grad is None for parameter in load_bert().model.parameters())


def test_what_cannot_be_asked() -> None:
    found = trace(TIRED)
    for target in (-1, len(found.tokens)):
        with pytest.raises(IndexError):
            attention_x_gradient(found, target=target)
    for towards in (np.zeros(384, np.float32), np.ones(3, np.float32)):
        with pytest.raises(ValueError):
            attention_x_gradient(found, towards=towards)


def alone(source: ModelSource, ids: list[int], segments: list[int]) -> np.ndarray:
    """The last layer of one sequence run by itself."""
    import torch

    with torch.no_grad():
        output = load_encoder(source).model(input_ids=torch.tensor([ids]), token_type_ids=torch.tensor([segments]))
    return output.last_hidden_state[0].double().numpy()


def apart(a: np.ndarray, b: np.ndarray) -> float:
    return float(1 - a @ b / np.linalg.norm(a) / np.linalg.norm(b))


def check_against_separate_runs(found: AttentionTrace, source: ModelSource) -> None:
    ids, segments = [token.id for token in found.tokens], [token.segment for token in found.tokens]
    whole = alone(source, ids, segments)
    masked, removed = (leave_one_out(found, by=by, source=source) for by in ("mask", "remove"))
    mask = load_encoder(source).tokenizer.mask_token_id
    for out in range(len(ids)):
        last = alone(source, [*ids[:out], mask, *ids[out + 1 :]], segments)
        assert masked.sentence[out] == pytest.approx(apart(last.mean(axis=0), whole.mean(axis=0)), abs=1e-5)
        moved = [apart(a, b) for a, b in zip(last, whole, strict=True)]
        np.testing.assert_allclose(masked.token[:, out], moved, atol=1e-5)
        last = alone(source, ids[:out] + ids[out + 1 :], segments[:out] + segments[out + 1 :])
        assert removed.sentence[out] == pytest.approx(apart(last.mean(axis=0), whole.mean(axis=0)), abs=1e-5)
        moved = [apart(a, b) for a, b in zip(last, np.delete(whole, out, axis=0), strict=True)]
        np.testing.assert_allclose(np.delete(removed.token[:, out], out), moved, atol=1e-5)
        assert np.isnan(removed.token[out, out])


@pytest.mark.parametrize("squares", [1, 500, 2**18])
def test_leaving_out_equals_separate_runs(squares: int, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(influence, "BATCH_SQUARES", squares)
    check_against_separate_runs(trace(*PAIR), BUNDLED_BERT)


@pytest.mark.parametrize("family", FAMILIES)
def test_other_families(tmp_path: Path, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_loaded", {})
    source = ModelSource("folder", str(save_encoder(tmp_path, family)))
    found = trace("the cat sat", "the dog ran", max_tokens=20, source=source)
    check_against_separate_runs(found, source)
    assert attention_x_gradient(found, source=source).value > 0


def test_progress_is_told_and_can_stop_the_work(monkeypatch: pytest.MonkeyPatch) -> None:
    found = trace("one two three")
    n = len(found.tokens)
    monkeypatch.setattr(influence, "BATCH_SQUARES", 2 * n * n)
    shares: list[float] = []
    leave_one_out(found, progress=shares.append)
    assert shares == [2 / n, 4 / n, 1.0]

    def stop(share: float) -> None:
        raise InterruptedError(share)

    with pytest.raises(InterruptedError):
        leave_one_out(found, progress=stop)


def test_a_model_without_a_mask_token(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setattr(models, "_loaded", {})
    source = ModelSource("folder", str(save_encoder(tmp_path, "bert")))
    found = trace("the cat", max_tokens=20, source=source)
    load_encoder(source).tokenizer.mask_token = None
    with pytest.raises(NoMaskTokenError) as caught:
        leave_one_out(found, by="mask", source=source)
    assert caught.value.code == "no-mask-token"
    assert leave_one_out(found, by="remove", source=source).sentence.shape == (4,)
