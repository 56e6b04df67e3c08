"""English beside Chinese, reading aids, the map of the questions and what a reader takes to paper."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest
from driver import DESKTOP, LIMIT_MS, PHONE, Sheet
from playwright.sync_api import Locator, expect
from test_accessibility import audit

from study import catalogue, document, english, questionmap

CONCEPT = catalogue.load().concept("attention")
SAMPLES = [name for name, entry in english.load().items() if entry.sample]
RECORD = "illustrated-notes.opened"


def pane(sheet: Sheet) -> Locator:
    return sheet.page.locator(".st-key-passage article")


def article(sheet: Sheet, question: str) -> Locator:
    return sheet.page.locator(f'.st-key-reader article[id="{question}"]')


def choose(sheet: Sheet, text: str) -> None:
    sheet.page.locator(".pick[data-control=text] select").select_option(text)


# ---- English beside Chinese


def test_an_english_reader_gets_english_first_and_the_chinese_below(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A19")
    entry = english.of_question("A19")
    expect(pane(sheet).locator("h2")).to_have_text(f"A19{entry.title}")
    expect(pane(sheet).locator(".summary .asked")).to_have_text(entry.question)
    expect(pane(sheet).locator(".summary p").last).to_have_text(entry.summary)
    expect(pane(sheet).locator(".body")).to_be_visible()
    above, below = (pane(sheet).locator(name).bounding_box() for name in (".summary", ".body"))
    assert above and below and above["y"] < below["y"]
    pane(sheet).locator("details > summary").click()
    expect(pane(sheet).locator(".body")).to_be_hidden()


def test_a_chinese_reader_gets_chinese_and_finds_the_english(page_at) -> None:
    sheet = page_at("/attention?lang=zh-Hant&q=A19")
    expect(pane(sheet).locator(".body")).to_be_visible()
    expect(pane(sheet).locator(".summary")).to_be_hidden()
    pane(sheet).locator("details > summary").click()
    expect(pane(sheet).locator(".summary .asked")).to_have_text(english.of_question("A19").question)


@pytest.mark.parametrize(
    ("lang", "text", "chinese", "summary"),
    [
        ("en", "en", False, True),
        ("en", "zh", True, False),
        ("zh-Hant", "both", True, True),
        ("zh-Hant", "en", False, True),
        ("zh-Hant", "zh", True, False),
        ("en", "both", True, True),
    ],
)
def test_the_address_says_which_language_is_shown(page_at, lang: str, text: str, chinese: bool, summary: bool) -> None:
    sheet = page_at(f"/attention?lang={lang}&q=A19&text={text}")
    expect(pane(sheet).locator(".body")).to_be_visible(visible=chinese)
    expect(pane(sheet).locator(".summary")).to_be_visible(visible=summary)


def test_the_language_can_be_switched_and_switched_back(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A19")
    choose(sheet, "en")
    sheet.expect_query(text="en")
    expect(pane(sheet).locator(".body")).to_be_hidden()
    choose(sheet, "auto")
    sheet.expect_query(text=None)
    expect(pane(sheet).locator(".body")).to_be_visible()


def test_bound_words_and_corrections_work_on_the_english(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A19&text=en")
    bound = pane(sheet).locator(".summary [data-bind=a19-bidirectional-encoding][role=button]")
    bound.click()
    expect(bound).to_have_attribute("aria-pressed", "true", timeout=LIMIT_MS)
    pane(sheet).locator(".summary button[data-note=E07]").click()
    expect(sheet.page.locator(".card:popover-open")).to_contain_text("GPT is not bidirectional")


@pytest.mark.parametrize("lang", ["en", "zh-Hant"])
def test_sample_answers_say_what_they_are(page_at, lang: str) -> None:
    sheet = page_at(f"/reader?lang={lang}")
    labelled = sheet.page.locator(".st-key-reader article:has(> .sample)").evaluate_all("(n) => n.map((one) => one.id)")
    assert labelled == SAMPLES == ["A11", "A18", "B18", "B20", "B23"]


def test_an_open_question_has_our_answer_in_the_reader_too(page_at) -> None:
    sheet = page_at("/reader?lang=en&q=B56")
    expect(article(sheet, "B56").locator(".missing")).to_contain_text("our own answer")
    link = article(sheet, "B56").locator(".own a").first
    wanted = link.get_attribute("href") or ""
    assert wanted.startswith("/attention?") and "q=B56" in wanted
    link.click()
    sheet.page.wait_for_url("**/attention**")
    expect(sheet.page.locator(".notice[role=status]")).to_have_count(0)


# ---- reading aids


def test_minutes_and_what_to_explain_first(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A19")
    aids = pane(sheet).locator(".aids")
    expect(aids).to_contain_text(f"{english.minutes('A19', 'en')} min aloud")
    assert "IReST" in (aids.locator("span").first.get_attribute("title") or "")
    first = aids.locator(".first a")
    assert tuple(first.all_inner_texts()) == english.of_question("A19").prerequisites
    # One question that this page has and one that only the reader has.
    assert "B60" not in CONCEPT.questions
    first.first.click()
    sheet.page.wait_for_url("**/reader**")
    sheet.expect_query(q="B60")
    sheet.go("/attention?lang=en&q=A6")
    pane(sheet).locator(".aids .first a", has_text="A1").click()
    sheet.expect_query(q=None)
    expect(pane(sheet).locator("h2 .number")).to_have_text("A1")


def test_what_was_opened_is_kept_in_the_browser(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A19")
    sheet.page.locator(".st-key-passage [rel=next]").click()
    expect(pane(sheet).locator("h2 .number")).to_have_text("A21")
    sheet.go("/reader?lang=en&q=B33")
    sheet.page.locator(".st-key-reader .side [data-question=A1]").click()
    record = sheet.page.evaluate("(name) => JSON.parse(localStorage.getItem(name))", RECORD)
    assert set(record) == {"A19", "A21", "B33", "A1"}
    assert all(re.fullmatch(r"\d{4}-\d\d-\d\dT[\d:.]+Z", time) for time in record.values())


# ---- the map


def nodes(sheet: Sheet) -> Locator:
    return sheet.page.locator(".st-key-questionmap .node")


def test_the_map_holds_every_question_once_and_apart(page_at) -> None:
    sheet = page_at("/reader?lang=en&view=map")
    ids = nodes(sheet).evaluate_all("(all) => all.map((one) => one.dataset.id)")
    assert sorted(ids) == sorted(question.id for question in document.load().questions)
    boxes = nodes(sheet).evaluate_all("(all) => all.map((one) => one.getBoundingClientRect().toJSON())")
    for at, a in enumerate(boxes):
        for b in boxes[at + 1 :]:
            assert (
                a["right"] <= b["left"] or b["right"] <= a["left"] or a["bottom"] <= b["top"] or b["bottom"] <= a["top"]
            )
    lines = sheet.page.locator(".st-key-questionmap path")
    assert lines.count() == len(questionmap.load().edges)
    for concept in catalogue.load().concepts:
        first = {q for q in concept.questions if catalogue.load().for_question(q)[0].id == concept.id}
        coloured = sheet.page.locator(f".st-key-questionmap .node.{concept.id}")
        assert set(coloured.evaluate_all("(all) => all.map((one) => one.dataset.id)")) == first


def test_the_map_is_walked_with_the_arrow_keys(page_at) -> None:
    sheet = page_at("/reader?lang=en&view=map&q=A19")
    expect(sheet.page.locator(".st-key-questionmap .node[tabindex='0']")).to_have_count(1)
    start = sheet.page.locator(".st-key-questionmap .node[data-id=A19]")
    start.focus()
    told = sheet.page.locator(".st-key-questionmap .told")
    expect(told).to_contain_text(english.of_question("A19").title)
    expect(told).to_contain_text("builds on B60")
    lit = sheet.page.locator(".st-key-questionmap path.lit")
    assert lit.count() == sum("A19" in edge for edge in questionmap.load().edges)
    sheet.page.keyboard.press("ArrowLeft")
    focused = sheet.page.locator(".st-key-questionmap .node[tabindex='0']")
    expect(focused).to_be_focused()
    name = focused.get_attribute("data-id")
    assert name and name != "A19"
    sheet.page.keyboard.press("Enter")
    sheet.expect_query(q=None if name == "A1" else name, view=None)
    expect(sheet.page.locator(".st-key-reader article.open")).to_have_attribute("id", name, timeout=LIMIT_MS)


def test_the_map_shows_what_was_opened_and_gives_it_back(page_at, tmp_path: Path) -> None:
    sheet = page_at("/reader?lang=en&q=B33")
    sheet.page.get_by_role("link", name="Map of the 90 questions").click()
    sheet.expect_query(view="map")
    opened = sheet.page.locator(".st-key-questionmap .node.opened")
    expect(opened).to_have_count(1, timeout=LIMIT_MS)
    expect(opened).to_have_accessible_name(re.compile(r"^B33 .*opened$"))
    expect(sheet.page.locator(".st-key-questionmap .record")).to_contain_text("Opened 1 of 90.")
    with sheet.page.expect_download() as waiting:
        sheet.page.get_by_role("link", name="Export the record").click()
    waiting.value.save_as(tmp_path / "record.json")
    assert list(json.loads((tmp_path / "record.json").read_text("utf-8"))) == ["B33"]
    sheet.page.get_by_role("button", name="Clear the record").click()
    expect(opened).to_have_count(0)
    assert sheet.page.evaluate("(name) => localStorage.getItem(name)", RECORD) is None


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_on_the_map_and_on_paper(page_at, theme: str) -> None:
    sheet = page_at("/reader?lang=en&q=B33", theme=theme)
    for path in ("/reader?lang=en&view=map", "/reader?lang=zh-Hant&print=A1,A19,B56&notes=all&text=both"):
        assert audit(sheet.go(path)) == [], path
    sheet.resize(PHONE)
    assert sheet.go("/reader?lang=en&view=map").sideways() <= 0
    assert sheet.go("/reader?lang=en&print=A1").sideways() <= 0


# ---- paper


def printed(sheet: Sheet) -> list[str]:
    return sheet.page.locator(".st-key-printed article h2 .number").all_inner_texts()


def test_the_questions_of_the_address_are_printed_with_their_corrections(page_at) -> None:
    sheet = page_at("/reader?lang=en&print=A19,A1,Z9")
    assert printed(sheet) == ["A1", "A19"]
    expect(sheet.page.locator(".st-key-printed header [role=status]")).to_have_text(
        "2 questions Not in the document and left out: Z9."
    )
    expect(sheet.page.locator(".st-key-printed article").last.locator(".corrections")).to_contain_text("E07 error")
    expect(sheet.page.locator(".st-key-topbar")).to_be_hidden()


def test_the_selection_is_made_by_hand(page_at) -> None:
    sheet = page_at("/reader?lang=en&q=A19")
    sheet.page.get_by_role("link", name="Print", exact=True).click()
    sheet.expect_query(print="A19")
    sheet.page.get_by_text("Choose questions").click()
    sheet.page.get_by_role("checkbox", name="B44", exact=True).check()
    sheet.expect_query(print="A19,B44")
    expect(sheet.page.locator(".st-key-printed article")).to_have_count(2, timeout=LIMIT_MS)
    sheet.page.get_by_role("button", name="none").click()
    sheet.expect_query(print="none")
    expect(sheet.page.locator(".st-key-printed .imprint")).to_contain_text("No question is chosen", timeout=LIMIT_MS)
    sheet.page.get_by_role("button", name="all").click()
    sheet.expect_query(print="all")
    expect(sheet.page.locator(".st-key-printed article")).to_have_count(90, timeout=LIMIT_MS)
    sheet.page.get_by_role("link", name="Back to the document").click()
    sheet.expect_query(print=None)
    expect(sheet.page.locator(".st-key-reader article.open")).to_be_visible(timeout=LIMIT_MS)


def test_on_paper_only_the_text_remains_on_as_many_pages_as_it_needs(page_at) -> None:
    sheet = page_at("/reader?lang=zh-Hant&print=A1,A6,A19,B33,B44&notes=all", size=DESKTOP)
    sheet.page.emulate_media(media="print")
    for name in (".st-key-topbar", ".st-key-printed header", ".st-key-printed .summary"):
        expect(sheet.page.locator(name).first).to_be_hidden()
    assert sheet.page.locator("[data-testid=stMain]").evaluate("(node) => getComputedStyle(node).overflow") == "visible"
    pdf = sheet.page.pdf(prefer_css_page_size=True)
    pages = len(re.findall(rb"/Type\s*/Page\b", pdf))
    # Five answers of 500 to 1,000 characters with their corrections: neither cut off after the first nor a page a line.
    assert 3 <= pages <= 10
    assert re.search(rb"/MediaBox\s*\[\s*0 0 59[45]\.\d+ 84[12]", pdf)
