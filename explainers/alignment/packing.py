"""Numbers, pictures and sounds as one piece of bytes for the browser: a JSON head that gives the size of each part."""

from __future__ import annotations

import io
import json
import struct
from collections.abc import Mapping, Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def pack(head: Mapping[str, object], parts: Sequence[bytes]) -> bytes:
    """Length and JSON of `head` with "sizes", then the parts, each from a multiple of four on."""
    said = json.dumps({**head, "sizes": [len(part) for part in parts]}, ensure_ascii=False).encode()
    said += b" " * (-(len(said) + 4) % 4)
    padded = [part + b"\0" * (-len(part) % 4) for part in parts]
    return struct.pack("<I", len(said)) + said + b"".join(padded)


def floats(values: NDArray[np.floating]) -> bytes:
    """Little-endian float32."""
    return np.ascontiguousarray(values, "<f4").tobytes()


def webp(pictures: NDArray[np.uint8], columns: int = 8) -> bytes:
    """Pictures UInt8[n, side, side, 3] side by side in rows of `columns`, as one WebP."""
    n, side = len(pictures), pictures.shape[1]
    rows = -(-n // columns)
    sheet = np.zeros((rows * columns, side, side, 3), np.uint8)
    sheet[:n] = pictures
    tiled = sheet.reshape(rows, columns, side, side, 3).transpose(0, 2, 1, 3, 4).reshape(rows * side, columns * side, 3)
    out = io.BytesIO()
    Image.fromarray(tiled).save(out, "WEBP", quality=88, method=4)
    return out.getvalue()
