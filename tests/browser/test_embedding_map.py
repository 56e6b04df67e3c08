"""The linked maps in a real browser: what is drawn is what was laid out, and the hand and the keys reach every word."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from driver import LIMIT_MS, PHONE, Sheet
from playwright.sync_api import Locator, expect
from test_accessibility import audit

from explainers.embeddings import layouts, spaces
from explainers.embeddings.layouts import Setting
from ui import language

MAP = "/embeddings?lang=en"
WORK_MS = 120_000
FRAMES = "() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"


def say(key: str, **values: object) -> str:
    return language.load("en")(key, **values)


def maps(sheet: Sheet, key: str = "maps") -> Locator:
    root = sheet.page.locator(f".st-key-embeddings-{key} .root[data-painted]")
    root.wait_for(timeout=WORK_MS)
    return root


def full_grid(root: Locator) -> None:
    """Wait until every setting in the plane has come."""
    wanted = sum(one.dims == 2 for one in layouts.shipped("en", "some").settings)
    root.page.wait_for_function(
        "([root, wanted]) => root.me.maps.layouts.size >= wanted", arg=[root.element_handle(), wanted], timeout=LIMIT_MS
    )
    root.page.evaluate(FRAMES)


def place_of(root: Locator, word: str, panel: int = 0) -> tuple[float, float]:
    """Where a word is on the screen."""
    canvas = root.locator("canvas").nth(panel)
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    x, y = root.evaluate(
        "(root, [word, at]) => { const i = root.me.maps.index.get(word); const p = root.me.panels[at];"
        " return [p.x[i], p.y[i]]; }",
        [word, panel],
    )
    return box["x"] + x, box["y"] + y


def outermost(root: Locator, panel: int = 0) -> str:
    """A word with room around it: the one whose nearest on the map is farthest."""
    return str(
        root.evaluate(
            """(root, at) => {
              const { x, y } = root.me.panels[at];
              let [best, most] = [0, -1];
              for (let i = 0; i < x.length; i += 7) {
                if (x[i] < 20 || y[i] < 20 || x[i] > root.me.box.width - 20 || y[i] > root.me.box.height - 20) continue;
                let least = Infinity;
                for (let j = 0; j < x.length; j += 1) if (j !== i) least = Math.min(least, (x[i] - x[j]) ** 2 + (y[i] - y[j]) ** 2);
                if (least > most) [best, most] = [i, least];
              }
              return root.me.maps.words[best];
            }""",  # noqa: E501
            panel,
        )
    )


# ---------------------------------------------------------------- what is drawn


@pytest.mark.core
def test_the_words_stand_where_they_were_laid_out(page_at) -> None:
    root = maps(page_at(MAP))
    layout = layouts.shipped("en", "some").layout(Setting())
    for at in range(3):
        drawn = np.array(root.evaluate("(root, at) => [...root.me.panels[at].at]", at)).reshape(-1, 3)[:, :2]
        assert np.abs(drawn - layout.points[at]).max() < 1e-3
        kept = root.evaluate("(root, at) => [...root.me.panels[at].kept]", at)
        assert np.array(kept) / 10 == pytest.approx(layout.kept[at], abs=1e-6)


@pytest.mark.parametrize(
    "query",
    [
        {"n_neighbors": "120", "min_dist": "0.8", "metric": "euclidean", "map_seed": "2"},
        {"n_neighbors": "17", "min_dist": "0.25"},
        {"method": "tsne"},
        {"method": "pca", "map_dims": "3"},
        {"map_dims": "3", "n_neighbors": "60"},
    ],
)
def test_the_browser_and_python_find_the_same_setting(page_at, query: dict[str, str]) -> None:
    sheet = page_at(MAP + "".join(f"&{name}={value}" for name, value in query.items()))
    root = maps(sheet)
    wanted = Setting(
        query.get("method", "umap"),
        int(query.get("n_neighbors", 15)),
        float(query.get("min_dist", 0.1)),
        query.get("metric", "cosine"),
        int(query.get("map_seed", 1)),
        int(query.get("map_dims", 2)),
    )
    shipped = layouts.shipped("en", "some")
    key = shipped.find(wanted).key
    expect(root).to_have_attribute("data-shown", " ".join([key] * 3), timeout=LIMIT_MS)
    drawn = np.array(root.evaluate("(root) => [...root.me.panels[2].target]")).reshape(-1, 3)
    assert np.abs(drawn[:, : wanted.dims] - shipped.layout(wanted).points[2]).max() < 1e-3


def test_the_picked_word_is_joined_to_its_true_neighbours(page_at) -> None:
    root = maps(page_at(MAP))
    shipped = layouts.shipped("en", "some")
    at = shipped.index("king")
    for space in range(3):
        found = root.locator(".near").nth(space).locator(".word").all_inner_texts()
        assert found == [shipped.words[place] for place in shipped.near[space, at]]
    expect(root.locator(".readout")).to_contain_text("“king” (people")


def test_bold_neighbours_are_those_that_the_map_kept(page_at) -> None:
    root = maps(page_at(MAP))
    shipped = layouts.shipped("en", "some")
    layout, at = shipped.layout(Setting()), shipped.index("king")
    for space in range(3):
        bold = root.locator(".near").nth(space).locator(".kept").count()
        assert bold == round(10 * float(layout.kept[space, at]))


# ---------------------------------------------------------------- the hand


def test_hovering_lights_a_word_in_all_maps_and_clicking_picks_it(page_at) -> None:
    sheet = page_at(MAP)
    root = maps(sheet)
    word = outermost(root)
    sheet.page.mouse.move(*place_of(root, word))
    expect(root).to_have_attribute("data-word", word)
    assert "word" not in sheet.query()
    sheet.page.mouse.down()
    sheet.page.mouse.up()
    sheet.expect_query(word=word)
    expect(sheet.page.locator(".st-key-card-maps h2.claim")).to_contain_text(f"“{word}”", timeout=LIMIT_MS)
    sheet.page.mouse.move(2, 2)
    expect(root).to_have_attribute("data-word", word)


def test_keys_walk_from_word_to_word_pick_and_let_go(page_at) -> None:
    sheet = page_at(MAP)
    root = maps(sheet)
    canvas = root.locator("canvas").nth(1)
    canvas.focus()
    before = place_of(root, "king", 1)
    canvas.press("ArrowDown")
    expect(root).not_to_have_attribute("data-word", "king")
    word = root.get_attribute("data-word") or ""
    assert place_of(root, word, 1)[1] > before[1]
    canvas.press("Enter")
    sheet.expect_query(word=word)
    canvas.focus()
    canvas.press("Escape")
    expect(root).to_have_attribute("data-word", "")
    expect(root.locator(".readout")).to_have_text(say("wordmap.nothing"))


def test_a_lasso_lights_its_words_in_all_maps(page_at) -> None:
    sheet = page_at(MAP)
    root = maps(sheet)
    root.get_by_role("button", name=say("wordmap.lasso_help")).click()
    word = outermost(root)
    x, y = place_of(root, word)
    corners = [(x - 9, y - 9), (x + 9, y - 9), (x + 9, y + 9), (x - 9, y + 9)]
    sheet.page.mouse.move(*corners[0])
    sheet.page.mouse.down()
    for corner in corners[1:]:
        sheet.page.mouse.move(*corner, steps=3)
    sheet.page.mouse.up()
    expect(root.locator(".readout")).to_contain_text("inside the lasso")
    inside = set(root.locator(".readout .word").all_inner_texts())
    assert word in inside
    for other in inside:
        left, top = place_of(root, other)
        assert abs(left - x) < 10
        assert abs(top - y) < 10
    root.locator("canvas").first.press("Escape")
    expect(root.locator(".readout")).not_to_contain_text("inside the lasso")


def test_all_maps_are_moved_and_zoomed_as_one_and_reset(page_at) -> None:
    sheet = page_at(MAP)
    root = maps(sheet)
    view = "(root) => ({ ...root.me.view })"
    x, y = place_of(root, "king", 2)
    sheet.page.mouse.move(x, y)
    sheet.page.keyboard.down("Control")
    sheet.page.mouse.wheel(0, -300)
    sheet.page.keyboard.up("Control")
    sheet.page.evaluate(FRAMES)
    assert root.evaluate(view)["scale"] > 1.5
    assert place_of(root, "king", 2) == pytest.approx((x, y), abs=1.5)  # the place under the pointer stays
    sheet.page.mouse.wheel(0, -200)  # without the key the page scrolls, or nothing
    zoomed = root.evaluate(view)
    sheet.page.evaluate(FRAMES)
    assert root.evaluate(view)["scale"] == zoomed["scale"]
    x, y = place_of(root, "king", 2)
    sheet.page.mouse.move(x, y)
    sheet.page.mouse.down()
    sheet.page.mouse.move(x + 40, y + 20, steps=4)
    sheet.page.mouse.up()
    assert place_of(root, "king", 2) == pytest.approx((x + 40, y + 20), abs=1.5)
    root.locator("canvas").first.press("0")
    assert root.evaluate(view)["scale"] == 1


def test_in_three_directions_dragging_turns(page_at) -> None:
    sheet = page_at(f"{MAP}&map_dims=3")
    root = maps(sheet)
    expect(root).to_have_attribute("data-shown", re.compile(r"-3( |$)"), timeout=LIMIT_MS)
    before = root.evaluate("(root) => root.me.view.yaw")
    x, y = place_of(root, "king")
    sheet.page.mouse.move(x + 30, y + 30)
    sheet.page.mouse.down()
    sheet.page.mouse.move(x + 90, y + 30, steps=4)
    sheet.page.mouse.up()
    assert root.evaluate("(root) => root.me.view.yaw") == pytest.approx(before + 60 * 0.008, abs=0.02)


def test_labels_cover_one_another_nowhere(page_at) -> None:
    sheet = page_at(f"{MAP}&word=")
    root = maps(sheet)
    root.evaluate(
        """(root) => { window.drawn = []; for (const panel of root.me.panels) {
          const native = panel.context.drawImage.bind(panel.context);
          panel.context.drawImage = (image, ...box) => { window.drawn.push([root.me.panels.indexOf(panel), ...box]); native(image, ...box); };
        } }"""  # noqa: E501
    )
    for key in ("+", "+", "-", "ArrowRight"):
        sheet.page.evaluate("() => { window.drawn.length = 0; }")
        root.locator("canvas").first.press(key)
        sheet.page.evaluate(FRAMES)
        drawn = sheet.page.evaluate("() => window.drawn")
        if key == "+":
            assert len(drawn) > 20
        for at in range(3):
            boxes = [box[1:] for box in drawn if box[0] == at]
            for i, (x, y, w, h) in enumerate(boxes):
                for left, top, wide, high in boxes[i + 1 :]:
                    assert x + w <= left + 1 or left + wide <= x + 1 or y + h <= top + 1 or top + high <= y + 1


# ---------------------------------------------------------------- controls


def test_sliders_move_the_words_at_once_and_tell_the_address_on_release(page_at) -> None:
    sheet = page_at(MAP)
    root = maps(sheet)
    full_grid(root)
    slider = root.get_by_role("slider", name="n_neighbors")
    slider.evaluate("(node) => { node.value = node.max; node.dispatchEvent(new Event('input')); }")
    sheet.page.evaluate(FRAMES)
    expect(root).to_have_attribute("data-shown", re.compile(r"^umap-120-0\.1-cosine-1-2 "))
    assert "n_neighbors" not in sheet.query()
    quality = layouts.shipped("en", "some").layout(Setting(n_neighbors=120)).quality
    expect(root.locator(".figures").first).to_contain_text(f"trustworthiness {quality[0][1]:.2f}")
    slider.evaluate("(node) => node.dispatchEvent(new Event('change'))")
    sheet.expect_query(n_neighbors="120")
    slider.press("ArrowLeft")
    sheet.expect_query(n_neighbors="60")


def test_words_glide_unless_motion_is_unwanted(page_at) -> None:
    sheet = page_at(MAP, reduced_motion="no-preference")
    root = maps(sheet)
    full_grid(root)
    root.get_by_role("slider", name="n_neighbors").evaluate(
        "(node) => { node.value = 0; node.dispatchEvent(new Event('input')); }"
    )
    assert root.evaluate("(root) => root.me.glide !== null")
    sheet.page.wait_for_timeout(600)
    assert root.evaluate("(root) => root.me.glide === null")
    at = root.evaluate(
        "(root) => [...root.me.panels[0].at].every((v, i) => Math.abs(v - root.me.panels[0].target[i]) < 1e-5)"
    )
    assert at


@pytest.mark.parametrize("colour", ["speech", "frequency", "faithful"])
def test_colours_follow_their_choice(page_at, colour: str) -> None:
    sheet = page_at(f"{MAP}&word=")
    root = maps(sheet)
    canvas = root.locator("canvas").first
    before = canvas.evaluate("(canvas) => canvas.toDataURL()")
    root.get_by_role("combobox", name=say("wordmap.colour")).select_option(colour)
    sheet.expect_query(colour=colour)
    assert canvas.evaluate("(canvas) => canvas.toDataURL()") != before


def test_one_class_can_be_singled_out(page_at) -> None:
    sheet = page_at(f"{MAP}&word=")
    root = maps(sheet)
    root.locator(".legend .chip").first.click()
    names = root.evaluate("(root) => [...root.me.onlyWords].map((i) => root.me.maps.words[i])")
    topics = layouts.topics("en")
    assert names
    assert all(topics[name] == "people" for name in names)


def test_the_whole_vocabulary_is_drawn(page_at) -> None:
    sheet = page_at(f"{MAP}&shown=all")
    root = maps(sheet)
    assert root.evaluate("(root) => root.me.maps.count") == len(spaces.shipped("glove").words)
    expect(root).to_have_attribute("data-word", "king")


def test_the_picture_is_saved_as_svg(page_at) -> None:
    sheet = page_at(MAP)
    root = maps(sheet)
    with sheet.page.expect_download() as download:
        root.get_by_role("button", name="SVG").click()
    picture = Path(download.value.path()).read_text("utf-8")
    ElementTree.fromstring(picture)
    assert picture.count("<circle") > 5000
    assert ">king</text>" in picture


def test_a_second_seed_stands_beside_the_first(page_at) -> None:
    sheet = page_at(MAP)
    root = maps(sheet, "methods")
    expect(root.locator(".panel h3")).to_have_count(4)
    wanted = "umap-15-0.1-cosine-1-2 umap-15-0.1-cosine-2-2 tsne-30-0-cosine-1-2 pca-0-0-cosine-1-2"
    expect(root).to_have_attribute("data-shown", wanted, timeout=LIMIT_MS)


def test_own_words_are_laid_out_while_the_reader_waits(page_at) -> None:
    mine = "king queen prince throne dog cat horse wolf lion london paris rome doctor nurse teacher <img src=x>"
    sheet = page_at("/")
    sheet.page.goto(f"{sheet.server.url}{MAP}&shown=own&mine={mine}")
    expect(sheet.page.locator(".st-key-card-maps h2.claim")).to_be_visible(timeout=WORK_MS)
    root = maps(sheet)
    words = root.evaluate("(root) => root.me.maps.words")
    assert set(words) >= {"king", "queen", "wolf", "paris"}
    assert sheet.page.locator("img[src=x]").count() == 0
    expect(sheet.page.locator(".st-key-card-methods h2.claim")).to_contain_text("t-SNE", timeout=WORK_MS)
    four = maps(sheet, "methods")
    expect(four.locator(".panel h3")).to_have_text(["UMAP, seed 1", "UMAP, seed 2", "t-SNE", "PCA"])
    assert four.evaluate("(root) => root.me.maps.words") == words


# ---------------------------------------------------------------- for everybody


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("query", ["", "&shown=all&word=", "&colour=faithful&map_dims=3"])
def test_nobody_is_shut_out_of_the_maps(page_at, query: str, theme: str) -> None:
    sheet = page_at(MAP + query, theme=theme)
    maps(sheet)
    assert audit(sheet) == []


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_a_phone_shows_all_maps(page_at, lang: str) -> None:
    sheet: Any = page_at(f"/embeddings?lang={lang}", size=PHONE)
    root = maps(sheet)
    assert root.locator("canvas").count() == 3
    sheet.page.wait_for_timeout(500)
    assert sheet.sideways() <= 0


HUES = "(root) => root.me.panels[0].colours.table.map((hex) => [hex, root.me.ink.ground])"


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("colour", ["topic", "speech", "frequency", "faithful"])
def test_every_colour_stands_out_from_the_ground(page_at, colour: str, theme: str) -> None:
    """WCAG 1.4.11: three to one for what carries meaning; the grey of "no class" carries none but is seen."""
    root = maps(page_at(f"{MAP}&colour={colour}", theme=theme))
    pairs = root.evaluate(HUES)

    def light(hex_color: str) -> float:
        parts = [int(hex_color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
        linear = [v / 12.92 if v <= 0.04045 else ((v + 0.055) / 1.055) ** 2.4 for v in parts]
        return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]

    for color, ground in pairs:
        bright, dark = sorted((light(color), light(ground)), reverse=True)
        assert (bright + 0.05) / (dark + 0.05) >= 3, (color, ground)
