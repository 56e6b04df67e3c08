"""Packing a trace for the canvas that draws it, and for a spreadsheet.

The canvas gets all layers and heads at once, so that changing head is an index in the browser and never a request.
One byte per weight is enough to draw it: the error is at most 1/510, half a step of a screen's brightness. That is
19 MB for 512 tokens, so of a longer text the small heads are made smaller (`pooled`: the largest weight of each
square, for a mean would wash out the thin lines that make a head recognisable), and the head that is read travels
alone and in full, with two bytes per weight (`pack_head`). Framed as in `framing`, numbers in the order layer, head,
query, key. Reference for the CSV guard: OWASP, "CSV Injection".
"""

from __future__ import annotations

import csv
import io
import math
from dataclasses import dataclass
from typing import TypedDict, cast

import numpy as np
import numpy.typing as npt

from explainers.attention.framing import PackedToken, framed, packed_tokens, unframed
from explainers.attention.heads import SCORE_NAMES, HeadScores
from explainers.attention.measures import Measures, head_weights
from explainers.attention.trace import AttentionTrace, Float32

VERSION = 2
FULL_TOKENS = 128
"""Up to here all heads travel in full, 1.2 MB for 6 x 12 of them."""

POOLED_TOKENS = 96
"""The rows and columns of a small head of a longer text: more than the screen gives it."""

FULL_SCALE = 65535

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class Header(TypedDict):
    """The JSON header: counts, tokens and the measures [layer][head], rounded to four digits.

    `n` tokens; each head has `rows` x `rows` weights, each the largest of a square of `pool` x `pool` (1: every
    weight as it is). `scores`: those of `HeadScores` besides the measures, [layer][head] by name, None where the text
    has nothing to score; empty when not asked for.
    """

    version: int
    layers: int
    heads: int
    n: int
    rows: int
    pool: int
    tokens: list[PackedToken]
    sink: list[list[float]]
    entropy: list[list[float]]
    distance: list[list[float]]
    scores: dict[str, list[list[float | None]]]


@dataclass(frozen=True, eq=False)
class Unpacked:
    """A payload read back: its `header` and `weights`, Float32[layer, head, row, row] = byte / 255."""

    header: Header
    weights: Float32


def pack(trace: AttentionTrace, measures: Measures, scores: HeadScores | None = None) -> bytes:
    """The payload of one trace (this module's layout): about 1.2 MB for 6 x 12 heads and 128 tokens, 0.5 for 512."""
    n = len(trace.tokens)
    pool = 1 if n <= FULL_TOKENS else math.ceil(n / POOLED_TOKENS)
    rows = math.ceil(n / pool)
    attention = trace.attention
    levels = np.empty((trace.layers, trace.heads, rows, rows), np.uint8)
    for layer, weights in enumerate(attention):
        # No weight is negative, so adding a half and cutting off rounds to the nearest byte.
        levels[layer] = pooled(weights, pool) * np.float32(255) + np.float32(0.5)
    header: Header = {
        "version": VERSION,
        "layers": trace.layers,
        "heads": trace.heads,
        "n": n,
        "rows": rows,
        "pool": pool,
        "tokens": packed_tokens(trace.tokens),
        "sink": _rounded(measures.sink),
        "entropy": _rounded(measures.entropy),
        "distance": _rounded(measures.distance),
        "scores": {} if scores is None else _packed_scores(scores),
    }
    return framed(cast("dict[str, object]", header), levels.tobytes())


def unpack(payload: bytes) -> Unpacked:
    """Read a payload back. Raises ValueError when it is not one."""
    header, numbers = unframed(payload)
    known = cast(Header, header)
    shape = (known["layers"], known["heads"], known["rows"], known["rows"])
    return Unpacked(known, np.frombuffer(numbers, np.uint8).reshape(shape).astype(np.float32) / np.float32(255))


def pooled(weights: Float32, pool: int) -> Float32:
    """The largest weight of each square of `pool` x `pool`: Float32[head, ceil(n / pool), ceil(n / pool)].

    weights: Float32[head, n, n]. The last squares are smaller where `pool` does not divide n.
    """
    if pool == 1:
        return weights
    for _ in range(2):  # once along the keys, then along the queries
        long = weights.shape[-1]
        largest = weights[..., ::pool].copy()
        for offset in range(1, min(pool, long)):
            part = weights[..., offset::pool]
            np.maximum(largest[..., : part.shape[-1]], part, out=largest[..., : part.shape[-1]])
        weights = largest.swapaxes(-1, -2)
    return weights


def pack_head(trace: AttentionTrace, layer: int, head: int) -> bytes:
    """One head (both numbers from 0) in full: uint16 round(65535 * weight), query by query, 0.5 MB for 512 tokens.

    The header says "layer", "head" and "n". Raises IndexError.
    """
    weights = head_weights(trace, layer, head)
    levels = (weights * np.float32(FULL_SCALE) + np.float32(0.5)).astype("<u2")
    return framed({"layer": layer, "head": head, "n": len(weights)}, levels.tobytes())


def unpack_head(payload: bytes) -> npt.NDArray[np.float64]:
    """Read `pack_head` back: Float[query, key]."""
    header, numbers = unframed(payload)
    return np.frombuffer(numbers, "<u2").reshape(header["n"], header["n"]) / FULL_SCALE


def to_csv(trace: AttentionTrace, layer: int, head: int) -> str:
    """One head (both numbers from 0) as CSV: query_index, query, key_index, key, weight with six digits.

    A cell that a spreadsheet would run as a formula gets a leading apostrophe. Raises IndexError.
    """
    weights = head_weights(trace, layer, head)
    names = [_cell(token.piece) for token in trace.tokens]
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\r\n")
    writer.writerow(("query_index", "query", "key_index", "key", "weight"))
    for query, row in enumerate(weights):
        for key, weight in enumerate(row):
            writer.writerow((query, names[query], key, names[key], f"{weight:.6f}"))
    return out.getvalue()


def _cell(text: str) -> str:
    return "'" + text if text.startswith(_FORMULA_STARTS) else text


def _rounded(values: Float32) -> list[list[float]]:
    return [[round(value, 4) for value in row] for row in values.tolist()]


def _packed_scores(scores: HeadScores) -> dict[str, list[list[float | None]]]:
    return {
        name: [[None if math.isnan(value) else round(value, 6) for value in row] for row in scores.of(name).tolist()]
        for name in SCORE_NAMES
    }
