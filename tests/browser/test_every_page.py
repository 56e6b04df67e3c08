"""Every page in both languages, at every size it is made for: complete, quiet, and at home on this machine."""

from __future__ import annotations

import pytest
from driver import DESKTOP, LOCALES, PATHS, PHONE, STAGE, Server, Sheet

LANGUAGES = tuple(LOCALES)
VIEWS = {"desktop": (DESKTOP, False), "phone": (PHONE, False), "stage": (STAGE, True)}


def check_text(sheet: Sheet) -> None:
    text = sheet.text()
    assert len(text) > 200
    for slip in ("**", "Traceback", "\N{REPLACEMENT CHARACTER}", "undefined", "NaN", "<mark", "</"):
        assert slip not in text, slip


@pytest.mark.parametrize("language", LANGUAGES)
@pytest.mark.parametrize("page", PATHS)
def test_a_page_is_whole_at_every_size(page_at, page: str, language: str) -> None:
    sheet = page_at(f"{PATHS[page]}?lang={language}", locale=LOCALES[language])
    for size, present in VIEWS.values():
        sheet.resize(size)
        sheet.go(f"{PATHS[page]}?lang={language}" + ("&present=1" if present else ""))
        assert sheet.page.evaluate("document.documentElement.lang") == language
        check_text(sheet)
        assert sheet.sideways() <= 0, size
        assert sheet.page.locator(".notice[role=status], .trouble").count() == 0


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_first_guess_at_the_language_is_the_browsers(page_at, language: str) -> None:
    sheet = page_at("/", locale=LOCALES[language])
    sheet.expect_query(lang=language)
    assert sheet.page.evaluate("document.documentElement.lang") == language


def test_every_answer_keeps_the_browser_on_this_machine(page_at, server: Server) -> None:
    sheet = page_at("/")
    for path in ("/", "/attention", "/reader"):
        headers = sheet.context.request.get(server.url + path).headers
        assert "default-src 'self'" in headers["content-security-policy"]
        assert headers["x-content-type-options"] == "nosniff"
        assert headers["referrer-policy"] == "no-referrer"


def test_links_of_the_bar_lead_to_every_page(page_at) -> None:
    sheet = page_at("/?lang=en")
    bar = sheet.page.locator(".st-key-topbar nav a")
    for at, path in enumerate(PATHS.values()):
        bar.nth(at).click()
        sheet.page.wait_for_function("(path) => location.pathname === path", arg=path)
        sheet.settle()
        assert sheet.query()["lang"] == "en"
        assert bar.nth(at).get_attribute("aria-current") == "page"
