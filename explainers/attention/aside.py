"""Set the special tokens aside: what each token attends to among the words alone.

[CLS] and [SEP] often take most of a row (Clark et al. 2019, section 3.2, read this as a head's way to do nothing).
Leaving their columns out and letting the rest of each row sum to 1 again shows how the remainder is shared; it does
not show what the model computed, so whoever draws it must say that it was done.
"""

from __future__ import annotations

from dataclasses import replace

import numpy as np

from explainers.attention.trace import AttentionTrace


def set_aside_special(trace: AttentionTrace) -> AttentionTrace:
    """`trace` with the columns of special tokens at 0 and every row renormalised to 1 over the words.

    attention: Float[layer, head, query, key]. Raises ValueError when the text has no token but special ones.
    """
    words = np.array([not token.special for token in trace.tokens])
    if not words.any():
        raise ValueError("no word left to attend to")
    kept = trace.attention * words
    rows = kept.sum(axis=-1, keepdims=True)
    # Softmax weights are positive, but float32 may round a whole row of small ones to 0: then nothing is known.
    even = np.broadcast_to(words / words.sum(), kept.shape)
    attention = np.where(rows > 0, np.divide(kept, rows, out=np.zeros_like(kept), where=rows > 0), even)
    attention = attention.astype(np.float32)
    attention.setflags(write=False)
    return replace(trace, attention=attention)
