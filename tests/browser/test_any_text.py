"""Whatever a reader types into a field, the page stays whole, says something sensible, and runs nothing."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from driver import LIMIT_MS, Sheet
from playwright.sync_api import expect

TEXTS = {
    "empty": "",
    "spaces": "   ",
    "chinese": "動物沒有過馬路，因為牠太累了。",
    "emoji": "👩‍👩‍👧‍👦 🎉 ok",
    "arabic": "لم يعبر الحيوان الشارع",
    "long": "word " * 5000,
    "tag": "<img src=x onerror=alert(1)>",
    "script": "</script><script>alert(1)</script>",
    "template": "{layer} {0} %s ${1} **bold** $x$ :red[x]",
}
SENTENCE = "A plain sentence."
MADE = """() => {
  const all = (root) => [...root.querySelectorAll("*")]
    .flatMap((node) => [node, ...(node.shadowRoot ? all(node.shadowRoot) : [])]);
  const made = (node) => node.getAttribute("src") === "x" || node.hasAttribute("onerror")
    || (node.localName === "script" && node.textContent.includes("alert(1)"));
  return all(document).filter(made).map((node) => node.outerHTML);
}"""


def check_nothing_was_run(sheet: Sheet) -> None:
    """No dialog (the sheet would have noted it) and no element of the reader's making, in shadow roots neither."""
    made = sheet.page.evaluate(MADE)
    assert made == []
    text = sheet.text()
    assert "Traceback" not in text
    assert "Something went wrong" not in text


@pytest.mark.parametrize("name", TEXTS)
def test_either_sentence_takes(page_at, name: str) -> None:
    sheet = page_at("/attention?lang=en&a=" + quote(SENTENCE))
    for field in ("attention-b", "attention-a"):
        before = sheet.painted()[0]
        sheet.write(field, TEXTS[name])
        if TEXTS[name].strip():
            expect(sheet.explorer).not_to_have_attribute("data-painted", " ".join([before, *sheet.painted()[1:]]))
        sheet.settle()
        check_nothing_was_run(sheet)
        expect(sheet.field(field)).to_have_value(TEXTS[name])
    said = sheet.page.locator(".st-key-main-picture .notice, .st-key-main-picture .trouble")
    nothing = "Both sentences are empty"
    wanted = {"empty": nothing, "spaces": nothing, "long": "the model reads the first"}
    if name in wanted:
        said.filter(has_text=wanted[name]).first.wait_for()
    else:
        expect(sheet.page.locator(".tokens")).to_be_visible()
    # The page is still usable, and the way out is one field away.
    sheet.write("attention-a", "The cat sat.")
    expect(sheet.page.locator(".tokens")).to_contain_text("cat", timeout=LIMIT_MS)


@pytest.mark.parametrize("name", TEXTS)
def test_the_search_takes(page_at, name: str) -> None:
    sheet = page_at("/reader?lang=en&find=BERT")
    sheet.write("reader-find", TEXTS[name])
    status = sheet.page.locator(".st-key-reader .side [role=status]")
    if TEXTS[name].strip():
        expect(status).not_to_contain_text("“BERT”", timeout=LIMIT_MS)
        expect(status).to_contain_text(TEXTS[name].strip()[:20])
    else:
        expect(sheet.page.locator(".st-key-reader .side details").first).to_be_visible(timeout=LIMIT_MS)
    sheet.settle()
    check_nothing_was_run(sheet)
    assert sheet.page.locator(".st-key-reader article").count() == 90


@pytest.mark.parametrize("name", ["chinese", "emoji", "arabic", "tag", "script", "template"])
def test_a_link_carries(page_at, name: str) -> None:
    text = quote(TEXTS[name])
    sheet = page_at(f"/attention?lang=en&a={text}&b={text}&q={text}&view={text}&hide={text}&pin={text}")
    expect(sheet.field("attention-a")).to_have_value(TEXTS[name])
    expect(sheet.page.locator(".notice").first).to_contain_text("defaults are used")
    check_nothing_was_run(sheet)
    sheet.go(f"/reader?lang={text}&find={text}&q={text}&present={text}")
    check_nothing_was_run(sheet)


def test_a_link_may_be_no_text_at_all(page_at) -> None:
    """Percent signs that spell no UTF-8: a lone surrogate, a stray byte, an unfinished escape."""
    sheet = page_at("/attention?lang=en&a=Hi%ED%A0%80there&b=%FF%FE&q=%")
    expect(sheet.page.locator(".tokens")).to_contain_text("hi")
    check_nothing_was_run(sheet)
