"""Corrections over the document's own text, and the page that lists them: opened by hand and by keyboard, switched in
the address, quiet where they are not wanted, and never part of the text."""

from __future__ import annotations

import re

import pytest
from driver import DESKTOP, LIMIT_MS, PHONE, STAGE, Sheet
from playwright.sync_api import Locator, expect
from test_accessibility import audit

from study import contradictions, document, markdown, notes
from study.passages import visible_text

NOTES = notes.load()
LISTED = len(NOTES) + len(contradictions.load())


def mark(sheet: Sheet, note: str, at: str = ".body") -> Locator:
    return sheet.page.locator(f".st-key-passage {at} button[data-note={note}]").first


def card(sheet: Sheet) -> Locator:
    return sheet.page.locator("[role=dialog].card:popover-open")


def select(sheet: Sheet, name: str, value: str) -> None:
    sheet.page.locator(f".pick[data-control={name}] select").select_option(value)


@pytest.mark.parametrize("way", ["click", "phrase", "Enter", "Space"])
def test_a_note_opens_and_closes_and_the_focus_returns(page_at, way: str) -> None:
    sheet = page_at("/attention?lang=en&q=A19")
    expect(mark(sheet, "E07")).to_have_accessible_name("Correction E07: error")
    if way == "click":
        mark(sheet, "E07").click()
    elif way == "phrase":
        first = sheet.page.locator(".body span[data-note=E07]").evaluate("(node) => node.getClientRects()[0].toJSON()")
        sheet.page.mouse.click(first["x"] + 8, first["y"] + 8)
    else:
        mark(sheet, "E07").press(way)
    note = notes.find("E07")
    expect(card(sheet)).to_contain_text(note.text("en").wrong)
    expect(card(sheet)).to_contain_text(note.text("en").correct)
    for source in note.sources:
        link = card(sheet).get_by_role("link", name=source.title)
        expect(link).to_have_attribute("href", source.ref)
        assert "noopener" in (link.get_attribute("rel") or "")
    expect(card(sheet)).to_be_focused()
    sheet.page.keyboard.press("Escape")
    expect(card(sheet)).to_have_count(0)
    expect(mark(sheet, "E07")).to_be_focused()
    mark(sheet, "E07").click()
    card(sheet).get_by_role("button", name="Close").click()
    expect(card(sheet)).to_have_count(0)
    expect(mark(sheet, "E07")).to_be_focused()


def test_a_second_press_closes_and_a_press_elsewhere_too(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A19")
    mark(sheet, "E07").click()
    expect(card(sheet)).to_be_visible()
    mark(sheet, "E07").click()
    expect(card(sheet)).to_have_count(0)
    sheet.page.wait_for_timeout(400)  # later than a press that closes and opens at once
    mark(sheet, "E07").click()
    expect(card(sheet)).to_be_visible()
    sheet.page.locator(".st-key-passage .place").click()
    expect(card(sheet)).to_have_count(0)


def test_bound_words_inside_a_note_still_set_the_picture(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A19")
    bound = sheet.page.locator(".body [data-bind=a19-bidirectional-encoding][role=button]")
    bound.click()
    expect(bound).to_have_attribute("aria-pressed", "true", timeout=LIMIT_MS)
    expect(card(sheet)).to_have_count(0)


def test_see_it_live_leads_to_the_state(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A19&notes=all")
    mark(sheet, "E07").click()
    card(sheet).get_by_role("link", name="See it live").click()
    sheet.expect_query(lens="causal", q="A19", lang="en", notes="all")
    expect(card(sheet)).to_have_count(0)


def test_the_switch_is_in_the_address_and_on_the_text(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A1")
    small = mark(sheet, "S01")
    expect(small).to_be_hidden()
    select(sheet, "notes", "all")
    sheet.expect_query(notes="all")
    expect(small).to_be_visible()
    small.click()
    expect(card(sheet)).to_contain_text(notes.find("S01").text("en").wrong)
    sheet.page.keyboard.press("Escape")
    select(sheet, "notes", "off")
    sheet.expect_query(notes="off")
    expect(sheet.page.locator(".st-key-passage button.note:visible")).to_have_count(0)
    line = sheet.page.locator(".st-key-passage span.note").first
    assert line.evaluate("(node) => getComputedStyle(node).textDecorationLine") == "none"
    line.dispatch_event("click")  # on the line itself: a term of the glossary within it still answers
    expect(card(sheet)).to_have_count(0)
    select(sheet, "notes", "core")
    sheet.expect_query(notes=None)
    sheet.page.go_back()
    sheet.expect_query(notes="off")
    expect(sheet.page.locator(".pick[data-control=notes] select")).to_have_value("off")


def test_switching_sends_no_text_again(page_at) -> None:
    sheet = page_at("/reader?lang=en&q=A19")
    size = sheet.received
    select(sheet, "notes", "all")
    sheet.expect_query(notes="all")
    sheet.settle()
    select(sheet, "text", "en")
    sheet.expect_query(text="en")
    sheet.settle()
    assert size > 300_000
    assert sheet.received - size < 60_000


def test_the_choice_goes_along_to_other_pages(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A19&notes=off&text=en")
    sheet.page.locator(".st-key-topbar nav a", has_text="The document").click()
    sheet.page.wait_for_url("**/reader**")
    sheet.settle()
    sheet.expect_query(notes="off", text="en")


@pytest.mark.parametrize("question", ["A1", "A19", "B33", "B55"])
def test_the_text_is_what_the_document_says(page_at, question: str) -> None:
    sheet = page_at(f"/reader?lang=zh-Hant&q={question}&notes=all")
    body = sheet.page.locator(f'.st-key-reader article[id="{question}"] .body')
    wanted = visible_text(markdown.to_html(document.load().question(question).body))
    assert body.evaluate("(node) => node.textContent") == wanted
    # What is copied is what is rendered, and the marks' numbers are no part of it.
    assert not re.search(r"[ESC]\d\d", body.inner_text())
    copied = body.evaluate(
        """(node) => {
          const range = new Range();
          range.selectNodeContents(node);
          return range.cloneContents().textContent;
        }"""
    )
    assert copied == wanted


def test_a_link_opens_its_note_in_the_document(page_at) -> None:
    sheet = page_at("/reader?lang=en&q=B33&note=E33")
    expect(card(sheet)).to_contain_text(notes.find("E33").text("en").correct)
    box = card(sheet).bounding_box()
    assert box and box["y"] >= 0 and box["y"] + box["height"] <= DESKTOP[1]


def test_each_side_of_a_contradiction_leads_to_the_other(page_at) -> None:
    sheet = page_at("/reader?lang=en&q=A19&note=C01")
    expect(card(sheet)).to_contain_text(contradictions.find("C01").text("en").holds)
    expect(card(sheet)).to_contain_text("(this side holds)")
    card(sheet).get_by_role("link", name="A1", exact=True).click()
    expect(sheet.page.locator(".st-key-reader article.open")).to_have_attribute("id", "A1", timeout=LIMIT_MS)
    sheet.page.locator(".st-key-reader article.open .body button[data-note=C01]").click()
    expect(card(sheet).get_by_role("link", name="A19", exact=True)).to_be_visible()


def test_on_a_phone_the_card_stays_on_the_screen(page_at) -> None:
    sheet = page_at("/attention?lang=en&q=A19&pane=100", size=PHONE)
    mark(sheet, "E07").click()
    box = card(sheet).bounding_box()
    assert box and box["x"] >= 0 and box["x"] + box["width"] <= PHONE[0] and box["y"] + box["height"] <= PHONE[1]


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_with_all_marks_and_an_open_card(page_at, theme: str) -> None:
    sheet = page_at("/attention?lang=en&q=A19&notes=all", theme=theme)
    mark(sheet, "E07").click()
    expect(card(sheet)).to_be_visible()
    assert audit(sheet) == []
    assert audit(sheet.go("/reader?lang=zh-Hant&q=A1&notes=all&text=both")) == []


# ---- the page of all corrections


def listed(sheet: Sheet) -> list[str]:
    return sheet.page.locator(".st-key-notes article:visible").evaluate_all("(n) => n.map((one) => one.dataset.id)")


def count(sheet: Sheet) -> Locator:
    return sheet.page.locator(".st-key-notes .count [role=status]")


def test_the_list_holds_every_correction(page_at) -> None:
    sheet = page_at("/notes?lang=en")
    found = [*(note.id for note in NOTES), *(one.id for one in contradictions.load())]
    assert listed(sheet) == found
    expect(count(sheet)).to_have_text(f"{LISTED} of {LISTED} entries")


@pytest.mark.parametrize(
    ("query", "fits"),
    [
        ("level=core&grades=error,outdated", lambda n: n.core and n.grade in ("error", "outdated")),
        ("level=small", lambda n: not n.core),
        ("about=B33", lambda n: any(p.question == "B33" for p in n.places)),
        ("section=rlhf", lambda n: any(document.load().question(p.question).section == "rlhf" for p in n.places)),
    ],
)
def test_filters_are_in_the_address(page_at, query: str, fits) -> None:
    sheet = page_at(f"/notes?lang=en&{query}")
    shown = [name for name in listed(sheet) if not name.startswith("C")]
    assert shown == [note.id for note in NOTES if fits(note)]
    expect(count(sheet)).to_have_text(f"{len(listed(sheet))} of {LISTED} entries")


def test_filtering_by_hand_changes_list_and_address(page_at) -> None:
    sheet = page_at("/notes?lang=en")
    sheet.page.get_by_role("checkbox", name="outdated").check()
    sheet.expect_query(grades="outdated")
    assert listed(sheet) == [note.id for note in NOTES if note.grade == "outdated"]
    sheet.page.get_by_role("checkbox", name="can be seen live").check()
    sheet.expect_query(live="1", grades="outdated")
    for link in sheet.page.locator(".st-key-notes article:visible").all():
        expect(link.get_by_role("link", name="See it live")).to_be_visible()
    sheet.page.get_by_role("button", name="Clear the filters").click()
    sheet.expect_query(live=None, grades=None)
    assert len(listed(sheet)) == LISTED
    sheet.page.get_by_label("Order").select_option("document")
    sheet.expect_query(order="document")
    assert listed(sheet)[0] in {note.id for note in NOTES if note.question == "A1"} | {"C01"}


def test_the_list_follows_every_letter_and_the_field_keeps_the_focus(page_at) -> None:
    sheet = page_at("/notes?lang=en")
    field = sheet.page.get_by_role("searchbox")
    field.press_sequentially("bpe", delay=20)
    expect(count(sheet)).not_to_have_text(f"{LISTED} of {LISTED} entries")
    sheet.expect_query(find="bpe")
    sheet.settle()
    expect(field).to_be_focused()
    for name in listed(sheet):
        assert "bpe" in sheet.page.locator(f".st-key-notes [data-id={name}]").inner_text().lower()
    field.fill("zzzz")
    expect(count(sheet)).to_have_text("No correction fits these filters.")


def test_an_entry_leads_to_its_place_and_to_its_picture(page_at) -> None:
    sheet = page_at("/notes?lang=en&find=E07")
    entry = sheet.page.locator(".st-key-notes [data-id=E07]")
    expect(entry.locator("blockquote")).to_have_text(notes.find("E07").phrase)
    entry.get_by_role("link", name="A19").click()
    sheet.page.wait_for_url("**/reader**")
    sheet.settle()
    expect(card(sheet)).to_contain_text(notes.find("E07").text("en").correct)
    sheet.go("/notes?lang=en&find=E07")
    entry.get_by_role("link", name="See it live").click()
    sheet.page.wait_for_url("**/attention**")
    sheet.expect_query(lens="causal")


def test_a_small_correction_is_switched_on_where_its_link_leads(page_at) -> None:
    sheet = page_at("/notes?lang=en&find=S01")
    sheet.page.locator(".st-key-notes [data-id=S01] .where a").first.click()
    sheet.page.wait_for_url("**/reader**")
    sheet.expect_query(notes="all", note="S01")
    sheet.settle()
    expect(card(sheet)).to_contain_text(notes.find("S01").text("en").correct)


SMALLEST = """(nodes) => Math.min(...nodes
  .filter((node) => [...node.childNodes].some((one) => one.nodeType === Node.TEXT_NODE && one.data.trim()))
  .map((node) => parseFloat(getComputedStyle(node).fontSize)))"""


def test_a_presenter_reads_every_word_of_the_list(page_at) -> None:
    sheet = page_at("/notes?lang=en&present=1", size=STAGE)
    assert sheet.page.locator(".st-key-notes .root *").evaluate_all(SMALLEST) >= 22
