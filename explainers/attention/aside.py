"""Set the special tokens aside: what each token attends to among the words alone.

[CLS] and [SEP] often take most of a row (Clark et al. 2019, section 3.2, read this as a head's way to do nothing).
Leaving their columns out and letting the rest of each row sum to 1 again shows how the remainder is shared; it does
not show what the model computed, so whoever draws it must say that it was done.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import replace

import numpy as np
import numpy.typing as npt

from explainers.attention.trace import AttentionTrace, Float32, Token


def set_aside_special(trace: AttentionTrace) -> AttentionTrace:
    """`trace` with the columns of special tokens at 0 and every row renormalised to 1 over the words.

    attention: Float[layer, head, query, key]. Raises ValueError when the text has no token but special ones.
    """
    words = words_of(trace.tokens)
    attention = np.empty_like(trace.attention)
    for layer, weights in enumerate(trace.attention):
        attention[layer] = shared_among(weights, words)
    attention.setflags(write=False)
    return replace(trace, attention=attention)


def words_of(tokens: Sequence[Token]) -> npt.NDArray[np.bool_]:
    """Bool[token], True where a token is not special. Raises ValueError when none is."""
    words = np.array([not token.special for token in tokens])
    if not words.any():
        raise ValueError("no word left to attend to")
    return words


def shared_among(weights: Float32, words: npt.NDArray[np.bool_]) -> Float32:
    """Float32[..., query, key] with the other columns at 0 and every row summing to 1 over `words`, Bool[key]."""
    kept = weights * words
    rows = kept.sum(axis=-1, keepdims=True)
    # Softmax weights are positive, but float32 may round a whole row of small ones to 0: then nothing is known.
    even = (words / words.sum()).astype(np.float32)
    shared: Float32 = np.where(rows > 0, np.divide(kept, rows, out=np.zeros_like(kept), where=rows > 0), even)
    return shared
