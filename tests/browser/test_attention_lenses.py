"""The views of the attention page that change something: a mask to click, heads to switch, uses fed by the reader."""

from __future__ import annotations

from urllib.parse import quote

import pytest
from driver import LIMIT_MS, PHONE, Sheet
from playwright.sync_api import Locator, expect
from test_accessibility import audit
from test_any_text import TEXTS, check_nothing_was_run

from explainers import attention
from explainers.attention import ablate, masks, memory
from explainers.attention.memory import Text
from ui import controls

TABLE = controls.load("attention")
DEFAULT = str(TABLE["a"].default)
LENSES = TABLE["lens"].options
# What a lens shows before it is looked at: its first card.
CARDS = {"heads": "explorer", "input": "sum", "rnn": "times", "masks": "presets"}


def shown(page_at, lens: str, query: str = "", **options: object) -> Sheet:
    """The lens, when its long work is done."""
    sheet: Sheet = page_at(f"/attention?lang=en&lens={lens}{query}", **options)
    card = {"rnn": "reach"}.get(lens, CARDS.get(lens, lens))
    sheet.page.locator(f".st-key-card-{card}").first.wait_for(timeout=LIMIT_MS)
    return sheet.settle()


def claim(sheet: Sheet, card: str) -> Locator:
    return sheet.page.locator(f".st-key-card-{card} h2.claim")


def pixels(sheet: Sheet, holder: str) -> str:
    return str(sheet.page.locator(f".st-key-{holder} canvas").first.evaluate("(canvas) => canvas.toDataURL()"))


def cell(sheet: Sheet, query: int, key: int, tokens: int) -> tuple[Locator, dict[str, float]]:
    """The mask's canvas and the middle of one of its cells (the geometry of maskcells.js)."""
    canvas = sheet.page.locator(".st-key-maskcells canvas")
    canvas.scroll_into_view_if_needed()
    box = canvas.bounding_box()
    assert box is not None
    side = min(2.4 * 16, (box["width"] - min(box["width"] * 0.3, 6.2 * 16) - 4) / tokens)
    margin = min(box["width"] * 0.3, 6.2 * 16)
    return canvas, {"x": margin + side * (key + 0.5), "y": margin + side * (query + 0.5)}


# ---------------------------------------------------------------- masks


def test_a_click_on_a_cell_forbids_it_and_the_model_runs_again(page_at) -> None:
    sheet = shown(page_at, "masks", "&mask=encoder")
    n = len(attention.trace(DEFAULT).tokens)
    free = pixels(sheet, "masks-under-picture")
    canvas, middle = cell(sheet, 10, 2, n)
    canvas.click(position=middle)
    sheet.expect_query(cells="10.2")
    _, effect = memory.under_mask(Text(DEFAULT), masks.toggled(masks.bidirectional(n), [(10, 2)]))
    expect(claim(sheet, "masks")).to_contain_text("(1 changed by you)", timeout=LIMIT_MS)
    expect(claim(sheet, "masks")).to_contain_text(f"cosine of {effect.cosine:.3f}")
    sheet.settle()
    assert pixels(sheet, "masks-under-picture") != free
    sheet.page.get_by_role("button", name="Undo my changes").click()
    sheet.expect_query(cells=None)
    expect(claim(sheet, "masks")).to_contain_text("(0 changed by you)", timeout=LIMIT_MS)


def test_the_keyboard_moves_between_cells_and_turns_them_over(page_at) -> None:
    sheet = shown(page_at, "masks", "&mask=decoder")
    canvas = sheet.page.locator(".st-key-maskcells canvas")
    readout = sheet.page.locator(".st-key-maskcells .readout")
    canvas.focus()
    for key in ("ArrowRight", "ArrowRight", "ArrowDown"):
        canvas.press(key)
    expect(readout).to_have_text("“the” may look at “the”.")
    canvas.press("ArrowRight")
    expect(readout).to_have_text("“the” may not look at “animal”.")
    canvas.press("Space")
    expect(readout).to_have_text("“the” may look at “animal”.")
    sheet.expect_query(cells="1.2")
    canvas.press("Shift+Space")  # its whole column, whoever may look there now
    n = len(attention.trace(DEFAULT).tokens)
    expect(claim(sheet, "masks")).to_contain_text(f"({n - 2} changed by you)", timeout=LIMIT_MS)


def test_a_mask_that_leaves_a_token_nothing_says_so_and_can_be_undone(page_at) -> None:
    sheet = shown(page_at, "masks", "&mask=decoder&cells=0.0")
    expect(claim(sheet, "masks")).to_contain_text("“[CLS]” may look at nothing")
    expect(sheet.page.locator(".st-key-masks-under-picture")).to_have_count(0)
    sheet.page.get_by_role("button", name="Undo my changes").click()
    expect(claim(sheet, "masks")).to_contain_text("(0 changed by you)", timeout=LIMIT_MS)
    expect(sheet.page.locator(".st-key-masks-under-picture canvas").first).to_be_visible()


def test_presets_replace_the_mask_and_the_changes(page_at) -> None:
    sheet = shown(page_at, "masks", "&cells=1.1")
    for name, mask in (("Encoder", "encoder"), ("Padding", "padding"), ("Encoder-decoder", None)):
        sheet.page.get_by_role("button", name=name, exact=True).click()
        sheet.expect_query(mask=mask, cells=None)
        expect(claim(sheet, "masks")).to_contain_text(f"{name}: ", timeout=LIMIT_MS)
        expect(claim(sheet, "masks")).to_contain_text("(0 changed by you)", timeout=LIMIT_MS)
        sheet.settle()
        chosen = sheet.page.get_by_role("button", name=name, exact=True)
        expect(chosen).to_have_attribute("aria-pressed", "true")


# ---------------------------------------------------------------- heads off


def test_heads_are_switched_off_with_the_mouse(page_at) -> None:
    sheet = shown(page_at, "off")
    sheet.page.get_by_role("gridcell", name="Layer 6, head 12:").click()
    sheet.page.get_by_role("gridcell", name="Layer 4, head 2:").click()
    sheet.expect_query(off="4.2,6.12")
    off = ablate.switch_off(DEFAULT, "", {(3, 1), (5, 11)})
    expect(claim(sheet, "off")).to_have_text(
        f"Heads off: 2. The sentence vector keeps a cosine of {off.cosine:.3f}", timeout=LIMIT_MS
    )
    sheet.page.get_by_role("button", name="All heads of layer 6").click()
    sheet.expect_query(off="4.2,6")
    expect(sheet.page.locator(".st-key-card-near .near")).to_contain_text("new", timeout=LIMIT_MS)
    sheet.page.get_by_role("button", name="All on").click()
    sheet.expect_query(off=None)


def test_heads_are_switched_off_with_the_keyboard(page_at) -> None:
    sheet = shown(page_at, "off")
    sheet.page.get_by_role("gridcell", name="Layer 1, head 1:").focus()
    for key in ("ArrowDown", "ArrowRight", "ArrowLeft", "ArrowLeft", "Space"):
        sheet.page.keyboard.press(key)
    sheet.expect_query(off="2.1")
    chosen = sheet.page.locator("[role=gridcell][aria-selected=true]")
    expect(chosen).to_have_attribute("aria-label", "Layer 2, head 1: off. Alone off: cosine 0.999.")


def test_the_least_and_the_most_important_are_one_click(page_at) -> None:
    sheet = shown(page_at, "off")
    sheet.page.get_by_role("button", name="Off: the 24 that move it least").click()
    expect(claim(sheet, "off")).to_have_text(
        "Heads off: 24. The sentence vector keeps a cosine of 0.976", timeout=LIMIT_MS
    )
    sheet.page.get_by_role("button", name="Off: the 12 that move it most").click()
    expect(claim(sheet, "off")).to_contain_text("Heads off: 12.", timeout=LIMIT_MS)
    expect(claim(sheet, "off")).to_contain_text("0.790")


# ---------------------------------------------------------------- uses, words


def test_the_uses_answer_the_readers_words(page_at) -> None:
    sheet = shown(page_at, "uses", "&b=" + quote("The creature was exhausted."))
    sheet.write("attention-a", "The animal was tired.")
    uses = sheet.page.locator(".tokens.uses")
    expect(uses).to_contain_text("0.741", timeout=LIMIT_MS)
    sheet.settle()
    sheet.write("attention-topics", "creatures, money")
    expect(uses).to_contain_text("creatures", timeout=LIMIT_MS)
    sheet.settle()
    sheet.write("attention-list", "A cat slept.\nShares fell.")
    expect(uses).to_contain_text("A cat slept.", timeout=LIMIT_MS)


def test_pieces_become_words_on_the_picture(page_at) -> None:
    sheet = page_at("/attention?lang=en&a=" + quote("The tokenizer splits unfathomable words into pieces."))
    before = sheet.painted()[0]
    sheet.page.locator(".st-key-attention-merge").get_by_text("words", exact=True).click()
    sheet.expect_query(merge="words")
    expect(sheet.page.locator(".notice").filter(has_text="12 pieces merged into 8 words")).to_be_visible(
        timeout=LIMIT_MS
    )
    sheet.settle()
    assert sheet.painted()[0] != before


FIELDS = {"topics": "uses", "list": "uses", "gap": "gaps", "model": "heads"}


@pytest.mark.parametrize("name", ["empty", "chinese", "emoji", "arabic", "long", "tag"])
@pytest.mark.parametrize("field", FIELDS)
def test_a_new_field_takes(page_at, field: str, name: str) -> None:
    sheet = shown(page_at, FIELDS[field])
    if field == "model":
        sheet.page.locator(".st-key-attention-models button").first.click()
    sheet.write(f"attention-{field}", TEXTS[name])
    sheet.settle()
    sheet.page.wait_for_timeout(300)
    sheet.settle()
    check_nothing_was_run(sheet)
    if field == "model" and TEXTS[name]:
        expect(sheet.page.locator(".trouble").first).to_contain_text("There is no model folder")
    if field == "topics" and not TEXTS[name]:
        expect(sheet.page.locator(".tokens.uses")).to_contain_text("The list is empty", timeout=LIMIT_MS)


@pytest.mark.parametrize("name", ["chinese", "emoji", "arabic", "tag", "script"])
def test_a_link_carries_any_text_into_every_new_field(page_at, name: str) -> None:
    text = quote(TEXTS[name])
    for lens in ("off", "masks", "uses", "gaps"):
        sheet = page_at(f"/attention?lang=en&lens={lens}&off={text}&cells={text}&gap={text}&topics={text}&list={text}")
        sheet.page.locator(".st-key-main-picture h2.claim").first.wait_for(timeout=LIMIT_MS)
        check_nothing_was_run(sheet)


# ---------------------------------------------------------------- all of them


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("lens", [lens for lens in LENSES if lens not in ("heads", "bertviz")])
def test_no_violation_in(page_at, lens: str, theme: str) -> None:
    sheet = shown(page_at, lens, "&off=4.2&cells=3.3&b=A%20dog.", theme=theme)
    assert audit(sheet) == []


@pytest.mark.parametrize("lens", LENSES)
def test_nothing_is_wider_than_a_phone(page_at, lens: str) -> None:
    sheet = page_at(f"/attention?lang=en&lens={lens}&off=4.2&b=A%20dog.", size=PHONE)
    sheet.page.locator(".st-key-main-picture h2.claim, .st-key-main-picture .notice").first.wait_for(timeout=LIMIT_MS)
    sheet.settle()
    assert sheet.sideways() <= 0


def test_the_views_take_two_rows_at_most(page_at) -> None:
    for lang in ("en", "zh-Hant"):
        sheet = page_at(f"/attention?lang={lang}")
        rows = sheet.page.evaluate(
            """() => new Set([...document.querySelectorAll(".st-key-attention-lens [role=radiogroup] label")]
              .map((node) => Math.round(node.getBoundingClientRect().top))).size"""
        )
        assert 1 <= rows <= 2, lang
