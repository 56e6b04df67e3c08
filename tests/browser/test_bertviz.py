"""bertviz's own views in a real browser: they draw what the model computed, ask no other host, and run no text."""

from __future__ import annotations

import importlib
import json
import re
import sys
import types
from urllib.parse import quote
from xml.etree import ElementTree

import numpy as np
import pytest
from driver import LIMIT_MS, PHONE, STAGE, Sheet
from playwright.sync_api import Frame, expect
from test_accessibility import AUDIT, AXE

from explainers import attention
from explainers.attention.bertviz_pages import LABELS, MOST_TOKENS, bertviz_page
from ui.http import POLICY

PAIR = ("The animal didn't cross the street.", "It was too tired.")
VIEWS = ("head", "model")
HOSTILE = (
    "</script><script>window.pwned=1</script>",
    "<img src=x onerror=window.pwned=1>",
    "{{sent}}",
    "<!-- scripts -->",
    "動物",
    "👩‍👩‍👧‍👦",
)
TOLERANCE = 1 / 510 + 1e-4  # half a step of a byte, and what two runs of the model may differ by
READ = "() => ({ parameters: window.bertvizParameters, text: document.getElementById('sent').textContent })"


def address(view: str, a: str = PAIR[0], b: str = PAIR[1], **more: object) -> str:
    rest = "".join(f"&{name}={value}" for name, value in more.items())
    return f"/attention?lang=en&lens=bertviz&bertviz={view}&a={quote(a)}&b={quote(b)}{rest}"


def drawn(sheet: Sheet) -> Frame:
    """The frame in which bertviz has drawn."""
    picture = sheet.page.locator(".st-key-bertviz-picture")
    picture.locator(".root[data-painted]").wait_for()
    frame = picture.locator("iframe").element_handle().content_frame()
    assert frame is not None
    return frame


def by_bertviz(view: str, trace: attention.AttentionTrace, second: int | None, monkeypatch) -> list[dict[str, object]]:
    """What bertviz's own Python hands to its script. Of IPython it needs two classes that hold a string."""
    import torch

    class Text:
        def __init__(self, data: str) -> None:
            self.data = data

    display = types.ModuleType("IPython.display")
    vars(display).update(HTML=Text, Javascript=Text, display=print)
    package = types.ModuleType("IPython")
    vars(package).update(display=display)
    monkeypatch.setitem(sys.modules, "IPython", package)
    monkeypatch.setitem(sys.modules, "IPython.display", display)
    draw = getattr(importlib.import_module("bertviz"), f"{view}_view")
    pieces = [token.piece for token in trace.tokens]
    layers = [torch.tensor(layer)[None] for layer in trace.attention]
    page = draw(layers, pieces, second, prettify_tokens=False, html_action="return").data
    start = page.index("const params = ") + len("const params = ")
    parameters, _ = json.JSONDecoder().raw_decode(page, start)
    return list(parameters["attention"])


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("b", ["", PAIR[1]])
def test_bertviz_gets_what_its_own_python_would_give_it(page_at, view: str, b: str, monkeypatch) -> None:
    trace = attention.trace(PAIR[0], b)
    second = [token.segment for token in trace.tokens].index(1) if b else None
    given = drawn(page_at(address(view, b=b))).evaluate(READ)["parameters"]
    wanted = by_bertviz(view, trace, second, monkeypatch)
    assert len(given["attention"]) == len(wanted) == (5 if b else 1)
    for mine, theirs in zip(given["attention"], wanted, strict=True):
        assert mine["left_text"] == theirs["left_text"]
        assert mine["right_text"] == theirs["right_text"]
        found, original = np.array(mine["attn"]), np.array(theirs["attn"])
        assert found.shape == original.shape
        assert np.abs(found - original).max() <= TOLERANCE
    assert (given["include_layers"], given["include_heads"]) == (list(range(1, 7)), list(range(1, 13)))


def test_the_head_view_draws_every_weight_of_its_layer(page_at) -> None:
    trace = attention.trace(*PAIR)
    n = len(trace.tokens)
    frame = drawn(page_at(address("head", layer=2)))
    for layer in (2, 5):
        frame.locator("#layer").select_option(str(layer))
        opacity = frame.evaluate("[...document.querySelectorAll('line')].map(l => +l.getAttribute('stroke-opacity'))")
        assert len(opacity) == 12 * n * n
        lines = np.array(opacity).reshape(12, n, n)
        assert np.abs(lines * 12 - trace.attention[layer - 1]).max() <= TOLERANCE
        assert frame.locator("#left text").all_text_contents() == [token.piece for token in trace.tokens]


def test_the_model_view_draws_every_weight(page_at) -> None:
    trace = attention.trace(*PAIR)
    n = len(trace.tokens)
    frame = drawn(page_at(address("model")))
    opacity = frame.evaluate("[...document.querySelectorAll('line')].map(l => +l.getAttribute('stroke-opacity'))")
    assert len(opacity) == 6 * 12 * n * n
    assert np.abs(np.array(opacity).reshape(trace.attention.shape) - trace.attention).max() <= TOLERANCE


def test_the_filters_of_a_pair_work(page_at) -> None:
    trace = attention.trace(*PAIR)
    pieces = [token.piece for token in trace.tokens]
    second = [token.segment for token in trace.tokens].index(1)
    sheet = page_at(address("head"))
    frame = drawn(sheet)
    a, b = pieces[:second], pieces[second:]
    named = {
        "All": (pieces, pieces),
        "Sentence A → Sentence A": (a, a),
        "Sentence B → Sentence B": (b, b),
        "Sentence A → Sentence B": (a, b),
        "Sentence B → Sentence A": (b, a),
    }
    assert frame.locator("#filter option").all_inner_texts() == list(named)
    for name, (left, right) in named.items():
        frame.locator("#filter").select_option(label=name)
        assert frame.locator("#left text").all_text_contents() == left
        assert frame.locator("#right text").all_text_contents() == right
        assert frame.locator("#attention line").count() == 12 * len(left) * len(right)
        check_it_fits(sheet, frame)


def test_pointing_at_a_token_shows_its_weights(page_at) -> None:
    trace = attention.trace(*PAIR)
    n = len(trace.tokens)
    frame = drawn(page_at(address("head", layer=4)))
    frame.locator("#left text", has_text="animal").hover()
    at = [token.piece for token in trace.tokens].index("animal")
    shown = frame.locator("#attention line[visibility=visible]")
    assert shown.count() == 12 * n
    assert set(shown.evaluate_all("lines => lines.map(line => line.getAttribute('left-token-index'))")) == {str(at)}
    boxes = frame.evaluate("[...document.querySelectorAll('#right .attentionBoxes rect')].map(r => +r.style.opacity)")
    assert np.abs(np.array(boxes).reshape(12, n) - trace.attention[3, :, at]).max() <= TOLERANCE
    frame.locator("#left text", has_text="animal").dispatch_event("mouseleave")


def test_one_head_alone(page_at) -> None:
    trace = attention.trace(*PAIR)
    n = len(trace.tokens)
    frame = drawn(page_at(address("head", layer=4)))
    frame.locator("#vis svg > g:last-of-type rect").nth(1).dblclick()
    opacity = frame.evaluate("[...document.querySelectorAll('line')].map(l => +l.getAttribute('stroke-opacity'))")
    lines = np.array(opacity).reshape(12, n, n)
    assert np.abs(lines[1] - trace.attention[3, 1]).max() <= TOLERANCE
    assert lines[[head for head in range(12) if head != 1]].max() == 0


def test_a_small_picture_of_the_model_view_opens_and_answers(page_at) -> None:
    frame = drawn(page_at(address("model")))
    small = frame.locator("#vis svg > g > rect:last-of-type").nth(12 + 2)
    small.click()
    expect(frame.locator("text.detail")).to_have_text("Layer 2, Head 3")
    frame.locator("g.detail text.token").nth(1).hover()
    groups = frame.locator("g.attn-line-group")
    assert groups.evaluate_all("all => all.map(one => one.style.opacity)").count("1") == 1
    small.click(force=True)
    expect(frame.locator(".detail")).to_have_count(0)


def check_it_fits(sheet: Sheet, frame: Frame) -> None:
    """The frame comes to be as high as what is drawn in it: no second scroll bar, no empty foot."""
    inside = """() => [Math.ceil(document.getElementById("bertviz").getBoundingClientRect().height),
                       document.documentElement.scrollHeight, innerHeight]"""
    for _ in range(50):
        box = sheet.page.locator(".st-key-bertviz-picture iframe").bounding_box()
        assert box is not None
        drawn_height, scrolled, window = frame.evaluate(inside)
        if drawn_height == scrolled == window == round(box["height"]):
            return
        sheet.page.wait_for_timeout(100)
    raise AssertionError((drawn_height, scrolled, window, box))


@pytest.mark.parametrize("view", VIEWS)
def test_it_fits_every_screen(page_at, view: str) -> None:
    sheet = page_at(address(view, a="telecommunications are characteristically counterrevolutionary"))
    for size in (None, PHONE, STAGE):
        if size:
            sheet.resize(size)
            sheet.settle()
        frame = drawn(sheet)
        check_it_fits(sheet, frame)
        assert sheet.sideways() <= 0
    if view == "head":
        left = "all => Math.min(...all.map(one => one.getBoundingClientRect().left))"
        assert frame.locator("#left text").evaluate_all(left) >= 0


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize("theme", ["light", "dark"])
def test_it_can_be_read_in_both_themes(page_at, view: str, theme: str) -> None:
    sheet = page_at(address(view), theme=theme)
    frame = drawn(sheet)
    if view == "model":
        frame.locator("#vis svg > g > rect:last-of-type").first.click()
    colours = frame.evaluate(
        """() => ({
          ground: getComputedStyle(document.body).backgroundColor,
          inks: [...new Set([...document.querySelectorAll("text, label, button, select")]
            .map((node) => node.localName === "text" ? getComputedStyle(node).fill : getComputedStyle(node).color))],
          over: [...document.querySelectorAll("rect.background, rect.detail")]
            .map((node) => getComputedStyle(node).fill),
        })"""
    )
    page = sheet.page.evaluate("getComputedStyle(document.querySelector('.stApp')).backgroundColor")
    assert colours["ground"] == page
    assert (luminance(page) < 0.5) == (theme == "dark")
    assert colours["over"]
    for ink in colours["inks"]:
        for ground in {colours["ground"], *colours["over"]}:
            assert contrast(ink, ground) >= 4.5, (ink, ground)


def luminance(colour: str) -> float:
    """Relative luminance of "rgb(r, g, b)", WCAG 2."""
    parts = [int(part) / 255 for part in re.findall(r"\d+", colour)[:3]]
    red, green, blue = (part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts)
    return 0.2126 * red + 0.7152 * green + 0.0722 * blue


def contrast(one: str, other: str) -> float:
    low, high = sorted((luminance(one), luminance(other)))
    return (high + 0.05) / (low + 0.05)


@pytest.mark.parametrize("view", VIEWS)
@pytest.mark.parametrize(
    "text",
    [
        "</script><script>alert(1)</script>",
        "<img src=x onerror=alert(1)>",
        "動物沒有過馬路，因為牠太累了。",
        "👩‍👩‍👧‍👦 🎉 ok",
        "{{sent}} ${1} :red[x]",
    ],
)
def test_what_a_reader_types_is_drawn_as_text(page_at, view: str, text: str) -> None:
    trace = attention.trace(text)
    frame = drawn(page_at(address(view, a=text, b="")))
    assert frame.evaluate(READ)["parameters"]["attention"][0]["left_text"] == [token.piece for token in trace.tokens]
    assert frame.locator("img, script[src]").count() == 0
    assert frame.locator("script").count() == 5


@pytest.mark.parametrize("view", VIEWS)
def test_tokens_that_are_markup_run_nothing(page_at, view: str) -> None:
    """A vocabulary may hold anything. The page is served here on our own origin, where a token could do harm."""
    sheet = page_at("/")
    n = len(HOSTILE)
    tokens = tuple(attention.Token(at, piece, at, 0, at, False, piece, 0, 0) for at, piece in enumerate(HOSTILE))
    weights = np.full((2, 2, n, n), 1 / n, np.float32)
    hidden = np.zeros((3, n, 4), np.float32)
    trace = attention.AttentionTrace(tokens, weights, hidden, hidden[0, 0], (), ())
    page = bertviz_page(trace, view, {name: name for name in LABELS}).html
    headers = {"content-security-policy": POLICY, "content-type": "text/html; charset=utf-8"}
    sheet.page.route("**/hostile", lambda route: route.fulfill(body=page, headers=headers))
    sheet.page.goto(f"{sheet.server.url}/hostile")
    if view == "model":
        sheet.page.locator("#vis svg > g > rect:last-of-type").first.click()
    shown = sheet.page.locator("#left text, #right text" if view == "head" else "g.detail text.token")
    assert shown.all_text_contents() == [*HOSTILE, *HOSTILE]
    assert sheet.page.evaluate("window.pwned") is None
    assert sheet.page.locator("img").count() == 0
    assert sheet.trouble == []
    # And were one to break out after all, the page's own policy knows no such script.
    sheet.page.evaluate(
        """() => {
          document.body.append(Object.assign(document.createElement("script"), { textContent: "window.pwned = 2" }));
          document.body.insertAdjacentHTML("beforeend", "<img src='data:,' onerror='window.pwned = 3'>");
        }"""
    )
    sheet.page.wait_for_timeout(200)
    assert sheet.page.evaluate("window.pwned") is None
    assert sheet.trouble
    assert all("Content Security Policy" in said for said in sheet.trouble)
    sheet.trouble.clear()


def test_the_frame_cannot_reach_the_page(page_at) -> None:
    frame = drawn(page_at(address("head")))
    assert frame.evaluate("origin") == "null"
    reach = "() => { try { return String(parent.document.title); } catch (error) { return error.name; } }"
    assert frame.evaluate(reach) == "SecurityError"


def test_a_longer_text_is_refused_with_the_limits_and_our_own_view_takes_it(page_at) -> None:
    words = " ".join(["word"] * 40)
    sheet = page_at(address("head", a=words, b=""))
    drawn(sheet)
    sheet.page.locator(".st-key-attention-bertviz label", has_text="model view").click()
    said = sheet.page.locator(".st-key-main-picture .trouble")
    expect(said).to_contain_text("42 tokens", timeout=LIMIT_MS)
    for most in MOST_TOKENS.values():
        expect(said).to_contain_text(str(most))
    expect(sheet.page.locator(".st-key-bertviz-picture iframe")).to_have_count(0)
    sheet.page.locator(".st-key-attention-lens label", has_text="Heads").click()
    expect(sheet.explorer).to_have_attribute("data-painted", re.compile(r"^\w+ "), timeout=LIMIT_MS)
    expect(said).to_have_count(0)


def test_a_new_text_is_drawn_anew(page_at) -> None:
    sheet = page_at(address("head", b=""))
    drawn(sheet)
    sheet.write("attention-a", "Cats sleep.")
    expect(sheet.page.frame_locator(".st-key-bertviz-picture iframe").locator("#left text")).to_have_text(
        ["[CLS]", "cats", "sleep", ".", "[SEP]"], timeout=LIMIT_MS
    )


@pytest.mark.parametrize("view", VIEWS)
def test_the_picture_can_be_saved(page_at, view: str, tmp_path) -> None:
    sheet = page_at(address(view))
    frame = drawn(sheet)
    with sheet.page.expect_download() as saving:
        frame.locator("#save").click()
    assert saving.value.suggested_filename == f"bertviz-{view}.svg"
    saving.value.save_as(tmp_path / "picture.svg")
    picture = ElementTree.parse(tmp_path / "picture.svg").getroot()
    names = [node.tag.removeprefix("{http://www.w3.org/2000/svg}") for node in picture.iter()]
    weights = np.array(frame.evaluate(READ)["parameters"]["attention"][0]["attn"])
    layer = attention.trace(*PAIR).layers if view == "model" else 4
    assert names.count("line") == np.count_nonzero(weights if view == "model" else weights[layer - 1])
    assert "script" not in names
    texts = "".join(picture.itertext())
    assert ("animal" if view == "head" else "Layers") in texts


def test_the_page_can_be_saved_and_opens_without_any_server(page_at, tmp_path) -> None:
    sheet = page_at(address("head"))
    drawn(sheet)
    with sheet.page.expect_download() as saving:
        sheet.page.locator(".st-key-bertviz-html button").click()
    saving.value.save_as(tmp_path / "bertviz.html")
    asked: list[str] = []
    page = sheet.context.new_page()
    page.on("request", lambda request: asked.append(request.url))
    page.goto((tmp_path / "bertviz.html").as_uri())
    expect(page.locator("#left text").first).to_have_text("[CLS]")
    assert [url for url in asked if not url.startswith(("file:", "blob:"))] == []


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("view", VIEWS)
def test_no_violation_in_the_page_or_the_frame(page_at, view: str, theme: str) -> None:
    sheet = page_at(address(view), theme=theme)
    frame = drawn(sheet)
    for place in (sheet.page, frame):
        place.evaluate(AXE)
    for place in (sheet.page, frame):
        assert place.evaluate(AUDIT, [])["violations"] == []
