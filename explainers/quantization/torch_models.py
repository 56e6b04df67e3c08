"""Variants that torch runs: its own formats and dynamic INT8 (torch.ao), and torchao's.

The linear layers of the blocks are quantized; embeddings and LayerNorm stay in FP32. torch.ao's dynamic layers round
activations to seven bits of a batch-wide grid (`reduce_range`), torchao's to eight bits of a grid per token.
Reference: the documentation of torch.ao.quantization and torchao.quantization.
"""

from __future__ import annotations

import copy
import importlib.util
import io
import warnings
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.models import BUNDLED_BERT, ModelSource, load_encoder
from explainers.quantization import store, weights
from explainers.quantization.variants import Built, Float32, Int64, Variant, VariantError, refusal

if TYPE_CHECKING:
    import torch

GROUP = 32
"""Inputs that share a scale in torchao's INT4."""


def build(variant: Variant, *, source: ModelSource = BUNDLED_BERT) -> Built:
    """Build one. Raises VariantError, ModelUnavailableError."""
    import torch

    if importlib.util.find_spec(variant.engine) is None:
        raise VariantError("quant-engine-missing", {"engine": variant.engine})
    original = load_encoder(source).model
    try:
        with warnings.catch_warnings():
            warnings.simplefilter("ignore")  # that torch.ao will one day move to torchao
            model = _changed(original, variant)
            buffer = io.BytesIO()
            torch.save(model.state_dict(), buffer)
    except Exception as error:
        raise refusal(variant.name, error) from error
    name = f"{variant.name}-{store.digest(variant.name, weights.fingerprint(source), torch.__version__)}.pt"
    file = store.path_of(name) or store.keep(name, buffer.getvalue())

    def run(ids: Int64, mask: Int64) -> Float32:
        with torch.inference_mode():
            hidden = model(input_ids=torch.from_numpy(ids), attention_mask=torch.from_numpy(mask)).last_hidden_state
        found: Float32 = hidden.float().numpy()
        return found

    return Built(variant, run, file, memory_bytes(model))


def _changed(original: torch.nn.Module, variant: Variant) -> torch.nn.Module:
    import torch

    if variant.format == "fp32":
        return original
    model = copy.deepcopy(original)
    if variant.format in ("bf16", "fp16"):
        return model.to(torch.bfloat16 if variant.format == "bf16" else torch.float16)
    if variant.engine == "torchao":
        from torchao import quantization

        quantization.quantize_(model, _torchao(variant))
        return model
    from torch.ao import quantization as ao

    per = ao.default_dynamic_qconfig if variant.weights == "tensor" else ao.per_channel_dynamic_qconfig
    changed: torch.nn.Module = ao.quantize_dynamic(  # type: ignore[no-untyped-call]
        model, {torch.nn.Linear: per}, inplace=True
    )
    return changed


def _torchao(variant: Variant) -> Any:
    import torch
    from torchao import quantization
    from torchao.quantization import granularity

    if variant.format == "int4":
        return quantization.IntxWeightOnlyConfig(
            torch.int4,  # type: ignore[attr-defined]
            granularity.PerGroup(GROUP),
        )
    if variant.activations == "token":
        return quantization.Int8DynamicActivationInt8WeightConfig(set_inductor_config=False)
    return quantization.Int8WeightOnlyConfig(set_inductor_config=False)


def memory_bytes(model: torch.nn.Module) -> int:
    """Bytes of everything the model holds, packed and quantized tensors by what they store."""
    import torch

    total = 0
    for value in model.state_dict().values():
        parts = value if isinstance(value, tuple) else (value,)
        for part in parts:
            if isinstance(part, torch.Tensor):
                total += _tensor_bytes(part)
    return total


def _tensor_bytes(part: torch.Tensor) -> int:
    """Of one tensor: torchao's keep their whole numbers, scales and zero points as tensors of their own."""
    names, _ = part.__tensor_flatten__() if hasattr(part, "__tensor_flatten__") else ((), None)
    if names:
        return sum(_tensor_bytes(getattr(part, name)) for name in names if getattr(part, name) is not None)
    scales = 0
    if part.is_quantized and part.qscheme().__str__().startswith("torch.per_channel"):
        scales = part.q_per_channel_scales().nbytes + part.q_per_channel_zero_points().nbytes
    return int(np.prod(part.shape)) * part.element_size() + scales
