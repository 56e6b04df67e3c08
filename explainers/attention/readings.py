"""Ways of reading attention: one head, all heads averaged, all layers multiplied; how much sinks; do they agree.

Attention is not an explanation by itself (Jain & Wallace 2019, arXiv:1902.10186; Wiegreffe & Pinter 2019,
arXiv:1908.04626): different readings of the same weights put different tokens first, and showing them side by side,
with their rank correlations, says how far to trust any one. Rollout: Abnar & Zuidema 2020, "Quantifying Attention
Flow in Transformers" (arXiv:2005.00928), section 3. The readings that have to ask the model are in `influence`.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.attention.influence import AttentionXGradient, LeaveOneOut
from explainers.attention.measures import head_weights
from explainers.attention.neuron import Float64
from explainers.attention.trace import AttentionTrace, Float32, Token

NAMES = ("raw", "averaged", "rollout", "attention_x_gradient", "leave_one_out")
"""The order of the readings wherever there is an axis of them."""


@dataclass(frozen=True, eq=False)
class SinkByLayer:
    """The share of attention that lands on [CLS] and on [SEP], mean over heads and queries.

    Each is Float32[layer] in [0, 1] and read-only.
    """

    cls: Float32
    sep: Float32


@dataclass(frozen=True, eq=False)
class Comparison:
    """The five readings for one target, in the order of NAMES. Read-only.

    `rows`: Float64[reading, token], never negative, each in its own unit: only its order can be compared; nan
    where a reading has no value (`compare`). `correlations`: Float64[reading, reading], Spearman's over the word
    tokens with a value in every reading; nan where undefined.
    """

    rows: Float64
    correlations: Float64


def raw(trace: AttentionTrace, layer: int, head: int) -> Float32:
    """One head's weights, both numbers from 0: Float32[query, key], rows sum to 1. Raises IndexError."""
    return head_weights(trace, layer, head)


def averaged(trace: AttentionTrace) -> Float32:
    """The mean over all heads of all layers: Float32[query, key], rows sum to 1, read-only."""
    return _read_only(trace.attention.mean(axis=(0, 1), dtype=np.float64))


def rollout(attention: npt.ArrayLike, *, residual: bool = True) -> Float32:
    """How much of each input token is in each token after every layer: Float32[layer, token, input], read-only.

    attention: Float[layer, head, query, key], or [layer, query, key] when the heads are already averaged. With
    A the mean over heads, the rollout is R[0] = A'[0] and R[l] = A'[l] R[l - 1], where A' = 0.5 A + 0.5 I with
    its rows renormalised to 1: the 0.5 I stands for the residual connection. `residual=False` multiplies A
    itself. Rows sum to 1. The last layer is what the paper draws. Raises ValueError for any other shape.
    """
    layers = np.asarray(attention, dtype=np.float64)
    if layers.ndim == 4:
        layers = layers.mean(axis=1)
    if layers.ndim != 3 or layers.shape[1] != layers.shape[2] or not layers.size:
        raise ValueError(layers.shape)
    if residual:
        layers = 0.5 * layers + 0.5 * np.eye(layers.shape[-1])
    layers = layers / layers.sum(axis=-1, keepdims=True)
    rolled = [layers[0]]
    for layer in layers[1:]:
        rolled.append(layer @ rolled[-1])
    return _read_only(np.stack(rolled))


def for_target(matrix: npt.ArrayLike, target: int | None) -> Float64:
    """The row of `matrix`, Float[query, key], that a target reads: Float64[key].

    A token's is its own row. The sentence vector (`target` None) is the plain mean of all tokens, so it reads
    the mean of all rows. Raises IndexError, also for negative numbers.
    """
    rows = np.asarray(matrix, dtype=np.float64)
    if target is None:
        return np.asarray(rows.mean(axis=0))
    if not 0 <= target < len(rows):
        raise IndexError(target)
    row: Float64 = rows[target]
    return row


def compare(
    trace: AttentionTrace, layer: int, head: int, gradient: AttentionXGradient, left_out: LeaveOneOut
) -> Comparison:
    """All five readings of what one target takes from each token; the target is the gradient's.

    `gradient` and `left_out` are of the same trace. The gradient enters by its size, whichever its sign. A token
    that was removed has no vector of its own left to compare: as its own target its place is nan in that row and
    counts in no correlation. Raises IndexError.
    """
    target = gradient.target
    rows = np.stack(
        [
            for_target(raw(trace, layer, head), target),
            for_target(averaged(trace), target),
            for_target(rollout(trace.attention)[-1], target),
            np.abs(gradient.by_key),
            left_out.sentence if target is None else for_target(left_out.token, target),
        ]
    )
    rows.setflags(write=False)
    known = np.isfinite(rows).all(axis=0)
    tokens = tuple(token for token in trace.tokens if known[token.index])
    return Comparison(rows, rank_correlations(rows[:, known], tokens))


def rank_correlations(readings: npt.ArrayLike, tokens: tuple[Token, ...]) -> Float64:
    """Spearman's rank correlation between readings over the words: Float64[reading, reading] in [-1, 1].

    readings: Float[reading, token]; special tokens are left out, equal values share their mean rank. A reading
    that is the same for every word, or holds something that is not finite, or fewer than two words, has no
    ranks: its row and column are nan, the diagonal too. Raises ValueError when the shapes do not fit.
    """
    values = np.asarray(readings, dtype=np.float64)
    if values.ndim != 2 or values.shape[1] != len(tokens):
        raise ValueError(values.shape, len(tokens))
    words = values[:, [not token.special for token in tokens]]
    defined = np.array([np.isfinite(row).all() and len(set(row.tolist())) > 1 for row in words], dtype=bool)
    found = np.full((len(words), len(words)), np.nan)
    if defined.any():
        ranked = np.stack([_mean_ranks(row) for row in words[defined]])
        ranked -= ranked.mean(axis=1, keepdims=True)
        ranked /= np.linalg.norm(ranked, axis=1, keepdims=True)
        found[np.ix_(defined, defined)] = np.clip(ranked @ ranked.T, -1, 1)
    found.setflags(write=False)
    return found


def sink_share_by_layer(trace: AttentionTrace) -> SinkByLayer:
    """How much attention rests on [CLS] and on [SEP] in each layer, typed ones included.

    (1 / (heads * n)) * sum over h, q and over k of that kind of a[l, h, q, k] (Clark et al. 2019,
    arXiv:1906.04341, section 3.2). Every input begins with the one and ends with the other.
    """
    pieces = np.array([token.piece for token in trace.tokens])
    special = np.array([token.special for token in trace.tokens])
    shares = trace.attention.mean(axis=(1, 2), dtype=np.float64)
    cls, sep = (special & (pieces == pieces[place]) for place in (0, -1))
    return SinkByLayer(_read_only(shares[:, cls].sum(axis=1)), _read_only(shares[:, sep].sum(axis=1)))


def _mean_ranks(row: Float64) -> Float64:
    _, which, counts = np.unique(row, return_inverse=True, return_counts=True)
    return np.asarray((np.cumsum(counts) - (counts - 1) / 2)[which])


def _read_only(values: Float64) -> Float32:
    array = values.astype(np.float32)
    array.setflags(write=False)
    return array
