"""The product's own browser components, registered once per process from the scripts beside this file.

A component is `<name>.js` and, if it draws, `<name>.css`; `shared.js` is put in front of every script. Payloads that
several pictures share travel once through the store (`send`), named by their content.
"""

from __future__ import annotations

import functools
import re
import struct
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any, Literal

import streamlit as st

FOLDER = Path(__file__).resolve().parent
# Those that show the document's text, or parts of it, with its marks.
DOCUMENT = ("marks", "document")
# Those of the embeddings page that draw with the same pen.
WORDS = ("neighbourlists", "gramshares", "wordplane", "wordaxis", "contexts", "wordcourse")
LEARNING = ("learnwindow", "learncell", "learngrams")
# Those of the alignment page that draw with the same pen.
ALIGNMENT = ("alignstill", "aligntrack", "aligndtw", "aligngallery")
COURSES = ("alignbroken", "alignspace", "alignlosses")
LOSSES = ("losscurves", "losssteps", "lossbudget", "losscdf", "losspresets", "losstrain", "lossmetrics")
# Those of the quantization page.
QUANTIZED = ("quanttensor", "quantbits")
# A script of several files: what stands between shared.js and it, in this order, each with its sheet.
PARTS = {
    **dict.fromkeys((*LOSSES, *WORDS, *QUANTIZED), ("losskit",)),
    **dict.fromkeys(ALIGNMENT, ("losskit", "alignkit")),
    "alignmatrix": ("losskit", "alignkit", "alignmatrix-hand"),
    **dict.fromkeys(LEARNING, ("losskit", "learnkit")),
    "quanttensor": ("losskit", "quantgrid", "quanttensor-beside", "quanttensor-hand"),
    **dict.fromkeys(COURSES, ("losskit", "aligncourse")),
    "alignlines": ("losskit", "aligncourse", "alignchart"),
    "alignfusion": ("losskit", "alignkit", "aligncourse", "alignchart"),
    "losscurves": ("losskit", "losscurves-panels"),
    "attention": ("canvas", "attention-lines", "attention-matrix", "attention-overview"),
    "neuron": ("canvas",),
    "wordmap": ("canvas", "wordmap-data", "wordmap-paint", "wordmap-hand"),
    **dict.fromkeys(("passage", "reader", "printed", "questionmap"), DOCUMENT),
    **dict.fromkeys(("notes", "glossary"), (*DOCUMENT, "filters")),
}


@functools.cache
def sources(name: str) -> tuple[str, str]:
    """Script and style sheet of a component, its parts included."""
    parts = [*PARTS.get(name, ()), name]
    scripts = [FOLDER / f"{part}.js" for part in ("shared", *parts)]
    sheets = [FOLDER / f"{part}.css" for part in parts]
    script = "\n".join(path.read_text("utf-8") for path in scripts if path.exists())
    return _lean(script), "\n".join(path.read_text("utf-8") for path in sheets if path.exists())


@functools.cache
def _component(name: str) -> Callable[..., object]:
    script, css = sources(name)
    return st.components.v2.component(
        f"notes_{name}",
        html='\n<div class="root"></div>\n',
        css=css or "\n:host { display: block; }\n",
        js=script,
    )


def _lean(script: str) -> str:
    """A script without its comments and indentation: it travels again with every change of its component's data."""
    script = re.sub(r"(?ms)^\s*/\*\*.*?\*/\s*?$", "", script)
    return re.sub(r"(?m)^\s*(//.*)?\n|^[ \t]+", "", script)


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
