"""The reader page: the whole document with its contents, a link to each question, and search."""

from __future__ import annotations

import pytest
from driver import LIMIT_MS, Sheet
from playwright.sync_api import Locator, expect

from study import catalogue, document

NOTES = document.load()
IDS = [question.id for question in NOTES.questions]
IN_VIEW = """(node) => new Promise((done) => {
  const look = () => {
    const inner = node.getBoundingClientRect();
    const outer = node.closest(".text").getBoundingClientRect();
    if (inner.top < Math.min(outer.bottom, innerHeight) - 20 && inner.top > outer.top - 20) done(true);
    else requestAnimationFrame(look);
  };
  look();
  setTimeout(() => done(false), 10000);
})"""


def article(sheet: Sheet, question: str) -> Locator:
    return sheet.page.locator(f'.st-key-reader article[id="{question}"]')


def expect_open(sheet: Sheet, question: str) -> None:
    expect(sheet.page.locator(".st-key-reader article.open")).to_have_attribute("id", question, timeout=LIMIT_MS)
    assert article(sheet, question).evaluate(IN_VIEW)


def hits(sheet: Sheet) -> list[str]:
    return [text.strip() for text in sheet.page.locator(".st-key-reader .results .number").all_inner_texts()]


def search(sheet: Sheet, words: str) -> list[str]:
    sheet.write("reader-find", words)
    sheet.expect_query(find=words)
    expect(sheet.page.locator(".st-key-reader .side [role=status]")).to_contain_text(words, timeout=LIMIT_MS)
    return hits(sheet)


@pytest.mark.parametrize("question", ["A1", "B31", "B60"])
def test_a_link_opens_its_question(page_at, question: str) -> None:
    sheet = page_at(f"/reader?lang=en&q={question}")
    expect_open(sheet, question)
    current = sheet.page.locator(".st-key-reader .side [aria-current]")
    assert current.get_attribute("data-question") == question


def test_an_open_question_stays_in_view_whatever_arrives_late(page_at) -> None:
    """The house's sheet, fonts and pictures come when they come: until its height is set nothing in the text scrolls,
    and a scroll that was asked for then is lost."""
    sheet = page_at("/reader?lang=en&q=B31")
    expect_open(sheet, "B31")
    top = "(node) => node.closest('.text').scrollTop"
    sheet.page.add_style_tag(content=".st-key-reader { height: auto !important; }")
    assert article(sheet, "B31").evaluate(top) == 0
    sheet.page.evaluate("document.head.lastElementChild.remove()")
    expect_open(sheet, "B31")
    # What stands before it grows, as when a font arrives; then the reader takes over, and nothing pulls them back.
    article(sheet, "A1").evaluate("(node) => { node.style.paddingTop = '3000px'; }")
    expect_open(sheet, "B31")
    article(sheet, "B31").hover()
    sheet.page.mouse.wheel(0, 4000)
    sheet.page.wait_for_function(
        "(node) => node.getBoundingClientRect().bottom < 0", arg=article(sheet, "B31").element_handle()
    )
    article(sheet, "A1").evaluate("(node) => { node.style.paddingTop = '0'; }")
    sheet.page.evaluate("new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert article(sheet, "B31").evaluate("(node) => node.getBoundingClientRect().bottom") < 0


def test_the_contents_list_every_question_once(page_at) -> None:
    sheet = page_at("/reader?lang=en")
    listed = sheet.page.locator(".st-key-reader .side [data-question]").evaluate_all(
        "(links) => links.map((link) => link.dataset.question)"
    )
    assert listed == IDS
    assert len(listed) == 90
    articles = sheet.page.locator(".st-key-reader article").evaluate_all("(nodes) => nodes.map((node) => node.id)")
    assert articles == IDS


def test_the_unanswered_say_so_and_lead_on(page_at) -> None:
    sheet = page_at("/reader?lang=en")
    unanswered = [question.id for question in NOTES.questions if not question.answered]
    assert unanswered == ["B56", "B57", "B58", "B59", "B60"]
    missing = sheet.page.locator(".st-key-reader article:has(.missing)")
    assert missing.evaluate_all("(nodes) => nodes.map((node) => node.id)") == unanswered
    for question in unanswered:
        nearest = (
            article(sheet, question)
            .locator("li a[data-question]")
            .evaluate_all("(links) => links.map((link) => link.dataset.question)")
        )
        assert nearest == list(catalogue.load().related[question])
    article(sheet, "B56").locator("li a[data-question]").first.click()
    expect_open(sheet, catalogue.load().related["B56"][0])


def test_a_question_leads_to_its_picture_and_its_neighbours(page_at) -> None:
    sheet = page_at("/reader?lang=en&q=A5")
    article(sheet, "A5").locator(".foot a[aria-label='Next question A6']").click()
    sheet.expect_query(q="A6")
    expect_open(sheet, "A6")
    article(sheet, "A6").locator("a.picture").first.click()
    sheet.page.wait_for_url("**/attention**")
    sheet.expect_query(q="A6", lang="en")


@pytest.mark.parametrize("words", ["量化", "quantization"])
def test_search_finds_in_both_languages(page_at, words: str) -> None:
    sheet = page_at("/reader?lang=en")
    found = search(sheet, words)
    assert len(found) >= 5
    assert any(question in found[:8] for question in catalogue.load().concept("quantization").strong)


def test_search_forgives_a_wrong_letter(page_at) -> None:
    sheet = page_at("/reader?lang=en")
    found = search(sheet, "quantizaton")
    expect(sheet.page.locator(".st-key-reader .side [role=status]")).to_contain_text("quantization")
    assert len(found) >= 5
    assert sheet.page.evaluate("CSS.highlights.get('found').size") > 0


def test_a_hit_opens_its_question_and_the_words_are_highlighted(page_at) -> None:
    sheet = page_at("/reader?lang=en")
    found = search(sheet, "量化")
    assert sheet.page.evaluate("CSS.highlights.get('found').size") > 10
    assert "量化" in sheet.page.locator(".st-key-reader .results .snippet mark").first.inner_text()
    sheet.page.locator(".st-key-reader .results a").nth(1).click()
    sheet.expect_query(q=found[1], find="量化")
    expect_open(sheet, found[1])
    assert hits(sheet.settle()) == found


def test_a_search_is_in_the_link_and_can_be_cleared(page_at) -> None:
    sheet = page_at("/reader?lang=en&find=量化")
    assert len(hits(sheet)) >= 5
    expect(sheet.field("reader-find")).to_have_value("量化")
    sheet.page.get_by_role("button", name="Clear the search").click()
    sheet.expect_query(find=None)
    expect(sheet.page.locator(".st-key-reader .side details").first).to_be_visible(timeout=LIMIT_MS)
    expect(sheet.field("reader-find")).to_have_value("")
    assert sheet.page.evaluate("CSS.highlights.get('found').size") == 0


def test_back_leads_from_question_to_question(page_at) -> None:
    sheet = page_at("/reader?lang=en&q=A5")
    sheet.page.locator(".st-key-reader .side [data-question=A7]").click()
    sheet.expect_query(q="A7")
    expect_open(sheet, "A7")
    sheet.settle()
    sheet.page.go_back()
    sheet.expect_query(q="A5")
    expect_open(sheet, "A5")
