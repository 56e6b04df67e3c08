"""The other views of the attention page, as Streamlit runs them: all of them, in both languages, on any text."""

from __future__ import annotations

import html
import re

import numpy as np
import pytest
from attention_page import claims, notices, opened, said, settled
from hypothesis import given
from hypothesis import strategies as st

from explainers import attention
from explainers.attention import ablate, masks, memory, readings, recurrent
from explainers.attention.memory import Text
from pages.parts.attention_heads import chosen_heads, shipped_sentences
from pages.parts.attention_masks import cut_of, typed_cells
from ui import controls, language

LENSES = [lens for lens in controls.load("attention")["lens"].options if lens != "heads"]
DEFAULT = str(controls.load("attention")["a"].default)
PAIR = {"b": "The animal didn't cross the street because it was too wide."}
HOSTILE = [
    "你好，世界。",
    "<script>alert(1)</script>",
    "<img src=x onerror=alert(1)>",
    "🙂",
    "مرحبا بالعالم",
    "[SEP]",
    "",
]


@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_every_view_makes_a_claim_in_both_languages(lens: str, lang: str) -> None:
    found = claims(opened(lang, lens=lens, **PAIR))
    assert found
    assert not any("{" in claim for claim in found)


@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize("text", ["你好，世界。", "<script>alert(1)</script>", "🙂", "[SEP]", "word " * 300])
def test_every_view_answers_any_text(lens: str, text: str) -> None:
    page = said(opened(lens=lens, a=text.strip()[:400]))
    assert language.load("en")("house.failed") not in page
    assert "<script>alert" not in page


def test_the_neuron_view_names_the_numbers_of_the_model() -> None:
    """0.68 from "it" to "animal" in layer 4, head 2, as transformers gives it (see tests/explainers)."""
    claim = claims(opened(lens="neuron", pin="10"))[0]
    trace = attention.trace(DEFAULT)
    assert "“animal”" in claim
    assert f"{trace.attention[3, 1, 10].max():.2f}" in claim


def test_two_sentences_need_two_sentences() -> None:
    assert language.load("en")("lens.compare.need_b") in said(opened(lens="compare", a="A sentence of one's own."))


def test_the_first_sentence_of_the_page_stands_beside_its_partner() -> None:
    """Nothing typed yet: the winograd pair is there, and its cosine is that of the two sentences themselves."""
    pair = language.load("en")("lens.compare.pair")
    app = opened(lens="compare")
    assert html.escape(pair) in said(app)
    own, other = (attention.trace(text, max_tokens=512).sentence_vector for text in (DEFAULT, pair))
    assert claims(app)[0].endswith(f"{float(own @ other):.3f}")


def test_where_no_word_is_cut_an_example_is() -> None:
    """The reader sees the longest match at work whatever was typed; its pieces are the tokenizer's own."""
    whole, cut = said(opened(lens="input")), said(opened(lens="input", a="unfathomable"))
    note = language.load("en")("lens.input.pieces_example", word="unfathomable")
    assert note in whole and note not in cut


# ---------------------------------------------------------------- readings


@pytest.mark.parametrize("aside", ["0", "1"])
def test_readings_and_the_sink_of_each_layer(aside: str) -> None:
    app = opened(lens="readings", aside=aside, pin="10")
    trace = attention.trace(DEFAULT)
    shown = attention.set_aside_special(trace) if aside == "1" else trace
    compared = readings.compare(
        shown, 3, 1, attention.attention_x_gradient(trace, target=10), attention.leave_one_out(trace)
    )
    first, sinks = claims(app)
    assert first.endswith(f"{compared.correlations[0, -1]:.2f}")
    both = readings.sink_share_by_layer(trace)
    share = both.cls + both.sep
    assert f"Layer {int(share.argmax()) + 1} leaves most in [CLS] and [SEP]: {share.max():.0%}" in sinks
    assert app.toggle(key="attention-aside").value is (aside == "1")
    columns = [len(figure.proto.spec) > 0 for figure in app.get("plotly_chart")]
    assert len(columns) == 3


def test_a_long_text_is_read_whole_where_it_takes_long() -> None:
    """Where 48 tokens were the limit: 90 of them now, worked through in the background."""
    app = opened(lens="readings", a="word " * 88)
    assert len(claims(app)) == 2
    assert not any("Shorten" in line for line in notices(app))


# ---------------------------------------------------------------- heads off


@given(st.lists(st.tuples(st.integers(1, 6), st.integers(1, 12)), max_size=8), st.sampled_from([",", ", ", " "]))
def test_heads_in_an_address_are_the_heads_that_are_off(heads: list[tuple[int, int]], between: str) -> None:
    chosen, ignored = chosen_heads(between.join(f"{layer}.{head}" for layer, head in heads), 6, 12)
    assert chosen == {(layer - 1, head - 1) for layer, head in heads}
    assert ignored == ()


@given(st.text(max_size=40))
def test_any_text_names_heads_of_the_model_or_is_ignored(text: str) -> None:
    chosen, ignored = chosen_heads(text, 6, 12)
    assert all(0 <= layer < 6 and 0 <= head < 12 for layer, head in chosen)
    assert all(part in text for part in ignored)


def test_a_layer_alone_is_all_its_heads() -> None:
    assert chosen_heads("5,4.2", 6, 12)[0] == {(4, head) for head in range(12)} | {(3, 1)}
    assert chosen_heads("7,5.13,0.1,x,5.", 6, 12) == (frozenset(), ("7", "5.13", "0.1", "x", "5."))


def test_several_heads_off_are_run_together_and_the_neighbours_are_named() -> None:
    app = opened(lens="off", off="6", pin="2")
    off = ablate.switch_off(DEFAULT, "", {(5, head) for head in range(12)})
    plain = attention.trace(DEFAULT)
    bank = ablate.sentence_bank(shipped_sentences())
    change = ablate.neighbour_change(plain.sentence_vector, off.trace.sentence_vector, bank, 5)
    first, near, moved, masked = claims(app)
    assert first == f"Heads off: 12. The sentence vector keeps a cosine of {off.cosine:.3f}"
    assert change.gained and f"nearest sentences: {len(change.gained)}" in near
    most = int(np.argmax(off.token_change))
    assert f"“{plain.tokens[most].piece}” (position {most})" in moved
    assert (
        f"“animal” masked the sentence vector keeps a cosine of {ablate.mask_token(DEFAULT, '', 2).cosine:.3f}"
        in masked
    )
    for gained in change.gained:
        assert gained.sentence in said(app)


def test_without_a_choice_the_view_says_which_head_counts_most() -> None:
    alone = ablate.every_head(DEFAULT)
    layer, head = np.unravel_index(int(alone.argmin()), alone.shape)
    assert f"layer {layer + 1}, head {head + 1}" in claims(opened(lens="off"))[0]


def test_a_head_that_is_none_is_said_and_a_separator_is_not_masked() -> None:
    app = opened(lens="off", off="9.9,4.2,<b>", pin="0")
    assert any("9.9, <b>" in line for line in notices(app))
    assert any("[CLS]" in line and "not masked" in line for line in notices(app))
    assert claims(app)[0].startswith("Heads off: 1.")


def test_the_shipped_sentences_are_sixty_plain_ones() -> None:
    sentences = shipped_sentences()
    assert len(sentences) == len(set(sentences)) == 60
    assert all(re.fullmatch(r"[A-Z][A-Za-z ,']+\.", sentence) for sentence in sentences)


# ---------------------------------------------------------------- masks


@given(st.lists(st.tuples(st.integers(0, 15), st.integers(0, 15)), max_size=8, unique=True))
def test_cells_in_an_address_are_the_cells_that_change(cells: list[tuple[int, int]]) -> None:
    assert typed_cells("_".join(f"{query}.{key}" for query, key in cells), 16) == (tuple(cells), ())


@given(st.text(max_size=40), st.integers(2, 30))
def test_any_text_names_cells_of_the_mask_or_is_ignored(text: str, n: int) -> None:
    cells, _ = typed_cells(text, n)
    assert all(0 <= query < n and 0 <= key < n for query, key in cells)
    assert 1 <= cut_of(len(text), n) < n


def test_a_cell_that_is_turned_over_is_a_run_of_the_model() -> None:
    claim, compared = claims(opened(lens="masks", mask="encoder", cells="10.2"))
    n = len(attention.trace(DEFAULT).tokens)
    _, effect = memory.under_mask(Text(DEFAULT), masks.toggled(masks.bidirectional(n), [(10, 2)]))
    assert claim.startswith("Encoder: 100% of the cells may look (1 changed by you)")
    assert f"cosine of {effect.cosine:.3f}" in claim
    row = masks.compare_presets(DEFAULT, "", n // 2)[0]
    assert f"the first {n // 2} move by {row.hears_the_rest:.2f}" in compared


def test_a_query_that_may_look_at_nothing_gets_a_sentence() -> None:
    app = opened(lens="masks", mask="decoder", cells="0.0")
    assert "“[CLS]” may look at nothing" in claims(app)[0]


def test_a_cell_that_is_none_and_a_cut_beyond_the_text_are_put_right() -> None:
    app = opened(lens="masks", cells="99.1_x_3.3", cut="400")
    assert any("99.1, x" in line for line in notices(app))
    assert "(1 changed by you)" in claims(app)[0]
    assert app.slider(key="attention-cut").value == 0


# ---------------------------------------------------------------- uses


def test_the_uses_are_computed_from_the_readers_own_words() -> None:
    app = opened(
        lens="uses",
        a="The animal was tired.",
        b="The creature was exhausted.",
        list="A cat.\nStocks fell.",
        topics="animals,finance",
    )
    page = said(app)
    assert "0.741" in page
    vector = attention.trace("The animal was tired.").sentence_vector
    near = ablate.neighbours(vector, ablate.sentence_bank(["A cat.", "Stocks fell."]), 2)
    assert f"{near[0].cosine:.3f}" in page and "A cat." in page
    assert "animal → creature" in page
    assert language.load("en")("models.no_head") in page
    assert language.load("en")("uses.no_pair_head") in page


@pytest.mark.parametrize("field", ["topics", "list", "gap", "off", "cells", "model"])
@pytest.mark.parametrize("text", HOSTILE)
def test_any_text_in_a_new_field_gets_an_answer(field: str, text: str) -> None:
    lens = {"off": "off", "cells": "masks", "gap": "gaps", "model": "heads"}.get(field, "uses")
    page = said(opened(lens=lens, **{field: text}))
    assert language.load("en")("house.failed") not in page
    assert "<script>alert" not in page and "<img src=x" not in page


def test_a_list_of_nothing_says_so() -> None:
    assert language.load("en")("error.no-lines") in said(opened(lens="uses", topics=" , ,"))


# ---------------------------------------------------------------- words


def test_pieces_are_merged_into_words_and_counted() -> None:
    app = opened(a="The tokenizer splits unfathomable words into pieces.", merge="words")
    assert language.load("en")("attention.merged", pieces=12, words=8) in notices(app)
    assert language.load("en")("attention.nothing_merged") in notices(opened(merge="words"))
    assert not any("merged" in line for line in notices(opened()))
    # A mask is one of pieces: the view under one speaks of pieces whatever the picture of the heads does.
    assert claims(opened(lens="causal", a="Unfathomable embeddings.", merge="words"))


@pytest.mark.parametrize("lang", language.LANGUAGES)
@pytest.mark.parametrize("merge", ["pieces", "words"])
def test_chinese_is_said_to_be_unknown_to_the_bundled_model(lang: str, merge: str) -> None:
    app = opened(lang, a="動物沒有過馬路，因為牠太累了。", merge=merge)
    wanted = language.load(lang)("attention.not_chinese", chinese=244, pieces="30,522")
    assert wanted in notices(app)
    assert "\ufffd" not in said(app)


def test_a_text_in_a_language_it_does_not_know_gets_that_said() -> None:
    assert language.load("en")("attention.english_only") in notices(opened(a="مرحبا 🙂 بالعالم ϡ"))
    assert not any("English only" in line for line in notices(opened()))


# ---------------------------------------------------------------- RNN


def test_paths_steps_and_costs_are_those_of_this_text() -> None:
    app = opened(lens="rnn")
    n = len(attention.trace(DEFAULT).tokens)
    path = recurrent.path_length(n)
    assert f"a chain takes {path.recurrent} steps" in claims(app)[0]
    for cost in recurrent.layer_costs(n, 384):
        assert f"<td>{cost.operations:,}</td>" in said(app)


def test_times_are_measured_when_the_reader_asks() -> None:
    app = opened(lens="rnn")
    assert len(app.get("plotly_chart")) == 2
    settled(app.button(key="rnn-times-start").click().run())
    assert len(app.get("plotly_chart")) == 3
    assert any(claim.startswith("Measured here") for claim in claims(app))


# ---------------------------------------------------------------- the range of a model


def test_a_layer_that_the_model_does_not_have_is_said_and_put_right() -> None:
    app = opened(layer="9", head="13")
    assert language.load("en")("models.no_layer", asked=9, most=6) in notices(app)
    assert language.load("en")("models.no_heads", asked=13, most=12) in notices(app)
    assert app.slider(key="attention-layer").value == 6
    assert app.slider(key="attention-layer").max == 6
    assert "layer 6, head 12" in claims(app)[0]
