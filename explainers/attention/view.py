"""One text as the browser draws it: traced, measured, packed, and kept, however many readers ask for it."""

from __future__ import annotations

import functools
import hashlib
from dataclasses import dataclass

from explainers.attention.aside import set_aside_special
from explainers.attention.measures import Measures, measure
from explainers.attention.payload import pack
from explainers.attention.trace import AttentionTrace, trace


@dataclass(frozen=True, eq=False)
class View:
    """What a page shows of one text.

    trace: as the model computed it. shown: the same, or with the special tokens set aside. measures: of `trace`,
    Float[layer, head] each. payload: `shown` packed for the canvas, named by its content.
    """

    trace: AttentionTrace
    shown: AttentionTrace
    measures: Measures
    payload_id: str
    payload: bytes


@functools.lru_cache(maxsize=16)
def view(a: str, b: str = "", *, aside: bool = False, max_tokens: int = 128) -> View:
    """Trace, measure and pack `a` (and `b`). Raises what `trace` raises."""
    traced = trace(a, b, max_tokens=max_tokens)
    return packed_view(traced, set_aside_special(traced) if aside else traced)


def packed_view(traced: AttentionTrace, shown: AttentionTrace | None = None) -> View:
    """Measure `traced` and pack it, or `shown` in its place (the same tokens, attention changed for reading)."""
    shown = traced if shown is None else shown
    measures = measure(traced)
    payload = pack(shown, measures)
    return View(traced, shown, measures, name_of(payload), payload)


def name_of(payload: bytes) -> str:
    """A payload's name: equal content has an equal name."""
    return hashlib.sha256(payload).hexdigest()[:16]
