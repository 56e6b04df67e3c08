"""Every page in both languages, at every size it is made for: complete, quiet, and at home on this machine."""

from __future__ import annotations

import pytest
from driver import DESKTOP, LOCALES, PATHS, PHONE, STAGE, Server, Sheet
from playwright.sync_api import expect

from ui import controls

LANGUAGES = tuple(LOCALES)
TABLES = {page: controls.load(page) for page in PATHS}
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
@pytest.mark.parametrize("page", [page for page in PATHS if page in TABLES and "lens" in TABLES[page]])
def test_every_view_of_a_page_is_whole(page_at, page: str, language: str) -> None:
    sheet = page_at(f"{PATHS[page]}?lang={language}", locale=LOCALES[language])
    for lens in TABLES[page]["lens"].options:
        sheet.go(f"{PATHS[page]}?lang={language}&lens={lens}&b=It was too wide.")
        drawn = ".st-key-main-picture :is(h2.claim, .notice, [data-testid=stProgress], [class*='-start'] button)"
        sheet.page.locator(drawn).first.wait_for()
        check_text(sheet)
        assert sheet.sideways() <= 0, lens
        # The bundled model has no head that guesses words, and the page says so.
        assert sheet.page.locator(".trouble").count() == (lens == "gaps"), lens


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


@pytest.mark.parametrize("language", LANGUAGES)
def test_the_bar_stays_on_one_line_and_is_a_row_on_a_phone(page_at, language: str) -> None:
    sheet = page_at(f"/notes?lang={language}")
    nodes = sheet.page.locator(".st-key-topbar :is(nav a, .tool)")
    middles = nodes.evaluate_all(
        "(all) => all.map((one) => { const b = one.getBoundingClientRect(); return b.y + b.height / 2; })"
    )
    assert max(middles) - min(middles) < 8
    sheet.resize(PHONE)
    links = sheet.page.locator(".st-key-topbar nav a")
    assert len(set(links.evaluate_all("(all) => all.map((one) => Math.round(one.getBoundingClientRect().y))"))) == 1
    links.last.click()
    sheet.page.wait_for_url("**/glossary**")


def test_links_of_the_bar_lead_to_every_page(page_at) -> None:
    sheet = page_at("/?lang=en")
    bar = sheet.page.locator(".st-key-topbar nav a")
    for at, path in enumerate(PATHS.values()):
        bar.nth(at).click()
        sheet.page.wait_for_function("(path) => location.pathname === path", arg=path)
        sheet.settle()
        assert sheet.query()["lang"] == "en"
        assert bar.nth(at).get_attribute("aria-current") == "page"


@pytest.mark.parametrize(
    ("lang", "upload", "enter"), [("zh-Hant", "選擇檔案", "套用"), ("en", "Choose a file", "to apply")]
)
def test_widgets_speak_the_readers_language(page_at, lang: str, upload: str, enter: str) -> None:
    """Streamlit's own words are English only; the sheet puts ours in their place."""
    sheet = page_at(f"/alignment?lang={lang}&lens=own")
    expect(sheet.page.get_by_role("button", name=upload)).to_be_visible()
    shown = sheet.page.locator("[data-testid=stFileUploader]").first.inner_text()
    assert "Upload" not in shown and "per file" not in shown
    said = "(node) => getComputedStyle(node, '::after').content"
    most = sheet.page.locator("[data-testid=stFileUploaderDropzoneInstructions]").first.evaluate(said)
    assert "20 MB" in most
    for field, key in (("textarea", "Ctrl"), ("input[type=text]", "Enter")):
        sheet.page.locator(field).last.press_sequentially("x")
        hint = sheet.page.locator("[data-testid=InputInstructions]")
        expect(hint).to_be_visible()
        assert hint.inner_text().strip() == ""
        assert enter in hint.evaluate(said) and key in hint.evaluate(said)
        sheet.page.keyboard.press("Backspace")
