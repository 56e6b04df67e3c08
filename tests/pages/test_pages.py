"""Every page as Streamlit runs it: both languages, addresses that are wrong, texts that are strange, a model that is
missing. No DOM here; the browser tests look at what is drawn."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from explainers import attention, models
from ui import frame, language

ROOT = Path(__file__).resolve().parents[2]
PAGES = {
    "home": "pages/home.py",
    "attention": "pages/attention.py",
    "focal-loss": "pages/focal_loss.py",
    "quantization": "pages/quantization.py",
    "alignment": "pages/alignment.py",
    "reader": "pages/reader.py",
    "notes": "pages/notes.py",
    "glossary": "pages/glossary.py",
}


def opened(page: str, **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90)
    app.run()
    for name, value in {"lang": "en", **query}.items():
        app.query_params[name] = value
    return app.switch_page(PAGES[page]).run()


def said(app: AppTest) -> str:
    """All HTML the page wrote, for it holds the sentences to the reader."""
    assert not app.exception
    return "\n".join(str(node.proto.body) for node in app.get("html"))


def query(app: AppTest) -> dict[str, str]:
    return {name: value[0] if isinstance(value, list) else str(value) for name, value in app.query_params.items()}


@pytest.mark.parametrize("page", PAGES)
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_every_page_runs_in_both_languages(page: str, lang: str) -> None:
    app = opened(page, lang=lang)
    assert language.load(lang)("house.failed") not in said(app)
    assert query(app)["lang"] == lang


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("layer", "99"),
        ("layer", "x"),
        ("view", "zzz"),
        ("pane", "77"),
        ("lang", "fr"),
        ("q", "Z9"),
        ("pin", "-7"),
        ("aside", "maybe"),
        ("hide", "teacher"),
        ("a", "x" * 3001),
    ],
)
def test_a_wrong_value_in_the_address_falls_back_and_says_so(name: str, value: str) -> None:
    app = opened("attention", **{name: value})
    t = language.load(query(app)["lang"])
    assert t("house.refused", names=name) in said(app)
    assert query(app).get(name) in (None, "en", "zh-Hant")


def test_an_unknown_name_in_the_address_is_dropped() -> None:
    app = opened("attention", teacher="1")
    assert "teacher" not in query(app)
    said(app)


def test_the_address_sets_the_controls() -> None:
    app = opened("attention", layer="2", head="9", view="matrix", aside="1")
    assert app.slider(key="attention-layer").value == 2
    assert app.slider(key="attention-head").value == 9
    assert app.radio(key="attention-view").value == "matrix"
    assert app.toggle(key="attention-aside").value is True


def test_a_moved_control_is_in_the_address_and_a_default_is_not() -> None:
    app = opened("attention")
    app.slider(key="attention-layer").set_value(2).run()
    assert query(app) == {"lang": "en", "layer": "2"}
    app.slider(key="attention-layer").set_value(4).run()
    assert query(app) == {"lang": "en"}


def test_reset_puts_back_what_the_page_controls_and_keeps_the_language() -> None:
    app = opened("attention", layer="2", a="Hello there.", present="1")
    app.button(key="attention-reset").click().run()
    assert query(app) == {"lang": "en", "present": "1"}
    assert app.text_area(key="attention-a").value.startswith("The animal")


def test_hidden_controls_are_not_drawn_and_still_in_force() -> None:
    app = opened("attention", hide="layer,head", layer="2")
    assert [slider.key for slider in app.slider] == []
    assert language.load("en")("attention.claim", layer=2, head=2, share="%", mean="%")[-20:-3] in said(app)


STRANGE = [
    "你好，世界。",
    "🙂🙃",
    "مرحبا بالعالم",
    "<img src=x onerror=alert(1)>",
    "</script><script>alert(1)</script>",
    "a" * 5000,
    "\x00\x07",
    "[SEP]",
    "=SUM(A1)",
]


@pytest.mark.parametrize("text", STRANGE, ids=range(len(STRANGE)))
def test_any_text_gets_an_answer(text: str) -> None:
    app = opened("attention")
    app.text_area(key="attention-a").set_value(text).run()
    page = said(app)
    assert language.load("en")("house.failed") not in page
    assert "<script>alert" not in page
    assert "<img src=x" not in page


def test_empty_sentences_get_a_sentence() -> None:
    app = opened("attention")
    app.text_area(key="attention-a").set_value("  ").run()
    assert language.load("en")("error.empty") in said(app)


def test_a_text_that_is_cut_says_where() -> None:
    app = opened("attention")
    app.text_area(key="attention-a").set_value("word " * 5000).run()
    page = said(app)
    assert "reads the first 510" in page
    assert "character" in page


@pytest.fixture
def no_model(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    def refuse(*_: object, **__: object) -> None:
        raise models.ModelUnavailableError("package-missing", {"kind": "bundled", "location": "some_package"})

    monkeypatch.setattr(attention, "view", refuse)
    yield


@pytest.mark.usefixtures("no_model")
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_a_missing_model_gets_a_sentence_and_the_page_stays(lang: str) -> None:
    app = opened("attention", lang=lang)
    assert language.load(lang)("error.package-missing", location="some_package") in said(app)
    assert app.text_area(key="attention-a").value


def test_a_page_that_breaks_says_so_without_a_traceback(monkeypatch: pytest.MonkeyPatch) -> None:
    """Run through app.py, which AppTest does for the first page only; there the sentence comes from."""

    def fail(*_: object, **__: object) -> None:
        raise RuntimeError("secret detail")

    monkeypatch.setattr(frame, "address", fail)
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90)
    app.query_params["lang"] = "en"
    page = said(app.run())
    assert language.load("en")("house.failed") in page
    assert "secret detail" not in page


def test_the_reader_finds_and_says_what_it_corrected() -> None:
    app = opened("reader", find="quantizaton")
    said(app)
    assert query(app)["find"] == "quantizaton"
