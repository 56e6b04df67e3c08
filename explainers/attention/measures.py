"""What one number can say about a head: where its attention rests, how broad it is, how far it reaches.

The three measures follow Clark et al. 2019, "What Does BERT Look At? An Analysis of BERT's Attention"
(arXiv:1906.04341): attention to [CLS] and [SEP] (section 3.2), entropy of a head (section 3.3) and the
relative position of what is attended to (section 3.1). All are means over the queries of one input; weights
are written a[l, h, q, k] and n is the number of tokens.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.attention.compact import CompactTrace
from explainers.attention.trace import AttentionTrace, Float32


@dataclass(frozen=True, eq=False)
class Measures:
    """The measures of every head: `sink` in [0, 1], `entropy` in bits, `distance` in tokens.

    Each is Float32[layer, head] and read-only.
    """

    sink: Float32
    entropy: Float32
    distance: Float32


@dataclass(frozen=True)
class StrongestKey:
    """The key a query looks at most: token indices `query` and `key`, and the `weight` in (0, 1]."""

    query: int
    key: int
    weight: float


def measure(trace: AttentionTrace) -> Measures:
    """All three measures of every head."""
    return Measures(sink=sink_share(trace), entropy=entropy(trace), distance=mean_distance(trace))


def sink_share(trace: AttentionTrace) -> Float32:
    """The share of attention that lands on special tokens: Float32[layer, head] in [0, 1].

    (1/n) * sum over q of sum over special k of a[l, h, q, k]; the queries include the special tokens.
    """
    special = np.array([token.special for token in trace.tokens])
    return _per_head(trace.attention[..., special].sum(axis=-1, dtype=np.float64))


def entropy(trace: AttentionTrace) -> Float32:
    """How broad a head looks: Float32[layer, head] in bits, from 0 (one token) to log2(n) (all alike).

    -(1/n) * sum over q of sum over k of a[l, h, q, k] * log2 a[l, h, q, k], where 0 * log2 0 = 0.
    """
    bits = np.empty(trace.attention.shape[:-1], np.float64)
    # Layer by layer: of a long text all layers at once would be hundreds of megabytes of what is thrown away.
    for layer, weights in enumerate(trace.attention):
        logs = np.log2(weights, out=np.zeros_like(weights), where=weights > 0)
        np.negative(np.einsum("hqk,hqk->hq", weights, logs), out=bits[layer])
    return _per_head(bits)


def mean_distance(trace: AttentionTrace) -> Float32:
    """How far a head reaches: Float32[layer, head] in tokens, 0 when every token looks at itself.

    (1/n) * sum over q of sum over k of a[l, h, q, k] * |q - k|.
    """
    places = np.arange(trace.attention.shape[-1])
    apart = np.abs(places[:, None] - places[None, :]).astype(np.float32)
    return _per_head(np.einsum("lhqk,qk->lhq", trace.attention, apart).astype(np.float64))


def strongest_keys(trace: AttentionTrace, layer: int, head: int) -> tuple[StrongestKey, ...]:
    """For each query of one head (both numbers from 0), the key with the largest weight, first on a tie.

    Raises IndexError for a layer or head the model does not have.
    """
    rows = head_weights(trace, layer, head)
    best = rows.argmax(axis=-1)
    return tuple(StrongestKey(query, int(key), float(rows[query, key])) for query, key in enumerate(best))


def head_weights(trace: AttentionTrace, layer: int, head: int) -> Float32:
    """One head's Float32[query, key]. Raises IndexError, also for negative numbers: no head counts back."""
    if not (0 <= layer < trace.layers and 0 <= head < trace.heads):
        raise IndexError(layer, head)
    if isinstance(trace, CompactTrace):
        return trace.head(layer, head)
    weights: Float32 = trace.attention[layer, head]
    return weights


def _per_head(per_query: npt.NDArray[np.float64]) -> Float32:
    means: Float32 = per_query.mean(axis=-1).astype(np.float32)
    means.setflags(write=False)
    return means
