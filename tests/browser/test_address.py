"""The address is the state: typing, reloading, going back and sharing a link all end in the same picture."""

from __future__ import annotations

import pytest
from driver import LIMIT_MS, Sheet
from playwright.sync_api import expect

from ui import controls

TABLE = controls.load("attention")
LAYER, HEAD = int(TABLE["layer"].default), int(TABLE["head"].default)
SENTENCE = "The bank of the river was steep."


def shown(sheet: Sheet) -> dict[str, object]:
    """Everything that a link must bring back."""
    return {
        "query": sheet.query(),
        "painted": sheet.painted(),
        "claim": sheet.claim,
        "a": sheet.field("attention-a").input_value(),
        "b": sheet.field("attention-b").input_value(),
    }


@pytest.mark.parametrize("way", ["Control+Enter", "blur"])
def test_a_typed_sentence_changes_the_picture(page_at, way: str) -> None:
    sheet = page_at("/attention?lang=en")
    before, claim = sheet.painted()[0], sheet.claim
    sheet.field("attention-a").fill(SENTENCE)
    if way == "blur":
        sheet.field("attention-a").blur()
    else:
        sheet.field("attention-a").press(way)
    sheet.expect_query(a=SENTENCE, lang="en")
    expect(sheet.explorer).not_to_have_attribute("data-painted", " ".join([before, *sheet.painted()[1:]]))
    sheet.settle()
    assert sheet.claim != claim
    expect(sheet.page.locator(".tokens")).to_contain_text("river")


def test_a_reload_and_a_copied_link_restore_the_picture(page_at) -> None:
    sheet = page_at("/attention?lang=en&layer=2&head=9&view=matrix&aside=1&pin=2")
    sheet.write("attention-a", SENTENCE)
    sheet.expect_query(a=SENTENCE)
    sheet.write("attention-b", "It rained & rained; 100% = all?")
    sheet.expect_query(b="It rained & rained; 100% = all?")
    sheet.expect_painted(2, 9, "matrix", 2)
    sheet.settle()
    left = shown(sheet)
    sheet.page.reload()
    sheet.expect_painted(2, 9, "matrix", 2)
    assert shown(sheet.settle()) == left
    other = page_at(sheet.page.url.removeprefix(sheet.server.url))
    other.expect_painted(2, 9, "matrix", 2)
    assert shown(other) == left


def test_back_and_forward_restore_the_picture(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    states = [shown(sheet)]
    sheet.slide("attention-layer", "ArrowRight")
    sheet.expect_painted(LAYER + 1, HEAD)
    states.append(shown(sheet.settle()))
    sheet.write("attention-a", SENTENCE)
    sheet.expect_query(a=SENTENCE)
    sheet.page.locator(".tokens", has_text="river").wait_for()
    states.append(shown(sheet.settle()))
    for move, wanted in (("back", 1), ("back", 0), ("forward", 1), ("forward", 2), ("back", 1)):
        getattr(sheet.page, f"go_{move}")()
        sheet.expect_query(a=states[wanted]["query"].get("a"), layer=states[wanted]["query"].get("layer"))
        sheet.expect_painted(*map(int, states[wanted]["painted"][1:3]))
        expect(sheet.field("attention-a")).to_have_value(states[wanted]["a"], timeout=LIMIT_MS)
        expect(sheet.explorer).to_have_attribute("data-painted", " ".join(states[wanted]["painted"]))
        assert shown(sheet.settle()) == states[wanted], (move, wanted)


def test_back_leads_from_page_to_page(page_at) -> None:
    sheet = page_at("/attention?lang=en&layer=2&head=9")
    sheet.page.locator(".st-key-topbar nav a[href^='/reader']").click()
    sheet.page.wait_for_url("**/reader**")
    sheet.settle()
    sheet.page.go_back()
    sheet.page.wait_for_url("**/attention**")
    sheet.expect_painted(2, 9)
    sheet.expect_query(lang="en", layer="2", head="9")


def test_a_page_left_is_found_as_it_was(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    sheet.write("attention-a", SENTENCE)
    sheet.page.locator(".tokens", has_text="river").wait_for()
    for path in ("/reader", "/attention"):
        sheet.page.locator(f".st-key-topbar nav a[href^='{path}']").click()
        sheet.page.wait_for_function("(path) => location.pathname === path", arg=path)
        sheet.settle()
    sheet.expect_query(a=SENTENCE)
    expect(sheet.field("attention-a")).to_have_value(SENTENCE)
    expect(sheet.page.locator(".tokens")).to_contain_text("river")


def test_the_language_switch_keeps_the_state(page_at) -> None:
    sheet = page_at("/attention?lang=en&layer=2&head=9&pin=3")
    sheet.slide("attention-layer", "ArrowRight")
    sheet.expect_painted(3, 9, "lines", 3)
    payload = sheet.painted()[0]
    sheet.page.locator(".st-key-topbar .tools a[lang=zh-Hant]").click()
    sheet.expect_query(lang="zh-Hant", layer="3", head="9", pin="3")
    sheet.page.wait_for_function("() => document.documentElement.lang === 'zh-Hant'")
    sheet.expect_painted(3, 9, "lines", 3)
    sheet.settle()
    assert sheet.painted()[0] == payload
    assert "第 3 層" in sheet.claim


def test_two_changes_in_a_row_both_survive(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    sheet.slide("attention-layer", "ArrowRight")
    sheet.slide("attention-head", "ArrowRight")
    sheet.expect_query(layer=str(LAYER + 1), head=str(HEAD + 1))
    sheet.expect_painted(LAYER + 1, HEAD + 1)
    sheet.settle()
    assert sheet.query()["layer"] == str(LAYER + 1)


def test_a_typed_sentence_and_a_head_chosen_at_once_both_survive(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    sheet.field("attention-a").fill(SENTENCE)
    sheet.page.get_by_role("gridcell", name="Layer 2, head 9").click()  # blurs the field and moves the head
    sheet.expect_query(a=SENTENCE, layer="2", head="9")
    sheet.page.locator(".tokens", has_text="river").wait_for()
    sheet.expect_painted(2, 9)
    sheet.settle()
    assert sheet.query()["a"] == SENTENCE


def test_a_head_chosen_and_a_switch_at_once_both_survive(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    plain = sheet.painted()[0]
    sheet.page.get_by_role("gridcell", name="Layer 2, head 9").click()
    sheet.page.locator(".st-key-attention-aside label").first.click()
    sheet.expect_query(layer="2", head="9", aside="1")
    sheet.expect_painted(2, 9)
    sheet.settle()
    assert sheet.painted()[0] != plain


def test_reset_restores_the_defaults_and_keeps_the_language(page_at) -> None:
    sheet = page_at("/attention?lang=en&layer=2&head=9&view=matrix&pin=3&a=Short&q=A4")
    sheet.page.locator(".st-key-attention-reset button").click()
    sheet.expect_query(layer=None, head=None, view=None, pin=None, a=None, q="A4", lang="en")
    sheet.expect_painted(LAYER, HEAD)
    expect(sheet.field("attention-a")).to_have_value(str(TABLE["a"].default))


def test_the_theme_chosen_holds_on_every_page(page_at) -> None:
    sheet = page_at("/?lang=en")
    ground = "() => getComputedStyle(document.querySelector('[data-testid=stApp]')).backgroundColor"
    light = sheet.page.evaluate(ground)
    with sheet.page.expect_navigation():
        sheet.page.locator(".st-key-topbar select").select_option("Dark")
    sheet.settle()
    dark = sheet.page.evaluate(ground)
    assert dark != light
    for path in ("/attention?lang=en", "/reader?lang=en"):
        sheet.go(path)
        assert sheet.page.evaluate(ground) == dark
        assert sheet.page.locator(".st-key-topbar select").input_value() == "Dark"
