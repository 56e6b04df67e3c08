"""Terms in a text and the page that lists them: shown on hover, focus and tap, found in both languages."""

from __future__ import annotations

import pytest
from driver import LIMIT_MS, PHONE, Sheet
from playwright.sync_api import Locator, expect
from test_accessibility import audit

from study import glossary

TERMS = glossary.load()


def tip(sheet: Sheet) -> Locator:
    return sheet.page.locator("[role=tooltip]:popover-open")


def term(sheet: Sheet, name: str) -> Locator:
    return sheet.page.locator(f".st-key-passage .body [data-term={name}][role=button]").first


def test_pointing_at_a_term_shows_its_meaning(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A19")
    term(sheet, "glove").hover()
    expect(tip(sheet)).to_contain_text(TERMS["glove"].definition_en)
    expect(tip(sheet)).to_contain_text(TERMS["glove"].zh)
    # The pointer may go over to the meaning, and Escape takes it away.
    tip(sheet).hover()
    sheet.page.wait_for_timeout(400)
    expect(tip(sheet)).to_be_visible()
    sheet.page.keyboard.press("Escape")
    expect(tip(sheet)).to_have_count(0)
    term(sheet, "glove").hover()
    expect(tip(sheet)).to_be_visible()
    sheet.page.mouse.move(900, 500)
    expect(tip(sheet)).to_have_count(0)


def test_terms_of_a_text_are_one_stop_and_arrows_move_among_them(page_at) -> None:
    sheet = page_at("/attention?lang=zh-Hant&q=A19")
    stops = sheet.page.locator(".st-key-passage article [data-term][tabindex='0']")
    expect(stops).to_have_count(1)
    stops.focus()
    sheet.page.keyboard.press("ArrowRight")
    expect(tip(sheet)).to_be_visible()
    expect(stops).to_have_count(1)
    described = sheet.page.locator(".st-key-passage [data-term][aria-describedby=tip]")
    expect(described).to_be_focused()
    name = described.get_attribute("data-term")
    assert name
    expect(tip(sheet)).to_contain_text(TERMS[name].definition_zh)
    sheet.page.keyboard.press("Enter")
    expect(sheet.page.locator(".card:popover-open")).to_contain_text(TERMS[name].definition_zh)
    expect(tip(sheet)).to_have_count(0)
    sheet.page.keyboard.press("Escape")
    expect(sheet.page.locator(f".st-key-passage [data-term={name}]").first).to_be_focused()


def test_a_tap_opens_a_term(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A19&pane=100", size=PHONE, has_touch=True)
    term(sheet, "glove").tap()
    card = sheet.page.locator(".card:popover-open")
    expect(card).to_contain_text(TERMS["glove"].definition_en)
    card.get_by_role("link", name="In the glossary").tap()
    sheet.page.wait_for_url("**/glossary**")
    sheet.settle()
    expect(sheet.page.locator(".st-key-glossary article").first).to_have_attribute("data-id", "glove")


def test_terms_of_the_english_are_marked_too(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A19&text=en")
    marked = sheet.page.locator(".st-key-passage .summary [data-term=word2vec]")
    marked.click()
    expect(sheet.page.locator(".card:popover-open")).to_contain_text(TERMS["word2vec"].definition_en)


# ---- the page


def found(sheet: Sheet) -> list[str]:
    return sheet.page.locator(".st-key-glossary article").evaluate_all("(nodes) => nodes.map((one) => one.dataset.id)")


def test_the_page_lists_every_term(page_at) -> None:
    sheet = page_at("/glossary?lang=en")
    assert sorted(found(sheet)) == sorted(TERMS)
    expect(sheet.page.locator(".st-key-glossary [role=status]")).to_have_text(f"{len(TERMS)} of {len(TERMS)} terms")


@pytest.mark.parametrize(
    ("query", "first"),
    [
        ("量化", "quantization"),
        ("quantisation", "quantization"),
        ("QUANTIZATION", "quantization"),
        ("數據", "data"),
        ("recall", "recall"),
        ("fine tuning", "fine-tuning"),
        ("LSTM", "lstm"),
    ],
)
def test_search_knows_both_languages_and_every_spelling(page_at, query: str, first: str) -> None:
    sheet = page_at(f"/glossary?lang=zh-Hant&find={query}")
    assert found(sheet)[0] == first


def test_search_follows_the_hand_and_the_address(page_at) -> None:
    sheet = page_at("/glossary?lang=en")
    sheet.page.get_by_role("searchbox").press_sequentially("lora", delay=20)
    sheet.expect_query(find="lora")
    sheet.settle()
    expect(sheet.page.get_by_role("searchbox")).to_be_focused()
    assert len(found(sheet)) < 20
    sheet.page.get_by_role("button", name="Clear").click()
    sheet.expect_query(find=None)
    assert len(found(sheet)) == len(TERMS)
    sheet.page.get_by_label("Subject").select_option("rlhf")
    sheet.expect_query(group="rlhf")
    assert sorted(found(sheet)) == sorted(name for name, one in TERMS.items() if one.group == "rlhf")
    sheet.page.get_by_role("searchbox").fill("zzzz")
    expect(sheet.page.locator(".st-key-glossary [role=status]")).to_have_text("No term for “zzzz”.")


def test_a_term_leads_to_its_questions_and_its_page(page_at) -> None:
    sheet = page_at("/glossary?lang=en&find=attention mechanism")
    entry = sheet.page.locator(
        ".st-key-glossary [data-id=attention-mechanism], .st-key-glossary [data-id=attention]"
    ).first
    name = entry.get_attribute("data-id")
    assert name
    links = entry.locator(".questions a, details a").all_inner_texts()
    questions = list(glossary.questions(name))
    assert [text.strip() for text in links][: len(questions)] == questions[: len(links)]
    entry.locator(".questions a").first.click()
    sheet.page.wait_for_url("**/reader**")
    sheet.expect_query(q=questions[0])
    expect(sheet.page.locator(".st-key-reader article.open")).to_have_attribute("id", questions[0], timeout=LIMIT_MS)
    sheet.go("/glossary?lang=en&find=attention mechanism")
    entry.get_by_role("link", name="See it live").click()
    sheet.page.wait_for_url("**/attention**")


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_in_search_and_with_a_meaning_shown(page_at, theme: str) -> None:
    sheet = page_at("/glossary?lang=zh-Hant&find=zzzz", theme=theme)
    assert audit(sheet) == []
    sheet.go("/attention?lang=en&q=A19")
    term(sheet, "glove").hover()
    expect(tip(sheet)).to_be_visible()
    assert audit(sheet) == []
