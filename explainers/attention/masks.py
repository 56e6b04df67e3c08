"""Who may look at whom: the masks of an encoder, a decoder and an encoder-decoder, and BERT run under any of them.

The masks are those of Vaswani et al. 2017, "Attention Is All You Need" (arXiv:1706.03762), section 3.2.3: every
position everywhere (encoder; BERT), only leftwards (decoder; GPT), and a target that sees the whole source and its
own past. Running BERT's weights under a mask it was not trained with shows what the mask does, not what a model
trained under it would have learnt; whoever draws it must say so.
"""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal, get_args

import numpy as np

from explainers.attention.rerun import Bool, rerun
from explainers.attention.trace import AttentionTrace, Float32, trace
from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource, load_encoder
from explainers.progress import Report, silent

Preset = Literal["encoder", "decoder", "encoder_decoder", "padding"]
PRESETS: tuple[Preset, ...] = get_args(Preset)


class MaskError(ExplainerError):
    """A mask that cannot be used.

    Code "mask-size": a length is out of range; details "asked", "min", "max" ("" where there is none).
    "mask-shape": not one row and one column for each token; details "expected", "found" as "rows x columns".
    "mask-row": a query may look at nothing, so its weights cannot sum to 1; details "row", from 0.
    "mask-cell": a cell outside the mask; details "query", "key", "tokens".
    """


@dataclass(frozen=True, eq=False)
class MaskEffect:
    """What a mask changed. Arrays are read-only.

    `cosine`: between the two sentence vectors. `moved`: Float32[layer, head] in [0, 1], the share of attention
    that rests elsewhere: the mean over queries of half the sum of absolute differences (total variation).
    """

    cosine: float
    moved: Float32


@dataclass(frozen=True)
class MaskRow:
    """One of PRESETS on one text. `allowed`: the share of cells where a query may look. `cosine` and `moved` (mean over
    heads): as in MaskEffect. `hears_the_rest`: how far the first `cut` tokens' last vectors are from those they get
    when the tokens after them are taken away, the mean of 1 - cosine, in [0, 2]: 0 where nothing of them is heard.
    """

    name: Preset
    allowed: float
    cosine: float
    moved: float
    hears_the_rest: float


def preset(name: Preset, n: int, cut: int) -> Bool:
    """The mask called `name` for n tokens, `cut` of which are the source, or are kept before padding.

    Raises MaskError.
    """
    if name == "encoder_decoder":
        return encoder_decoder(cut, n - cut)
    if name == "padding":
        return padding(n, cut)
    return bidirectional(n) if name == "encoder" else causal(n)


def bidirectional(n: int) -> Bool:
    """Bool[query, key] of n tokens: every token may look at every token."""
    return _frozen(np.ones((_length(n), n), dtype=np.bool_))


def causal(n: int) -> Bool:
    """Bool[query, key] of n tokens: each may look at itself and at what stands before it."""
    return _frozen(np.tri(_length(n), dtype=np.bool_))


def padding(n: int, kept: int) -> Bool:
    """Bool[query, key] of n tokens: everyone may look at the first `kept`, nobody at the padding after them."""
    _length(n)
    if not 0 <= kept <= n:
        raise MaskError("mask-size", {"asked": str(kept), "min": "0", "max": str(n)})
    return _frozen(np.broadcast_to(np.arange(n) < kept, (n, n)).copy())


def encoder_decoder(n_source: int, n_target: int) -> Bool:
    """Bool[query, key] of a source and a target in one row of n_source + n_target tokens.

    Three blocks of the Transformer in one picture: source on source (the encoder, all), target on source (the
    cross attention, all), target on target (the decoder, causal); the source never looks at the target.
    """
    n = _length(n_source) + _length(n_target)
    mask = np.tri(n, dtype=np.bool_)
    mask[:n_source, :n_source] = True
    return _frozen(mask)


def toggled(mask: Bool, cells: Iterable[tuple[int, int]]) -> Bool:
    """Bool[query, key]: `mask` with each of `cells`, (query, key) from 0, turned over; twice is not at all.

    Raises MaskError.
    """
    changed = np.array(mask, dtype=np.bool_)
    for query, key in cells:
        if not (0 <= query < changed.shape[0] and 0 <= key < changed.shape[1]):
            place = {"query": str(query), "key": str(key), "tokens": str(changed.shape[0])}
            raise MaskError("mask-cell", place)
        changed[query, key] ^= True
    return _frozen(changed)


def trace_with_mask(
    a: str, b: str, mask: Bool, *, max_tokens: int = 128, source: ModelSource = BUNDLED_BERT
) -> AttentionTrace:
    """`trace(a, b)` with the same weights under `mask`, Bool[query, key], True where a query may look.

    Every layer and head uses the mask; weights where it is False are exactly 0. The sentence vector is the mean
    over the tokens that some query may look at, so that padding does not count. Raises MaskError and what
    `trace` raises.
    """
    plain = trace(a, b, max_tokens=max_tokens, source=source)
    n = len(plain.tokens)
    allowed = np.asarray(mask)
    if allowed.shape != (n, n):
        found = " x ".join(str(size) for size in allowed.shape)
        raise MaskError("mask-shape", {"expected": f"{n} x {n}", "found": found})
    allowed = allowed.astype(np.bool_)
    empty = np.flatnonzero(~allowed.any(axis=1))
    if empty.size:
        raise MaskError("mask-row", {"row": str(empty[0])})
    found_pass = rerun(load_encoder(source), plain.tokens, mask=allowed)
    return replace(
        plain,
        attention=found_pass.attention,
        hidden=found_pass.hidden,
        sentence_vector=found_pass.sentence_vector,
    )


def mask_effect(before: AttentionTrace, after: AttentionTrace) -> MaskEffect:
    """How far two runs of the same tokens differ. Raises ValueError when the tokens are not the same."""
    if before.tokens != after.tokens:
        raise ValueError("two traces of different tokens")
    # One layer at a time: all of them in float64 would be the largest thing in the process at 512 tokens.
    moved = np.stack(
        [
            np.abs(one - other).sum(axis=-1, dtype=np.float64).mean(axis=-1) / 2
            for one, other in zip(before.attention, after.attention, strict=True)
        ]
    ).astype(np.float32)
    moved.setflags(write=False)
    return MaskEffect(cosine=float(np.dot(before.sentence_vector, after.sentence_vector)), moved=moved)


def compare_presets(
    a: str,
    b: str,
    cut: int,
    *,
    max_tokens: int = 128,
    source: ModelSource = BUNDLED_BERT,
    report: Report = silent,
) -> tuple[MaskRow, ...]:
    """Every one of PRESETS on the same text; `report` gets the rows so far.

    Raises MaskError and what `trace` raises.
    """
    plain = trace(a, b, max_tokens=max_tokens, source=source)
    loaded = load_encoder(source)
    rows: list[MaskRow] = []
    for name in PRESETS:
        report(len(rows) / len(PRESETS), tuple(rows))
        mask = preset(name, len(plain.tokens), cut)
        found = rerun(loaded, plain.tokens, mask=mask)
        effect = mask_effect(plain, replace(plain, attention=found.attention, sentence_vector=found.sentence_vector))
        alone = rerun(loaded, plain.tokens[:cut], mask=mask[:cut, :cut])
        rows.append(
            MaskRow(
                name=name,
                allowed=float(mask.mean()),
                cosine=effect.cosine,
                moved=float(effect.moved.mean()),
                hears_the_rest=_mean_distance(found.hidden[-1][:cut], alone.hidden[-1]),
            )
        )
    return tuple(rows)


def _mean_distance(vectors: Float32, others: Float32) -> float:
    a, b = vectors.astype(np.float64), others.astype(np.float64)
    cosines = (a * b).sum(axis=-1) / (np.linalg.norm(a, axis=-1) * np.linalg.norm(b, axis=-1))
    return float((1 - cosines.clip(-1, 1)).mean())


def _length(n: int) -> int:
    if n < 1:
        raise MaskError("mask-size", {"asked": str(n), "min": "1", "max": ""})
    return n


def _frozen(mask: Bool) -> Bool:
    mask.setflags(write=False)
    return mask
