"""The attention picture: what it draws is what the model computed, and the hand moves it as the house grammar says."""

from __future__ import annotations

import base64

import numpy as np
import pytest
from driver import Sheet
from playwright.sync_api import expect

from explainers import attention
from ui import controls

TABLE = controls.load("attention")
LAYER, HEAD = int(TABLE["layer"].default), int(TABLE["head"].default)
PAIR = ("He sat on the bank of the river.", "She opened an account at the bank.")
PAYLOAD = """(id) => {
  const bytes = window.illustratedNotes.payloads.get(id);
  let text = "";
  for (let i = 0; i < bytes.length; i += 4096) text += String.fromCharCode(...bytes.subarray(i, i + 4096));
  return btoa(text);
}"""


def payload(sheet: Sheet) -> attention.Unpacked:
    """What the picture on the screen is drawn from."""
    return attention.unpack(base64.b64decode(sheet.page.evaluate(PAYLOAD, sheet.painted()[0])))


def pixels(sheet: Sheet) -> str:
    return str(sheet.page.locator("canvas.head").evaluate("(canvas) => canvas.toDataURL()"))


@pytest.mark.parametrize("aside", [False, True])
def test_the_weights_drawn_are_the_models(page_at, aside: bool) -> None:
    a, b = PAIR
    sheet = page_at(f"/attention?lang=en&a={a}&b={b}&aside={int(aside)}")
    drawn = payload(sheet)
    trace = attention.trace(a, b)
    wanted = attention.set_aside_special(trace) if aside else trace
    assert [token["piece"] for token in drawn.header["tokens"]] == [token.piece for token in trace.tokens]
    assert [token["segment"] for token in drawn.header["tokens"]] == [token.segment for token in trace.tokens]
    # Half a step of one byte, and what two runs of the model may differ by.
    assert np.abs(drawn.weights - wanted.attention).max() <= 1 / 510 + 1e-4
    rows = drawn.weights.sum(axis=-1)
    filled = wanted.attention.sum(axis=-1) > 0.5  # with special tokens aside, their own rows may be empty
    assert filled.any()
    assert np.abs(rows[filled] - 1).max() <= len(trace.tokens) / 510 + 1e-3


def test_the_numbers_said_are_the_numbers_computed(page_at) -> None:
    sheet = page_at("/attention?lang=en&layer=4&head=2&pin=10")
    trace = attention.trace(str(TABLE["a"].default))
    sink = attention.sink_share(trace)[3, 1]
    assert f"{sink:.0%}" in sheet.claim
    best = max(attention.strongest_keys(trace, 3, 1)[10:11], key=lambda key: key.weight)
    piece = trace.tokens[best.key].piece
    expect(sheet.page.locator(".readout")).to_contain_text(f"{piece} {best.weight:.2f}")


def test_a_head_chosen_in_the_overview_is_enlarged(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    before = pixels(sheet)
    sheet.page.get_by_role("gridcell", name="Layer 2, head 9").click()
    sheet.expect_query(layer="2", head="9")
    sheet.expect_painted(2, 9)
    assert pixels(sheet) != before
    chosen = sheet.page.locator("[role=gridcell][aria-selected=true]")
    assert (chosen.get_attribute("aria-label") or "").startswith("Layer 2, head 9")
    sheet.settle()
    assert "layer 2" in sheet.claim.lower()


def test_arrow_keys_move_by_one_head_and_stop_at_the_edge(page_at) -> None:
    sheet = page_at("/attention?lang=en&layer=2&head=9")
    sheet.page.locator("[role=gridcell][aria-selected=true]").focus()
    for key in ("ArrowRight", "ArrowDown", "ArrowRight", "ArrowLeft", "ArrowUp"):
        sheet.page.keyboard.press(key)
    sheet.expect_query(layer="2", head="10")
    sheet.expect_painted(2, 10)
    for _ in range(4):
        sheet.page.keyboard.press("ArrowUp")
    sheet.expect_query(layer="1", head="10")
    sheet.expect_painted(1, 10)


def test_a_click_pins_a_token_and_escape_lets_go(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    free = pixels(sheet)
    canvas = sheet.page.locator("canvas.head")
    canvas.scroll_into_view_if_needed()
    canvas.click(position={"x": 60, "y": 90})
    sheet.page.wait_for_function("() => new URLSearchParams(location.search).has('pin')")
    pin = int(sheet.query()["pin"])
    sheet.expect_painted(LAYER, HEAD, pin=pin)
    piece = payload(sheet).header["tokens"][pin]["piece"]
    expect(sheet.page.locator(".readout")).to_contain_text(f"“{piece}” (position {pin})")
    assert pixels(sheet) != free
    canvas.press("Escape")
    sheet.expect_query(pin=None)
    sheet.expect_painted(LAYER, HEAD, pin=-1)
    sheet.page.mouse.move(5, 5)
    expect(sheet.page.locator(".readout")).not_to_contain_text("position")
    assert pixels(sheet) == free


def test_the_keyboard_pins_a_token(page_at) -> None:
    sheet = page_at("/attention?lang=en&pin=2")
    canvas = sheet.page.locator("canvas.head")
    canvas.press("ArrowDown")
    expect(sheet.page.locator(".readout")).to_contain_text("(position 3)")
    canvas.press("Enter")
    sheet.expect_query(pin="3")
    sheet.expect_painted(LAYER, HEAD, pin=3)


def test_hovering_previews_without_asking_the_server(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    address, received, free = sheet.page.url, sheet.received, pixels(sheet)
    canvas = sheet.page.locator("canvas.head")
    canvas.scroll_into_view_if_needed()
    canvas.hover(position={"x": 60, "y": 90})
    expect(sheet.page.locator(".readout")).to_contain_text("position")
    assert pixels(sheet) != free
    assert sheet.page.url == address
    assert sheet.received == received


def test_a_control_change_does_not_send_the_weights_again(page_at) -> None:
    words = " ".join(f"word{number % 7} and" for number in range(41))
    sheet = page_at(f"/attention?lang=en&a={words}")
    whole = sheet.received
    assert whole > 500_000  # 128 tokens: about 1.2 MB of weights, so counting works
    sheet.slide("attention-layer", "ArrowRight")
    sheet.expect_painted(LAYER + 1, HEAD)
    sheet.settle()
    # The weights stay; what comes is the scripts of those components whose data changed, and the token table.
    assert 0 < sheet.received - whole < 90_000


def test_the_matrix_shows_another_picture_of_the_same_head(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    lines = pixels(sheet)
    sheet.page.locator(".st-key-attention-view").get_by_text("matrix").click()
    sheet.expect_query(view="matrix")
    sheet.expect_painted(LAYER, HEAD, "matrix")
    assert pixels(sheet) != lines


def test_the_picture_and_the_data_can_be_taken_away(page_at) -> None:
    sheet = page_at("/attention?lang=en&layer=2&head=9")
    with sheet.page.expect_download() as picture:
        sheet.page.get_by_role("button", name="Save as PNG").click()
    assert picture.value.suggested_filename == "attention-layer2-head9.png"
    assert picture.value.path().read_bytes().startswith(b"\x89PNG")
    with sheet.page.expect_download() as data:
        sheet.page.locator(".st-key-card-explorer").get_by_role("button", name="Download the data (CSV)").click()
    rows = data.value.path().read_text("utf-8").splitlines()
    tokens = len(attention.trace(str(TABLE["a"].default)).tokens)
    assert rows[0] == "query_index,query,key_index,key,weight"
    assert len(rows) == 1 + tokens**2


def test_the_code_tab_shows_the_function_that_computed_the_figure(page_at) -> None:
    sheet = page_at("/attention?lang=en&layer=2&head=9")
    sheet.page.locator(".st-key-card-explorer").get_by_role("tab", name="Code").click()
    code = sheet.page.locator(".st-key-card-explorer [data-testid=stCode]")
    expect(code).to_contain_text("from __future__ import annotations")
    expect(code).to_contain_text("def ")
    expect(code).to_contain_text("layer 2, head 9")
