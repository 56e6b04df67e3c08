"""The other views of the attention page, as Streamlit runs them: all of them, in both languages, on any text."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explainers import attention
from ui import controls, language

ROOT = Path(__file__).resolve().parents[2]
LENSES = [lens for lens in controls.load("attention")["lens"].options if lens != "heads"]
PAIR = {"b": "The animal didn't cross the street because it was too wide."}


def opened(lang: str = "en", **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90)
    app.run()
    for name, value in {"lang": lang, **query}.items():
        app.query_params[name] = value
    return app.switch_page("pages/attention.py").run()


def said(app: AppTest) -> str:
    assert not app.exception
    return "\n".join(str(node.proto.body) for node in app.get("html"))


def claims(app: AppTest) -> list[str]:
    return re.findall(r'<h2 class="claim">(.*?)</h2>', said(app))


@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_every_view_makes_a_claim_in_both_languages(lens: str, lang: str) -> None:
    found = claims(opened(lang, lens=lens, **PAIR))
    assert found
    assert not any("{" in claim for claim in found)


@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize("text", ["你好，世界。", "<script>alert(1)</script>", "🙂", "[SEP]", "word " * 300])
def test_every_view_answers_any_text(lens: str, text: str) -> None:
    page = said(opened(lens=lens, a=text.strip()[:1000]))
    assert language.load("en")("house.failed") not in page
    assert "<script>alert" not in page


def test_the_neuron_view_names_the_numbers_of_the_model() -> None:
    """0.68 from "it" to "animal" in layer 4, head 2, as transformers gives it (see tests/explainers)."""
    claim = claims(opened(lens="neuron", pin="10"))[0]
    trace = attention.trace(str(controls.load("attention")["a"].default))
    assert "“animal”" in claim
    assert f"{trace.attention[3, 1, 10].max():.2f}" in claim


def test_two_sentences_need_two_sentences() -> None:
    assert language.load("en")("lens.compare.need_b") in said(opened(lens="compare"))


@pytest.mark.parametrize("lens", ["readings", "off"])
def test_a_view_that_would_take_too_long_says_so(lens: str) -> None:
    assert "48 or fewer" in said(opened(lens=lens, a="word " * 60))
