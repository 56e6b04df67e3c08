"""Inside one head, for one query token: every number between the token vectors and the head's output.

Scaled dot-product attention: Vaswani et al. 2017, "Attention Is All You Need" (arXiv:1706.03762), eq. 1; shown
dimension by dimension as in the neuron view of Vig 2019 (arXiv:1906.05714). The temperature is the divisor of
Hinton et al. 2015 (arXiv:1503.02531): BERT itself uses 1. The layer's input comes from the trace and the matrices
from the weights, so nothing is run again.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np
import numpy.typing as npt

from explainers.attention.framing import framed, packed_tokens
from explainers.attention.trace import AttentionTrace, Float32
from explainers.models import BUNDLED_BERT, LoadedEncoder, ModelSource, load_encoder

if TYPE_CHECKING:
    from torch.nn import Linear

Float64 = npt.NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class DotProductAttention:
    """One query's attention, step by step. Float64, read-only.

    `product`: Float[key, dim], q * k in each dimension. `dot`: Float[key], its sum. `score`: Float[key],
    dot / sqrt(dim). `weight`: Float[key], softmax(score / temperature), sums to 1. `output`: Float[dim], the
    sum over keys of weight * v.
    """

    product: Float64
    dot: Float64
    score: Float64
    weight: Float64
    output: Float64


@dataclass(frozen=True, eq=False)
class NeuronView(DotProductAttention):
    """What one head does for one query token. `layer`, `head`, `query` count from 0; arrays are read-only.

    `q`: Float32[dim], `k` and `v`: Float32[key, dim], the projections of the layer's input. The steps from them
    to the head's `output` are those of `DotProductAttention`; at `temperature` 1, `weight` is the model's own row.
    """

    layer: int
    head: int
    query: int
    temperature: float
    q: Float32
    k: Float32
    v: Float32


@dataclass(frozen=True, eq=False)
class Projections:
    """`q`, `k`, `v` of one head: Float32[token, dim] each, read-only."""

    q: Float32
    k: Float32
    v: Float32


def scaled_dot_product(
    q: npt.ArrayLike, k: npt.ArrayLike, v: npt.ArrayLike, temperature: float = 1.0
) -> DotProductAttention:
    """softmax(q k^T / (sqrt(dim) * temperature)) v, for one query.

    q: Float[dim]; k: Float[key, dim]; v: Float[key, any width]. A temperature towards 0 gives all weight to the
    highest score (evenly to equal ones), towards infinity the same weight to every key. Raises ValueError when
    the shapes do not fit, there is no key, or the temperature is not a positive finite number.
    """
    q, k, v = (np.asarray(array, dtype=np.float64) for array in (q, k, v))
    if q.ndim != 1 or v.ndim != 2 or k.shape != (len(v), len(q)) or not k.size:
        raise ValueError(q.shape, k.shape, v.shape)
    if not (math.isfinite(temperature) and temperature > 0):
        raise ValueError(temperature)
    product = q * k
    dot = product.sum(axis=-1)
    score = dot / math.sqrt(len(q))
    # The highest score becomes 0, so that no exponential overflows; what is minus infinity weighs nothing.
    with np.errstate(over="ignore"):
        exponential = np.exp((score - score.max()) / temperature)
    weight = exponential / exponential.sum()
    output = weight @ v
    for array in (product, dot, score, weight, output):
        array.setflags(write=False)
    return DotProductAttention(product, dot, score, weight, output)


def neuron(
    trace: AttentionTrace,
    layer: int,
    head: int,
    query: int,
    *,
    temperature: float = 1.0,
    source: ModelSource = BUNDLED_BERT,
) -> NeuronView:
    """The inside of `head` of `layer` for the token `query`, all three from 0.

    q = x[query] Wq + bq, k = x Wk + bk, v = x Wv + bv with x = trace.hidden[layer] and the head's own columns of
    each matrix. `source` must be the one that the trace was made with. Raises IndexError for a layer, head or
    token that does not exist, ValueError for a temperature that is not a positive finite number,
    ModelUnavailableError.
    """
    inside = projections(trace, layer, head, source=source)
    if not 0 <= query < len(trace.tokens):
        raise IndexError(layer, head, query)
    q, k, v = inside.q[query], inside.k, inside.v
    steps = scaled_dot_product(q, k, v, temperature)
    return NeuronView(**vars(steps), layer=layer, head=head, query=query, temperature=temperature, q=q, k=k, v=v)


def projections(trace: AttentionTrace, layer: int, head: int, *, source: ModelSource = BUNDLED_BERT) -> Projections:
    """q, k and v of every token in `head` of `layer`, both from 0: of the layer's input x, x Wq + bq and so on.

    `source` must be the one that the trace was made with. Raises IndexError for a layer or head that does not exist,
    ModelUnavailableError.
    """
    if not (0 <= layer < trace.layers and 0 <= head < trace.heads):
        raise IndexError(layer, head)
    loaded = load_encoder(source)
    dim = loaded.hidden // loaded.heads
    columns = slice(head * dim, (head + 1) * dim)
    return Projections(*(_project(trace.hidden[layer], matrix, columns) for matrix in _matrices(loaded, layer)))


def pack_projections(trace: AttentionTrace, layer: int, head: int, *, source: ModelSource = BUNDLED_BERT) -> bytes:
    """One head's q, k and v for the browser, which does the rest of `neuron` for any token and temperature itself.

    Framed as `framing.framed`: the header says "layer", "head" (from 0), "n", "dim" and the tokens; then float32
    q, k, v, each token by token.
    """
    inside = projections(trace, layer, head, source=source)
    n, dim = inside.q.shape
    header = {"layer": layer, "head": head, "n": n, "dim": dim, "tokens": packed_tokens(trace.tokens)}
    return framed(header, b"".join(array.astype("<f4").tobytes() for array in (inside.q, inside.k, inside.v)))


def _matrices(loaded: LoadedEncoder, layer: int) -> tuple[Linear, Linear, Linear]:
    """Wq, Wk and Wv of one layer, wherever the family keeps them."""
    model: Any = loaded.model
    if loaded.family == "distilbert":
        part = model.transformer.layer[layer].attention
        return part.q_lin, part.k_lin, part.v_lin
    if loaded.family == "albert":
        # Layers come in groups that share weights; `layer` counts how often the input has been through one.
        groups = model.encoder.albert_layer_groups
        run, inner = divmod(layer, len(groups[0].albert_layers))
        group = run * len(groups) // int(model.config.num_hidden_layers)
        part = groups[group].albert_layers[inner].attention
    else:
        part = model.encoder.layer[layer].attention.self
    return part.query, part.key, part.value


def _project(vectors: Float32, linear: Linear, columns: slice) -> Float32:
    """x W + b for the head's own columns. torch keeps W transposed: its rows are the columns."""
    weight, bias = linear.weight.detach().numpy()[columns], linear.bias.detach().numpy()[columns]
    projected: Float32 = (vectors @ weight.T + bias).astype(np.float32)
    projected.setflags(write=False)
    return projected
