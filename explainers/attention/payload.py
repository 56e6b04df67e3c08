"""Packing a trace for the canvas that draws it, and for a spreadsheet.

The canvas gets all layers and heads at once, so that changing head is an index in the browser and never a
request. One byte per weight is enough to draw it: the error is at most 1/510, half a step of a screen's
brightness. Layout, all little-endian: uint32 length of the header; the header, UTF-8 JSON; zeros up to a
multiple of 4; then uint8 round(255 * weight) in the order layer, head, query, key. Reference for the CSV
guard: OWASP, "CSV Injection".
"""

from __future__ import annotations

import csv
import io
import json
import struct
from dataclasses import dataclass
from typing import TypedDict, cast

import numpy as np

from explainers.attention.measures import Measures, head_weights
from explainers.attention.trace import AttentionTrace, Float32

VERSION = 1
TEXT_CHARACTERS = 100
"""A longer word is clipped for drawing; BERT itself takes a word of more than 100 characters as [UNK]."""

_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


class PackedToken(TypedDict):
    """One token of the header; fields as in `Token`."""

    piece: str
    id: int
    segment: int
    position: int
    special: bool
    text: str


class Header(TypedDict):
    """The JSON header: counts, tokens and the measures [layer][head], rounded to four digits."""

    version: int
    layers: int
    heads: int
    n: int
    tokens: list[PackedToken]
    sink: list[list[float]]
    entropy: list[list[float]]
    distance: list[list[float]]


@dataclass(frozen=True, eq=False)
class Unpacked:
    """A payload read back: its `header` and `weights`, Float32[layer, head, query, key] = byte / 255."""

    header: Header
    weights: Float32


def pack(trace: AttentionTrace, measures: Measures) -> bytes:
    """The payload of one trace (this module's layout): about 1.2 MB for 6 x 12 heads and 128 tokens."""
    header: Header = {
        "version": VERSION,
        "layers": trace.layers,
        "heads": trace.heads,
        "n": len(trace.tokens),
        "tokens": [
            {
                "piece": token.piece,
                "id": token.id,
                "segment": token.segment,
                "position": token.position,
                "special": token.special,
                "text": _clip(token.text),
            }
            for token in trace.tokens
        ],
        "sink": _rounded(measures.sink),
        "entropy": _rounded(measures.entropy),
        "distance": _rounded(measures.distance),
    }
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    padding = b"\0" * (-(4 + len(text)) % 4)
    # No weight is negative, so adding a half and cutting off rounds to the nearest byte.
    weights = (trace.attention * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    return b"".join((struct.pack("<I", len(text)), text, padding, weights.tobytes()))


def unpack(payload: bytes) -> Unpacked:
    """Read a payload back. Raises ValueError when it is not one."""
    if len(payload) < 4:
        raise ValueError(len(payload))
    (length,) = struct.unpack_from("<I", payload)
    header = cast(Header, json.loads(payload[4 : 4 + length].decode("utf-8")))
    n = header["n"]
    start = 4 + length + (-(4 + length) % 4)
    levels = np.frombuffer(payload, np.uint8, offset=start)
    shape = (header["layers"], header["heads"], n, n)
    return Unpacked(header, levels.reshape(shape).astype(np.float32) / np.float32(255))


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


def _clip(text: str) -> str:
    return text if len(text) <= TEXT_CHARACTERS else text[: TEXT_CHARACTERS - 1] + "…"


def _rounded(values: Float32) -> list[list[float]]:
    return [[round(float(value), 4) for value in row] for row in values]
