"""A text that fills all 512 positions of the model: drawn on the page's own canvas, read off it number by number."""

from __future__ import annotations

import re
from urllib.parse import quote

import numpy as np
import pytest
from driver import LIMIT_MS, Sheet
from playwright.sync_api import expect

from explainers import attention

WORDS = "the river runs past the small town where my father was born and every summer we walked along the water until"
TEXT = " ".join([*([WORDS] * 25), "and then we all went home at last"])
PLACE = """(canvas, [query, key]) => {
  const { box } = canvas.getRootNode().querySelector(".root").me;
  const at = canvas.getBoundingClientRect();
  return box.cell
    ? [at.left + box.margin + box.cell * (key + 0.5), at.top + box.margin + box.cell * (query + 0.5) - box.from]
    : [at.left + box.column / 2, at.top + box.top + box.row * (query + 0.5) - box.from];
}"""


@pytest.fixture(scope="module")
def trace() -> attention.AttentionTrace:
    return attention.trace(TEXT, max_tokens=512)


def address(**query: object) -> str:
    return f"/attention?lang=en&a={quote(TEXT)}" + "".join(f"&{name}={value}" for name, value in query.items())


def point_at(sheet: Sheet, query: int, key: int = 0) -> None:
    canvas = sheet.page.locator("canvas.head")
    canvas.scroll_into_view_if_needed()
    x, y = canvas.evaluate(PLACE, [query, key])
    sheet.page.mouse.move(x, y)


def readout(sheet: Sheet) -> str:
    return sheet.page.locator(".readout").inner_text()


def test_all_512_tokens_are_drawn_and_what_is_left_out_is_said(page_at, trace: attention.AttentionTrace) -> None:
    sheet = page_at(address(layer=3, head=4))
    assert len(trace.tokens) == 512
    note = sheet.page.locator(".large .note").inner_text()
    said = re.search(r"([\d,]+) of ([\d,]+) lines are drawn: those of weight ([\d.]+) and more", note)
    assert said, note
    drawn, of, least = (float(number.replace(",", "")) for number in said.groups())
    assert of == 512 * 512
    assert 0 < drawn <= 2000
    # Bytes of 1/4096 decide which lines are drawn, so the bound is met within one of them.
    stronger = int((trace.attention[2, 3] >= least + 0.005).sum())
    assert stronger <= drawn <= int((trace.attention[2, 3] >= least - 0.01).sum())
    expect(sheet.page.locator(".overview .hint")).to_contain_text("12 × 12")


def test_the_numbers_under_the_pointer_are_the_models(page_at, trace: attention.AttentionTrace) -> None:
    sheet = page_at(address(layer=4, head=2))
    received = sheet.received
    for query in (2, 9):
        point_at(sheet, query)
        best = attention.strongest_keys(trace, 3, 1)[query]
        expect(sheet.page.locator(".readout")).to_contain_text(f"“{trace.tokens[query].piece}” (position {query})")
        found = re.search(r"looks most at: (\S+) \((\d+)\) ([\d.]+)", readout(sheet))
        assert found
        assert int(found[2]) == best.key
        assert float(found[3]) == pytest.approx(best.weight, abs=1e-4)
    assert sheet.received == received


def test_the_matrix_is_read_through_a_magnifier(page_at, trace: attention.AttentionTrace) -> None:
    sheet = page_at(address(layer=1, head=3, view="matrix"))
    before = sheet.page.locator("canvas.head").evaluate("(canvas) => canvas.toDataURL()")
    for query, key in ((300, 299), (41, 40), (400, 10)):
        point_at(sheet, query, key)
        found = re.search(r"\(position (\d+)\) → .* \(position (\d+)\): ([\d.]+)", readout(sheet))
        assert found
        # A cell is about one pixel: a mouse at whole pixels may stand on its neighbour.
        q, k = int(found[1]), int(found[2])
        assert abs(q - query) <= 2
        assert abs(k - key) <= 2
        assert float(found[3]) == pytest.approx(trace.attention[0, 2, q, k], abs=1e-4)
    assert sheet.page.locator("canvas.head").evaluate("(canvas) => canvas.toDataURL()") != before
    expect(sheet.page.locator(".large .note")).to_contain_text("magnifier")


def test_a_head_that_is_chosen_comes_in_full(page_at, trace: attention.AttentionTrace) -> None:
    sheet = page_at(address(layer=4, head=2, pin=20))
    sheet.settle()
    received = sheet.received
    sheet.page.get_by_role("gridcell", name="Layer 1, head 3:").click()
    sheet.expect_query(layer="1", head="3")
    sheet.expect_painted(1, 3, pin=20)
    best = attention.strongest_keys(trace, 0, 2)[20]
    expect(sheet.page.locator(".readout")).to_contain_text(f"({best.key}) {best.weight:.3f}"[:-1])
    sheet.settle()
    # One head at two bytes per weight; the small ones (0.5 MB) are not sent again.
    assert 524_288 < sheet.received - received < 850_000


def test_the_token_of_a_link_is_in_view_and_the_columns_scroll(page_at, trace: attention.AttentionTrace) -> None:
    sheet = page_at(address(pin=300))
    stage = sheet.page.locator(".stage")
    expect(sheet.page.locator(".readout")).to_contain_text(f"“{trace.tokens[300].piece}” (position 300)")
    seen = "(canvas) => { const { box, pin } = canvas.getRootNode().querySelector('.root').me;"
    seen += " const y = box.top + box.row * (pin + 0.5) - box.from; return [y, box.top, box.shown]; }"
    y, top, bottom = sheet.page.locator("canvas.head").evaluate(seen)
    assert top < y < bottom
    sheet.page.locator("canvas.head").press("Escape")
    sheet.expect_query(pin=None)
    before = sheet.page.locator("canvas.head").evaluate("(canvas) => canvas.toDataURL()")
    stage.evaluate("(stage) => { stage.scrollTop = 0; }")
    sheet.page.wait_for_function("(was) => document.querySelector('.st-key-attention-explorer') && was", arg=1)
    sheet.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert sheet.page.locator("canvas.head").evaluate("(canvas) => canvas.toDataURL()") != before
    for _ in range(3):
        sheet.page.locator("canvas.head").press("ArrowDown")
    expect(sheet.page.locator(".readout")).to_contain_text("(position 2)")


def test_an_address_carries_a_long_text_in_any_script(page_at) -> None:
    text = "注意力機制讓每個字看見其他的字。" * 187  # 2,992 characters, 27 kB once they are written as an address
    sheet = page_at(f"/attention?lang=en&a={quote(text)}")
    expect(sheet.field("attention-a")).to_have_value(text)
    expect(sheet.page.locator(".notice").filter(has_text="the model reads the first 510")).to_be_visible()
    sheet.page.reload()
    sheet.settle()
    expect(sheet.field("attention-a")).to_have_value(text, timeout=LIMIT_MS)
    packed = sheet.page.evaluate("(id) => window.illustratedNotes.payloads.has(id)", sheet.painted()[0])
    assert packed


def test_the_picture_saved_holds_every_row(page_at) -> None:
    sheet = page_at(address())
    with sheet.page.expect_download() as picture:
        sheet.page.get_by_role("button", name="Save as PNG").click()
    data = picture.value.path().read_bytes()
    width, height = np.frombuffer(data[16:24], ">u4")
    assert height > 512 * 14
    assert width < height
