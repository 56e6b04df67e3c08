"""What costs more than a glance, kept by text: all views of a page share it, and all readers.

Each function is the one of its own module with the same arguments, remembered for the last few texts. What takes
longer than a reader would wait for (`left_out`, `each_head_off`, `times`) tells how far it is and is not kept here:
whoever runs it in the background keeps its result.
"""

from __future__ import annotations

import functools
import threading
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass

from explainers.attention import ablate, heads, influence, inputs, masks, recurrent, words
from explainers.attention.aside import set_aside_special
from explainers.attention.masks import MaskEffect
from explainers.attention.rerun import Bool
from explainers.attention.trace import AttentionTrace, Float32, trace
from explainers.attention.view import View, packed_view
from explainers.models import BUNDLED_BERT, ModelSource, load_encoder
from explainers.progress import Report, silent

KEPT = 16
VIEW_BYTES = 128 * 2**20
"""What the remembered views of texts merged or masked may take together: one of 512 tokens takes 75 MB and more."""


@dataclass(frozen=True)
class Text:
    """A text as a model reads it: sentence `a`, and `b` or "", at most `max_tokens`, by the model at `source`."""

    a: str
    b: str = ""
    max_tokens: int = 128
    source: ModelSource = BUNDLED_BERT

    def trace(self) -> AttentionTrace:
        """The plain run. Raises what `trace` raises."""
        return trace(self.a, self.b, max_tokens=self.max_tokens, source=self.source)

    @property
    def as_code(self) -> str:
        """The arguments of `trace` as Python, all of them."""
        return f"{self.a!r}, {self.b!r}{self.limits_as_code}"

    @property
    def limits_as_code(self) -> str:
        """The arguments after the two sentences; the bundled model needs no name."""
        own = f", source=ModelSource({self.source.kind!r}, {self.source.location!r})"
        return f", max_tokens={self.max_tokens}{own if self.source != BUNDLED_BERT else ''}"


@functools.lru_cache(maxsize=KEPT)
def head_scores(text: Text) -> heads.HeadScores:
    """`heads.score_heads` of a text."""
    return heads.score_heads(text.trace())


def each_head_off(text: Text, *, report: Report = silent) -> Float32:
    """`ablate.every_head`: cosine of the sentence vector with one head off, Float[layer, head]."""
    return ablate.every_head(text.a, text.b, max_tokens=text.max_tokens, source=text.source, report=report)


def without(text: Text, off: frozenset[tuple[int, int]]) -> ablate.Ablation:
    """`ablate.switch_off` of a text."""
    return ablate.switch_off(text.a, text.b, off, max_tokens=text.max_tokens, source=text.source)


def masked(text: Text, index: int) -> ablate.Ablation | None:
    """`ablate.mask_token`, or None where the token is the format's own and cannot be masked."""
    if text.trace().tokens[index].special:
        return None
    return ablate.mask_token(text.a, text.b, index, max_tokens=text.max_tokens, source=text.source)


@functools.lru_cache(maxsize=KEPT)
def bank(sentences: tuple[str, ...], source: ModelSource = BUNDLED_BERT) -> ablate.SentenceBank:
    """`ablate.sentence_bank` of short sentences."""
    return ablate.sentence_bank(sentences, max_tokens=min(64, load_encoder(source).max_positions), source=source)


def left_out(text: Text, *, report: Report = silent) -> influence.LeaveOneOut:
    """`influence.leave_one_out` of a text, tokens removed."""
    return influence.leave_one_out(text.trace(), source=text.source, progress=lambda done: report(done, None))


@functools.lru_cache(maxsize=KEPT)
def _gradient(text: Text, target: int | None) -> influence.AttentionXGradient:
    return influence.attention_x_gradient(text.trace(), target=target, source=text.source)


def gradient(text: Text, target: int | None, *, report: Report = silent) -> influence.AttentionXGradient:
    """`influence.attention_x_gradient` of a text for one target: one pass forward and one back, so no part is told."""
    report(0.0, None)
    return _gradient(text, target)


def under_mask(text: Text, mask: Bool) -> tuple[View, MaskEffect]:
    """`masks.trace_with_mask` of a text, packed, and what the mask changed.

    Raises MaskError and what `trace` raises.
    """

    def run() -> tuple[View, MaskEffect]:
        after = masks.trace_with_mask(text.a, text.b, mask, max_tokens=text.max_tokens, source=text.source)
        return packed_view(after), masks.mask_effect(text.trace(), after)

    view, effect = _remembered(("mask", text, mask.tobytes()), run)
    assert effect is not None
    return view, effect


def in_words(text: Text, *, aside: bool = False) -> View:
    """The text with its pieces merged into words (`words.merge_words`), packed. Raises what `trace` raises."""

    def run() -> tuple[View, None]:
        plain = text.trace()
        merged = words.merge_words(plain, words.word_spans(plain.tokens, text.a, text.b))
        return packed_view(merged, set_aside_special(merged) if aside else merged), None

    return _remembered(("words", text, aside), run)[0]


def has_words(text: Text, *, aside: bool = False) -> bool:
    """Whether `in_words` would answer at once."""
    with _views_lock:
        return ("words", text, aside) in _views


_Made = tuple[View, MaskEffect | None]
_views: OrderedDict[Hashable, _Made] = OrderedDict()
_views_lock = threading.Lock()
_at_once = threading.BoundedSemaphore(2)  # a text of 512 tokens needs some 300 MB while it lasts


def _remembered(key: Hashable, run: Callable[[], _Made]) -> _Made:
    with _views_lock:
        if key in _views:
            _views.move_to_end(key)
            return _views[key]
    with _at_once:
        made = run()
    with _views_lock:
        _views[key] = made
        while len(_views) > 1 and (len(_views) > KEPT or sum(map(_size, _views.values())) > VIEW_BYTES):
            _views.popitem(last=False)
    return made


def _size(made: _Made) -> int:
    held = {id(trace): trace for trace in (made[0].trace, made[0].shown)}.values()
    return len(made[0].payload) + sum(trace.attention.nbytes + trace.hidden.nbytes for trace in held)


def preset_masks(text: Text, cut: int, *, report: Report = silent) -> tuple[masks.MaskRow, ...]:
    """`masks.compare_presets` of a text."""
    return masks.compare_presets(text.a, text.b, cut, max_tokens=text.max_tokens, source=text.source, report=report)


@functools.lru_cache(maxsize=4)
def positions(source: ModelSource = BUNDLED_BERT) -> Float32:
    """`inputs.position_similarity` of the first 128 places."""
    return inputs.position_similarity(source, n=min(128, load_encoder(source).max_positions))


@functools.lru_cache(maxsize=1)
def reaches() -> tuple[recurrent.GradientReach, ...]:
    """`recurrent.gradient_reach` of the three layers over 64 steps."""
    return tuple(recurrent.gradient_reach(kind, 64) for kind in ("gru", "tanh_rnn", "attention"))


TIMED = (*recurrent.LENGTHS, 1024, 2048)
TIMED_WIDTH = 128
"""Narrow enough that the crossing, near 1,000 tokens, is reached within seconds."""

_measuring = threading.Lock()


def times(*, report: Report = silent) -> recurrent.Timings:
    """GRU against attention on this machine, 2 to 3 s; never two at once, for they would slow each other."""
    repeats, asked = 5, 0

    def told() -> bool:
        nonlocal asked
        asked += 1
        report(min(1.0, asked / (repeats * len(TIMED))), None)
        return False

    with _measuring:
        return recurrent.measure_times(TIMED, width=TIMED_WIDTH, repeats=repeats, budget_seconds=4.0, cancelled=told)
