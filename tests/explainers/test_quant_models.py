"""Quantized copies of an encoder: against torch's own operators on the real model, and what they leave untouched."""

from __future__ import annotations

import copy
import json
from pathlib import Path
from types import SimpleNamespace

import numpy as np
import pytest
import torch
from encoders import save_encoder

from explainers import attention
from explainers.models import ModelSource, load_encoder
from explainers.quantization import agreement, fake, quantizers, verdict, weights
from explainers.quantization.fake import Recipe
from explainers.quantization.quantizers import Spec

TEXTS = ["The animal didn't cross the street.", "It was too tired.", "Prices rose faster than wages this year."]
CHANNEL = Spec(granularity="channel")
ROOT = Path(__file__).resolve().parents[2]


@pytest.fixture(scope="module")
def tiny(tmp_path_factory: pytest.TempPathFactory) -> ModelSource:
    folder = save_encoder(tmp_path_factory.mktemp("tiny"), "bert", head=False)
    return ModelSource("folder", str(folder))


@pytest.fixture(scope="module")
def full() -> np.ndarray:
    return fake.sentence_vectors(TEXTS)


def test_sentence_vectors_are_those_of_the_attention_page(full: np.ndarray) -> None:
    wanted = np.stack([attention.trace(text).sentence_vector for text in TEXTS])
    np.testing.assert_allclose(full, wanted, atol=2e-6)


def test_nothing_asked_changes_nothing(full: np.ndarray) -> None:
    np.testing.assert_array_equal(fake.sentence_vectors(TEXTS, fake.quantized(Recipe())), full)


def reference(kind: str) -> torch.nn.Module:
    """The encoder with its weights fake-quantized by torch's own operators."""
    model = copy.deepcopy(load_encoder().model)
    for name in weights.names():
        weight = model.get_submodule(name).weight
        with torch.no_grad():
            if kind == "tensor":
                scale = float(weight.abs().max() / 127)
                weight.copy_(torch.fake_quantize_per_tensor_affine(weight, scale, 0, -127, 127))
            else:
                scales = weight.abs().amax(1) / 127
                zeros = torch.zeros(len(scales), dtype=torch.int32)
                weight.copy_(torch.fake_quantize_per_channel_affine(weight, scales, zeros, 0, -127, 127))
    return model


@pytest.mark.parametrize("kind", ["tensor", "channel"])
def test_a_quantized_model_answers_as_one_made_with_torchs_operators(kind: str) -> None:
    ours = fake.sentence_vectors(TEXTS, fake.quantized(Recipe(Spec(granularity=kind))))  # type: ignore[arg-type]
    np.testing.assert_allclose(ours, fake.sentence_vectors(TEXTS, reference(kind)), atol=1e-6)  # type: ignore[arg-type]


def test_the_shared_model_is_never_touched(full: np.ndarray) -> None:
    loaded = load_encoder()
    before = {name: tensor.clone() for name, tensor in loaded.model.state_dict().items()}
    kinds = [type(module) for module in loaded.model.modules()]
    made = fake.quantized(Recipe(Spec(2), activations="token", tables=Spec(4), norms=Spec(4), rows_apart=1))
    fake.sentence_vectors(TEXTS, made)
    assert kinds == [type(module) for module in loaded.model.modules()]
    for name, tensor in loaded.model.state_dict().items():
        assert torch.equal(tensor, before[name]), name
    np.testing.assert_array_equal(fake.sentence_vectors(TEXTS), full)


def test_a_copy_shares_what_it_does_not_change() -> None:
    loaded = load_encoder()
    made = fake.quantized(Recipe(layers={"encoder.layer.0.output.dense": CHANNEL}))
    key = "embeddings.word_embeddings.weight"
    assert made.state_dict()[key].data_ptr() == loaded.model.state_dict()[key].data_ptr()


@pytest.mark.parametrize("per_token", [False, True])
def test_activations_are_rounded_as_by_torch(per_token: bool) -> None:
    values = torch.randn(2, 5, 16, generator=torch.Generator().manual_seed(3)) * 3 + 0.4
    found = fake.fake_activations(values, per_token)
    rows = values.reshape(-1, 16) if per_token else values.reshape(1, -1)
    for row, ours in zip(rows, found.reshape(rows.shape), strict=True):
        observer = torch.ao.quantization.MinMaxObserver(torch.quint8, torch.per_tensor_affine)
        observer(row)
        scale, zero = observer.calculate_qparams()
        wanted = torch.fake_quantize_per_tensor_affine(row, float(scale), int(zero), 0, 255)
        torch.testing.assert_close(ours, wanted, atol=float(scale) * 1.01, rtol=0)
        assert (ours - wanted).abs().gt(1e-5).float().mean() < 0.05  # a value on an edge may fall to either side


def test_outlier_features_kept_apart_are_exact() -> None:
    values = torch.randn(1, 4, 8, generator=torch.Generator().manual_seed(1))
    values[..., 3] *= 1000
    wide = fake.outlier_features(values, 6.0)
    assert wide.nonzero().flatten().tolist() == [3]
    layer = torch.nn.Linear(8, 5)
    made = fake._layer_class()(layer, layer.weight.detach(), Recipe(activations="tensor", apart=6.0))
    plain = fake._layer_class()(layer, layer.weight.detach(), Recipe(activations="tensor"))
    wanted = layer(values)
    assert (made(values) - wanted).abs().max() < 0.1 * (plain(values) - wanted).abs().max()


@pytest.mark.filterwarnings("ignore")
@pytest.mark.parametrize("engine", ["torch_tensor", "torch_channel"])
def test_torchs_engine_is_torchs(engine: fake.Engine) -> None:
    from torch.ao import quantization as ao

    config = ao.default_dynamic_qconfig if engine == "torch_tensor" else ao.per_channel_dynamic_qconfig
    wanted = ao.quantize_dynamic(copy.deepcopy(load_encoder().model), {torch.nn.Linear: config})
    found = fake.by_engine(engine, Recipe())
    np.testing.assert_array_equal(fake.sentence_vectors(TEXTS, found), fake.sentence_vectors(TEXTS, wanted))


def test_a_missing_engine_is_named(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(torch.backends, "quantized", SimpleNamespace(engine="none"))
    with pytest.raises(fake.FakeError) as refused:
        fake.by_engine("torch_tensor", Recipe())
    assert refused.value.code == "quant-engine"


def test_fp16_weights_are_numpys() -> None:
    weight = weights.tensor("encoder.layer.0.output.dense").values
    np.testing.assert_array_equal(fake.rounded(weight, "fp16"), weight.astype(np.float16).astype(np.float32))


def test_the_widest_row_stays_and_does_not_count() -> None:
    weight = weights.tensor("encoder.layer.0.output.dense").values
    made = fake.rounded(weight, Spec(), 1)
    np.testing.assert_array_equal(made[99], weight[99])
    rest = np.delete(weight, 99, axis=0)
    np.testing.assert_array_equal(np.delete(made, 99, 0), quantizers.fake_quantize(rest, quantizers.fit(rest, Spec())))


# ---------------------------------------------------------------- the first claim


def test_one_channel_explains_what_one_scale_bends() -> None:
    """Computed here, beside the shipped numbers: torch's operators give the same (see above)."""
    sentences = (ROOT / "assets" / "attention" / "sentences.txt").read_text().splitlines()[:16]
    found = verdict.verdict(8, sentences)
    assert found.mean("tensor").high < 0.98 < 0.995 < found.mean("apart").low < 0.999 < found.mean("channel").low
    shipped = json.loads((ROOT / "assets" / "quantization" / "sentences.json").read_text())["8"]
    for way in verdict.WAYS:
        np.testing.assert_allclose(found.cosines[way], shipped[way], atol=5e-4)


def test_channel_99_is_the_wide_one() -> None:
    tensor = weights.tensor("encoder.layer.0.output.dense")
    raw = load_encoder().model.state_dict()["encoder.layer.0.output.dense.weight"]
    assert tensor.widest == int(raw.abs().amax(1).argmax()) == 99
    assert tensor.times_median == pytest.approx(float(raw.abs().max() / raw.abs().amax(1).quantile(0.5)), rel=1e-3)


# ---------------------------------------------------------------- what cannot be done


def test_a_model_with_a_value_that_is_no_number_is_refused(tmp_path: Path) -> None:
    from safetensors.torch import load_file, save_file

    folder = save_encoder(tmp_path, "bert", head=False)
    tensors = load_file(folder / "model.safetensors")
    name = "encoder.layer.1.intermediate.dense"
    tensors[f"{name}.weight"][2, 3] = float("nan")
    save_file(tensors, folder / "model.safetensors", metadata={"format": "pt"})
    source = ModelSource("folder", str(folder))
    for act in (lambda: weights.tensor(name, source), lambda: fake.quantized(Recipe(CHANNEL), source)):
        with pytest.raises(weights.WeightsError) as refused:
            act()
        assert refused.value.code == "quant-not-finite"
        assert dict(refused.value.details) == {"tensor": name, "n": "1"}
    with pytest.raises(fake.FakeError) as wrong:
        fake.sentence_vectors(["the cat sat"], source=source)
    assert wrong.value.code == "quant-vectors"


def test_a_model_without_linear_layers_is_refused(monkeypatch: pytest.MonkeyPatch) -> None:
    bare = SimpleNamespace(model=torch.nn.Sequential(torch.nn.Embedding(4, 4), torch.nn.LayerNorm(4)), family="bert")
    monkeypatch.setattr(weights, "load_encoder", lambda source: bare)
    with pytest.raises(weights.WeightsError) as refused:
        weights.names(ModelSource("folder", "bare"))
    assert refused.value.code == "quant-no-linear"


def test_unknown_tensors_and_no_texts_are_refused() -> None:
    with pytest.raises(weights.WeightsError) as refused:
        weights.tensor("encoder.layer.9.output.dense")
    assert refused.value.code == "quant-no-tensor"
    with pytest.raises(fake.FakeError) as empty:
        fake.sentence_vectors([])
    assert empty.value.code == "quant-no-texts"


@pytest.mark.parametrize("family", ["bert", "distilbert", "roberta", "albert"])
def test_every_family_of_encoder_can_be_quantized(family: str, tmp_path: Path) -> None:
    source = ModelSource("folder", str(save_encoder(tmp_path, family, head=False)))
    full = fake.sentence_vectors(["the cat sat on the mat"], source=source)
    other = fake.sentence_vectors(["the cat sat on the mat"], fake.quantized(Recipe(CHANNEL), source), source)
    assert 0.99 < agreement.cosines(full, other)[0] < 1


@pytest.mark.parametrize("text", ["", "🙂", "مرحبا", "<script>alert(1)</script>", "word " * 500, "[SEP]", "\x00"])
def test_any_text_has_a_vector(text: str) -> None:
    assert np.isfinite(fake.sentence_vectors([text, "The cat."])).all()


def test_attention_of_a_head_is_that_of_the_attention_page() -> None:
    found = fake.attention_of(TEXTS[0], 3, 1)
    trace = attention.trace(TEXTS[0])
    assert found.tokens == tuple(token.piece for token in trace.tokens)
    np.testing.assert_allclose(found.weights, trace.attention[3, 1], atol=1e-6)


def test_many_threads_read_texts_at_once() -> None:
    """A fast tokenizer keeps its padding as state: without a lock one thread takes it from another."""
    from concurrent.futures import ThreadPoolExecutor

    texts = [["a"], ["the cat sat on the mat", "a"], ["one two three", "a much longer sentence than that", "x"]] * 40
    with ThreadPoolExecutor(4) as pool:
        shapes = [found["input_ids"].shape for found in pool.map(lambda some: fake.tokenized(some, 16), texts)]
    assert [shape[0] for shape in shapes] == [len(some) for some in texts]
