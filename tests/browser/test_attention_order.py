"""The small heads in the order of a score: sorted in the page, each with its layer and head, nothing sent again."""

from __future__ import annotations

import csv
import io
from itertools import pairwise

import numpy as np
import pytest
from driver import Sheet
from playwright.sync_api import expect

from explainers import attention
from explainers.attention.heads import SCORE_NAMES, ScoreName, ranking, score_heads
from ui import controls

DEFAULT = str(controls.load("attention")["a"].default)
TILES = "(nodes) => nodes.map((node) => node.textContent)"


def tiles(sheet: Sheet) -> list[str]:
    """The labels "layer·head" of the small heads, in the order in which they are laid out."""
    return list(sheet.page.locator(".heads .cell .tag").evaluate_all(TILES))


def sort_by(sheet: Sheet, order: str) -> None:
    sheet.page.locator(".order select").select_option(order)


def in_order(name: ScoreName) -> list[str]:
    return [f"{layer + 1}·{head + 1}" for layer, head in ranking(score_heads(attention.trace(DEFAULT)), name)]


@pytest.mark.parametrize("name", SCORE_NAMES)
def test_the_order_is_that_of_the_score_and_every_head_keeps_its_label(page_at, name: ScoreName) -> None:
    sheet = page_at(f"/attention?lang=en&order={name}")
    found = tiles(sheet)
    assert sorted(found) == sorted(in_order(name))
    scores = dict(zip(in_order("entropy"), [0.0] * 72, strict=True))
    values = score_heads(attention.trace(DEFAULT)).of(name)
    for label in scores:
        layer, head = map(int, label.split("·"))
        scores[label] = float(values[layer - 1, head - 1])
    # The page has the scores rounded, so that close ones may change places.
    along = [scores[label] for label in found]
    assert all(before >= after - 2e-4 for before, after in pairwise(along))
    assert found[0] == in_order(name)[0]


def test_sorting_sends_no_weights_and_is_in_the_address(page_at) -> None:
    words = " ".join(f"word{number % 7} and" for number in range(41))
    sheet = page_at(f"/attention?lang=en&a={words}")
    plain = tiles(sheet)
    assert plain[:13] == [*(f"1·{head}" for head in range(1, 13)), "2·1"]
    received = sheet.received
    pixels = sheet.page.locator("canvas.all").evaluate("(canvas) => canvas.toDataURL()")
    sort_by(sheet, "previous_token")
    assert tiles(sheet) != plain  # at once, in the page
    assert sheet.page.locator("canvas.all").evaluate("(canvas) => canvas.toDataURL()") != pixels
    sheet.expect_query(order="previous_token")
    sheet.settle()
    assert sheet.received - received < 250_000  # the weights of 128 tokens are 1.2 MB
    order = tiles(sheet)
    sheet.page.reload()
    sheet.settle()
    assert tiles(sheet) == order
    sort_by(sheet, "layers")
    sheet.expect_query(order=None)
    assert tiles(sheet) == plain


def test_in_any_order_a_click_and_the_arrow_keys_choose_what_they_point_at(page_at) -> None:
    sheet = page_at("/attention?lang=en&order=coreference&layer=4&head=2")
    order = tiles(sheet)
    assert order[0] == "4·2"
    sheet.page.locator("[role=gridcell][aria-selected=true]").focus()
    sheet.page.keyboard.press("ArrowRight")
    layer, head = order[1].split("·")
    sheet.expect_query(layer=layer if layer != "4" else None, head=head if head != "2" else None)
    sheet.expect_painted(int(layer), int(head))
    sheet.page.keyboard.press("ArrowDown")
    layer, head = order[13].split("·")
    sheet.expect_painted(int(layer), int(head))


def test_a_small_head_says_its_entropy_and_distance(page_at) -> None:
    sheet = page_at("/attention?lang=en&order=same_word")
    measures = attention.measure(attention.trace(DEFAULT))
    sheet.page.get_by_role("gridcell", name="Layer 2, head 9").hover()
    hint = sheet.page.locator(".overview .hint")
    expect(hint).to_contain_text(f"entropy {measures.entropy[1, 8]:.1f} bits")
    expect(hint).to_contain_text(f"mean distance {measures.distance[1, 8]:.1f} tokens")
    score = score_heads(attention.trace(DEFAULT)).same_word[1, 8]
    expect(hint).to_contain_text(f"looks at the same word {score:.2f}")


def test_every_heads_numbers_can_be_taken_away(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    with sheet.page.expect_download() as data:
        sheet.page.get_by_role("button", name="All heads as CSV").click()
    rows = list(csv.DictReader(io.StringIO(data.value.path().read_text("utf-8"))))
    trace = attention.trace(DEFAULT)
    measures, scores = attention.measure(trace), score_heads(trace)
    assert len(rows) == 72
    for row in rows:
        place = int(row["layer"]) - 1, int(row["head"]) - 1
        assert float(row["entropy_bits"]) == pytest.approx(measures.entropy[place], abs=1e-3)
        assert float(row["mean_distance_tokens"]) == pytest.approx(measures.distance[place], abs=1e-3)
        assert float(row["sink"]) == pytest.approx(measures.sink[place], abs=1e-3)
        assert float(row["coreference"]) == pytest.approx(scores.coreference[place], abs=1e-3)


def test_what_a_text_cannot_be_scored_by_is_said(page_at) -> None:
    sheet = page_at("/attention?lang=en&a=Dogs bark loudly&order=coreference")
    assert np.isnan(score_heads(attention.trace("Dogs bark loudly")).coreference).all()
    assert tiles(sheet)[:2] == ["1·1", "1·2"]
    expect(sheet.page.locator(".overview .hint")).to_contain_text("nothing to score")
    expect(sheet.page.locator(".order option[value=coreference]")).to_be_disabled()


def test_a_presenter_can_hide_the_choice(page_at) -> None:
    sheet = page_at("/attention?lang=en&hide=order&order=entropy")
    expect(sheet.page.locator(".order")).to_have_count(0)
    assert tiles(sheet)[0] == in_order("entropy")[0]
