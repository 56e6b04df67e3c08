"""The product's own browser components, registered once per process from the scripts beside this file.

A component is `<name>.js` and, if it draws, `<name>.css`; `shared.js` is put in front of every script. Payloads that
several pictures share travel once through the store (`send`), named by their content.
"""

from __future__ import annotations

import functools
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import streamlit as st

FOLDER = Path(__file__).resolve().parent
SHOW_DOCUMENT = ("passage", "reader")


@functools.cache
def _component(name: str) -> Callable[..., object]:
    style = FOLDER / f"{name}.css"
    script = (FOLDER / "shared.js").read_text("utf-8") + "\n" + (FOLDER / f"{name}.js").read_text("utf-8")
    sheets = [FOLDER / "document.css"] if name in SHOW_DOCUMENT else []
    css = "\n".join(sheet.read_text("utf-8") for sheet in (*sheets, style) if sheet.exists())
    return st.components.v2.component(
        f"notes_{name}",
        html='\n<div class="root"></div>\n',
        css=css or "\n:host { display: block; }\n",
        js=script,
    )


def mount(
    name: str, key: str, data: Mapping[str, Any] | bytes, *, height: int | Literal["stretch", "content"] = "content"
) -> None:
    """Put component `name` on the page. `data` is JSON-like (or raw bytes, for the store)."""
    _component(name)(key=key, data=data, height=height)


def send(key: str, payload_id: str, payload: bytes) -> None:
    """Send `payload` to the browser's store under `payload_id`; components fetch it with `withPayload`."""
    name = payload_id.encode("utf-8")
    head = struct.pack("<I", len(name)) + name
    mount("store", key, head + b"\0" * (-len(head) % 4) + payload)
