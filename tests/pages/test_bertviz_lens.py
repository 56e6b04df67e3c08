"""The bertviz view of the attention page as Streamlit runs it: its limit, its absence, its code, its table."""

from __future__ import annotations

import csv
import io
import subprocess
import sys
from importlib.metadata import PackageNotFoundError
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explainers import attention
from explainers.attention import bertviz_pages
from ui import language

ROOT = Path(__file__).resolve().parents[2]
WORDS = " ".join(["word"] * 40)


def opened(lang: str = "en", tab: str = "", **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90)
    app.switch_page("pages/attention.py")
    for name, value in {"lang": lang, "lens": "bertviz", **query}.items():
        app.query_params[name] = value
    if tab:
        app.session_state["bertviz-tabs"] = language.load(lang)(f"card.{tab}")
    app.run()
    assert not app.exception
    return app


def said(app: AppTest) -> str:
    return "\n".join(str(node.proto.body) for node in app.get("html"))


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_the_claim_counts_the_lines(lang: str) -> None:
    n = len(attention.trace("Cats sleep all day.").tokens)
    assert f"{12 * n * n:,}" in said(opened(lang, a="Cats sleep all day."))
    assert f"{72 * n * n:,}" in said(opened(lang, a="Cats sleep all day.", bertviz="model"))


@pytest.mark.parametrize("lang", language.LANGUAGES)
@pytest.mark.parametrize(("view", "a"), [("head", WORDS * 2), ("model", WORDS)])
def test_a_longer_text_gets_a_sentence_with_both_limits(lang: str, view: str, a: str) -> None:
    app = opened(lang, a=a, bertviz=view)
    n = len(attention.trace(a).tokens)
    values = {"tokens": n, "most": 64 if view == "head" else 32, "head": 64, "model": 32}
    assert language.load(lang)("error.bertviz-too-long", **values) in said(app)
    assert "attention-bertviz" in [radio.key for radio in app.radio]


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_without_the_packages_the_page_lives_on(lang: str, monkeypatch) -> None:
    def absent(name: str) -> None:
        raise PackageNotFoundError(name)

    monkeypatch.setattr(bertviz_pages, "distribution", absent)
    bertviz_pages._frame.cache_clear()
    app = opened(lang)
    texts = language.load(lang)
    assert texts("error.bertviz-missing", package="bertviz", version="1.4.1") in said(app)
    assert texts("house.failed") not in said(app)
    app.radio(key="attention-lens").set_value("input").run()
    assert not app.exception
    assert 'class="claim"' in said(app)


@pytest.mark.parametrize("view", ["head", "model"])
def test_the_code_makes_the_page_that_is_shown(view: str, tmp_path) -> None:
    a, b = 'It\'s a "quoted" \\ sentence.', "</script>"
    code = opened(tab="code", a=a, b=b, bertviz=view, layer="2").code[0].value
    environment = {"PYTHONPATH": str(ROOT), "PATH": ""}
    done = subprocess.run(
        [sys.executable, "-c", code], cwd=tmp_path, env=environment, capture_output=True, text=True, timeout=120
    )
    assert done.returncode == 0, done.stderr
    labels = {**language.load("en").group("bertviz"), "lang": "en"}
    shown = bertviz_pages.bertviz_page(attention.trace(a, b), view, labels, layer=2)
    assert (tmp_path / f"bertviz-{view}.html").read_text("utf-8") == shown.html


def test_the_table_holds_every_weight() -> None:
    from pages.parts import attention_bertviz

    trace = attention.trace("Cats sleep.", "=1+1")
    rows = list(csv.DictReader(io.StringIO(attention_bertviz._csv(trace))))
    assert len(rows) == trace.attention.size
    row = rows[(3 * 12 + 1) * len(trace.tokens) ** 2 + 2]
    assert (row["layer"], row["head"], row["query"], row["key"]) == ("4", "2", "[CLS]", "sleep")
    assert float(row["weight"]) == pytest.approx(float(trace.attention[3, 1, 0, 2]), abs=1e-6)
    assert not any(row["key"].startswith("=") for row in rows)
