"""bertviz's pages: bertviz's own scripts, the weights of the trace sent once, and no text that can break out."""

from __future__ import annotations

import base64
import hashlib
import json
import re
import subprocess
import sys
from html.parser import HTMLParser
from importlib.metadata import PackageNotFoundError, distribution
from pathlib import Path

import numpy as np
import pytest

from explainers.attention import AttentionTrace, Token, trace
from explainers.attention import bertviz_pages as pages
from explainers.attention.bertviz_pages import MOST_TOKENS, BertvizMissingError, BertvizTooLongError, bertviz_page

ROOT = Path(__file__).resolve().parents[2]
PAIR = ("The animal didn't cross the street.", "It was too tired.")
LABELS = {name: f"the {name}" for name in pages.LABELS} | {"lang": "en"}
VIEWS = ("head", "model")
HOSTILE = (
    "</script><script>window.pwned=1</script>",
    "<!--<script>",
    "<img src=x onerror=alert(1)>",
    "{{sent}}",
    "{{title}}",
    "<!-- scripts -->",
    "PYTHON_PARAMS",
    '"},{"',
    "\\u003c/script\\u003e",
    "&lt;",
    "動物",
    "👩‍👩‍👧‍👦",
    "\u2028",
)


def made_up(pieces: tuple[str, ...], layers: int = 6, heads: int = 12) -> AttentionTrace:
    """A trace of random attention over the given pieces; the last third is sentence B."""
    n = len(pieces)
    weights = np.random.default_rng(5).dirichlet([0.3] * n, (layers, heads, n)).astype(np.float32)
    tokens = tuple(
        Token(at, piece, at, int(at >= n - n // 3), at, False, piece, 0, 0) for at, piece in enumerate(pieces)
    )
    hidden = np.zeros((layers + 1, n, 4), np.float32)
    return AttentionTrace(tokens, weights, hidden, hidden[0, 0], (), ())


class Read(HTMLParser):
    """The elements of a page and the text of its scripts, as a parser of HTML finds them."""

    def __init__(self, page: str) -> None:
        super().__init__(convert_charrefs=True)
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.scripts: list[str] = []
        self.data = ""
        self.words = ""
        self.inside: str | None = None
        self.feed(page)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))
        if tag == "script":
            self.inside = "data" if dict(attrs).get("id") == "sent" else "script"
            if self.inside == "script":
                self.scripts.append("")

    def handle_endtag(self, tag: str) -> None:
        self.inside = None

    def handle_data(self, data: str) -> None:
        if self.inside == "data":
            self.data += data
        elif self.inside == "script":
            self.scripts[-1] += data
        else:
            self.words += data

    @property
    def policy(self) -> str:
        return next(found["content"] or "" for _, found in self.elements if "http-equiv" in found)


def file_of(package: str, path: str) -> str:
    return Path(str(distribution(package).locate_file(path))).read_text("utf-8")


@pytest.mark.parametrize("view", VIEWS)
def test_the_attention_inside_is_the_models_rounded_to_a_byte(view: str) -> None:
    result = trace(*PAIR)
    page = bertviz_page(result, view, LABELS, layer=3).html
    sent = json.loads(Read(page).data)
    weights = np.frombuffer(base64.b64decode(sent["weights"]), np.uint8).reshape(result.attention.shape)
    assert np.abs(weights / 255 - result.attention.astype(np.float64)).max() <= 1 / 510 + 1e-7
    assert sent["tokens"] == [token.piece for token in result.tokens]
    assert sent["second"] == [token.segment for token in result.tokens].index(1)
    assert (sent["view"], sent["layers"], sent["heads"], sent["layer"]) == (view, 6, 12, 3)
    # Once, and nothing else that grows with the text.
    assert page.count(sent["weights"]) == 1
    smaller = bertviz_page(trace("Hi."), view, LABELS).html
    assert len(page) - len(smaller) < 4 / 3 * weights.size + 20 * len(result.tokens) + 100


def test_one_sentence_has_no_second() -> None:
    read = Read(bertviz_page(trace("One sentence."), "head", LABELS).html)
    assert json.loads(read.data)["second"] is None


@pytest.mark.parametrize("view", VIEWS)
def test_the_scripts_are_those_of_the_packages(view: str) -> None:
    read = Read(bertviz_page(trace(*PAIR), view, LABELS).html)
    jquery, d3, _, bertviz = read.scripts
    assert jquery == file_of("XStatic-jQuery", "xstatic/pkg/jquery/data/jquery.min.js")
    assert jquery.startswith("/*! jQuery v3.7.1 ")
    assert d3 == file_of("mpld3", "mpld3/js/d3.v5.min.js")
    assert d3.startswith("// https://d3js.org v5.7.0 ")
    original = file_of("bertviz", f"bertviz/{view}_view.js")
    assert bertviz.replace("const params = window.bertvizParameters;", "const params = PYTHON_PARAMS;") == original
    assert bertviz != original


@pytest.mark.parametrize("view", VIEWS)
def test_nothing_but_these_scripts_may_run_and_nothing_may_be_asked_for(view: str) -> None:
    read = Read(bertviz_page(trace(*PAIR), view, LABELS).html)
    hashes = [base64.b64encode(hashlib.sha256(script.encode()).digest()).decode() for script in read.scripts]
    allowed = " ".join(f"'sha256-{found}'" for found in hashes)
    assert read.policy == f"default-src 'none'; style-src 'unsafe-inline'; script-src {allowed}"
    assert not any({"src", "href", "action"} & found.keys() for _, found in read.elements)


@pytest.mark.parametrize("view", VIEWS)
def test_no_token_breaks_out(view: str) -> None:
    plain = Read(bertviz_page(made_up(("word",) * len(HOSTILE)), view, LABELS).html)
    read = Read(bertviz_page(made_up(HOSTILE), view, LABELS).html)
    assert json.loads(read.data)["tokens"] == list(HOSTILE)
    assert read.elements == plain.elements
    assert read.scripts == plain.scripts
    assert read.words == plain.words
    assert bertviz_page(made_up(HOSTILE), view, LABELS).frame.count(pages.SCRIPTS_HERE) == 1


def test_no_label_breaks_out_and_each_is_said() -> None:
    labels = {name: f'"><b>{name}</b>{{{{sent}}}}' for name in pages.LABELS}
    read = Read(bertviz_page(made_up(("a", "b", "c")), "head", labels).html)
    assert not any(tag == "b" for tag, _ in read.elements)
    for name in set(labels) - {"lang"}:
        assert labels[name] in read.words


@pytest.mark.parametrize("view", VIEWS)
def test_a_text_that_is_too_long_is_refused_with_the_limits(view: str) -> None:
    most = MOST_TOKENS[view]
    assert MOST_TOKENS == {"head": 64, "model": 32}
    assert bertviz_page(made_up(("word",) * most, 1, 1), view, LABELS)
    with pytest.raises(BertvizTooLongError) as raised:
        bertviz_page(made_up(("word",) * (most + 1), 1, 1), view, LABELS)
    assert raised.value.code == "bertviz-too-long"
    assert raised.value.details == {"tokens": str(most + 1), "most": str(most), "head": "64", "model": "32"}


@pytest.mark.parametrize("package", ["bertviz", "mpld3", "XStatic-jQuery"])
@pytest.mark.parametrize("fault", ["absent", "file", "version"])
def test_a_package_that_is_missing_or_another_is_named(package: str, fault: str, monkeypatch, tmp_path) -> None:
    class Other:
        version = "0.0" if fault == "version" else distribution(package).version

        def locate_file(self, path: str) -> Path:
            return tmp_path / path

    def found(name: str) -> object:
        if name != package:
            return distribution(name)
        if fault == "absent":
            raise PackageNotFoundError(name)
        return Other()

    monkeypatch.setattr(pages, "distribution", found)
    pages._frame.cache_clear()
    with pytest.raises(BertvizMissingError) as raised:
        bertviz_page(trace(*PAIR), "head", LABELS)
    pages._frame.cache_clear()
    assert raised.value.code == "bertviz-missing"
    assert raised.value.details == {"package": package, "version": distribution(package).version}


def test_the_versions_are_those_pinned() -> None:
    lines = (ROOT / "requirements-bertviz.txt").read_text("utf-8").splitlines()
    pinned = {tuple(line.split("==")) for line in lines if line and not line.startswith("#")}
    assert pinned == {script[:2] for script in (*pages.SCRIPTS, pages.BERTVIZ)}


def test_none_of_the_packages_is_imported() -> None:
    code = (
        "import sys; from explainers.attention import trace; from explainers.attention.bertviz_pages import *\n"
        "bertviz_page(trace('Hi.'), 'head', {name: name for name in LABELS})\n"
        "print({'bertviz', 'mpld3', 'matplotlib', 'IPython'} & sys.modules.keys())"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "set()"


def test_the_scripts_are_the_same_for_every_text() -> None:
    one, other = (bertviz_page(trace(text), "head", LABELS) for text in ("Hi.", "Another text."))
    assert one.scripts is other.scripts
    assert len(one.frame) < 10_000 < len(one.scripts)


def test_the_layer_it_opens_with_is_one_of_the_models() -> None:
    for asked, wanted in ((-3, 1), (1, 1), (6, 6), (99, 6)):
        page = bertviz_page(trace("Hi."), "head", LABELS, layer=asked).frame
        assert re.findall(r'"layer":(\d+)', page) == [str(wanted)]
