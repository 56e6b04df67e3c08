"""The same graph with its matrix products in whole numbers: written node by node, or changed node by node.

`per_token`: weights in INT8 with a scale per output channel; activations in UINT8 with a scale per token where one
token's width would otherwise set the grid of all others (before both feed-forward matrices), per batch elsewhere: the
row-wise quantization of LLM.int8() (Dettmers et al. 2022, arXiv:2208.07339). `in_blocks`: only the weights are stored
in 8 or 4 bits, a scale for every block of inputs (onnxruntime's MatMulNBits). Reference: onnxruntime's
docs/ContribOperators.md, MatMulIntegerToFloat, DynamicQuantizeMatMul, MatMulNBits.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explainers.quantization.bert_graph import Float32, Shape, Weights, fused, initializers, model_of, nodes_of, plain

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

Arrays = dict[str, npt.NDArray[np.generic]]

LEVELS = 127  # of a signed byte, used symmetrically
GELU_LOWEST = 0.17  # GELU is never below -0.17 (its minimum is -0.16997)
GELU_FLOOR = 0.85  # a token's largest value counts as this much at least, so that -0.17 stays on its grid
GELU_SPAN = 1 + GELU_LOWEST / GELU_FLOOR


def quantized(weight: Float32) -> tuple[npt.NDArray[np.int8], Float32]:
    """Float32[input, output] as int8 and a scale per output channel, symmetric: weight is about int8 * scale."""
    scale = (np.maximum(np.abs(weight).max(axis=0), 1e-12) / LEVELS).astype(np.float32)
    return np.clip(np.rint(weight / scale), -LEVELS, LEVELS).astype(np.int8), scale


def per_token(weights: Weights, shape: Shape) -> ModelProto:
    """The network with all matrix products in INT8, activations before the feed-forward matrices a scale per token."""
    arrays: Arrays = dict(initializers(weights, shape))
    # After LayerNorm both signs are as wide: -1..1 over 1..255, 0 at 128. After GELU: -0.2..1 over 0..255.
    arrays |= {
        "even.scale": np.float32(1 / LEVELS) * np.ones((), np.float32),
        "even.zero": np.array(128, np.uint8),
        "gelu.scale": np.array(GELU_SPAN / 255, np.float32),
        "gelu.zero": np.array(round(255 * (1 - 1 / GELU_SPAN)), np.uint8),
        "gelu.floor": np.array(GELU_FLOOR, np.float32),
    }

    def product(name: str, source: str) -> list[NodeProto]:
        weight = arrays.pop(f"{name}.weight")
        whole, scales = quantized(weight.astype(np.float32))
        arrays[f"{name}.int8"], arrays[f"{name}.scales"] = whole, scales
        stored = [f"{name}.int8", f"{name}.scales"]
        if not name.endswith((".inner", ".outer")):
            return [fused("DynamicQuantizeMatMul", [source, *stored], [f"{name}.product"])]
        kind = "gelu" if source.endswith(".gelu") else "even"
        return [
            *_widths(source, kind),
            plain("Div", [source, f"{source}.width"], [f"{source}.unit"]),
            plain("QuantizeLinear", [f"{source}.unit", f"{kind}.scale", f"{kind}.zero"], [f"{source}.uint8"]),
            fused(
                "MatMulIntegerToFloat",
                [f"{source}.uint8", stored[0], f"{kind}.scale", stored[1], f"{kind}.zero"],
                [f"{name}.unit_product"],
            ),
            plain("Mul", [f"{name}.unit_product", f"{source}.width"], [f"{name}.product"]),
        ]

    nodes = nodes_of(shape, product)
    return model_of(nodes, arrays, shape)


def _widths(source: str, kind: str) -> list[NodeProto]:
    """The width of every token: its largest value after GELU, its largest absolute value elsewhere."""
    if kind == "gelu":
        return [
            plain("ReduceMax", [source], [f"{source}.top"], axes=[-1], keepdims=1),
            plain("Max", [f"{source}.top", "gelu.floor"], [f"{source}.width"]),
        ]
    return [
        plain("Abs", [source], [f"{source}.absolute"]),
        plain("ReduceMax", [f"{source}.absolute"], [f"{source}.width"], axes=[-1], keepdims=1),
    ]


def in_blocks(weights: Weights, shape: Shape, *, bits: int, block: int) -> ModelProto:
    """The network with its weight matrices stored in `bits` (8 or 4), a scale for every `block` inputs of an output
    channel, as onnxruntime's own code rounds and packs them; the engine computes with INT8 (accuracy level 4)."""
    from onnxruntime.capi import _pybind_state as kernels

    pack = kernels.quantize_matmul_4bits if bits == 4 else kernels.quantize_matmul_8bits
    arrays: Arrays = dict(initializers(weights, shape))

    def product(name: str, source: str) -> list[NodeProto]:
        weight = np.ascontiguousarray(arrays.pop(f"{name}.weight"), np.float32)
        inputs, outputs = weight.shape
        blocks = inputs // block
        packed = np.zeros((outputs, blocks, block * bits // 8), np.uint8)
        scales = np.zeros(outputs * blocks, np.float32)
        zeros = np.zeros(outputs * ((blocks * bits + 7) // 8), np.uint8)
        pack(packed, weight, scales, zeros, block, outputs, inputs, True)  # True: symmetric, the zeros stay unused
        arrays[f"{name}.packed"], arrays[f"{name}.scales"] = packed, scales
        settings = {"K": inputs, "N": outputs, "bits": bits, "block_size": block, "accuracy_level": 4}
        return [fused("MatMulNBits", [source, f"{name}.packed", f"{name}.scales"], [f"{name}.product"], **settings)]

    nodes = nodes_of(shape, product)
    return model_of(nodes, arrays, shape)
