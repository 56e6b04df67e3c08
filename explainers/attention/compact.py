"""The trace of a long text without its weights, which are computed again, head by head, where they are asked for.

At 512 tokens the weights of 72 heads take 75 MB and the vectors they follow from 5.5 MB. A process that serves a
class keeps the vectors: one head's weights are two small matrix products and a softmax away (Vaswani et al. 2017,
arXiv:1706.03762, eq. 1), a few milliseconds, against a third of a second for another forward pass.
"""

from __future__ import annotations

import math

import numpy as np

from explainers.attention.aside import shared_among, words_of
from explainers.attention.neuron import projections
from explainers.attention.trace import AttentionTrace, Float32
from explainers.models import BUNDLED_BERT, ModelSource


class CompactTrace(AttentionTrace):
    """An `AttentionTrace` whose `attention` is computed at every access (a third of a second for 512 tokens).

    `head` gives one head's. Equal to what the model computed within 1e-5. `aside`: the special tokens' columns are
    set aside as `set_aside_special` does. `dataclasses.replace` gives a plain trace.
    """

    source: ModelSource
    aside: bool

    def __new__(cls, **fields: object) -> AttentionTrace:  # type: ignore[misc]
        """What `dataclasses.replace` calls: whoever gives weights gets a trace that holds them."""
        return AttentionTrace(**fields)  # type: ignore[arg-type]

    @classmethod
    def of(cls, trace: AttentionTrace, *, aside: bool = False, source: ModelSource = BUNDLED_BERT) -> CompactTrace:
        """`trace` without its weights. `source` must be the one that it was made with.

        Raises ValueError for `aside` of a text with no token but special ones.
        """
        if aside:
            words_of(trace.tokens)
        made = object.__new__(cls)
        shape = trace.layers, trace.heads
        kept = {"tokens": trace.tokens, "hidden": trace.hidden, "sentence_vector": trace.sentence_vector}
        rest = {"cuts": trace.cuts, "unknown": trace.unknown, "source": source, "aside": aside, "_shape": shape}
        for name, value in {**kept, **rest}.items():
            object.__setattr__(made, name, value)
        return made

    @property
    def layers(self) -> int:
        """Number of layers."""
        return self._shape[0]

    @property
    def heads(self) -> int:
        """Number of heads in each layer."""
        return self._shape[1]

    @property
    def attention(self) -> Float32:
        """Float32[layer, head, query, key], each row summing to 1; computed now."""
        n = len(self.tokens)
        weights = np.empty((self.layers, self.heads, n, n), np.float32)
        for layer, head in np.ndindex(self.layers, self.heads):
            weights[layer, head] = self.head(layer, head)
        weights.setflags(write=False)
        return weights

    def head(self, layer: int, head: int) -> Float32:
        """One head's Float32[query, key], both numbers from 0. Raises IndexError, ModelUnavailableError."""
        inside = projections(self, layer, head, source=self.source)
        scores = inside.q @ inside.k.T
        scores *= np.float32(1 / math.sqrt(inside.q.shape[-1]))
        scores -= scores.max(axis=-1, keepdims=True)
        np.exp(scores, out=scores)
        scores /= scores.sum(axis=-1, keepdims=True)
        weights: Float32 = shared_among(scores, words_of(self.tokens)) if self.aside else scores
        weights.setflags(write=False)
        return weights

    _shape: tuple[int, int]
