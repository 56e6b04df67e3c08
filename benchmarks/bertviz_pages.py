"""bertviz's own pages of the same model and text, each made in a process of its own:
`python -m benchmarks.bertviz_pages --view model --tokens 128 FOLDER`.

Three changes, all in bertviz's favour or neutral: the CDN's scripts become local copies (d3 5.7.0, jQuery), require.js
becomes two lines, and a line after the drawing notes the time. Where IPython is missing, three stand-ins for the string
holders that bertviz imports from it take its place. Reference: Vig 2019, arXiv:1906.05714.
"""

from __future__ import annotations

import argparse
import importlib
import importlib.metadata
import importlib.util
import shutil
import sys
import types
from pathlib import Path

from benchmarks.texts import LENGTHS, text_of

PEERS = Path(__file__).resolve().parent.parent / ".setup" / "peers"
SCRIPTS = {"mpld3": "mpld3/js/d3.v5.min.js", "XStatic-jQuery": "xstatic/pkg/jquery/data/jquery.min.js"}
CDN = '<script src="https://cdnjs.cloudflare.com/ajax/libs/require.js/2.3.6/require.min.js"></script>'
SHIM = """<!doctype html><meta charset="utf-8"><script src="jquery.min.js"></script><script src="d3.v5.min.js"></script>
<script>
window.require = { config() {} };
window.requirejs = (names, run) => {
  run(jQuery, d3);
  const loaded = performance.getEntriesByType("navigation")[0].responseEnd;
  bench.rendered().then((at) => { window.drawn = { loaded, at }; });
};
</script>
"""


class _Text:
    """What bertviz uses of IPython's HTML and Javascript: a string in `data`."""

    def __init__(self, data: str) -> None:
        self.data = data


def available() -> bool:
    """Whether the peers of benchmarks/requirements.txt are installed."""
    _find_peers()
    try:
        return all(importlib.metadata.version(name) for name in ("bertviz", *SCRIPTS))
    except importlib.metadata.PackageNotFoundError:
        return False


def _find_peers() -> None:
    if str(PEERS) not in sys.path:
        sys.path.append(str(PEERS))


def _stand_in_for_ipython() -> None:
    if importlib.util.find_spec("IPython") is not None:
        return
    display = types.ModuleType("IPython.display")
    vars(display).update(HTML=_Text, Javascript=_Text, display=print)
    package = types.ModuleType("IPython")
    vars(package).update(display=display)
    sys.modules.update({"IPython": package, "IPython.display": display})


def write(view: str, tokens: int, folder: Path) -> None:
    """Write `<view>-<tokens>.html` (view: "head" or "model") of `text_of(tokens)` and its scripts into `folder`."""
    import torch

    from explainers.models import load_bert

    _find_peers()
    _stand_in_for_ipython()
    draw = getattr(importlib.import_module("bertviz"), f"{view}_view")
    bert = load_bert()
    inputs = bert.tokenizer(text_of(tokens), return_tensors="pt")
    pieces = bert.tokenizer.convert_ids_to_tokens(inputs["input_ids"][0].tolist())
    assert len(pieces) == tokens, len(pieces)
    with torch.inference_mode():
        attention = bert.model(**inputs, output_attentions=True).attentions
    html = draw(attention, pieces, html_action="return").data
    assert html.startswith(CDN)
    (folder / f"{view}-{tokens}.html").write_text(SHIM + html.removeprefix(CDN), "utf-8")
    for package, script in SCRIPTS.items():
        found = importlib.metadata.distribution(package).locate_file(script)
        shutil.copy(str(found), folder)


if __name__ == "__main__":
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--view", choices=("head", "model"), required=True)
    parser.add_argument("--tokens", type=int, choices=LENGTHS, required=True)
    parser.add_argument("folder", type=Path)
    asked = parser.parse_args()
    write(asked.view, asked.tokens, asked.folder)
