"""Quantized models against torch, torchao and onnxruntime themselves, and files against the file system."""

from __future__ import annotations

import json
from dataclasses import asdict
from pathlib import Path

import numpy as np
import pytest
import torch

from explainers.models import load_bert
from explainers.quantization import (
    bert_int8,
    calibration,
    measure,
    model_figures,
    onnx_models,
    reference,
    store,
    variants,
)
from explainers.quantization.variants import VARIANTS, VariantError, build, sentence_vectors, tokenized
from ui.controls import load as load_controls

SENTENCES = (
    "The library stays open until nine.",
    "A thin layer of ice had formed on the pond, strong enough for a bird.",
)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ILLUSTRATED_NOTES_CACHE", str(tmp_path))


def vectors(name: str) -> np.ndarray:
    ids, mask = tokenized(SENTENCES)
    return sentence_vectors(build(name).run(ids, mask), mask)


def test_our_graph_computes_what_transformers_computes() -> None:
    ids, mask = tokenized(SENTENCES)
    built = build("onnx-fp32")
    with torch.inference_mode():
        truth = load_bert().model(torch.from_numpy(ids), torch.from_numpy(mask)).last_hidden_state.numpy()
    kept = mask.astype(bool)
    assert np.abs(built.run(ids, mask)[kept] - truth[kept]).max() < 2e-5
    assert built.disk_bytes == len(built.file.read_bytes())
    parameters = sum(weight.numel() for name, weight in load_bert().model.named_parameters() if "pooler" not in name)
    assert built.memory_bytes == 4 * parameters


def test_scales_per_token_stay_close_where_one_scale_per_matrix_does_not() -> None:
    truth = vectors("torch-fp32")
    assert (vectors("onnx-int8-token") * truth).sum(axis=1).min() > 0.995
    assert (vectors("torch-int8-tensor") * truth).sum(axis=1).min() < 0.98


def test_the_weights_are_rounded_as_torch_rounds_them() -> None:
    weight = load_bert().model.encoder.layer[0].output.dense.weight.detach()
    whole, scales = bert_int8.quantized(weight.numpy().T.copy())
    theirs = torch.quantize_per_channel(
        weight, torch.from_numpy(scales).double(), torch.zeros(len(scales), dtype=torch.long), 0, torch.qint8
    )
    # Where a weight lies half way between two levels, float32 and float64 scales may part.
    assert (whole != theirs.int_repr().numpy().T).mean() < 1e-4
    assert np.abs(theirs.int_repr().numpy().T.astype(int) - whole).max() <= 1


def test_torchao_gives_what_torchao_gives() -> None:
    from torchao.quantization import Int8WeightOnlyConfig, quantize_

    linear = torch.nn.Linear(64, 32)
    quantize_(linear, Int8WeightOnlyConfig(set_inductor_config=False))
    assert build("torchao-int8-weights").memory_bytes < build("torch-fp32").memory_bytes
    ids, mask = tokenized(SENTENCES)
    built = build("torchao-int8-weights")
    values = (vectors("torch-fp32") * sentence_vectors(built.run(ids, mask), mask)).sum(axis=1)
    assert values.min() > 0.999


def test_four_bits_are_packed_two_to_a_byte() -> None:
    linear = 6 * (4 * 384 * 384 + 2 * 384 * 1536)
    whole, packed = build("onnx-fp32").disk_bytes, build("onnx-int4-group").disk_bytes
    saved = 4 * linear - (linear / 2 + 4 * linear / 32)
    assert whole - packed == pytest.approx(saved, rel=0.002)


def test_calibration_refuses_what_it_cannot_use() -> None:
    for text, code in (
        ("", "quant-calibration-empty"),
        (" \n \t\n", "quant-calibration-empty"),
        ("a\n" * 65, "quant-calibration-many"),
        ("ok\n" + "a" * 601, "quant-calibration-long"),
    ):
        with pytest.raises(calibration.CalibrationError) as refused:
            calibration.parse(text)
        assert refused.value.code == code
    with pytest.raises(calibration.CalibrationError):
        build("onnx-int8-static")
    assert calibration.parse("a  b\n\n <script> ") == ("a b", "<script>")


def test_the_control_begins_with_the_shipped_sentences() -> None:
    default = load_controls("quantization")["calibration"].default
    assert calibration.parse(str(default)) == calibration.shipped("calibration")


def test_an_engine_that_is_not_there_is_named_and_the_rest_goes_on(monkeypatch: pytest.MonkeyPatch) -> None:
    found = onnx_models.importlib.util.find_spec
    monkeypatch.setattr(
        onnx_models.importlib.util, "find_spec", lambda name, *more: None if name == "onnx" else found(name, *more)
    )
    with pytest.raises(VariantError) as refused:
        build("onnx-fp32")
    assert refused.value.code == "quant-engine-missing"
    result = measure.measure(SENTENCES, (), ("onnx-fp32", "torch-fp32"))
    assert [one.refused for one in result.results] == ["quant-engine-missing", ""]
    assert [one.name for one in result.ran] == ["torch-fp32"]


def test_what_was_measured_is_kept_and_damage_is_measured_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(measure, "BUDGET_S", 0.0)
    seen: list[float] = []
    first = measure.measure(SENTENCES, (), ("torch-fp32",), report=lambda fraction, part=None: seen.append(fraction))
    assert seen[-1] == 1.0 and first.results[0].lowest == pytest.approx(1, abs=1e-5)
    assert measure.measure(SENTENCES, (), ("torch-fp32",)) == first
    assert measure.kept(SENTENCES, ()) is None  # the other variants are not there
    (file,) = store.folder().glob("measured-*.json")
    file.write_text("{}")
    assert measure.measure(SENTENCES, (), ("torch-fp32",)) != first
    assert measure.from_plain(json.loads(json.dumps(asdict(first.results[0])))) == first.results[0]


def test_timings_are_in_order() -> None:
    ids, mask = tokenized(SENTENCES)
    one = measure.timed(build("torch-fp32"), ids, mask, budget_s=0)
    assert one.runs == measure.LEAST and 0 < one.low_ms <= one.median_ms <= one.high_ms <= one.p95_ms
    assert one.per_second == pytest.approx(2000 / one.median_ms)


def test_the_shipped_measurement_has_every_variant() -> None:
    found = reference.measurement()
    assert [one.name for one in found.results] == [variant.name for variant in VARIANTS] == list(variants.NAMES)
    best = found.best(0.995)
    assert best is not None and best.lowest >= 0.995
    assert all(18 <= tokens <= 34 for tokens in found.tokens) and len(found.tokens) == 16


def test_numbers_of_variants_alike_stand_on_different_sides() -> None:
    together = [(100.0, 100.0), (101.0, 100.0), (100.0, 99.0), (400.0, 100.0)]
    found = model_figures.clear_sides(together)
    assert len(set(found[:3])) == 3
    assert found[0] == found[3] == "top center"
    above = model_figures.clear_sides([(100.0, 100.0), (100.0, 117.0)])
    assert above[0] != "top center"
