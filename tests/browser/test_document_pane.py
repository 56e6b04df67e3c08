"""The document beside the picture: its bound words drive the picture, and the divider shares the room."""

from __future__ import annotations

import re

import pytest
from driver import DESKTOP, LIMIT_MS, PHONE, STAGE, Sheet
from playwright.sync_api import Locator, expect

from study import bindings, catalogue
from ui import controls

TABLE = controls.load("attention")
CONCEPT = catalogue.load().concept("attention")
FIRST = {name: TABLE[name].default for name in ("layer", "head", "view", "pin")}
# One whose sentence, layer and drawing all differ from the defaults, so that every one of them must move.
BINDING = next(
    binding
    for binding in bindings.load("attention")
    if binding.state["layer"] != FIRST["layer"] and binding.state["a"] != TABLE["a"].default
)


def phrase(sheet: Sheet) -> Locator:
    return sheet.page.locator(f".body [data-bind={BINDING.id}][role=button]")


def expect_bound(sheet: Sheet) -> None:
    state = BINDING.state
    sheet.expect_query(
        **{name: None if value == TABLE[name].default else TABLE[name].spell(value) for name, value in state.items()}
    )
    sheet.expect_painted(
        int(state["layer"]), int(state["head"]), str(state["view"]), int(state.get("pin", FIRST["pin"]))
    )
    expect(sheet.field("attention-a")).to_have_value(str(state["a"]), timeout=LIMIT_MS)
    expect(phrase(sheet)).to_have_attribute("aria-pressed", "true", timeout=LIMIT_MS)
    expect(phrase(sheet)).to_have_class(re.compile(r"\blit\b"))


@pytest.mark.parametrize("way", ["click", "Enter", "Space"])
def test_a_bound_phrase_sets_the_picture(page_at, way: str) -> None:
    sheet = page_at(f"/attention?lang=en&q={BINDING.question}")
    expect(phrase(sheet)).to_have_attribute("aria-pressed", "false")
    before = sheet.painted()[0]
    if way == "click":
        phrase(sheet).click()
    else:
        phrase(sheet).press(way)
    expect_bound(sheet)
    assert sheet.painted()[0] != before


def test_a_phrase_goes_out_when_the_picture_moves_on(page_at) -> None:
    sheet = page_at(f"/attention?lang=en&q={BINDING.question}")
    phrase(sheet).click()
    expect_bound(sheet)
    key = "ArrowLeft" if int(BINDING.state["head"]) > 1 else "ArrowRight"
    sheet.slide("attention-head", key)
    expect(phrase(sheet)).to_have_attribute("aria-pressed", "false", timeout=LIMIT_MS)
    expect(phrase(sheet)).not_to_have_class(re.compile(r"\blit\b"))


def test_the_passages_can_be_turned(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    article = sheet.page.locator(".st-key-passage article")
    expect(article.locator("h2 .number")).to_have_text(CONCEPT.questions[0])
    sheet.page.locator(".st-key-passage [rel=next]").click()
    sheet.expect_query(q=CONCEPT.questions[1])
    expect(article.locator("h2 .number")).to_have_text(CONCEPT.questions[1])
    sheet.settle()
    sheet.page.locator(".st-key-passage [rel=prev]").click()
    sheet.expect_query(q=None)
    expect(article.locator("h2 .number")).to_have_text(CONCEPT.questions[0])


def test_turning_a_passage_keeps_the_picture(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    sheet.slide("attention-layer", "ArrowRight")
    sheet.expect_query(layer=str(int(FIRST["layer"]) + 1))
    sheet.settle()
    sheet.page.locator(".st-key-passage [rel=next]").click()
    sheet.expect_query(q=CONCEPT.questions[1], layer=str(int(FIRST["layer"]) + 1))


@pytest.mark.parametrize("question", ["B56", "B57"])
def test_an_unanswered_question_says_so(page_at, question: str) -> None:
    sheet = page_at(f"/attention?lang=en&q={question}")
    expect(sheet.page.locator(".st-key-passage .missing")).to_contain_text("do not answer it")
    links = sheet.page.locator(".st-key-passage article li :is(a[data-question], a[data-reader])")
    nearest = links.evaluate_all("(nodes) => nodes.map((node) => node.dataset.question ?? node.dataset.reader)")
    assert tuple(nearest) == catalogue.load().related[question]


def test_the_way_to_the_reader_opens_the_same_question(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A5")
    sheet.page.locator(".st-key-passage footer a", has_text="whole document").click()
    sheet.page.wait_for_url("**/reader**")
    sheet.expect_query(q="A5", lang="en")


def share(sheet: Sheet) -> float:
    """Share of the panes' width that the document has, in percent."""
    wide, own = (
        sheet.page.locator(name).evaluate("(node) => node.getBoundingClientRect().width")
        for name in (".st-key-panes", ":has(> .st-key-pane-doc)")
    )
    return float(own / wide * 100)


def test_the_divider_moves_by_keyboard(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    before = share(sheet)
    handle = sheet.page.locator(".st-key-divider [role=separator]")
    for _ in range(4):
        handle.press("ArrowRight")
    assert handle.get_attribute("aria-valuenow") == "42"
    assert share(sheet) > before + 3
    sheet.expect_query(pane="42")
    sheet.settle()
    assert share(sheet) > before + 3
    handle.press("End")
    sheet.expect_query(pane="50")
    handle.press("ArrowRight")
    assert handle.get_attribute("aria-valuenow") == "50"
    handle.dblclick()
    sheet.expect_query(pane=None)


def test_the_divider_can_be_dragged(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    box = sheet.page.locator(".st-key-divider [role=separator]").bounding_box()
    assert box is not None
    sheet.page.mouse.move(box["x"] + 6, 300)
    sheet.page.mouse.down()
    sheet.page.mouse.move(box["x"] + 80, 300, steps=4)
    sheet.page.mouse.up()
    sheet.page.wait_for_function("() => Number(new URLSearchParams(location.search).get('pane')) > 38")
    wanted = int(sheet.query()["pane"])
    sheet.page.reload()
    sheet.settle()
    assert share(sheet) == pytest.approx(wanted, abs=1.5)


def test_the_divider_stays_beside_the_document_while_a_long_page_scrolls(page_at) -> None:
    sheet = page_at("/attention?lang=en&lens=readings")
    handle = sheet.page.locator(".st-key-divider [role=separator]")
    sheet.page.mouse.move(1000, 500)
    sheet.page.mouse.wheel(0, 700)
    sheet.page.wait_for_function("() => document.querySelector('.st-key-panes').getBoundingClientRect().top < -300")
    line, document = (
        one.evaluate("(node) => node.getBoundingClientRect().toJSON()")
        for one in (handle, sheet.page.locator(".st-key-pane-doc"))
    )
    assert line["top"] == pytest.approx(document["top"], abs=2)
    assert line["bottom"] == pytest.approx(document["bottom"], abs=2)


def test_the_document_can_be_hidden_or_alone(page_at) -> None:
    sheet = page_at("/attention?lang=en&pane=0")
    expect(sheet.page.locator(".st-key-passage")).to_have_count(0)
    expect(sheet.page.locator("canvas.head")).to_be_visible()
    sheet.page.locator(".st-key-paneswitch").get_by_role("button", name="alone").click()
    sheet.expect_query(pane="100")
    expect(sheet.page.locator(".st-key-passage article")).to_be_visible(timeout=LIMIT_MS)
    expect(sheet.page.locator("canvas.head")).to_be_hidden()
    sheet.page.locator(".st-key-paneswitch").get_by_role("button", name="beside").click()
    sheet.expect_query(pane=None)
    expect(sheet.page.locator("canvas.head")).to_be_visible(timeout=LIMIT_MS)
    expect(sheet.page.locator(".st-key-passage article")).to_be_visible()


def test_the_document_alone_comes_back_with_its_picture(page_at) -> None:
    sheet = page_at("/attention?lang=en&pane=100&layer=2&head=9")
    expect(sheet.page.locator(".st-key-passage article")).to_be_visible()
    sheet.page.locator(".st-key-paneswitch").get_by_role("button", name="beside").click()
    sheet.expect_painted(2, 9)
    sheet.expect_query(pane=None, layer="2", head="9")


def test_on_a_phone_the_picture_comes_first(page_at) -> None:
    sheet = page_at("/attention?lang=en", size=PHONE)
    picture = sheet.page.locator("canvas.head").bounding_box()
    document = sheet.page.locator(".st-key-passage article").bounding_box()
    assert picture and document
    assert picture["y"] + picture["height"] <= document["y"]
    assert picture["width"] <= PHONE[0]


def sizes(sheet: Sheet, *names: str) -> list[float]:
    return [
        float(sheet.page.locator(name).first.evaluate("(node) => parseFloat(getComputedStyle(node).fontSize)"))
        for name in names
    ]


def test_a_presenters_screen_is_large_and_bare(page_at) -> None:
    body = ("article", ".readout", "h2.claim", ".st-key-main-picture .guide dd")
    sheet = page_at("/attention?lang=en", size=DESKTOP)
    assert sizes(sheet, "article")[0] == 16
    sheet.resize(STAGE)
    sheet.page.locator(".st-key-topbar button").click()
    sheet.expect_query(present="1")
    sheet.page.locator("html[data-present]").wait_for(state="attached")
    sheet.settle()
    article, readout, claim, guide = sizes(sheet, *body)
    assert min(article, readout) >= 22
    assert claim >= 26
    assert guide >= 20
    expect(sheet.page.locator(".st-key-topbar nav")).to_be_hidden()
    expect(sheet.page.locator(".st-key-topbar select")).to_be_hidden()
    expect(sheet.page.locator(".st-key-divider")).to_have_count(0)
    sheet.page.locator(".st-key-topbar button").click()
    sheet.expect_query(present=None)
    expect(sheet.page.locator(".st-key-topbar nav")).to_be_visible(timeout=LIMIT_MS)


SMALLEST = """(nodes) => Math.min(...nodes
  .filter((node) => [...node.childNodes].some((one) => one.nodeType === Node.TEXT_NODE && one.data.trim()))
  .map((node) => parseFloat(getComputedStyle(node).fontSize)))"""


def test_a_presenter_reads_every_word_of_the_passage(page_at) -> None:
    sheet = page_at("/attention?lang=zh-Hant&present=1&q=A19", size=STAGE)
    words = sheet.page.locator(".st-key-passage .root *, .st-key-passage .card *")
    assert words.evaluate_all(SMALLEST) >= 22
    sheet.page.locator('.st-key-passage article button[data-note="E07"]').first.click()
    expect(sheet.page.locator(".st-key-passage .card")).to_be_visible()
    assert words.evaluate_all(SMALLEST) >= 22


def test_a_link_of_our_own_answer_changes_the_view_and_nothing_else(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=B56&layer=2")
    sheet.page.locator(".st-key-passage .own a", has_text="how one weight is computed").click()
    sheet.expect_query(lens="neuron", layer="2", q="B56", lang="en")
    expect(sheet.page.locator(".st-key-card-neuron .root[data-painted]")).to_be_visible()
