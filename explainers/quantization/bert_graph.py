"""The bundled BERT as an ONNX file, written node by node: no tracing, so it takes a fraction of a second.

The nodes are those that ONNX Runtime's optimiser makes of an exported BERT ("Transformers Model Optimization Tool" in
its documentation), but for LayerNorm: the fused "SkipLayerNormalization" took twice the time of an addition and a
LayerNormalization on the CPU where this was written. Reference for the operators: onnxruntime's
docs/ContribOperators.md; for the network: Devlin et al. 2019 (arXiv:1810.04805).
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

if TYPE_CHECKING:
    from onnx import ModelProto, NodeProto

Float32 = npt.NDArray[np.float32]
Weights = Mapping[str, Float32]

OPSET, MICROSOFT = 17, "com.microsoft"
IDS, MASK, SEGMENTS, OUTPUT = "input_ids", "attention_mask", "token_type_ids", "last_hidden_state"
EMBEDDINGS = ("word", "position", "token_type")
THREE = ("query", "key", "value")


@dataclass(frozen=True)
class Shape:
    """The sizes of a BERT: layers, attention heads, width of a token's vector, width inside the feed-forward part."""

    layers: int
    heads: int
    hidden: int
    inner: int
    epsilon: float = 1e-12


def matmuls(shape: Shape) -> tuple[str, ...]:
    """The names of the nodes that multiply by a weight matrix, in the order in which they run."""
    return tuple(
        f"layer{layer}.{part}" for layer in range(shape.layers) for part in (*THREE, "attention_out", "inner", "outer")
    )


def initializers(weights: Weights, shape: Shape) -> dict[str, Float32]:
    """The arrays of the graph, by name: weights as `input @ weight` wants them.

    weights: a BertModel's `state_dict` as arrays.
    """
    made: dict[str, Float32] = {}
    for name in EMBEDDINGS:
        made[f"embeddings.{name}"] = weights[f"embeddings.{name}_embeddings.weight"]
    for end in ("weight", "bias"):
        made[f"embeddings.norm.{end}"] = weights[f"embeddings.LayerNorm.{end}"]
    for layer in range(shape.layers):
        there, here = f"encoder.layer.{layer}.", f"layer{layer}."
        for name in THREE:
            made[f"{here}{name}.weight"] = weights[f"{there}attention.self.{name}.weight"].T
        made[f"{here}three.bias"] = np.concatenate([weights[f"{there}attention.self.{name}.bias"] for name in THREE])
        for ours, theirs in (
            ("attention_out", "attention.output.dense"),
            ("inner", "intermediate.dense"),
            ("outer", "output.dense"),
        ):
            made[f"{here}{ours}.weight"] = weights[f"{there}{theirs}.weight"].T
            made[f"{here}{ours}.bias"] = weights[f"{there}{theirs}.bias"]
        for ours, theirs in (("attention_norm", "attention.output.LayerNorm"), ("outer_norm", "output.LayerNorm")):
            for end in ("weight", "bias"):
                made[f"{here}{ours}.{end}"] = weights[f"{there}{theirs}.{end}"]
    return {name: np.ascontiguousarray(array, np.float32) for name, array in made.items()}


def fused(kind: str, inputs: list[str], outputs: list[str], **settings: object) -> NodeProto:
    """A node of ONNX Runtime's own operators, named after its output."""
    from onnx import helper

    return helper.make_node(kind, inputs, outputs, name=outputs[0], domain=MICROSOFT, **settings)


def plain(kind: str, inputs: list[str], outputs: list[str], **settings: object) -> NodeProto:
    """A node of the standard's operators, named after its output."""
    from onnx import helper

    return helper.make_node(kind, inputs, outputs, name=outputs[0], **settings)


Product = Callable[[str, str], list["NodeProto"]]
"""`product(name, source)`: the nodes that multiply tensor `source` by weight `name`.weight into `name`.product."""


def product(name: str, source: str) -> list[NodeProto]:
    """The product in float32."""
    return [plain("MatMul", [source, f"{name}.weight"], [f"{name}.product"])]


def nodes_of(shape: Shape, product: Product = product) -> list[NodeProto]:
    """The network's nodes in the order of the computation; `product` makes the matrix products."""

    def added(name: str, skip: str, norm: str, made: str) -> list[NodeProto]:
        """Bias, residual, LayerNorm."""
        return [
            plain("Add", [f"{name}.product", f"{name}.bias"], [f"{name}.biased"]),
            plain("Add", [f"{name}.biased", skip], [f"{name}.sum"]),
            plain("LayerNormalization", [f"{name}.sum", f"{norm}.weight", f"{norm}.bias"], [made], **settings),
        ]

    settings = {"epsilon": shape.epsilon, "axis": -1}
    norm = ["embeddings.norm.weight", "embeddings.norm.bias"]
    tables = [f"embeddings.{name}" for name in EMBEDDINGS]
    start, outputs = [IDS, SEGMENTS, *tables, *norm, MASK], ["embedded", "lengths"]
    nodes = [fused("EmbedLayerNormalization", start, outputs, epsilon=shape.epsilon)]
    before = "embedded"
    for layer in range(shape.layers):
        here = f"layer{layer}."
        after = OUTPUT if layer == shape.layers - 1 else f"{here}out"
        three = [f"{here}{name}.product" for name in THREE]
        for name in THREE:
            nodes += product(f"{here}{name}", before)
        nodes += [
            fused(
                "MultiHeadAttention",
                [*three, f"{here}three.bias", "lengths"],
                [f"{here}context"],
                num_heads=shape.heads,
            ),
            *product(f"{here}attention_out", f"{here}context"),
            *added(f"{here}attention_out", before, f"{here}attention_norm", f"{here}middle"),
            *product(f"{here}inner", f"{here}middle"),
            fused("BiasGelu", [f"{here}inner.product", f"{here}inner.bias"], [f"{here}gelu"]),
            *product(f"{here}outer", f"{here}gelu"),
            *added(f"{here}outer", f"{here}middle", f"{here}outer_norm", after),
        ]
        before = after
    return nodes


def graph(weights: Weights, shape: Shape) -> ModelProto:
    """The network in float32. Inputs: ids, mask and segments, each int32 `[sentence, token]`, padding behind the
    tokens. Output `last_hidden_state`: float32 `[sentence, token, hidden]`."""
    return model_of(nodes_of(shape), initializers(weights, shape), shape)


def model_of(nodes: list[NodeProto], arrays: Mapping[str, npt.NDArray[np.generic]], shape: Shape) -> ModelProto:
    """An ONNX model of these nodes and arrays."""
    from onnx import TensorProto, helper, numpy_helper

    batch = ["sentences", "tokens"]
    inputs = [helper.make_tensor_value_info(name, TensorProto.INT32, batch) for name in (IDS, SEGMENTS, MASK)]
    output = helper.make_tensor_value_info(OUTPUT, TensorProto.FLOAT, [*batch, shape.hidden])
    # Shape inference does not know the fused operators; the quantizer asks for the types of what runs between them.
    between = [
        helper.make_tensor_value_info(name, TensorProto.FLOAT, [*batch, shape.inner if _is_wide(name) else shape.hidden])
        for node in nodes
        for name in node.output
        if name == "embedded" or name.endswith(_BETWEEN)
    ]
    body = helper.make_graph(
        nodes,
        "bert",
        inputs,
        [output],
        [numpy_helper.from_array(array, name) for name, array in arrays.items()],
        value_info=between,
    )
    opsets = [helper.make_opsetid("", OPSET), helper.make_opsetid(MICROSOFT, 1)]
    return helper.make_model(body, opset_imports=opsets, ir_version=8, producer_name="illustrated-notes")


_BETWEEN = (".product", ".biased", ".sum", ".context", ".middle", ".gelu", ".out")


def _is_wide(name: str) -> bool:
    return name.endswith((".gelu", ".inner.product"))
