"""The measuring views of the quantization page as Streamlit runs them: languages, claims, bad input, a code tab."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ui import language

ROOT = Path(__file__).resolve().parents[2]
VIEWS = (
    {"lens": "models"},
    {"lens": "kinds"},
    {"lens": "latency"},
    {"lens": "beyond"},
    {"lens": "beyond", "beyond": "distillation"},
    {"lens": "beyond", "beyond": "mixed"},
)


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ILLUSTRATED_NOTES_CACHE", str(tmp_path))


def opened(lang: str = "en", **query: str) -> str:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.run()
    for name, value in {"lang": lang, **query}.items():
        app.query_params[name] = value
    app.switch_page("pages/quantization.py").run()
    assert not app.exception
    page = "\n".join(str(node.proto.body) for node in app.get("html"))
    assert language.load(lang)("house.failed") not in page
    return page


@pytest.mark.parametrize("view", VIEWS, ids=lambda view: "-".join(view.values()))
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_every_view_begins_with_a_shipped_result_that_says_so(view: dict[str, str], lang: str) -> None:
    page = opened(lang, **view)
    (claim,) = re.findall(r'<h2 class="claim">(.*?)</h2>', page)
    assert re.search(r"\d", claim) and "{" not in claim
    assert language.load(lang)("quantmodel.shipped") in page


def test_the_table_names_every_variant_and_the_processor() -> None:
    page = opened(lens="models")
    assert page.count("<th scope=row>") == 16
    assert "VNNI" in page and "onnxruntime 1.32.0" in page


@pytest.mark.parametrize(
    ("text", "said"),
    [(" ", "at least one sentence"), ("a\n" * 65, "65 sentences are more than"), ("b" * 700, "Line 1")],
)
def test_calibration_is_refused_in_one_sentence(text: str, said: str) -> None:
    page = opened(lens="models", calibration=text)
    assert said in page and "Traceback" not in page
    assert not re.findall(r'<h2 class="claim">', page)


@pytest.mark.parametrize("power", ["0", "36"])
def test_the_loss_scale_changes_the_claim(power: str) -> None:
    page = opened(lens="beyond", beyond="mixed", loss_power=power)
    assert f"2^{power}" in page
