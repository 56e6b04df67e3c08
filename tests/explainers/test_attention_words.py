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
from explainers.attention.trace import AttentionTrace, trace
from explainers.attention.words import (
    MERGED_ID,
    Span,
    SpanError,
    Word,
    merge_words,
    piece_spans,
    segment,
    token_spans,
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
