"""Inside a head: what the page computes while the hand drags is what Python computes, and no server is asked."""

from __future__ import annotations

import re
from urllib.parse import quote

import numpy as np
import pytest
from driver import LIMIT_MS, Sheet
from playwright.sync_api import expect

from explainers import attention
from ui import controls

DEFAULT = str(controls.load("attention")["a"].default)
STEP = """(root) => {
  const { query, temperature, step, scores } = root.me;
  const lists = { weight: step.weight, output: step.output, dot: scores.dot, score: scores.score };
  return { query, temperature, ...Object.fromEntries(Object.entries(lists).map(([name, list]) => [name, [...list]])) };
}"""
FIRST = """(canvas) => {
  const { box } = canvas.getRootNode().querySelector(".root").me;
  return Math.ceil(box.from / box.row);
}"""
PLACE = """(canvas, [key, part, dim]) => {
  const { box } = canvas.getRootNode().querySelector(".root").me;
  const at = canvas.getBoundingClientRect();
  const column = box.columns[part];
  const x = column.x + (dim === null ? column.width / 2 : box.cell * (dim + 0.5));
  const y = key === null ? 1.6 * box.rem + box.row / 2 : box.top + box.row * (key + 0.5) - box.from;
  return [at.left + x, at.top + y];
}"""


def computed(sheet: Sheet) -> dict[str, object]:
    """What the page has computed just now."""
    root = sheet.page.locator(".st-key-neuron-inside .root[data-painted]")
    return dict(root.evaluate(STEP))


def check(sheet: Sheet, trace: attention.AttentionTrace, layer: int, head: int) -> None:
    found = computed(sheet)
    view = attention.neuron(trace, layer, head, int(found["query"]), temperature=float(found["temperature"]))
    for name in ("weight", "output", "dot", "score"):
        np.testing.assert_allclose(found[name], getattr(view, name), atol=1e-5)


def open_at(page_at, **query: object) -> Sheet:
    rest = "".join(f"&{name}={value}" for name, value in query.items())
    sheet = page_at(f"/attention?lang=en&lens=neuron{rest}")
    sheet.page.locator(".st-key-neuron-inside .root[data-painted]").wait_for(timeout=LIMIT_MS)
    return sheet


def point_at(sheet: Sheet, key: int | None, part: str, dim: int | None) -> None:
    canvas = sheet.page.locator("canvas.head")
    canvas.scroll_into_view_if_needed()
    x, y = canvas.evaluate(PLACE, [key, part, dim])
    sheet.page.mouse.move(x, y)


@pytest.mark.parametrize(("layer", "head", "pin", "temperature"), [(4, 2, 10, 1), (4, 2, 10, 0.35), (6, 11, 3, 7.5)])
def test_the_page_computes_what_python_computes(page_at, layer: int, head: int, pin: int, temperature: float) -> None:
    sheet = open_at(page_at, layer=layer, head=head, pin=pin, temperature=temperature)
    found = computed(sheet)
    assert (found["query"], found["temperature"]) == (pin, temperature)
    trace = attention.trace(DEFAULT)
    check(sheet, trace, layer - 1, head - 1)
    if temperature == 1:
        np.testing.assert_allclose(found["weight"], trace.attention[layer - 1, head - 1, pin], atol=1e-5)


def test_dragging_the_temperature_asks_nobody_and_letting_go_puts_it_into_the_address(page_at) -> None:
    sheet = open_at(page_at, pin=10)
    sheet.settle()
    trace = attention.trace(DEFAULT)
    slider = sheet.page.get_by_role("slider", name="Softmax temperature")
    box = slider.bounding_box()
    assert box is not None
    y = box["y"] + box["height"] / 2
    address, received = sheet.page.url, sheet.received
    seen = {tuple(computed(sheet)["weight"])}
    sheet.page.mouse.move(box["x"] + box["width"] * 0.525, y)
    sheet.page.mouse.down()
    for share in (0.6, 0.7, 0.8, 0.4, 0.2):
        sheet.page.mouse.move(box["x"] + box["width"] * share, y)
        check(sheet, trace, 3, 1)
        seen.add(tuple(computed(sheet)["weight"]))
    assert len(seen) == 6
    assert (sheet.page.url, sheet.received) == (address, received)
    cold = float(computed(sheet)["temperature"])
    assert cold < 0.5
    sheet.page.mouse.up()
    sheet.expect_query(temperature=f"{cold:g}")
    sheet.settle()
    expect(sheet.page.locator(".st-key-card-neuron h2.claim")).to_contain_text(f"temperature {cold:g}")
    assert computed(sheet)["temperature"] == cold


def test_arrow_keys_move_the_temperature(page_at) -> None:
    sheet = open_at(page_at, pin=10)
    slider = sheet.page.get_by_role("slider", name="Softmax temperature")
    slider.focus()
    for _ in range(6):
        sheet.page.keyboard.press("ArrowRight")
    warm = float(computed(sheet)["temperature"])
    assert 1 < warm < 1.5
    check(sheet, attention.trace(DEFAULT), 3, 1)
    sheet.expect_query(temperature=f"{warm:g}")
    slider.dblclick()
    sheet.expect_query(temperature=None)
    assert computed(sheet)["temperature"] == 1


def test_every_number_can_be_read(page_at) -> None:
    sheet = open_at(page_at, pin=10)
    view = attention.neuron(attention.trace(DEFAULT), 3, 1, 10)
    said = sheet.page.locator(".st-key-neuron-inside .readout")

    def number(value: float) -> str:
        return "0.000" if abs(value) < 0.0005 else f"{value:.3f}".replace("-", "−")

    point_at(sheet, 2, "product", 7)
    expect(said).to_contain_text(f"“animal”, dimension 7: q {number(view.q[7])} × k {number(view.k[2, 7])}")
    expect(said).to_contain_text(f"= {number(view.product[2, 7])}.")
    point_at(sheet, 8, "v", 31)
    expect(said).to_contain_text(f"“street”, v[31] = {number(view.v[8, 31])}")
    expect(said).to_contain_text(f"weight {view.weight[8]:.4f}")
    point_at(sheet, 2, "weight", None)
    expect(said).to_contain_text(f"q·k {number(view.dot[2])} ÷ √32 = {number(view.score[2])}")
    expect(said).to_contain_text(f"softmax makes it {view.weight[2]:.4f}")
    point_at(sheet, None, "v", 3)
    expect(said).to_contain_text(f"output[3] = {number(view.output[3])}")
    point_at(sheet, None, "k", 3)
    expect(said).to_contain_text(f"q[3] = {number(view.q[3])}")


def test_a_click_or_enter_looks_from_another_token(page_at) -> None:
    sheet = open_at(page_at, pin=10)
    trace = attention.trace(DEFAULT)
    point_at(sheet, 8, "name", None)
    sheet.page.mouse.down()
    sheet.page.mouse.up()
    assert computed(sheet)["query"] == 8
    check(sheet, trace, 3, 1)
    sheet.expect_query(pin="8")
    sheet.settle()
    sheet.page.mouse.move(5, 5)
    canvas = sheet.page.locator("canvas.head")
    canvas.press("Escape")
    for _ in range(3):
        canvas.press("ArrowDown")
    canvas.press("Enter")
    sheet.expect_query(pin="2")
    assert computed(sheet)["query"] == 2
    check(sheet, trace, 3, 1)


def test_512_tokens(page_at) -> None:
    text = "the river runs past the small town where my father was born and we walked " * 36
    sheet = open_at(page_at, a=quote(text.strip()), pin=400, temperature=2)
    trace = attention.trace(text.strip(), max_tokens=512)
    assert len(trace.tokens) == 512
    assert computed(sheet)["query"] == 400
    check(sheet, trace, 3, 1)
    sheet.page.locator(".st-key-neuron-inside .stage").evaluate("(stage) => { stage.scrollTop = 5000; }")
    sheet.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    first = sheet.page.locator("canvas.head").evaluate(FIRST)
    point_at(sheet, first + 4, "weight", None)
    weight = attention.neuron(trace, 3, 1, 400, temperature=2).weight[first + 4]
    found = re.search(r"softmax makes it ([\d.]+)", sheet.page.locator(".st-key-neuron-inside .readout").inner_text())
    assert found
    assert float(found[1].rstrip(".")) == pytest.approx(weight, abs=1e-4)
