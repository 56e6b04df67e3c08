"""Words from tokens: merged rows against plain loops, spans by hand, jieba's words where they stand."""

from __future__ import annotations

import subprocess
import sys
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers import models
from explainers.attention.aside import set_aside_special
from explainers.attention.trace import AttentionTrace, EmptyTextError, trace
from explainers.attention.words import (
    MERGED_ID,
    Span,
    SpanError,
    Word,
    chinese_characters,
    foreign,
    has_ideographs,
    merge_words,
    piece_spans,
    segment,
    token_spans,
    word_spans,
)

TEXT = "Unbelievably, the embeddings of Wittgenstein didn't co-operate."


def spelled(result: AttentionTrace, spans: tuple[Span, ...]) -> list[str]:
    return ["".join(token.text for token in result.tokens[slice(*span)]) for span in spans]


def test_wordpieces_become_words() -> None:
    found = trace(TEXT)
    words = spelled(found, piece_spans(found.tokens))
    spelling = "Unbelievably , the embeddings of Wittgenstein didn ' t co - operate ."
    assert words == spelling.split()
    assert len(words) < len(found.tokens) - 2


def test_chinese_characters_stay_single_until_jieba_joins_them() -> None:
    text = "我喜歡自然語言處理和transformers"
    found = trace(text)
    single = spelled(found, piece_spans(found.tokens))
    assert single == [*"我喜歡自然語言處理和", "transformers"]
    words = segment(text)
    assert "".join(word.text for word in words) == text
    assert all(text[word.start : word.end] == word.text for word in words)
    assert "喜歡" in [word.text for word in words]
    joined = spelled(found, token_spans(found.tokens, words))
    assert joined == [word.text for word in words]
    merged = merge_words(found, token_spans(found.tokens, words))
    assert [token.text for token in merged.tokens[1:-1]] == joined


def test_other_tokenizers_words_are_found_by_their_characters() -> None:
    # The pieces of a byte-level tokenizer: "Ġ" begins a word after a space, nothing marks a continuation.
    found = trace("the cat sat")
    own = found.tokens[1]
    parts = (("Ġun", "un", 4, 6), ("believ", "believ", 6, 12), ("'s", "'s", 12, 14), ("Ġfun", "fun", 15, 18))
    tokens = [replace(own, index=n, piece=p, text=t, start=a, end=b) for n, (p, t, a, b) in enumerate(parts)]
    assert piece_spans(tokens) == ((0, 2), (2, 3), (3, 4))


def test_the_words_of_the_second_sentence() -> None:
    found = trace("red cat", "blue dog")
    words = (Word("blue", 0, 4), Word("dog", 5, 8))
    assert spelled(found, token_spans(found.tokens, words, 1)) == ["blue", "dog"]
    assert token_spans(found.tokens, (Word("far", 900, 903),), 1) == ()


def test_white_space_and_what_is_no_character_can_be_cut() -> None:
    assert segment("") == segment(" \n\t") == ()
    for text in ("a\ud800b 機器學習", "\x00 機器 \u202e學習", "👨‍👩‍👧 圖解"):
        words = segment(text)
        assert all(text[word.start : word.end] == word.text for word in words)


def by_loop(result: AttentionTrace, spans: list[Span]) -> np.ndarray:
    """Layer 0, head 3 merged by plain sums."""
    inside = {index: span for span in spans for index in range(*span)}
    groups = sorted({inside.get(index, (index, index + 1)) for index in range(len(result.tokens))})
    weights = result.attention[0, 3].tolist()
    return np.array(
        [
            [sum(weights[q][k] for q in range(*query) for k in range(*key)) / (query[1] - query[0]) for key in groups]
            for query in groups
        ]
    )


def test_merged_weights_are_plain_sums_and_means() -> None:
    found = trace(TEXT)
    spans = list(piece_spans(found.tokens))
    merged = merge_words(found, spans)
    np.testing.assert_allclose(merged.attention[0, 3], by_loop(found, spans), atol=1e-6)
    n = len(merged.tokens)
    assert merged.hidden.shape == (7, n, 384)
    assert [token.index for token in merged.tokens] == list(range(n))
    start, end = next(span for span in spans if span[1] - span[0] > 2)
    token = next(token for token in merged.tokens if token.id == MERGED_ID)
    assert (token.position, token.start, token.end) == (start, found.tokens[start].start, found.tokens[end - 1].end)
    assert TEXT[token.start : token.end] == token.text
    assert "##" not in token.piece
    place = token.index
    np.testing.assert_allclose(merged.hidden[:, place], found.hidden[:, start:end].mean(axis=1), atol=1e-6)
    with pytest.raises(ValueError, match="read-only"):
        merged.attention[0] = 0


@settings(max_examples=40, deadline=None)
@given(st.data())
def test_rows_sum_to_one_after_any_merge_and_separators_are_untouched(data: st.DataObject) -> None:
    pair = data.draw(st.sampled_from([(TEXT, ""), ("A river bank.", "A bank loan."), ("我喜歡自然語言處理", "ok")]))
    found = trace(*pair)
    spans: list[Span] = []
    place = 0
    while place < len(found.tokens):
        size = data.draw(st.integers(0, 4))
        wanted = found.tokens[place : place + size]
        if wanted and not any(token.special for token in wanted):
            spans.append((place, place + len(wanted)))
        place += max(1, len(wanted) if spans and spans[-1][0] == place else 1)
    merged = merge_words(found, spans)
    np.testing.assert_allclose(merged.attention.sum(-1), 1, atol=1e-5)
    np.testing.assert_allclose(merged.attention[0, 3], by_loop(found, spans), atol=1e-6)
    kept = [token for token in merged.tokens if token.special]
    assert [token.piece for token in kept] == [token.piece for token in found.tokens if token.special]
    for token in kept:
        before = found.tokens[token.position]
        assert before.piece == token.piece
        for other in kept:
            np.testing.assert_allclose(
                merged.attention[:, :, token.index, other.index],
                found.attention[:, :, token.position, other.position],
                atol=1e-7,
            )


def test_merging_nothing_changes_nothing() -> None:
    found = trace(TEXT)
    merged = merge_words(found, ())
    assert merged.tokens == found.tokens
    np.testing.assert_allclose(merged.attention, found.attention, atol=1e-7)


@pytest.mark.parametrize(
    ("spans", "code"),
    [
        ([(0, 2)], "special-token"),
        ([(2, 2)], "span"),
        ([(3, 2)], "span"),
        ([(1, 3), (2, 4)], "span"),
        ([(2, 4), (1, 2)], "span"),
        ([(-1, 2)], "span"),
        ([(1, 900)], "span"),
    ],
)
def test_spans_that_cannot_be_merged(spans: list[Span], code: str) -> None:
    with pytest.raises(SpanError) as caught:
        merge_words(trace(TEXT), spans)
    assert caught.value.code == code
    assert set(caught.value.details) == {"start", "end", "tokens"}


def test_jieba_is_imported_when_it_is_needed() -> None:
    program = (
        "import sys, explainers.attention.words, explainers.attention.heads, explainers.attention.recurrent\n"
        "import explainers.attention.ablate, explainers.attention.masks, explainers.attention.guesses\n"
        "print(sorted({'jieba', 'torch', 'transformers'} & set(sys.modules)))"
    )
    root = Path(models.__file__).parents[1]
    run = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True, cwd=root)
    assert run.stdout.strip() == "[]"


TRADITIONAL = [
    "動物沒有過馬路，因為牠太累了。",
    "我們在臺北車站等了很久，後來搭捷運回家。",
    "她把鑰匙忘在辦公室裡，所以進不了門。",
]


@pytest.mark.parametrize("text", TRADITIONAL)
def test_traditional_text_is_cut_like_its_simplified_twin(text: str) -> None:
    import jieba
    from opencc import OpenCC

    simplified = OpenCC("t2s").convert(text)
    assert simplified != text
    twin = [(start, end) for _, start, end in jieba.Tokenizer().tokenize(simplified)]
    found = segment(text)
    assert [(word.start, word.end) for word in found] == twin
    assert "".join(word.text for word in found) == text  # as it was typed, not as it was converted


def test_words_that_jieba_alone_would_tear() -> None:
    words = {word.text for text in TRADITIONAL for word in segment(text)}
    assert {"臺北", "車站", "鑰匙", "辦公室", "後來"} <= words


def test_the_words_of_a_mixed_text_cover_every_token_once() -> None:
    a, b = "Unbelievably 我喜歡自然語言處理和transformers。", "辦公室 unfathomable"
    found = trace(a, b)
    spans = word_spans(found.tokens, a, b)
    inside = [index for start, end in spans for index in range(start, end)]
    assert inside == [token.index for token in found.tokens if not token.special]
    words = spelled(found, spans)
    assert {"Unbelievably", "喜歡", "處理", "transformers", "辦公室", "unfathomable"} <= set(words)
    merged = merge_words(found, spans)
    np.testing.assert_allclose(merged.attention.sum(-1), 1, atol=1e-5)
    assert [token.text for token in merged.tokens if not token.special] == words


def test_what_is_drawn_is_never_the_replacement_character() -> None:
    text = "圖\ufffd解\ud800筆記 \ufffd"
    found = trace(text)
    merged = merge_words(found, word_spans(found.tokens, text))
    assert "\ufffd" not in "".join(token.piece + token.text for token in merged.tokens)


@settings(max_examples=30, deadline=None)
@given(st.text(alphabet="ab cd.我喜歡自然語言，\ud800\ufffd🙂", min_size=1, max_size=20), st.booleans())
def test_rows_sum_to_one_after_merging_and_setting_aside(text: str, aside: bool) -> None:
    try:
        found = trace(text)
    except EmptyTextError:
        return
    merged = merge_words(found, word_spans(found.tokens, text))
    shown = set_aside_special(merged) if aside else merged
    np.testing.assert_allclose(shown.attention.sum(-1), 1, atol=1e-5)
    if aside:
        special = [token.special for token in shown.tokens]
        assert (shown.attention[..., special] == 0).all()


def test_chinese_characters_are_counted_in_the_vocabulary() -> None:
    import re

    from explainers.models import load_bert

    pieces = load_bert().tokenizer.get_vocab()
    assert chinese_characters() == sum(
        bool(re.fullmatch("[\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff]", piece)) for piece in pieces
    )
    assert 0 < chinese_characters() < 1000
    assert has_ideographs("a 貓") and not has_ideographs("a cat。ねこ")


def test_foreign_is_what_has_mostly_other_letters() -> None:
    assert foreign("مرحبا بالعالم") and foreign("Привет") and foreign("你好")
    assert not foreign("naïve café") and not foreign("the word 貓 is cat") and not foreign("😀 123") and not foreign("")
