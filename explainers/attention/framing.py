"""How numbers travel to the browser: a JSON header that says what they are, then the numbers as they lie in memory.

Layout, all little-endian: uint32 length of the header; the header, UTF-8 JSON; zeros up to a multiple of 4; the
numbers. The header carries what every picture of a text names: its tokens.
"""

from __future__ import annotations

import json
import struct
from collections.abc import Mapping, Sequence
from typing import Any, TypedDict

from explainers.attention.trace import Token

TEXT_CHARACTERS = 100
"""A longer word is clipped for drawing; BERT itself takes a word of more than 100 characters as [UNK]."""


class PackedToken(TypedDict):
    """One token of a header; fields as in `Token`."""

    piece: str
    id: int
    segment: int
    position: int
    special: bool
    text: str


def framed(header: Mapping[str, object], numbers: bytes) -> bytes:
    """`header` and `numbers` in this module's layout."""
    text = json.dumps(header, ensure_ascii=False, separators=(",", ":")).encode("utf-8")
    padding = b"\0" * (-(4 + len(text)) % 4)
    return b"".join((struct.pack("<I", len(text)), text, padding, numbers))


def unframed(payload: bytes) -> tuple[dict[str, Any], memoryview]:
    """The header and the numbers of a payload. Raises ValueError when it is none."""
    if len(payload) < 4:
        raise ValueError(len(payload))
    (length,) = struct.unpack_from("<I", payload)
    header: dict[str, Any] = json.loads(payload[4 : 4 + length].decode("utf-8"))
    return header, memoryview(payload)[4 + length + (-(4 + length) % 4) :]


def packed_tokens(tokens: Sequence[Token]) -> list[PackedToken]:
    """The tokens of a header."""
    return [
        {
            "piece": token.piece,
            "id": token.id,
            "segment": token.segment,
            "position": token.position,
            "special": token.special,
            "text": _clip(token.text),
        }
        for token in tokens
    ]


def _clip(text: str) -> str:
    return text if len(text) <= TEXT_CHARACTERS else text[: TEXT_CHARACTERS - 1] + "…"
