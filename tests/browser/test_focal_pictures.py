"""The focal-loss page in a real browser: its scripts compute what Python computes, follow the hand in every frame,
tell the address when the hand lets go, and refuse a wrong entry at its cell."""

from __future__ import annotations

import json
import re
from urllib.parse import quote

import numpy as np
import pytest
from driver import LIMIT_MS, Sheet
from playwright.sync_api import Locator, expect
from test_accessibility import audit
from test_any_text import TEXTS, check_nothing_was_run

from explainers.focal_loss import budget, byhand, losses, scores
from pages.parts.focal_budget import SCORES

RELATIVE = 1e-6


def root(sheet: Sheet, name: str) -> Locator:
    found = sheet.page.locator(f".st-key-focal-{name} .root[data-painted]")
    found.wait_for(timeout=LIMIT_MS)
    return found


def close(found: object, wanted: object) -> None:
    np.testing.assert_allclose(np.array(found, dtype=float), np.array(wanted, dtype=float), rtol=RELATIVE, atol=1e-9)


# ---------------------------------------------------------------- the same numbers

CURVES = """(root) => Object.fromEntries([...root.me.kept].map(([id, one]) =>
  [id, { z: [...root.me.grid.z], loss: [...one.loss], factor: [...one.factor], gradient: [...one.gradient] }]))"""


@pytest.mark.parametrize("across", ["p", "logit"])
@pytest.mark.parametrize("side", ["positive", "negative"])
def test_curves_are_those_of_python(page_at, across: str, side: losses.Side) -> None:
    sheet = page_at(
        f"/focal-loss?lang=en&gammas=2,0.35,5,0&also=ce,weighted,hinge,smoothing&balance=1&alpha=0.3"
        f"&side={side}&across={across}&weight=7.5&smoothing=0.2"
    )
    found = root(sheet, "curves").evaluate(CURVES)
    z = found["ce"]["z"]
    assert len(z) == 400
    wanted = {
        **{
            f"focal{at}": losses.curve(z, gamma=gamma, alpha=0.3, side=side)
            for at, gamma in enumerate((2.0, 0.35, 5.0, 0.0))
        },
        "ce": losses.curve(z, "ce"),
        "weighted": losses.curve(z, "weighted", weight=7.5 if side == "positive" else 1.0),
        "hinge": losses.curve(z, "hinge"),
        "smoothing": losses.curve(z, "smoothing", epsilon=0.2),
    }
    assert set(found) == set(wanted)
    for name, curve in wanted.items():
        close(found[name]["loss"], curve.loss)
        close(found[name]["factor"], curve.factor)
        close(found[name]["gradient"], -curve.gradient)


@pytest.mark.parametrize("setting", ["", "&ratio=30&difficulty=2.5&noise=0.035&gamma=3.3&balance=1&alpha=0.8"])
def test_the_budget_is_that_of_python(page_at, setting: str) -> None:
    sheet = page_at(f"/focal-loss?lang=en&lens=budget{setting}")
    found = json.loads(root(sheet, "budget").get_attribute("data-shares") or "")
    batch = budget.make_batch(30, 2.5, 0.035) if setting else budget.make_batch(1000, 5.0)
    wanted = budget.split(batch, 3.3, 0.8) if setting else budget.split(batch, 2.0)
    close(found["table"], wanted.loss.ravel())
    close(found["pulls"], wanted.gradient.ravel())
    close(found["loss"], [wanted.loss_of(owner) for owner in budget.OWNERS])
    close(found["gradient"], [wanted.gradient_of(owner) for owner in budget.OWNERS])
    close(found["ce"], [budget.split(batch, 0.0).loss_of(owner) for owner in budget.OWNERS])


def test_the_cumulative_curve_is_that_of_python(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en&lens=budget&gamma=1.3")
    found = [float(one) for one in (root(sheet, "cumulative").get_attribute("data-curve") or "").split()]
    close(found, budget.cumulative(scores.unpack(SCORES.read_bytes()).negatives, 1.3).share[::20])


TABLES = [
    ("binary", "p", "0.9>1;0.000001>1;0.999999>0;0.3>0", "0.75,0.25"),
    ("binary", "logit", "-50>1;0>0;3.25>1;50>1", "1,3"),
    ("classes", "", "2,1,0.1>0;50,-50,0>1;1,1,1>2", "1,0.5,2"),
    ("classes", "", "1,2,3,4,5,6>0;-1,-2,-3,-4,-5,-6>5", "1,1,1,1,1,9"),
]


@pytest.mark.parametrize(("kind", "given", "entries", "weights"), TABLES)
def test_hand_calculation_is_that_of_python(page_at, kind: str, given: str, entries: str, weights: str) -> None:
    names = ("pairs", "weights") if kind == "binary" else ("logits", "class_weights")
    query = f"{names[0]}={quote(entries)}&{names[1]}={weights}&given={given or 'p'}"
    sheet = page_at(f"/focal-loss?lang=en&lens=hand&kind={kind}&gamma=1.7&{query}")
    shown = root(sheet, "hand")
    how: byhand.Given = "logits" if not given else "p" if given == "p" else "logit"
    examples = byhand.parse_examples(entries, how)
    sheet_of = byhand.work(examples, how, byhand.parse_weights(weights, len(weights.split(","))), 1.7)
    close((shown.get_attribute("data-ce") or "").split(), [one.cross_entropy for one in sheet_of.workings])
    close((shown.get_attribute("data-focal") or "").split(), [one.focal for one in sheet_of.workings])
    means = (shown.get_attribute("data-means") or "").split()
    close(means, [sheet_of.cross_entropy_mean, sheet_of.weighted_mean, sheet_of.focal_mean])


# ---------------------------------------------------------------- the hand


def drag(sheet: Sheet, thumb: Locator, parts: list[float]) -> None:
    """Hold a slider with the mouse and bring it to these parts of its length."""
    box = thumb.bounding_box()
    assert box
    at = float(thumb.evaluate("(node) => (node.value - node.min) / (node.max - node.min)"))
    inset = 8  # half a thumb
    place = [box["x"] + inset + part * (box["width"] - 2 * inset) for part in (at, *parts)]
    sheet.page.mouse.move(place[0], box["y"] + box["height"] / 2)
    sheet.page.mouse.down()
    for x in place[1:]:
        sheet.page.mouse.move(x, box["y"] + box["height"] / 2, steps=4)


def test_a_dragged_gamma_moves_the_curve_at_once_and_the_address_when_let_go(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en")
    shown = root(sheet, "curves")
    before = shown.evaluate("(root) => root.me.kept.get('focal0').loss[200]")
    received = sheet.received
    thumb = shown.locator("input[data-control=gammas]").first
    drag(sheet, thumb, [0.6, 0.8])
    gamma = float(thumb.input_value())
    assert 3.5 < gamma < 4.5
    expect(shown.locator(".row.focal .name").first).to_have_text(f"γ = {gamma:g}")
    during = shown.evaluate("(root) => root.me.kept.get('focal0').loss[200]")
    assert during < before / 2
    assert "gammas" not in sheet.query()
    assert sheet.received == received  # no frame of the server while it is dragged
    sheet.page.mouse.up()
    sheet.expect_query(gammas=f"{gamma:g},0.5,5")
    expect(sheet.page.locator(".st-key-card-curves h2.claim")).to_contain_text(f"γ = {gamma:g} counts")
    sheet.page.reload()
    sheet.settle()
    assert root(sheet, "curves").evaluate("(root) => root.me.state.gammas") == f"{gamma:g},0.5,5"


def test_back_brings_the_curve_back(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en")
    shown = root(sheet, "curves")
    shown.locator("input[data-control=gammas]").first.press("ArrowRight")
    sheet.expect_query(gammas="2.1,0.5,5")
    sheet.settle()
    sheet.page.go_back()
    expect(shown.locator(".row.focal .name").first).to_have_text("γ = 2")
    sheet.expect_query(gammas=None)


def test_curves_are_added_and_removed(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en&gammas=2")
    shown = root(sheet, "curves")
    add = shown.get_by_role("button", name="+ another γ")
    for many in (2, 3, 4):
        add.click()
        expect(shown.locator(".row.focal")).to_have_count(many)
    expect(add).to_be_disabled()
    sheet.expect_query(gammas="2,1,5,0.5")
    shown.get_by_role("button", name="Remove γ = 1", exact=True).click()
    sheet.expect_query(gammas="2,5,0.5")
    shown.get_by_role("button", name="hinge").click()
    sheet.expect_query(also="ce,hinge")
    expect(shown.locator(".row.hinge")).to_have_count(1)


def test_a_point_is_read_by_pointer_and_keyboard(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en")
    shown = root(sheet, "curves")
    canvas = shown.locator("canvas[role=img]")
    box = canvas.bounding_box()
    assert box
    sheet.page.mouse.move(box["x"] + box["width"] * 0.3, box["y"] + 100)
    expect(shown.locator(".heads .curve")).not_to_have_text("read at p_t = 0.9")
    assert "at" not in sheet.query()
    sheet.page.mouse.click(box["x"] + box["width"] * 0.3, box["y"] + 100)
    sheet.page.wait_for_function("() => new URLSearchParams(location.search).has('at')")
    pinned = float(sheet.query()["at"])
    assert 0.2 < pinned < 0.6
    canvas.press("ArrowRight")
    sheet.expect_query(at=f"{pinned + 0.01:g}")
    canvas.press("Escape")
    sheet.expect_query(at=None)
    expect(shown.locator(".readout")).to_contain_text("p_t = 0.9 (logit 2.2): γ = 2 counts this example 100× less")


def test_a_small_picture_becomes_the_large_one(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en")
    shown = root(sheet, "curves")
    canvas = shown.locator("canvas[role=img]")
    box = canvas.bounding_box()
    assert box
    sheet.page.mouse.click(box["x"] + box["width"] * 0.85, box["y"] + box["height"] * 0.75)
    sheet.expect_query(what="gradient")
    shown.get_by_role("button", name="factor", exact=True).click()
    sheet.expect_query(what="factor")
    shown.get_by_role("button", name="logarithmic").click()
    sheet.expect_query(what="factor", scale="log")


def test_every_slider_of_the_budget_moves_it_and_is_in_the_address(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en&lens=budget")
    shown = root(sheet, "budget")
    for name, key, wanted in (
        ("gamma", "ArrowRight", "2.1"),
        ("ratio", "ArrowLeft", "794"),
        ("difficulty", "ArrowLeft", "4.5"),
        ("noise", "ArrowRight", "0.005"),
    ):
        before = shown.get_attribute("data-shares")
        shown.locator(f"input[data-control={name}]").press(key)
        expect(shown).not_to_have_attribute("data-shares", before or "")
        sheet.expect_query(**{name: wanted})
        sheet.settle()
    drag(sheet, shown.locator("input[data-control=gamma]"), [0.9])
    expect(shown.locator(".setting .value").first).to_contain_text("γ = 4.")
    sheet.page.mouse.up()
    expect(sheet.page.locator(".st-key-card-budget h2.claim")).to_contain_text("γ = 4.")


def test_gamma_is_one_for_both_pictures_of_the_budget(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en&lens=budget")
    root(sheet, "cumulative").locator("input[data-control=gamma]").press("ArrowLeft")
    sheet.expect_query(gamma="1.9")
    expect(root(sheet, "budget").locator("input[data-control=gamma]")).to_have_value("1.9")


def test_a_preset_sets_the_page_and_says_why(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en&gammas=3&at=0.2")
    presets = sheet.page.locator(".st-key-focal-presets .root")
    presets.get_by_role("button", name="wrong labels, high γ").click()
    sheet.expect_query(lens="budget", noise="0.01", gammas=None)
    expect(presets.get_by_role("status")).to_contain_text("they own 94 %")
    expect(sheet.page.locator(".st-key-card-budget h2.claim")).to_contain_text("51 %")


def test_a_sentence_of_the_notes_sets_the_curves(page_at) -> None:
    sheet = page_at("/focal-loss?lang=zh-Hant&q=B44")
    word = sheet.page.locator(".st-key-passage [data-bind=b44-greater-weight]").first
    word.click()
    sheet.expect_query(what="factor", at="0.1")
    expect(word).to_have_attribute("aria-pressed", "true")


def test_a_link_of_our_answer_opens_the_worked_example(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en&q=B59")
    sheet.page.locator(".st-key-passage .own a", has_text="The same for finance").click()
    sheet.expect_query(lens="hand", kind="classes", row="2")
    expect(root(sheet, "hand").locator(".steps h3")).to_have_text("Example 2, line by line")
    expect(root(sheet, "hand").locator("tbody tr").nth(2)).to_contain_text("0.8132")


# ---------------------------------------------------------------- cells


def cell(shown: Locator, row: int = 1) -> Locator:
    return shown.get_by_role("textbox", name=f"p, probability of class 1, example {row}")


def test_a_good_entry_is_counted_while_it_is_typed_and_kept_in_the_address(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en&lens=hand")
    shown = root(sheet, "hand")
    cell(shown).fill("0.5")
    expect(shown.locator("tbody tr").first).to_contain_text("0.6931")
    cell(shown).press("Enter")
    sheet.page.wait_for_function("() => new URLSearchParams(location.search).get('pairs')?.startsWith('0.5>1;')")
    expect(sheet.page.locator(".st-key-card-hand h2.claim")).not_to_contain_text("0.665")
    sheet.page.reload()
    sheet.settle()
    expect(cell(root(sheet, "hand"))).to_have_value("0.5")


WRONG = {
    "1.2": "between 0 and 1",
    "0": "between 0 and 1",
    "0,9": "no number",
    "NaN": "no number",
    **{TEXTS[name]: "no number" for name in ("chinese", "emoji", "arabic", "long", "tag", "script", "template")},
    "": "is empty",
}


@pytest.mark.parametrize("text", WRONG, ids=range(len(WRONG)))
def test_a_wrong_entry_is_refused_at_its_cell_and_not_lost(page_at, text: str) -> None:
    sheet = page_at("/focal-loss?lang=en&lens=hand")
    shown = root(sheet, "hand")
    cell(shown, 2).fill(text)
    cell(shown, 2).press("Tab")
    expect(cell(shown, 2)).to_have_attribute("aria-invalid", "true")
    expect(shown.locator("#fault-1")).to_contain_text(WRONG[text])
    expect(shown.locator(".faults .fault:not(:empty)")).to_have_count(1)
    assert "pairs" not in sheet.query()
    # Another control runs the page again: what was typed stays.
    shown.locator("input[data-control=gamma]").press("ArrowRight")
    sheet.expect_query(gamma="2.1")
    sheet.settle()
    expect(cell(shown, 2)).to_have_value(text)
    expect(cell(shown, 2)).to_have_attribute("aria-invalid", "true")
    check_nothing_was_run(sheet)
    cell(shown, 2).fill("0.6")
    expect(shown.locator(".faults .fault:not(:empty)")).to_have_count(0)


def test_a_negative_weight_is_refused(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en&lens=hand")
    shown = root(sheet, "hand")
    shown.get_by_role("textbox", name="class 0", exact=True).fill("-1")
    expect(shown.locator("#fault-weights")).to_contain_text("a negative one would reward mistakes")
    expect(shown.locator(".steps")).to_contain_text("has an entry that cannot be taken")


def test_examples_and_classes_come_and_go(page_at) -> None:
    sheet = page_at("/focal-loss?lang=en&lens=hand")
    shown = root(sheet, "hand")
    shown.get_by_role("button", name="+ example").click()
    sheet.page.wait_for_function("() => new URLSearchParams(location.search).get('pairs')?.split(';').length === 6")
    shown.get_by_role("button", name="logits", exact=True).click()
    sheet.expect_query(given="logit")
    first = shown.get_by_role("textbox", name="z, logit of class 1, example 1")
    assert float(first.input_value()) == pytest.approx(float(losses.margin(0.9)), rel=1e-5)
    shown.get_by_role("button", name="several classes").click()
    sheet.expect_query(kind="classes")
    for _ in range(3):
        shown.get_by_role("button", name="+ class").click()
    expect(shown.get_by_role("button", name="+ class")).to_be_disabled()
    expect(shown.locator(".weights input")).to_have_count(6)
    expect(shown.locator(".steps li").first).to_contain_text("Subtract the largest logit")


@pytest.mark.parametrize("lang", ["en", "zh-Hant"])
def test_every_step_has_words_and_a_formula_with_numbers(page_at, lang: str) -> None:
    sheet = page_at(f"/focal-loss?lang={lang}&lens=hand&kind=classes")
    steps = root(sheet, "hand").locator(".steps li")
    expect(steps).to_have_count(12)
    for at in range(12):
        assert steps.nth(at).locator(".words").inner_text()
        assert re.search(r"\d", steps.nth(at).locator("math").text_content() or "")


@pytest.mark.parametrize("lang", ["en", "zh-Hant"])
def test_six_classes_fit_beside_the_document(page_at, lang: str) -> None:
    rows = quote(";".join(["2,1.25,0.1,-1.5,0.75,-2.5>0"] * 3))
    weights = quote("1,1,1,1,1,1")
    sheet = page_at(f"/focal-loss?lang={lang}&lens=hand&kind=classes&logits={rows}&class_weights={weights}")
    table = root(sheet, "hand").locator(".sheet .scroll")
    expect(table.locator("thead th")).to_have_count(14)
    for part in (table, root(sheet, "hand").locator(".steps .scroll")):
        assert part.evaluate("(node) => node.scrollWidth - node.clientWidth") <= 0


# ---------------------------------------------------------------- everybody


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("query", ["lens=hand&kind=classes", "lens=hand&pairs=1.2%3E1&weights=-1,1", "lens=budget"])
def test_no_violation_on_the_other_views(page_at, query: str, theme: str) -> None:
    sheet = page_at(f"/focal-loss?lang=en&{query}", theme=theme)
    assert audit(sheet) == []


@pytest.mark.parametrize("name", ["chinese", "emoji", "tag", "script", "template"])
def test_a_link_with_any_text_shows_a_page(page_at, name: str) -> None:
    text = quote(TEXTS[name])
    for lens in ("curves", "hand", "budget"):
        sheet = page_at(
            f"/focal-loss?lang=en&lens={lens}&gammas={text}&pairs={text}&weights={text}&also={text}&at={text}"
        )
        expect(sheet.page.locator(".notice").first).to_be_visible()
        check_nothing_was_run(sheet)


def test_a_presenters_screen_enlarges_a_picture_that_was_there_before(page_at) -> None:
    """The picture is laid out anew when the page's root size changes, also where its own width does not."""
    canvas = root(page_at("/focal-loss?lang=en"), "curves").locator("canvas").first
    expect(canvas).to_have_css("height", f"{16 * 18.5:g}px", timeout=LIMIT_MS)
    canvas.page.get_by_role("button", name="Present").click()
    expect(canvas).to_have_css("height", f"{22 * 18.5:g}px", timeout=LIMIT_MS)
