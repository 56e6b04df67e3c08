"""The alignment page as Streamlit runs it: every view and example in both languages, strange texts and files, a real
CLIP's absence. No DOM here."""

from __future__ import annotations

import html
import re
import time
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from pages.parts.align_matrix import order_of, sheet
from ui import controls, language

ROOT = Path(__file__).resolve().parents[2]
EXAMPLES = controls.load("alignment")["example"].options


def opened(lang: str = "en", **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.run()
    for name, value in {"lang": lang, **query}.items():
        app.query_params[name] = value
    return app.switch_page("pages/alignment.py").run()


def said(app: AppTest) -> str:
    assert not app.exception
    return html.unescape("\n".join(str(node.proto.body) for node in app.get("html")))


def claims(app: AppTest) -> list[str]:
    return re.findall(r'<h2 class="claim">(.*?)</h2>', said(app))


def troubles(app: AppTest) -> list[str]:
    return re.findall(r'<p class="trouble".*?>(.*?)</p>', said(app))


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_every_example_is_drawn(lang: str) -> None:
    app = opened(lang, lens="pairs")
    for example in EXAMPLES:
        app.radio(key="alignment-example").set_value(example).run()
        assert len(claims(app)) == (2 if example == "speech" else 1), example
        assert troubles(app) == []


def test_the_matrix_says_what_a_swap_costs_and_what_one_pair_cannot() -> None:
    app = opened(lens="matrix", swaps="1-2")
    assert "2 captions at the wrong picture" in claims(app)[0]
    assert "no negatives" in claims(opened(lens="matrix", batch="1"))[0]


@pytest.mark.parametrize("swaps", ["1-99", "a-b", "1", "-", "1-2-3", "²-1", "<script>", "0-1"])
def test_a_swap_that_makes_no_sense_is_passed_over(swaps: str) -> None:
    assert order_of(swaps, 12) == list(range(12))


def test_swaps_are_done_in_order() -> None:
    assert order_of("1-2,2-3", 4) == [1, 2, 0, 3]


def test_own_captions_name_unknown_words_and_uneven_ones_are_refused() -> None:
    app = opened(lens="own")
    assert "tower, trees, orange, flower" in said(app) and len(claims(app)) == 1
    app.text_area(key="alignment-words").set_value("a red circle").run()
    assert "2 pictures and 1 captions" in troubles(app)[0]
    app.text_area(key="alignment-words").set_value("<script>alert(1)</script>\n🙂").run()
    assert len(troubles(app)) == 1 and not claims(app)
    app.text_area(key="alignment-words").set_value("red\n" * 2).run()
    assert troubles(app) == [] and len(claims(app)) == 1


def test_a_caption_is_no_formula_in_the_download() -> None:
    lines = sheet([["words", 1.5], ['=HYPERLINK("x"), a', 2.0], ["a, b", 3.0]]).splitlines()
    assert lines == ["words,1.5", '"\'=HYPERLINK(""x""), a",2.0', '"a, b",3.0']


def test_uploads_are_read_or_refused_by_name() -> None:
    app = opened(lens="own", words="a red circle")
    picture = (ROOT / "assets" / "media" / "icon.png").read_bytes()
    app.file_uploader(key="align-own").set_value([("icon.png", picture, "image/png")]).run()
    assert troubles(app) == [] and "no negatives" in claims(app)[0]
    app.file_uploader(key="align-own").set_value([("<b>.png", b"none", "image/png")]).run()
    assert troubles(app)[0].startswith("<b>.png: ") and len(troubles(app)) == 2


def test_a_clip_that_is_not_there_gets_a_sentence(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("NOTES_MODELS", str(tmp_path))
    app = opened(lens="own", clip="no-such-clip")
    for _ in range(50):
        if troubles(app):
            break
        time.sleep(0.1)
        app.run()
    assert "no-such-clip" in troubles(app)[0]


SNIPPETS = (
    ({"lens": "matrix", "swaps": "1-2"}, ("matrix",)),
    ({"lens": "own", "words": "a 'red' \\ circle\nblue"}, ("matrix",)),
    ({"lens": "pairs", "example": "label"}, ("pairs",)),
    ({"lens": "pairs", "example": "speech"}, ("pairs", "warp")),
    ({"lens": "pairs", "example": "foreign"}, ("pairs",)),
)


@pytest.mark.parametrize(("query", "cards"), SNIPPETS, ids=range(len(SNIPPETS)))
def test_what_a_code_tab_shows_runs(
    query: dict[str, str], cards: tuple[str, ...], capsys: pytest.CaptureFixture[str]
) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.run()
    for name, value in {"lang": "en", **query}.items():
        app.query_params[name] = value
    for card in cards:
        app.session_state[f"{card}-tabs"] = language.load("en")("card.code")
    app.switch_page("pages/alignment.py").run()
    said(app)
    assert len(app.code) == len(cards)
    for block in app.code:
        exec(compile(block.value, "snippet", "exec"), {"__name__": "snippet"})
        assert re.search(r"\d\.\d", capsys.readouterr().out)


def test_a_clip_of_the_readers_draws_the_same_matrix(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.syspath_prepend(str(ROOT / "tests" / "explainers"))
    from encoders import save_clip

    save_clip(tmp_path / "tiny-clip")
    monkeypatch.setenv("NOTES_MODELS", str(tmp_path))
    app = opened(lens="own", clip="tiny-clip")
    for _ in range(300):
        if claims(app) or troubles(app):
            break
        time.sleep(0.1)
        app.run()
    assert troubles(app) == [] and claims(app)[0].startswith("2 pictures against 2 captions")
