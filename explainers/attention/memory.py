"""What costs more than a glance, kept by text: all views of a page share it, and all readers.

Each function is the one of its own module with the same arguments, remembered for the last few texts.
"""

from __future__ import annotations

import functools
import threading

import numpy as np

from explainers.attention import ablate, heads, influence, inputs, masks, recurrent
from explainers.attention.masks import MaskEffect
from explainers.attention.trace import AttentionTrace, Float32, trace

KEPT = 16


@functools.lru_cache(maxsize=KEPT)
def head_scores(a: str, b: str) -> heads.HeadScores:
    """`heads.score_heads` of a text."""
    return heads.score_heads(trace(a, b))


@functools.lru_cache(maxsize=KEPT)
def every_head(a: str, b: str) -> Float32:
    """`ablate.every_head`: cosine of the sentence vector with one head off, Float[layer, head]."""
    return ablate.every_head(a, b)


@functools.lru_cache(maxsize=KEPT)
def left_out(a: str, b: str) -> influence.LeaveOneOut:
    """`influence.leave_one_out` of a text, tokens removed."""
    return influence.leave_one_out(trace(a, b))


@functools.lru_cache(maxsize=KEPT)
def gradient(a: str, b: str, target: int | None) -> influence.AttentionXGradient:
    """`influence.attention_x_gradient` of a text for one target."""
    return influence.attention_x_gradient(trace(a, b), target=target)


@functools.lru_cache(maxsize=KEPT)
def causal(a: str, b: str) -> tuple[AttentionTrace, MaskEffect]:
    """The same weights with every token looking back only, and what that changed."""
    before = trace(a, b)
    after = masks.trace_with_mask(a, b, masks.causal(len(before.tokens)))
    return after, masks.mask_effect(before, after)


@functools.lru_cache(maxsize=1)
def positions() -> Float32:
    """`inputs.position_similarity` of the first 128 places."""
    return inputs.position_similarity(n=128)


@functools.lru_cache(maxsize=1)
def reaches() -> tuple[recurrent.GradientReach, ...]:
    """`recurrent.gradient_reach` of the three layers over 64 steps."""
    return tuple(recurrent.gradient_reach(kind, 64) for kind in ("gru", "tanh_rnn", "attention"))


_measuring = threading.Lock()


def times() -> recurrent.Timings:
    """GRU against attention on this machine, measured once per process (2 to 3 s) and then remembered."""
    with _measuring:
        return _times()


@functools.lru_cache(maxsize=1)
def _times() -> recurrent.Timings:
    # Width 128: narrow enough that the crossing, near 1,000 tokens, is reached within seconds.
    return recurrent.measure_times((*recurrent.LENGTHS, 1024, 2048), width=128, budget_seconds=4.0)


def masked(a: str, b: str, index: int) -> ablate.Ablation | None:
    """`ablate.mask_token`, or None where the token is the format's own and cannot be masked."""
    return None if trace(a, b).tokens[index].special else ablate.mask_token(a, b, index)


def agreement(first: Float32, second: Float32) -> float:
    """Cosine of two sentence vectors of length 1."""
    return float(np.dot(first, second))
