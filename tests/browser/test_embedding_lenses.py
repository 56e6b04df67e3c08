"""The views of the embeddings page besides its map, in a real browser: the scripts step as Python steps, lists and
tables lead on, what is dragged follows the hand, and no text that a reader types becomes anything but text."""

from __future__ import annotations

import json
import re
from typing import Any
from urllib.parse import quote

import numpy as np
import pytest
from driver import LIMIT_MS, PHONE, STAGE, Sheet
from playwright.sync_api import Locator, expect
from test_accessibility import audit
from test_any_text import TEXTS, check_nothing_was_run

from explainers.embeddings import grams, spaces, windows

LENSES = ("neighbours", "unseen", "arithmetic", "learn", "context", "scores", "live")
WAYS = ("skipgram", "glove", "ngrams")
LONG_MS = 120_000


def root(sheet: Sheet, name: str) -> Locator:
    found = sheet.page.locator(f".st-key-embeddings-{name} .root[data-painted]")
    found.wait_for(timeout=LIMIT_MS)
    return found


def step_of(shown: Locator) -> dict[str, Any]:
    return json.loads(shown.get_attribute("data-step") or "{}")


def close(found: object, wanted: object) -> None:
    np.testing.assert_allclose(np.array(found, dtype=float), np.array(wanted, dtype=float), rtol=1e-6, atol=1e-9)


# ---------------------------------------------------------------- neighbours


def test_a_hovered_word_tells_its_place_in_every_space_and_a_pressed_one_is_asked_for(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=neighbours")
    lists = root(sheet, "lists")
    expect(lists.locator(".column")).to_have_count(3)
    expect(lists.locator(".entry")).to_have_count(30)
    first = lists.locator(".entry").first
    word = first.get_attribute("data-word") or ""
    first.hover()
    expect(lists.locator(".status")).to_contain_text(f"{word}: place Word2Vec 1, GloVe")
    first.click()
    sheet.expect_query(word=word)
    expect(sheet.page.locator(".st-key-card-lists h2.claim")).to_contain_text(f"“{word}”")


def test_lines_join_what_two_lists_share(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=neighbours")
    lists = root(sheet, "lists")
    words = [
        [entry.get_attribute("data-word") for entry in column.locator(".entry").all()]
        for column in lists.locator(".column").all()
    ]
    for at, lines in enumerate(lists.locator(".joins").all()):
        assert lines.locator("path").count() == len(set(words[at]) & set(words[at + 1]))


def test_another_space_makes_a_fourth_list(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=neighbours&source=glove-6b")
    expect(root(sheet, "lists").locator(".column h3").nth(3)).to_have_text("GloVe 6B")


def test_the_search_over_the_vocabulary_ends_and_its_words_lead_on(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=neighbours")
    claim = sheet.page.locator(".st-key-card-partings h2.claim")
    expect(claim).to_contain_text("Over the 5,000 most frequent words", timeout=LONG_MS)
    word = sheet.page.locator(".st-key-embeddings-partings-words .root .word").first
    name = word.inner_text()
    word.click()
    sheet.expect_query(word=name)


# ---------------------------------------------------------------- an unseen word


def test_the_shares_add_up_and_an_n_gram_lights_its_letters(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=unseen&unseen=kinglike&word=king")
    shown = root(sheet, "grams")
    cosine = spaces.shipped("fasttext").similarity("kinglike", "king")
    assert float(shown.get_attribute("data-sum") or "nan") == pytest.approx(cosine, abs=1e-4)
    part = shown.locator(".part").first
    part.hover()
    expect(shown.locator(".letter[data-lit]")).to_have_count(3)
    shown.get_by_role("button", name="largest first").click()
    sizes = [abs(float(text.replace("−", "-"))) for text in shown.locator(".value").all_inner_texts()]
    assert sizes == sorted(sizes, reverse=True)


# ---------------------------------------------------------------- arithmetic


def test_an_axis_lights_a_word_in_every_band(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=arithmetic")
    shown = root(sheet, "axis")
    canvas = shown.locator("canvas")
    canvas.focus()
    canvas.press("ArrowRight")
    lit = shown.get_attribute("data-lit")
    assert lit
    expect(shown.locator("[role=status]")).to_contain_text(f"{lit}: Word2Vec")
    canvas.press("Escape")
    expect(shown).to_have_attribute("data-lit", "")


def test_a_result_of_the_sum_leads_to_its_neighbours(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=arithmetic")
    word = sheet.page.locator(".st-key-embeddings-results .root .word").first
    name = word.inner_text()
    word.click()
    sheet.expect_query(lens="neighbours", word=None if name == "king" else name)


# ---------------------------------------------------------------- how they learn


def test_a_window_steps_as_python_does(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=learn&rate=0.3&negatives=4&window=3")
    shown = root(sheet, "skipgram")
    for _ in range(3):
        seen = step_of(shown)
        labels = [1] + [0] * (len(seen["samples"]) - 1)
        wanted = windows.skipgram_step(seen["centre"], seen["samples"], labels, seen["rate"])
        close(seen["loss"], wanted.loss)
        close(seen["after"], wanted.loss_after)
        close(seen["gradient"], wanted.centre_gradient)
        shown.get_by_role("button", name="One step").click()
        shown.get_by_role("button", name="Next pair").click()
    expect(shown.locator(".outcome")).to_contain_text("3 steps so far")


def test_running_through_the_sentence_lowers_the_mean_loss(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=learn&rate=0.3&negatives=1")
    shown = root(sheet, "skipgram")
    for _ in range(40):
        shown.get_by_role("button", name="One step").click()
        shown.get_by_role("button", name="Next pair").click()
    said = shown.locator(".outcome").inner_text()
    mean, first = re.findall(r"(?:pairs|at the start) (\d\.\d+)", said)
    assert float(mean) < float(first)


def drag_arrow(sheet: Sheet, plane: Locator, by: tuple[float, float]) -> None:
    """Drag the chosen arrow of a plane by this many pixels."""
    box = plane.bounding_box()
    assert box
    spot = plane.evaluate(
        """(canvas) => {
          const me = canvas.getRootNode().querySelector(".root").me;
          const [x, y] = Object.values(me.vectors.in ?? { w: me.vectors.word ?? me.vectors.context })[0];
          return [me.plane.box.width / 2 + x * me.plane.unit, me.plane.box.height / 2 - y * me.plane.unit];
        }"""
    )
    sheet.page.mouse.move(box["x"] + spot[0], box["y"] + spot[1])
    sheet.page.mouse.down()
    sheet.page.mouse.move(box["x"] + spot[0] + by[0], box["y"] + spot[1] + by[1], steps=4)


@pytest.mark.parametrize("how", ["skipgram", "glove"])
def test_a_dragged_arrow_changes_the_loss_at_once_and_asks_no_server(page_at, how: str) -> None:
    sheet = page_at(f"/embeddings?lang=en&lens=learn&how={how}&centre=1")
    shown = root(sheet, how)
    plane = shown.locator("canvas[role=application]")
    plane.scroll_into_view_if_needed()
    before, received = step_of(shown)["loss"], sheet.received
    drag_arrow(sheet, plane, (60, -40))
    sheet.page.evaluate("() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))")
    assert step_of(shown)["loss"] != before
    assert sheet.received == received
    sheet.page.mouse.up()


def test_a_cell_of_glove_steps_as_python_does_and_its_edge_is_dragged(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=learn&how=glove&rate=0.2&xmax=30&power=0.6")
    shown = root(sheet, "glove")
    for _ in range(3):
        seen = step_of(shown)
        wanted = windows.glove_step(
            seen["word"], seen["context"], tuple(seen["biases"]), seen["x"], seen["rate"], seen["xmax"], seen["power"]
        )
        close([seen["f"], seen["loss"], seen["after"]], [wanted.weight, wanted.loss, wanted.loss_after])
        shown.get_by_role("button", name="One step").click()
    curve = shown.locator("canvas[role=img]")
    curve.scroll_into_view_if_needed()
    box = curve.bounding_box()
    assert box
    sheet.page.mouse.move(box["x"] + box["width"] * 0.5, box["y"] + box["height"] * 0.5)
    sheet.page.mouse.down()
    sheet.page.mouse.move(box["x"] + box["width"] * 0.75, box["y"] + box["height"] * 0.5, steps=3)
    sheet.page.mouse.up()
    sheet.page.wait_for_function("() => Number(new URLSearchParams(location.search).get('xmax')) > 50")


def test_a_pressed_cell_has_its_own_count(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=learn&how=glove")
    shown = root(sheet, "glove")
    names, table = windows.cooccurrence(windows.cut("the king sat on the throne and the queen sat beside the king"), 2)
    shown.get_by_role("button", name="king near sat: 1").click()
    assert step_of(shown)["x"] == pytest.approx(table[names.index("king"), names.index("sat")])


@pytest.mark.parametrize("word", ["king", "naïve", "國王"])
@pytest.mark.parametrize(("shortest", "longest"), [(3, 6), (1, 2)])
def test_n_grams_and_their_rows_are_those_of_python(page_at, word: str, shortest: int, longest: int) -> None:
    sheet = page_at(f"/embeddings?lang=en&lens=learn&how=ngrams&word={quote(word)}&nmin={shortest}&nmax={longest}")
    found = json.loads(root(sheet, "ngrams").get_attribute("data-grams") or "")
    wanted = dict.fromkeys(grams.split(word, shortest, longest))
    assert found == {gram: grams.hashed(gram) % 20_000 for gram in wanted}


def test_a_step_on_a_word_moves_its_parts_as_python_does(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=learn&how=ngrams&rate=0.5")
    shown = root(sheet, "ngrams")
    seen = step_of(shown)
    parts, step = windows.fasttext_step(seen["parts"], [seen["context"]], [1], seen["rate"])
    close(seen["contextTo"], step.samples[0])
    close(seen["to"], parts.mean(axis=0))
    shown.get_by_role("button", name="One step on the first word").click()
    close(step_of(shown)["parts"], parts)


def test_a_longest_n_gram_that_is_dragged_changes_the_lists_and_the_address(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=learn&how=ngrams")
    shown = root(sheet, "ngrams")
    many = shown.locator(".grams li").count()
    shown.locator("input[data-control=nmax]").press("ArrowLeft")
    sheet.expect_query(nmax="5")
    assert shown.locator(".grams li").count() < many


# ---------------------------------------------------------------- in context, scores, training


def test_the_layers_are_moved_in_the_browser(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=context")
    shown = root(sheet, "contexts")
    mean = shown.locator(".mean").inner_text()
    received = sheet.received
    slider = shown.locator("input[data-control=depth]")
    slider.press("ArrowLeft")
    expect(shown.locator(".mean")).not_to_have_text(mean)
    assert sheet.received == received
    sheet.expect_query(depth="5")
    expect(sheet.page.locator(".st-key-card-context h2.claim")).to_contain_text("layer 5")
    expect(shown.locator("mark")).to_have_count(5)


def test_characters_outside_the_basic_plane_do_not_shift_the_marks(page_at) -> None:
    lines = quote("😀😀 a bank here\nthe bank")
    sheet = page_at(f"/embeddings?lang=en&lens=context&lines={lines}")
    assert root(sheet, "contexts").locator("mark").all_inner_texts() == ["bank", "bank"]


def test_the_analogies_come_in(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=scores")
    expect(sheet.page.locator(".st-key-card-pairs h2.claim")).to_contain_text("rank correlation")
    expect(sheet.page.locator(".st-key-card-google h2.claim")).to_contain_text("%", timeout=LONG_MS)


def test_a_training_is_watched_called_off_and_run_to_its_end(page_at) -> None:
    sheet = page_at("/embeddings?lang=en&lens=live&epochs=30&dims=10")
    sheet.page.locator(".st-key-embeddings-live-start button").click()
    course = root(sheet, "course")
    expect(course.locator("section")).to_have_count(3)
    sheet.page.locator(".st-key-embeddings-live-cancel button").click()
    expect(sheet.page.locator(".st-key-embeddings-live-start button")).to_be_visible()
    sheet.go("/embeddings?lang=en&lens=live&epochs=2&dims=10&word=fire")
    sheet.page.locator(".st-key-embeddings-live-start button").click()
    expect(sheet.page.locator(".st-key-card-live h2.claim")).to_contain_text("2 epochs over", timeout=LONG_MS)
    expect(root(sheet, "course")).to_have_attribute("data-painted", "2 2")


# ---------------------------------------------------------------- a file that is none


@pytest.mark.parametrize(
    ("name", "data", "sentence"),
    [
        ("evil.kv", b"cos\nsystem\n(S'exit'\ntR.", "it was not opened"),
        ("short.txt", b"2 3\na 1 2 3\nb 1 2\n", "2 numbers where there should be 3"),
    ],
)
def test_a_bad_file_is_refused_in_a_sentence_and_the_page_lives_on(
    page_at, name: str, data: bytes, sentence: str
) -> None:
    sheet = page_at("/embeddings?lang=en&lens=neighbours")
    root(sheet, "lists")
    sheet.page.locator(".st-key-embeddings-beside button").first.click()
    file = {"name": name, "mimeType": "application/octet-stream", "buffer": data}
    sheet.page.locator(".st-key-embeddings-beside-file input[type=file]").set_input_files(file)
    sheet.page.locator(".st-key-embeddings-beside-use button").click()
    expect(sheet.page.locator(".trouble, [role=alert]").first).to_contain_text(sentence, timeout=LIMIT_MS)
    expect(root(sheet, "lists").locator(".column")).to_have_count(3)


# ---------------------------------------------------------------- everybody


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lens", [*LENSES, "learn&how=glove", "learn&how=ngrams"])
def test_no_violation_on_a_view(page_at, lens: str, theme: str) -> None:
    sheet = page_at(f"/embeddings?lang=en&lens={lens}", theme=theme)
    sheet.page.wait_for_timeout(500)
    assert audit(sheet) == []


@pytest.mark.parametrize("lang", ["en", "zh-Hant"])
@pytest.mark.parametrize("size", [PHONE, STAGE], ids=["phone", "stage"])
def test_every_view_fits_every_screen(page_at, size: tuple[int, int], lang: str) -> None:
    sheet = page_at("/", size=size)
    corpus = "zh" if lang == "zh-Hant" else "en"
    for lens in [*LENSES, "learn&how=glove", "learn&how=ngrams"]:
        present = "&present=1" if size == STAGE else ""
        sheet.go(f"/embeddings?lang={lang}&corpus={corpus}&lens={lens}{present}")
        assert sheet.sideways() <= 0, lens
        text = sheet.text()
        assert "undefined" not in text and "NaN" not in text, lens


FIELDS = ("word", "unseen", "plus", "minus", "add", "poles", "laid", "sentence", "focus", "lines", "targets", "source")


@pytest.mark.parametrize("name", ["empty", "chinese", "emoji", "arabic", "tag", "script", "template"])
def test_a_link_with_any_text_shows_a_page(page_at, name: str) -> None:
    fields = "&".join(f"{field}={quote(TEXTS[name])}" for field in FIELDS)
    sheet = page_at("/")
    for lens in [*LENSES, "learn&how=glove", "learn&how=ngrams", "arithmetic&weat=own"]:
        sheet.go(f"/embeddings?lang=en&lens={lens}&{fields}")
        check_nothing_was_run(sheet)
