"""Rebuild the shipped result that the attention page shows while the model is still loading.

It is the packed trace of the page's default sentence, computed by the same code that computes the live one; a test
compares the two.
"""

from __future__ import annotations

from pathlib import Path

from explainers import attention
from ui import controls

TARGET = Path(__file__).resolve().parent.parent / "assets" / "attention" / "default.bin"


def build() -> bytes:
    """Packed trace of the default sentence of `/attention`."""
    table = controls.load("attention")
    return attention.view(str(table["a"].default), str(table["b"].default)).payload


if __name__ == "__main__":
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(build())
