"""Training on the focal-loss page in a real browser: what is drawn is what was trained, the hand moves through the
steps and the threshold, work is called off, and a file of the reader is taken or refused."""

from __future__ import annotations

import functools
import json
import re
import xml.etree.ElementTree as ElementTree
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from driver import LIMIT_MS, PHONE, STAGE, Sheet
from playwright.sync_api import Locator, expect
from test_accessibility import audit

from explainers.focal_loss import datasets, evaluation, experiment
from explainers.focal_loss.datasets import PlaneSetup
from explainers.focal_loss.evaluation import sigmoid
from explainers.focal_loss.experiment import Experiment
from explainers.focal_loss.training import GRID, VARIANTS, Recipe, frame_steps
from ui import language

WORK_MS = 120_000
TRAIN = "/focal-loss?lang=en&lens=train"
QUANTISED = 2e-3  # logits travel in 16 bits
STEPS = frame_steps(Recipe().steps).tolist()


@functools.cache
def trained() -> Experiment:
    """What the page's default state trains."""
    return experiment.train_plane(PlaneSetup(), Recipe())


def course(sheet: Sheet, kind: str = "plane") -> Locator:
    """The picture of a finished training."""
    root = sheet.page.locator(f".st-key-focal-course-{kind} .root[data-painted$=true]")
    root.wait_for(timeout=WORK_MS)
    return root


def measured(sheet: Sheet, name: str) -> Locator:
    root = sheet.page.locator(f".st-key-focal-metrics-{name} .root[data-painted]")
    root.wait_for(timeout=WORK_MS)
    return root


def opened(page_at: Callable[..., Sheet], path: str, **options: Any) -> Sheet:
    """A view that has no picture yet, or never: settled when its controls are there and no script runs."""
    sheet = page_at("/", **options)
    sheet.page.goto(sheet.server.url + path)
    sheet.page.locator(".st-key-focal-training-more").wait_for(timeout=LIMIT_MS)
    sheet.page.locator("[data-testid=stApp][data-test-script-state=notRunning]").wait_for(state="attached")
    return sheet


def say(key: str, **values: object) -> str:
    return language.load("en")(key, **values)


# ---------------------------------------------------------------- the course of a training

GRID_OF = """(root, [step, variant, seed]) => {
  const { course } = root.me;
  const frame = course.frames.get(step);
  const at = (frame.variants.indexOf(variant) * course.seeds + seed) * course.cell;
  return [...frame.bytes.subarray(at, at + course.cell)];
}"""


def test_the_boundaries_drawn_are_those_of_the_training(page_at) -> None:
    root = course(page_at(TRAIN))
    assert root.evaluate("(root) => [...root.me.course.frames.keys()].sort((a, b) => a - b)") == STEPS
    result = trained()
    for variant, seed in (("ce", 0), ("focal", 3), ("smote", 4)):
        drawn = np.array(root.evaluate(GRID_OF, [STEPS[-1], variant, seed]))
        wanted = result.last.grid[VARIANTS.index(variant), seed].astype(int)
        assert np.abs(drawn - wanted).max() <= 2
    assert result.last.grid.shape[-1] == GRID**2


def test_the_line_passes_where_the_probability_passes_the_level(page_at) -> None:
    """Marching squares on a cone, whose level lines are circles: at half height one of radius 9 around (15, 16)."""
    cone = "Float64Array.from({ length: 1024 }, (_, i) => 18 - Math.hypot((i % 32) - 15, Math.floor(i / 32) - 16))"
    found = course(page_at(TRAIN)).evaluate(f"(root) => root.me.contour({cone}, 32, 9)")
    points = np.array(found).reshape(-1, 2)
    assert len(points) > 100
    radius = np.hypot(points[:, 0] - 15, points[:, 1] - 16)
    assert np.abs(radius - 9).max() < 0.05


def test_a_part_that_comes_late_takes_nothing_back(page_at) -> None:
    sheet = page_at(TRAIN)
    root = course(sheet)
    late = "{ ...me.course, steps: me.course.steps.slice(0, 5), grids: [], chosen: null }"
    root.evaluate(f"({{ me }}) => {{ me.gather(me.course, {late}); }}")
    sheet.resize(STAGE)
    expect(root).to_have_attribute("data-step", str(STEPS[-1]))
    expect(root.locator(".course .value")).to_have_text(say("losstrain.step", step=STEPS[-1], total=STEPS[-1]))


def test_steps_are_walked_by_button_key_and_play(page_at) -> None:
    sheet = page_at(TRAIN)
    root = course(sheet)
    expect(root).to_have_attribute("data-step", str(STEPS[-1]))
    sheet.page.get_by_role("button", name=say("losstrain.back"), exact=True).click()
    expect(root).to_have_attribute("data-step", str(STEPS[-2]))
    slider = sheet.page.get_by_role("slider", name=say("losstrain.steps"))
    slider.press("Home")
    expect(root).to_have_attribute("data-step", "0")
    slider.press("ArrowRight")
    expect(root).to_have_attribute("data-step", str(STEPS[1]))
    sheet.page.get_by_role("button", name=say("losstrain.play"), exact=True).click()
    expect(root).not_to_have_attribute("data-step", str(STEPS[1]))
    sheet.page.get_by_role("button", name=say("losstrain.pause"), exact=True).click()
    stopped = root.get_attribute("data-step")
    sheet.page.wait_for_timeout(500)
    assert root.get_attribute("data-step") == stopped


def test_the_step_said_is_the_step_measured(page_at) -> None:
    sheet = page_at(TRAIN)
    course(sheet)
    sheet.page.get_by_role("slider", name=say("losstrain.steps")).press("End")
    result = trained()
    values = [f"{result.last.precision[-1, place, 0]:.2f}" for place in range(4)]
    readout = sheet.page.locator(".st-key-focal-course-plane .readout")
    expect(readout).to_contain_text(f"Step {STEPS[-1]}, seed 1")
    assert re.findall(r"\d\.\d\d", readout.inner_text()) == values


def test_seeds_trainings_and_the_level_are_chosen_in_the_picture(page_at) -> None:
    sheet = page_at(TRAIN)
    root = course(sheet)
    canvas = root.locator("canvas")
    before = canvas.evaluate("(canvas) => canvas.toDataURL()")
    sheet.page.get_by_role("button", name="3", exact=True).click()
    expect(sheet.page.locator(".st-key-focal-course-plane .readout")).to_contain_text("seed 3")
    after = canvas.evaluate("(canvas) => canvas.toDataURL()")
    assert after != before
    sheet.page.get_by_role("button", name=say("losstrain.data"), exact=True).click()
    expect(sheet.page.locator(".st-key-focal-course-plane .readout")).to_contain_text("SMOTE")
    moved = canvas.evaluate("(canvas) => canvas.toDataURL()")
    sheet.page.get_by_role("slider", name=say("losstrain.level")).press("Home")
    expect(root.locator(".level .value")).to_have_text("0.02")
    assert canvas.evaluate("(canvas) => canvas.toDataURL()") != moved


def test_the_picture_is_saved_as_svg(page_at) -> None:
    sheet = page_at(TRAIN)
    root = course(sheet)
    with sheet.page.expect_download() as download:
        root.get_by_role("button", name=say("losstrain.save")).click()
    picture = Path(download.value.path()).read_text("utf-8")
    ElementTree.fromstring(picture)
    assert "cross-entropy" in picture
    assert picture.count("<polyline") > 500


def test_boundaries_come_while_the_training_runs_and_it_can_be_called_off(page_at) -> None:
    sheet = page_at(f"{TRAIN}&draw=17&imbalance=300")
    running = sheet.page.locator(".st-key-focal-course-plane .root[data-painted$=false]")
    running.wait_for(timeout=WORK_MS)
    sheet.page.locator(".st-key-focal-plane-cancel button").click()
    expect(sheet.page.get_by_text(say("work.cancelled"))).to_be_visible(timeout=LIMIT_MS)
    expect(sheet.page.locator(".st-key-focal-course-plane")).to_have_count(0)
    sheet.page.locator(".st-key-focal-plane-start button").click()
    course(sheet)


def test_a_moved_slider_trains_anew(page_at) -> None:
    sheet = page_at(f"{TRAIN}&imbalance=3")
    before = course(sheet).get_attribute("data-painted")
    claim = sheet.page.locator(".st-key-card-course h2.claim")
    sheet.page.locator(".st-key-focal-loss-gamma input[type=range]").press("End")
    expect(claim).to_contain_text("γ = 5", timeout=WORK_MS)
    assert course(sheet).get_attribute("data-painted") != before
    sheet.expect_query(gamma="5")


# ---------------------------------------------------------------- figures at a threshold


@pytest.mark.parametrize(("variant", "threshold"), [("weighted", 0.9), ("ce", 0.05), ("smote", 0.5)])
def test_figures_and_areas_are_those_of_python(page_at, variant: str, threshold: float) -> None:
    sheet = page_at(f"/focal-loss?lang=en&lens=metrics&variant={variant}&threshold={threshold}")
    root = measured(sheet, "metrics")
    found = json.loads(root.get_attribute("data-figures") or "")
    areas = json.loads(root.get_attribute("data-areas") or "")
    result, test = trained(), datasets.plane(PlaneSetup())[0][0].test
    assert len(found) == 5
    for seed, at in enumerate(found):
        score = result.test[VARIANTS.index(variant), seed]
        wanted = evaluation.confusion(test.rare, sigmoid(score), threshold, test.weight)
        for name in ("found", "missed", "alarmed", "passed", "accuracy", "recall"):
            assert at[name] == pytest.approx(getattr(wanted, name), abs=QUANTISED), name
        assert at["f1"] == pytest.approx(wanted.f1, abs=0.02)
        assert areas[seed] == pytest.approx(
            [
                evaluation.average_precision(test.rare, score, test.weight),
                evaluation.roc_area(test.rare, score, test.weight),
                evaluation.reliability(test.rare, sigmoid(score), test.weight).error,
            ],
            abs=QUANTISED,
        )
    mean = np.mean([at["recall"] for at in found])
    assert f"{mean:.2f} ±" in root.locator(".figures").inner_text()


def plot_of(root: Locator, name: str) -> dict[str, float]:
    return root.evaluate("(root, name) => root.me.box.plots.find((plot) => plot.name === name)", name)


@pytest.mark.parametrize("plot", ["lines", "pr", "roc"])
def test_the_threshold_follows_the_drag_and_the_address_the_release(page_at, plot: str) -> None:
    sheet = page_at("/focal-loss?lang=en&lens=metrics")
    root = measured(sheet, "metrics")
    box = root.locator("canvas").bounding_box()
    place = plot_of(root, plot)
    assert box is not None
    y = box["y"] + (place["top"] + place["bottom"]) / 2
    at = [box["x"] + place["left"] + part * (place["right"] - place["left"]) for part in (0.3, 0.6)]
    sheet.page.mouse.move(at[0], y)
    sheet.page.mouse.down()
    first = root.locator(".figures").inner_text()
    sheet.page.mouse.move(at[1], y, steps=5)
    sheet.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert root.locator(".figures").inner_text() != first
    assert "threshold" not in sheet.query()
    sheet.page.mouse.up()
    sheet.page.wait_for_function("() => new URLSearchParams(location.search).has('threshold')", timeout=LIMIT_MS)
    threshold = float(sheet.query()["threshold"])
    figures = json.loads(root.get_attribute("data-figures") or "")
    if plot == "lines":
        assert np.log(threshold / (1 - threshold)) == pytest.approx(0.2 * 8, abs=0.2)
    else:
        name = "recall" if plot == "pr" else "alarms"
        assert np.mean([one[name] for one in figures]) == pytest.approx(0.6, abs=0.12)


def test_the_threshold_obeys_the_keyboard(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en&lens=metrics")
    root = measured(sheet, "metrics")
    slider = sheet.page.get_by_role("slider", name=say("lossmetrics.threshold"))
    before = root.locator(".matrix").inner_text()
    slider.press("PageUp")
    sheet.page.wait_for_function("() => new URLSearchParams(location.search).has('threshold')", timeout=LIMIT_MS)
    assert root.locator(".matrix").inner_text() != before
    assert "flag from probability" in (slider.get_attribute("aria-valuetext") or "")


def test_another_training_is_shown_at_once(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en&lens=metrics")
    root = measured(sheet, "metrics")
    root.get_by_role("button", name="undersampling").click()
    expect(root.locator(".readout")).to_contain_text("undersampling: PR-AUC")
    sheet.expect_query(variant="under")
    expect(sheet.page.locator(".st-key-card-metrics h2.claim")).to_contain_text("undersampling has", timeout=LIMIT_MS)


# ---------------------------------------------------------------- texts and tables


def upload(sheet: Sheet, name: str, data: bytes) -> None:
    sheet.page.locator(".st-key-focal-upload input[type=file]").set_input_files(
        {"name": name, "mimeType": "text/csv", "buffer": data}
    )


def test_a_readers_table_is_trained_on_and_its_texts_run_nothing(page_at) -> None:
    sheet = opened(page_at, "/focal-loss?lang=en&lens=text&corpus=own&thinned=1")
    rows = "\n".join(f"<img src=x onerror=alert({i})>,{'<script>' if i < 20 else 'fine'}" for i in range(80))
    upload(sheet, "mine.csv", f"text,label\n{rows}".encode())
    expect(sheet.page.get_by_text("Your table: 80 texts")).to_be_visible(timeout=LIMIT_MS)
    sheet.page.locator(".st-key-focal-vectors-start button").click()
    course(sheet, "text")
    measured(sheet, "calibration")
    assert sheet.page.locator("img[src=x]").count() == 0


def test_a_file_that_is_no_table_is_refused(page_at) -> None:
    sheet = opened(page_at, "/focal-loss?lang=en&lens=text&corpus=own")
    upload(sheet, "picture.csv", b"\x89PNG\r\n\x1a\n\0\0\0")
    expect(sheet.page.locator(".trouble")).to_have_text(say("error.csv-binary"), timeout=LIMIT_MS)
    upload(sheet, "big5.csv", "text,label\n壞書,1".encode("big5"))
    expect(sheet.page.locator(".trouble")).to_have_text(say("error.csv-not-utf8"), timeout=LIMIT_MS)


# ---------------------------------------------------------------- for everybody


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lens", ["train", "remedies", "metrics"])
def test_nobody_is_shut_out(page_at, lens: str, theme: str) -> None:
    sheet = opened(page_at, f"/focal-loss?lang=en&lens={lens}", theme=theme)
    sheet.page.locator(".st-key-main-picture h2.claim").first.wait_for(timeout=WORK_MS)
    assert audit(sheet) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_nobody_is_shut_out_from_the_texts(page_at, theme: str) -> None:
    sheet = opened(page_at, "/focal-loss?lang=en&lens=text&corpus=sentences", theme=theme)
    start = sheet.page.locator(".st-key-focal-vectors-start button")
    finished = sheet.page.locator(".st-key-card-course h2.claim")
    start.or_(finished).first.wait_for(timeout=WORK_MS)
    if start.is_visible():
        assert audit(sheet) == []
        start.click()
    finished.wait_for(timeout=WORK_MS)
    measured(sheet, "calibration")
    assert audit(sheet) == []


@pytest.mark.parametrize("lens", ["train", "text", "remedies", "metrics"])
def test_a_phone_shows_all_of_it(page_at, lens: str) -> None:
    sheet = opened(page_at, f"/focal-loss?lang=zh-Hant&lens={lens}", size=PHONE)
    if lens != "text":
        sheet.page.locator(".st-key-main-picture h2.claim").first.wait_for(timeout=WORK_MS)
    sheet.page.wait_for_timeout(500)  # the page's own layout settles after the claim
    assert sheet.sideways() <= 0
