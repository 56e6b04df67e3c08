"""The bundled BERT, quantized in all the ways that people deploy it on a CPU: what there is, and one of them built.

`VARIANTS` is the list; `build` makes one, ready to run, by the engine that its name begins with (`torch_models`,
`onnx_models`). Nothing is simulated: an engine that is not there, or that refuses, raises VariantError.
"""

from __future__ import annotations

import logging
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource

_log = logging.getLogger(__name__)
Float32 = npt.NDArray[np.float32]
Int64 = npt.NDArray[np.int64]
Engine = Literal["torch", "torchao", "onnxruntime"]
Format = Literal["fp32", "bf16", "fp16", "int8", "int4"]


class VariantError(ExplainerError):
    """Codes "quant-engine-missing" (details "engine"): not installed; "quant-engine-refused" (details "variant",
    "reason"): the engine cannot do this here; "quant-engine-family" (details "variant", "family"): our graph for it is
    BERT's, and the model is none."""


def refusal(variant: str, error: Exception) -> VariantError:
    """What an engine raised, as a VariantError: they raise whatever they like, assertions included."""
    _log.warning("%s: %s: %s", variant, type(error).__name__, error)
    return VariantError(
        "quant-engine-refused", {"variant": variant, "reason": f"{type(error).__name__}: {str(error)[:160]}"}
    )


@dataclass(frozen=True)
class Variant:
    """One way. `activations`: how they are rounded while it runs: "none", "dynamic" (scales from the batch at hand),
    "token" (a scale per token), "static" (scales from calibration). `weights`: who shares a scale: "none", "tensor",
    "channel", "group"; `embeddings`: whether the word vectors are rounded as well."""

    name: str
    engine: Engine
    format: Format
    weights: Literal["none", "tensor", "channel", "group"] = "none"
    activations: Literal["none", "dynamic", "token", "static"] = "none"
    embeddings: bool = False


VARIANTS: tuple[Variant, ...] = (
    Variant("torch-fp32", "torch", "fp32"),
    Variant("onnx-fp32", "onnxruntime", "fp32"),
    Variant("onnx-int8-token", "onnxruntime", "int8", "channel", "token"),
    Variant("torch-bf16", "torch", "bf16"),
    Variant("torch-fp16", "torch", "fp16"),
    Variant("torch-int8-tensor", "torch", "int8", "tensor", "dynamic"),
    Variant("torch-int8-channel", "torch", "int8", "channel", "dynamic"),
    Variant("torchao-int8-token", "torchao", "int8", "channel", "token"),
    Variant("torchao-int8-weights", "torchao", "int8", "channel"),
    Variant("torchao-int4-group", "torchao", "int4", "group"),
    Variant("onnx-int8-tensor", "onnxruntime", "int8", "tensor", "dynamic"),
    Variant("onnx-int8-channel", "onnxruntime", "int8", "channel", "dynamic"),
    Variant("onnx-int8-static", "onnxruntime", "int8", "channel", "static"),
    Variant("onnx-int8-group", "onnxruntime", "int8", "group"),
    Variant("onnx-int4-group", "onnxruntime", "int4", "group"),
    Variant("onnx-int8-all", "onnxruntime", "int8", "channel", "dynamic", embeddings=True),
)
"""Baselines first, then the one to beat them, so that whoever waits sees the point early."""
BASELINE = "torch-fp32"
NAMES = tuple(variant.name for variant in VARIANTS)


@dataclass(frozen=True)
class Built:
    """A variant that can run. `run(ids, mask)`: Int64[sentence, token] both, padding behind the tokens, to
    Float32[sentence, token, hidden]. `file`: the model on disk. `memory_bytes`: what its weights, scales and tables
    take in memory as the engine is given them; what an engine repacks for itself is not in it."""

    variant: Variant
    run: Callable[[Int64, Int64], Float32]
    file: Path
    memory_bytes: int

    @property
    def disk_bytes(self) -> int:
        """Size of the file, as the file system says."""
        return self.file.stat().st_size


def find(name: str) -> Variant:
    """The variant of this name. Raises KeyError."""
    return {variant.name: variant for variant in VARIANTS}[name]


def build(
    name: str, calibration: tuple[str, ...] = (), *, threads: int = 1, source: ModelSource = BUNDLED_BERT
) -> Built:
    """Build a variant. calibration: the sentences a static one is calibrated on. threads: for an ONNX Runtime session;
    torch's number is the process's own. Raises VariantError, CalibrationError, ModelUnavailableError."""
    variant = find(name)
    if variant.engine == "onnxruntime":
        from explainers.quantization import onnx_models

        return onnx_models.build(variant, calibration, threads=threads, source=source)
    from explainers.quantization import torch_models

    return torch_models.build(variant, source=source)


def sentence_vectors(hidden: Float32, mask: Int64) -> Float32:
    """Float32[sentence, hidden]: the mean of a sentence's token vectors, padding apart, of length 1 (as Reimers &
    Gurevych 2019 pool; arXiv:1908.10084)."""
    weight = mask[..., None].astype(np.float32)
    mean = (hidden * weight).sum(axis=1) / weight.sum(axis=1)
    found: Float32 = (mean / np.linalg.norm(mean, axis=1, keepdims=True)).astype(np.float32)
    return found


def tokenized(sentences: tuple[str, ...], source: ModelSource = BUNDLED_BERT) -> tuple[Int64, Int64]:
    """Ids and mask, both Int64[sentence, token], as long as the longest sentence."""
    from explainers.models import load_encoder
    from explainers.quantization import fake

    batch = fake.tokenized(sentences, load_encoder(source).max_positions, source)
    ids, mask = batch["input_ids"].numpy(), batch["attention_mask"].numpy()
    return ids.astype(np.int64), mask.astype(np.int64)
