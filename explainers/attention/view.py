"""One text as the browser draws it: traced, measured, packed, and kept, however many readers ask for it."""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass, replace

from explainers.attention.aside import set_aside_special
from explainers.attention.compact import CompactTrace
from explainers.attention.heads import score_heads
from explainers.attention.measures import Measures, measure
from explainers.attention.payload import FULL_TOKENS, pack, pack_head
from explainers.attention.trace import AttentionTrace, trace
from explainers.models import BUNDLED_BERT, ModelSource

KEPT = 64
KEPT_BYTES = 192 * 2**20
LONG_AT_ONCE = 2
"""Long texts computed at the same time: each needs some 300 MB while it lasts."""


@dataclass(frozen=True, eq=False)
class View:
    """What a page shows of one text.

    trace: as the model computed it. shown: the same, or with the special tokens set aside; of a text longer than
    FULL_TOKENS both are `CompactTrace`. measures: of `trace`, Float[layer, head] each. payload: `shown` packed for
    the canvas with the scores of `trace`, named by its content.
    """

    trace: AttentionTrace
    shown: AttentionTrace
    measures: Measures
    payload_id: str
    payload: bytes

    def head(self, layer: int, head: int) -> tuple[str, bytes] | None:
        """Name and payload of one head (from 0) in full; None where `payload` holds every head in full already."""
        if len(self.trace.tokens) <= FULL_TOKENS:
            return None
        packed = pack_head(self.shown, layer, head)
        return name_of(packed), packed


_Key = tuple[str, str, bool, int, ModelSource]
_kept: OrderedDict[_Key, View] = OrderedDict()
_keeping = threading.Lock()
_long = threading.BoundedSemaphore(LONG_AT_ONCE)


def view(
    a: str, b: str = "", *, aside: bool = False, max_tokens: int = 128, source: ModelSource = BUNDLED_BERT
) -> View:
    """Trace, measure, score and pack `a` (and `b`). Raises what `trace` raises.

    The last texts are kept, KEPT_BYTES of them; asking for one of them costs nothing.
    """
    key = _key(a, b, aside, max_tokens, source)
    found = _find(key)
    if found is not None:
        return found
    if len(a) + len(b) <= FULL_TOKENS - 3:  # no text has more tokens than characters and separators
        return _keep(key, _view(a, b, aside, max_tokens, source))
    with _long:
        # A class that opens one link waits for the first of them and shares its result.
        return _find(key) or _keep(key, _view(a, b, aside, max_tokens, source))


def is_kept(
    a: str, b: str = "", *, aside: bool = False, max_tokens: int = 128, source: ModelSource = BUNDLED_BERT
) -> bool:
    """Whether `view` of the same arguments would answer at once."""
    return _find(_key(a, b, aside, max_tokens, source)) is not None


def packed_view(traced: AttentionTrace, shown: AttentionTrace | None = None) -> View:
    """Measure and score `traced` and pack it, or `shown` in its place (its tokens, attention changed for reading)."""
    shown = traced if shown is None else shown
    measures, scores = measure(traced), score_heads(traced)
    payload = pack(shown, measures, scores)
    return View(traced, shown, measures, name_of(payload), payload)


def name_of(payload: bytes) -> str:
    """A payload's name: equal content has an equal name."""
    return hashlib.sha256(payload).hexdigest()[:16]


def _view(a: str, b: str, aside: bool, max_tokens: int, source: ModelSource) -> View:
    traced = trace(a, b, max_tokens=max_tokens, source=source)
    made = packed_view(traced, set_aside_special(traced) if aside else traced)
    if len(traced.tokens) <= FULL_TOKENS:
        return made
    compact = CompactTrace.of(traced, source=source)
    return replace(made, trace=compact, shown=CompactTrace.of(compact, aside=True, source=source) if aside else compact)


def _key(a: str, b: str, aside: bool, max_tokens: int, source: ModelSource) -> _Key:
    # Digests, not texts: what is kept must not hold a pasted book.
    return digest(a), digest(b), aside, max_tokens, source


def digest(text: str) -> str:
    """A text's name, whatever is in it."""
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()


def _find(key: _Key) -> View | None:
    with _keeping:
        if key in _kept:
            _kept.move_to_end(key)
            return _kept[key]
    return None


def _keep(key: _Key, made: View) -> View:
    with _keeping:
        made = _kept.setdefault(key, made)  # two readers may have asked at once: both get the first
        while len(_kept) > 1 and (len(_kept) > KEPT or sum(map(_bytes, _kept.values())) > KEPT_BYTES):
            _kept.popitem(last=False)
    return made


def _bytes(entry: View) -> int:
    weights = 0
    for held in {id(held): held for held in (entry.trace, entry.shown)}.values():
        weights += 0 if isinstance(held, CompactTrace) else held.attention.nbytes
    return weights + entry.trace.hidden.nbytes + len(entry.payload)
