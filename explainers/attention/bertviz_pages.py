"""bertviz's head view and model view as one HTML page that needs nothing from another host.

bertviz's own HTML asks a CDN for require.js, d3 and jQuery and spells every weight out in full, twice. Here bertviz's
own script draws the same picture (only the line that takes in its parameters is changed), but d3 and jQuery come from
pinned packages and stand in the page, one byte per weight is sent once (the rounding of `payload`), sentence pairs are
sliced in the browser, and no text of the reader's can end the script: tokens travel as data, and a content policy of
the page's own names its four scripts by their hash. Layers and heads are counted from 1, as on all our pages; bertviz
counts from 0.
References: Vig 2019, "A Multiscale Visualization of Attention in the Transformer Model" (arXiv:1906.05714) and its
package bertviz 1.4.1; Content Security Policy level 3.
"""

from __future__ import annotations

import base64
import functools
import hashlib
import html
import json
import re
from collections.abc import Mapping
from dataclasses import dataclass
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path
from types import MappingProxyType
from typing import Literal

import numpy as np

from explainers.attention.trace import AttentionTrace
from explainers.errors import ExplainerError

BertvizView = Literal["head", "model"]

MOST_TOKENS: Mapping[str, int] = MappingProxyType({"head": 64, "model": 32})
"""The longest input of each view. bertviz draws an SVG line per weight, also where it is 0: at these lengths 49,152
lines (head view, one layer) and 73,728 (model view, all of them) for 6 layers of 12 heads."""

FOLDER = Path(__file__).resolve().parent
MARKER = "const params = PYTHON_PARAMS;"
SCRIPTS_HERE = "<!-- scripts -->"
SCRIPTS = (
    ("XStatic-jQuery", "3.7.1.1", "xstatic/pkg/jquery/data/jquery.min.js"),
    ("mpld3", "0.5.12", "mpld3/js/d3.v5.min.js"),
)
BERTVIZ = ("bertviz", "1.4.1", "bertviz/{view}_view.js")
FILTERS = ("all", "a_a", "b_b", "a_b", "b_a")
LABELS = ("lang", "title", "layer", "attention", "save", *FILTERS)


class BertvizMissingError(ExplainerError):
    """Code "bertviz-missing": "package" is not installed in "version", which is what the pages were tested with."""


class BertvizTooLongError(ExplainerError):
    """Code "bertviz-too-long": "tokens" is more than "most"; "head" and "model" are the limits of the two views."""


@dataclass(frozen=True)
class BertvizPage:
    """`frame`: the page of one text, with SCRIPTS_HERE where its `scripts` go, which are the same for every text."""

    frame: str
    scripts: str

    @property
    def html(self) -> str:
        """The whole page, which needs nothing else."""
        return self.frame.replace(SCRIPTS_HERE, self.scripts)


def bertviz_page(trace: AttentionTrace, view: BertvizView, labels: Mapping[str, str], *, layer: int = 1) -> BertvizPage:
    """A self-contained HTML page in which bertviz draws `trace`, as its head view or as its model view.

    labels: the words around the picture, for every name in LABELS ("lang" is the language they are in, as HTML spells
    it). layer: the one that the head view opens with, from 1. Raises BertvizTooLongError, BertvizMissingError.
    """
    n = len(trace.tokens)
    if n > MOST_TOKENS[view]:
        limits = {name: str(most) for name, most in MOST_TOKENS.items()}
        raise BertvizTooLongError("bertviz-too-long", {"tokens": str(n), "most": limits[view], **limits})
    frame, scripts = _frame(view)
    values = {name: html.escape(labels[name]) for name in LABELS}
    values["sent"] = _as_data(_sent(trace, view, layer))
    pair = any(token.segment for token in trace.tokens)
    for part, wanted in (("of_head", view == "head"), ("of_pair", pair)):
        values[part] = "" if wanted else "hidden"
    # One pass over the template: what is put in is never looked at again, whatever a token spells.
    return BertvizPage(re.sub(r"\{\{(\w+)\}\}", lambda found: values[found[1]], frame), scripts)


def _sent(trace: AttentionTrace, view: BertvizView, layer: int) -> dict[str, object]:
    """What the page's own script turns into bertviz's parameters (bertviz_page.js)."""
    # No weight is negative, so adding a half and cutting off rounds to the nearest byte.
    levels = (trace.attention * np.float32(255) + np.float32(0.5)).astype(np.uint8)
    second = next((token.index for token in trace.tokens if token.segment), None)
    return {
        "view": view,
        "layers": trace.layers,
        "heads": trace.heads,
        "layer": min(max(layer, 1), trace.layers),
        "tokens": [token.piece for token in trace.tokens],
        "second": second,
        "weights": base64.b64encode(levels.tobytes()).decode("ascii"),
    }


def _as_data(value: object) -> str:
    """JSON that can stand inside a script element: nothing in it begins a tag, an end tag or a comment."""
    return json.dumps(value, ensure_ascii=False, separators=(",", ":")).replace("<", "\\u003c")


@functools.cache
def _frame(view: BertvizView) -> tuple[str, str]:
    """The page without its values, and its scripts: jQuery, d3, what hands bertviz its parameters, bertviz."""
    package, version, path = BERTVIZ
    drawing = _installed(package, version, path.format(view=view))
    if drawing.count(MARKER) != 1:
        raise BertvizMissingError("bertviz-missing", {"package": package, "version": version})
    sources = [_installed(*script) for script in SCRIPTS]
    sources.append((FOLDER / "bertviz_page.js").read_text("utf-8"))
    # bertviz puts the weights wherever the marker's word stands, so into the comment behind it as well.
    sources.append(drawing.replace(MARKER, "const params = window.bertvizParameters;"))
    hashes = " ".join(f"'sha256-{base64.b64encode(hashlib.sha256(s.encode()).digest()).decode()}'" for s in sources)
    scripts = "\n".join(f"<script>{source}</script>" for source in sources)
    return (FOLDER / "bertviz_page.html").read_text("utf-8").replace("<!-- hashes -->", hashes), scripts


def _installed(package: str, version: str, path: str) -> str:
    """The text of a file that `package` installs. Raises BertvizMissingError."""
    try:
        found = distribution(package)
        if found.version == version:
            return Path(str(found.locate_file(path))).read_text("utf-8")
    except (PackageNotFoundError, OSError) as error:
        raise BertvizMissingError("bertviz-missing", {"package": package, "version": version}) from error
    raise BertvizMissingError("bertviz-missing", {"package": package, "version": version})
