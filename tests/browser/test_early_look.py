"""The early look in the browser: there before Streamlit has started, out of reach, and gone without a trace."""

from __future__ import annotations

import pytest
from driver import LIMIT_MS, PHONE, Sheet
from playwright.sync_api import expect

PICTURE = "#early [data-place=picture] .root"


def hold_scripts(sheet: Sheet) -> list:
    """Keep Streamlit's scripts from the page until the list's routes are let go."""
    held: list = []
    sheet.page.route("**/static/js/index*.js", lambda route: held.append(route))
    return held


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_the_picture_is_there_before_streamlit_and_the_page_takes_over(page_at, theme: str) -> None:
    address = "/attention?lang=en&layer=3&head=2"
    sheet = page_at(address, theme=theme)
    held = hold_scripts(sheet)
    sheet.page.goto(sheet.server.url + address, wait_until="commit")
    picture = sheet.page.locator(PICTURE)
    picture.and_(sheet.page.locator("[data-painted]")).wait_for(state="attached")
    shown = picture.get_attribute("data-painted")
    assert shown.split()[1:] == ["3", "2", "lines", "-1"]
    expect(sheet.page.locator("#early [data-place=document] .root")).to_contain_text("model architecture")
    ground = sheet.page.locator("#early").evaluate("(node) => getComputedStyle(node).backgroundColor")
    assert ground == {"light": "rgb(255, 255, 255)", "dark": "rgb(20, 23, 28)"}[theme]
    sheet.page.keyboard.press("Tab")
    assert sheet.page.evaluate("document.activeElement === document.body")
    for route in held:
        route.continue_()
    sheet.settle()
    expect(sheet.explorer).to_have_attribute("data-painted", shown, timeout=LIMIT_MS)
    assert sheet.page.locator("#early, #early-data").count() == 0


def test_it_fits_a_phone_and_leaves_where_the_page_shows_something_else(page_at) -> None:
    sheet = page_at("/attention?lang=zh-Hant", size=PHONE)
    held = hold_scripts(sheet)
    sheet.page.goto(sheet.server.url + "/attention?lang=zh-Hant", wait_until="commit")
    sheet.page.locator(PICTURE).and_(sheet.page.locator("[data-painted]")).wait_for(state="attached")
    wide = sheet.page.locator("#early").evaluate("(node) => node.scrollWidth - node.clientWidth")
    assert wide <= 0
    # The reader goes elsewhere while the scripts load: the page that opens has no such picture.
    sheet.page.evaluate("history.replaceState({}, '', '/attention?lang=zh-Hant&lens=input')")
    for route in held:
        route.continue_()
    sheet.page.locator("#early").wait_for(state="detached")
    sheet.page.locator(".st-key-card-sum").wait_for()
