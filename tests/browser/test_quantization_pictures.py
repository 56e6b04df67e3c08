"""The quantization page in a real browser: its scripts compute what Python computes, follow the hand in every frame,
and tell the address when the hand lets go."""

from __future__ import annotations

import math
import re
import sys
from pathlib import Path

import numpy as np
import pytest
from driver import LIMIT_MS, PHONE, Sheet
from playwright.sync_api import Locator, expect

from explainers.models import ModelSource
from explainers.quantization import formats, quantizers, weights
from explainers.quantization.quantizers import Spec

sys.path.append(str(Path(__file__).resolve().parents[1] / "explainers"))

from encoders import save_encoder

SCRIPTS = Path(__file__).resolve().parents[2] / "ui" / "components"
DOWN = "encoder.layer.0.output.dense"
QUERY = "encoder.layer.1.attention.self.query"


def root(sheet: Sheet, name: str = "tensor") -> Locator:
    found = sheet.page.locator(f".st-key-quant-{name} .root[data-painted]")
    found.wait_for(timeout=LIMIT_MS)
    return found


# ---------------------------------------------------------------- the hand


@pytest.mark.core
def test_a_dragged_end_moves_the_grid_at_once_and_the_address_when_let_go(page_at) -> None:
    sheet = page_at("/quantization?lang=en")
    shown = root(sheet)
    measured = sheet.page.locator(".st-key-card-surprise caption")
    expect(measured).to_contain_text("Measured on this machine", timeout=LIMIT_MS)
    assert shown.locator("dd.levels").inner_text() == "7 / 255"
    box = shown.locator("canvas[role=img]").bounding_box()
    span = shown.evaluate("(root) => root.me.span")
    assert box
    x, y = box["x"] + span["places"][1], box["y"] + span["y"]
    received = sheet.received
    sheet.page.mouse.move(x, y)
    sheet.page.mouse.down()
    sheet.page.mouse.move(x - box["width"] * 0.1, y, steps=6)
    expect(shown.locator("dd.levels")).not_to_have_text("7 / 255")
    scale_by = shown.evaluate("(root) => root.me.state.scale_by")
    assert 0.01 <= scale_by < 0.1
    assert "scale_by" not in sheet.query()
    assert sheet.received == received  # no frame of the server while it is dragged
    sheet.page.mouse.up()
    sheet.page.wait_for_function("() => new URLSearchParams(location.search).has('scale_by')")
    shown.locator("canvas").press("Escape")
    sheet.expect_query(scale_by=None)
    expect(shown.locator("dd.levels")).to_have_text("7 / 255")


@pytest.mark.core
def test_errors_counted_beside_the_moving_hand_are_those_of_python(page_at) -> None:
    sheet = page_at("/quantization?lang=en&grain=channel")
    shown = root(sheet)
    before = shown.locator("dd.sqnr").inner_text()
    sheet.page.wait_for_timeout(700)  # it has drawn itself warm
    for _ in range(5):
        shown.locator("input[data-control=scale_by]").press("ArrowLeft")
    expect(shown.locator("dd.sqnr")).not_to_have_text(before)
    sheet.page.wait_for_function(
        "(root) => root.me.counting === null && root.me.damage.grid === root.me.grid", arg=shown.element_handle()
    )
    found = shown.evaluate(
        "(root) => ({ by: root.me.state.scale_by, given: Boolean(root.me.counterHas), ...root.me.damage })"
    )
    assert found["given"]  # a worker did it
    values = weights.tensor(DOWN).values
    wanted = quantizers.damage(values, quantizers.fit(values, Spec(8, granularity="channel")).moved(found["by"], 0))
    assert found["by"] < 1
    assert found["sqnr"] == pytest.approx(wanted.sqnr, rel=1e-9)
    assert (found["row"], found["column"], found["clipped"]) == (*wanted.worst, pytest.approx(wanted.clipped))
    assert shown.locator("dd.sqnr").inner_text().startswith(f"{wanted.sqnr:.1f}"[:3])


@pytest.mark.core
def test_a_folder_that_is_typed_is_on_the_grid(page_at, tmp_path: Path) -> None:
    folder = save_encoder(tmp_path / "own", "bert", head=False)
    sheet = page_at("/quantization?lang=en")
    root(sheet)
    sheet.page.locator(".st-key-quant-model button").click()
    field = sheet.page.get_by_label("Model folder", exact=True).last
    field.fill(str(folder))
    field.press("Enter")
    sheet.expect_query(model=str(folder))
    sheet.page.keyboard.press("Escape")
    source = ModelSource("folder", str(folder))
    widths = weights.tensor(DOWN, source).widths
    claim = sheet.page.locator(".st-key-card-tensor h2.claim")
    expect(claim).to_contain_text(f"Channel {widths.argmax()} of this matrix is", timeout=LIMIT_MS)
    shown = root(sheet)
    measured = sheet.page.locator(".st-key-card-surprise caption")
    expect(measured).to_contain_text("Measured on this machine", timeout=LIMIT_MS)
    row = quantizers.fit(weights.tensor(DOWN, source).values, Spec(8))
    middle = int(np.argsort(widths, kind="stable")[len(widths) // 2])
    used = quantizers.levels_used(weights.tensor(DOWN, source).values, row, middle)
    expect(shown.locator("dd.levels")).to_have_text(f"{used} / 255")


@pytest.mark.core
def test_a_scale_for_each_channel_and_fewer_bits(page_at) -> None:
    sheet = page_at("/quantization?lang=en")
    shown = root(sheet)
    shown.get_by_role("button", name="channel", exact=True).click()
    expect(shown.locator("dd.levels")).to_have_text("159 / 255")
    sheet.expect_query(grain="channel")
    shown.locator("input[data-control=bits]").press("ArrowLeft")
    sheet.expect_query(bits="7")
    expect(sheet.page.locator(".st-key-card-surprise h2.claim")).to_contain_text("7 bits")
    expect(sheet.page.locator(".st-key-card-surprise caption")).to_contain_text("Measured", timeout=LIMIT_MS)


def test_a_channel_and_a_weight_are_picked_in_the_picture(page_at) -> None:
    sheet = page_at("/quantization?lang=en&zoom=row")
    shown = root(sheet)
    canvas = shown.locator("canvas[role=img]")
    place = shown.evaluate("(root) => [root.me.ranges.x.at(99), root.me.ranges.box.top + 40]")
    canvas.click(position={"x": place[0], "y": place[1]})
    sheet.expect_query(row="99")
    expect(shown.locator("dt", has_text="levels that channel 99 uses")).to_be_visible()
    value = shown.evaluate("(root) => root.me.levels.x.at(root.me.tensor.high[99])")
    canvas.click(position={"x": value, "y": shown.evaluate("(root) => root.me.levels.box.bottom - 20")})
    row = weights.tensor(DOWN).values[99]
    sheet.expect_query(column=str(int(row.argmax())))
    canvas.press("ArrowRight")
    sheet.expect_query(row="100")


def test_the_bar_of_an_affine_grid_moves_its_zero_point(page_at) -> None:
    sheet = page_at("/quantization?lang=en&grid=affine&grain=channel&bits=4")
    shown = root(sheet)
    box = shown.locator("canvas[role=img]").bounding_box()
    span = shown.evaluate("(root) => root.me.span")
    before = shown.evaluate("(root) => root.me.grid.zero[root.me.levels.part]")
    assert box
    x, y = box["x"] + (span["places"][0] * 0.7 + span["places"][1] * 0.3), box["y"] + span["y"]
    step = (span["places"][1] - span["places"][0]) / 15
    sheet.page.mouse.move(x, y)
    sheet.page.mouse.down()
    sheet.page.mouse.move(x - 3 * step, y, steps=5)
    sheet.page.mouse.up()
    sheet.expect_query(zero_shift="3")
    assert shown.evaluate("(root) => root.me.grid.zero[root.me.levels.part]") == before + 3


def test_a_flipped_bit_changes_the_number_and_all_formats(page_at) -> None:
    sheet = page_at("/quantization?lang=en&lens=number&number=1")
    shown = root(sheet, "bits")
    shown.get_by_role("button", name="FP16, bit 9, mantissa").click()
    sheet.expect_query(number="1.5")
    expect(shown.get_by_role("group", name="BF16").locator(".value.value").first).to_have_text("1.5")
    expect(sheet.page.locator(".st-key-card-number h2.claim")).to_contain_text("1.5 becomes 1.5 in FP16")
    shown.locator("input.number").fill("one half")
    expect(shown.locator(".wrong")).to_be_visible()
    shown.locator("input.number").fill("70000")
    expect(shown.get_by_role("group", name="FP16", exact=True).locator(".value.value").first).to_have_text("∞")


def test_the_picture_fits_a_phone(page_at) -> None:
    sheet = page_at("/quantization?lang=zh-Hant", size=PHONE)
    root(sheet)
    assert sheet.sideways() <= 0
    sheet.go("/quantization?lang=zh-Hant&lens=number")
    root(sheet, "bits")
    assert sheet.sideways() <= 0


def test_a_sentence_of_the_notes_sets_the_view(page_at) -> None:
    sheet = page_at("/quantization?lang=zh-Hant&q=A7")
    word = sheet.page.locator(".st-key-passage [data-bind=a7-weights]").first
    word.click()
    sheet.expect_query(grain="channel")
    expect(word).to_have_attribute("aria-pressed", "true")


def test_a_clicked_cell_changes_the_bits_of_a_layer(page_at) -> None:
    sheet = page_at("/quantization?lang=en&lens=sensitivity&plan=8")
    cells = sheet.page.locator(".st-key-chart-bits .scatterlayer .point")
    cells.first.wait_for(timeout=LIMIT_MS)
    # While work reports, the page is drawn again and again, and a click would fall between two drawings.
    expect(sheet.page.locator("[data-testid=stProgress]")).to_have_count(0, timeout=3 * LIMIT_MS)
    sheet.settle()
    cells.nth(1).scroll_into_view_if_needed()
    box = cells.nth(1).bounding_box()
    assert box
    sheet.page.mouse.click(box["x"] + box["width"] / 2, box["y"] + box["height"] / 2)
    sheet.page.wait_for_function("() => new URLSearchParams(location.search).get('plan')?.startsWith('8,4,8')")


# ---------------------------------------------------------------- the same numbers

COMPUTED = """(root, {spec, by, shift}) => {
  %s
  const { tensor } = root.me;
  const grid = movedGrid(fitGrid(tensor, spec), by, shift);
  return { scale: [...grid.scale], zero: [...grid.zero], ...damageOf(tensor, grid), bytes: bytesOf(tensor, grid) };
}"""
WRITTEN = """(values) => {
  %s
  return FORMATS.map((form) => values.map((value) => {
    const code = encode(form, value);
    return [code, decode(form, code), spacing(form, value)].map(String);
  }));
}"""


def source(name: str) -> str:
    """A script's own functions, without what it gives to the page."""
    return re.sub(r"(?s)export default .*", "", (SCRIPTS / name).read_text("utf-8"))


@pytest.mark.parametrize(("name", "all_bits"), [(DOWN, (3,)), (QUERY, (2, 4, 8))])
def test_grids_and_errors_are_those_of_python(page_at, name: str, all_bits: tuple[int, ...]) -> None:
    computed = COMPUTED % source("quantgrid.js")
    place = "" if name == DOWN else "&block=2&part=query"
    shown = root(page_at(f"/quantization?lang=en{place}"))
    values = weights.tensor(name).values
    for bits in all_bits:
        for symmetric in (True, False):
            for grain in ("tensor", "channel", "g32", "g128"):
                for clipping in ("minmax", "percentile", "mse"):
                    by, shift = (0.8, 3) if bits == 4 else (1.0, 0)
                    asked = {
                        "bits": bits,
                        "symmetric": symmetric,
                        "grain": grain,
                        "clipping": clipping,
                        "percentile": 99.5,
                    }
                    found = shown.evaluate(computed, {"spec": asked, "by": by, "shift": shift})
                    kind = "group" if grain.startswith("g") else grain
                    group = int(grain[1:]) if kind == "group" else 64
                    spec = Spec(bits, symmetric, kind, group, clipping, 99.5)  # type: ignore[arg-type]
                    grid = quantizers.fit(values, spec).moved(by, shift)
                    wanted = quantizers.damage(values, grid)
                    np.testing.assert_array_equal(np.float32(found["scale"]), grid.scale[:, 0], err_msg=str(asked))
                    np.testing.assert_array_equal(found["zero"], grid.zero_point[:, 0], err_msg=str(asked))
                    assert found["mse"] == pytest.approx(wanted.mse, rel=1e-9), asked
                    assert found["sqnr"] == pytest.approx(wanted.sqnr, rel=1e-9), asked
                    assert (found["row"], found["column"]) == wanted.worst, asked
                    assert found["clipped"] == pytest.approx(wanted.clipped, abs=1e-12), asked
                    assert found["bytes"] == quantizers.size_of(values.shape, spec)  # type: ignore[arg-type]


NUMBERS = (0.1, -1 / 3, 1, 65504, 65519.99, 65520, 70000, 448, 464, 465, 1e-7, 5e-324, 1.5e-45, -0.0, 3.4028235e38)
MORE = (
    2.5,
    3.5,
    -128.5,
    127.5,
    7.5,
    -8.5,
    2**-24,
    2**-25,
    1.1e-25,
    57344,
    61440,
    1e300,
    0.0009765625,
    240,
    2**-9,
    2**-10,
)


def test_bits_are_those_of_python(page_at) -> None:
    sheet = page_at("/quantization?lang=en&lens=number")
    root(sheet, "bits")
    rng = np.random.default_rng(3)
    values = [*NUMBERS, *MORE, *(rng.normal(size=200) * 10.0 ** rng.integers(-40, 30, 200)).tolist()]
    every = sheet.page.evaluate(WRITTEN % source("quantbits.js"), values)
    for form, found in zip(formats.FORMATS, every, strict=True):
        for value, (code, back, step) in zip(values, found, strict=True):
            wanted = formats.encode(form, value)
            assert int(code) == wanted, (form.name, value)
            for text, number in ((back, formats.decode(form, wanted)), (step, formats.spacing(form, value))):
                read = float(text.replace("Infinity", "inf"))
                assert read == number or (math.isnan(read) and math.isnan(number)), (form.name, value)
