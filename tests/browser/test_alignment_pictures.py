"""The alignment page in a real browser: the matrix is Python's, a caption is dragged and carried by keys, frames are
quick at 64 pairs, tracks slide, and every example can be had without a mouse."""

from __future__ import annotations

import re
from urllib.parse import quote

import numpy as np
import pytest
from driver import LIMIT_MS, Sheet
from playwright.sync_api import Locator, expect
from test_accessibility import audit

from explainers.alignment import batch, examples, matrix

FRAME_MS = 16


def root(sheet: Sheet, name: str) -> Locator:
    found = sheet.page.locator(f".st-key-align-{name} .root[data-painted]")
    found.wait_for(timeout=LIMIT_MS)
    return found


FOUND = "(root) => Object.fromEntries(['cosines', 'rows', 'columns', 'byImage', 'byText', 'hardText', 'hardImage'].map((name) => [name, [...root.me.found[name]]]))"  # noqa: E501


@pytest.mark.core
def test_the_matrix_is_that_of_python(page_at) -> None:
    sheet = page_at("/alignment?lang=en&lens=matrix&batch=64&scale=7.5&swaps=1-2,3-64")
    found = root(sheet, "matrix").evaluate(FOUND)
    whole = batch.make_batch("near", 64, 0, "en")
    order = [1, 0, 63, *range(3, 63), 2]
    wanted = matrix.directions(whole.cosines[:, order], 7.5)
    np.testing.assert_allclose(found["cosines"], whole.cosines[:, order].ravel(), atol=1e-6)
    np.testing.assert_allclose(found["rows"], wanted.rows.ravel(), atol=1e-6)
    np.testing.assert_allclose(found["columns"], wanted.columns.ravel(), atol=1e-6)
    np.testing.assert_allclose(found["byImage"], wanted.by_image, atol=1e-5)
    np.testing.assert_allclose(found["byText"], wanted.by_text, atol=1e-5)
    by_image, by_text = matrix.hardest(whole.cosines[:, order])
    assert found["hardText"] == by_image.tolist() and found["hardImage"] == by_text.tolist()


@pytest.mark.core
def test_a_caption_is_dragged_onto_another_picture(page_at) -> None:
    sheet = page_at("/alignment?lang=en&lens=matrix&batch=8")
    found = root(sheet, "matrix")
    before = found.evaluate("(root) => root.me.found.loss")
    box = found.locator("canvas").bounding_box()
    cell, left, top = (found.evaluate(f"(root) => root.me.box.{name}") for name in ("cell", "left", "top"))

    def place(row: int, column: int) -> tuple[float, float]:
        return box["x"] + left + (column + 0.5) * cell, box["y"] + top + (row + 0.5) * cell

    sheet.page.mouse.move(*place(1, 1))
    sheet.page.mouse.down()
    sheet.page.mouse.move(*place(4, 1), steps=6)
    sheet.page.wait_for_function(
        "(args) => args[0].me.found.loss > args[1] + 0.5", arg=[found.element_handle(), before]
    )
    sheet.page.mouse.up()
    sheet.expect_query(lang="en", lens="matrix", batch="8", swaps="2-5", cell="5-5")
    expect(sheet.page.locator("h2.claim")).to_contain_text("2 captions at the wrong picture")


def test_keys_carry_a_caption_and_put_all_back(page_at) -> None:
    sheet = page_at("/alignment?lang=en&lens=matrix&batch=6&cell=1-1")
    canvas = root(sheet, "matrix").locator("canvas")
    canvas.focus()
    for key in ("Enter", "ArrowDown", "ArrowDown", "Enter"):
        canvas.press(key)
    sheet.expect_query(lang="en", lens="matrix", batch="6", swaps="1-3", cell="3-3")
    sheet.page.get_by_role("button", name="Put all captions back").click()
    sheet.expect_query(lang="en", lens="matrix", batch="6")


def test_temperature_moves_within_a_frame(page_at) -> None:
    sheet = page_at("/alignment?lang=en&lens=matrix&batch=64")
    found = root(sheet, "matrix")
    slider = found.locator("input[data-control=scale]")
    slider.focus()
    times = []
    for _ in range(12):
        before = found.get_attribute("data-draw-ms")
        slider.press("ArrowRight")
        sheet.page.wait_for_function(
            "(args) => args[0].dataset.drawMs !== args[1]", arg=[found.element_handle(), before]
        )
        times.append(float(found.get_attribute("data-draw-ms")))
    assert np.median(times) < FRAME_MS


@pytest.mark.parametrize("example", ["subtitle", "speech", "foreign"])
def test_the_lower_track_is_dragged_and_its_similarity_is_pythons(page_at, example: examples.Track) -> None:
    sheet = page_at(f"/alignment?lang=en&lens=pairs&example={example}&offset=0.7")
    found = root(sheet, "track")
    curve = found.evaluate("(root) => root.me.data.curve")
    wanted = examples.offsets_of(example, "en")
    np.testing.assert_allclose(curve["similarity"], wanted.similarity, atol=1e-4)
    value = wanted.similarity[np.abs(wanted.seconds - 0.7).argmin()]
    expect(found.locator(".readout")).to_contain_text(f"{value:.2f}".replace("-", "−"))
    canvas = found.locator("canvas[role=application]")
    canvas.press("ArrowRight")
    expect(sheet.page).to_have_url(re.compile("offset=0.75"))


def test_a_text_is_given_to_a_picture(page_at) -> None:
    sheet = page_at("/alignment?lang=en&lens=pairs&example=label&picture=3")
    found = root(sheet, "still")
    one = examples.still("label", "en")
    own = one.texts[one.own[2]]
    expect(found.locator(".readout")).to_contain_text(f"“{one.texts[one.wrong[2]]}” does not belong to it")
    found.get_by_role("button", name=own).click()
    expect(found.locator(".readout")).to_contain_text(f"“{own}” belongs to the picture")
    expect(sheet.page).to_have_url(re.compile(f"given={one.own[2] + 1}"))


def test_warping_reads_out_what_python_matched(page_at) -> None:
    from explainers.alignment import media

    sheet = page_at("/alignment?lang=en&lens=pairs&example=speech")
    found = root(sheet, "dtw")
    carried = media.carry("en")
    found.locator("canvas").focus()
    for word in range(3):
        found.locator("canvas").press("ArrowRight")
        expect(found.locator(".readout")).to_contain_text(f"{carried.by_warp[word]:.2f} s in the slow one")


@pytest.mark.parametrize("lens", ["pairs", "matrix", "own"])
def test_nothing_bars_anybody(page_at, lens: str) -> None:
    sheet = page_at(f"/alignment?lang=zh-Hant&lens={lens}", locale="zh-TW")
    sheet.page.locator("h2.claim").wait_for()
    assert audit(sheet) == []


def test_typed_captions_are_text(page_at) -> None:
    words = quote("red <img src=x onerror=alert(1)>\n</script><b>blue</b>")
    sheet = page_at(f"/alignment?lang=en&lens=own&words={words}")
    root(sheet, "matrix")
    assert sheet.page.locator("img[src=x]").count() == 0
