"""Scores of heads: heads made by hand that do one thing each, and plain loops over a real trace."""

from __future__ import annotations

import math
from dataclasses import replace

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers.attention.heads import SCORE_NAMES, HeadScores, ranking, score_heads
from explainers.attention.trace import AttentionTrace, EmptyTextError, trace

TIRED = "The animal didn't cross the street because it was too tired."
PAIR = ("The bank by the river.", "The bank was closed.")


def made(text: str, *heads: np.ndarray) -> AttentionTrace:
    """The tokens of `text` with one layer of the given heads."""
    found = trace(text)
    return replace(found, attention=np.stack(heads)[None].astype(np.float32), hidden=found.hidden[:2])


def test_heads_made_by_hand() -> None:
    text = "a cat saw a cat"
    n = len(trace(text).tokens)
    back, ahead = np.eye(n, k=-1), np.eye(n, k=1)
    back[0, 0] = ahead[-1, -1] = 1
    even, nothing = np.full((n, n), 1 / n), np.zeros((n, n))
    nothing[:, -1] = 1
    # [CLS] a cat saw a cat [SEP]: each word looks at its other place, everything else at itself.
    alike = np.eye(n)[[0, 4, 5, 3, 1, 2, 6]]
    scores = score_heads(made(text, back, ahead, even, nothing, alike))
    assert scores.previous_token[0].tolist() == pytest.approx([1, 0, 1 / n, 0, 0], abs=1e-6)
    assert scores.next_token[0].tolist() == pytest.approx([0, 1, 1 / n, 0, 0], abs=1e-6)
    assert scores.same_word[0].tolist() == pytest.approx([0, 0, 1 / n, 0, 1], abs=1e-6)
    assert scores.separator_sink[0].tolist() == pytest.approx([2 / n, 2 / n, 2 / n, 1, 2 / n], abs=1e-6)
    assert scores.broad[0].tolist() == pytest.approx([0, 0, 1, 0, 0], abs=1e-6)
    assert scores.entropy[0].tolist() == pytest.approx([0, 0, math.log2(n), 0, 0], abs=1e-5)
    assert np.isnan(scores.coreference).all()
    assert ranking(scores, "same_word") == ((0, 4), (0, 2), (0, 0), (0, 1), (0, 3))


def test_a_word_of_several_pieces_is_one_word() -> None:
    text = "embeddings and Embeddings"
    found = trace(text)
    pieces = [token.piece for token in found.tokens]
    first, second = pieces.index("em"), len(pieces) - 1 - pieces[::-1].index("em")
    length = pieces.index("and") - first
    n = len(pieces)
    # The first word's pieces look at the second word's, a quarter of each row on each piece; the others at [CLS].
    head = np.zeros((n, n))
    head[:, 0] = 1
    head[first : first + length, 0] = 0
    head[first : first + length, second : second + length] = 1 / length
    # Mean over the two places: 1 from the first, 0 from the second.
    assert score_heads(made(text, head)).same_word[0, 0] == pytest.approx(0.5, abs=1e-6)


def test_a_plain_loop_over_a_real_trace() -> None:
    found = trace(*PAIR)
    scores = score_heads(found)
    tokens = found.tokens
    n = len(tokens)
    words = {token.index: token.text.lower() for token in tokens if token.text and token.text != "."}
    for layer, head in ((0, 0), (3, 1), (5, 11)):
        rows = found.attention[layer, head].tolist()
        back = [rows[q][q - 1] for q in range(1, n) if not tokens[q].special and not tokens[q - 1].special]
        ahead = [rows[q][q + 1] for q in range(n - 1) if not tokens[q].special and not tokens[q + 1].special]
        alike = []
        for place, word in words.items():
            others = [other for other, spelling in words.items() if spelling == word and other != place]
            if others:
                alike.append(sum(rows[place][other] for other in others))
        assert len(alike) == 5  # "the" three times, "bank" twice
        assert scores.previous_token[layer, head] == pytest.approx(sum(back) / len(back), abs=1e-6)
        assert scores.next_token[layer, head] == pytest.approx(sum(ahead) / len(ahead), abs=1e-6)
        assert scores.same_word[layer, head] == pytest.approx(sum(alike) / len(alike), abs=1e-6)
        bits = [-sum(w * math.log2(w) for w in row if w) for row in rows]
        assert scores.broad[layer, head] == pytest.approx(sum(bits) / n / math.log2(n), abs=1e-5)
        far = [sum(w * abs(q - k) for k, w in enumerate(row)) for q, row in enumerate(rows)]
        assert scores.distance[layer, head] == pytest.approx(sum(far) / n, abs=1e-4)


def links(text: str, second: str = "") -> dict[str, list[str]]:
    """Each pronoun with its candidates, nearest first, as the reader spelled them."""
    found = trace(text, second)

    def spelled(span: tuple[int, int]) -> str:
        return "".join(token.text for token in found.tokens[slice(*span)])

    return {spelled(link.pronoun): [spelled(span) for span in link.candidates] for link in score_heads(found).links}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (TIRED, {"it": ["street", "animal"]}),
        ("The big old dog chased a cat until it was tired.", {"it": ["cat", "dog"]}),
        ("Alice met Bob because she missed him.", {"she": ["Bob", "Alice"], "him": ["Bob", "Alice"]}),
        ("Her embeddings were lost, but they were found.", {"they": ["embeddings"]}),
        ("It rains.", {}),
        ("She and he and they.", {}),
        ("running is fun", {}),
        ("我喜歡它", {}),
    ],
)
def test_who_a_pronoun_may_mean(text: str, expected: dict[str, list[str]]) -> None:
    assert links(text) == expected
    assert np.isnan(score_heads(trace(text)).coreference).all() == (not expected)


def test_the_antecedent_may_stand_in_the_first_sentence() -> None:
    assert links("The trophy fell.", "Then it broke.") == {"it": ["trophy"]}


def test_coreference_is_the_pronouns_share_on_its_candidates() -> None:
    found = trace(TIRED)
    places = {token.text: token.index for token in found.tokens}
    scores = score_heads(found)
    for layer, head in ((0, 4), (3, 1), (5, 2)):
        row = found.attention[layer, head, places["it"]]
        expected = float(row[places["animal"]]) + float(row[places["street"]])
        assert scores.coreference[layer, head] == pytest.approx(expected, abs=1e-6)
    assert ranking(scores, "coreference")[0] == (3, 1)


def test_the_figure_in_the_text_about_sorting() -> None:
    scores = score_heads(trace(TIRED))
    assert ranking(scores, "previous_token")[0] == (0, 2)
    assert f"{scores.previous_token[0, 2]:.2f}" == "1.00"


def test_the_order_of_heads() -> None:
    values = np.array([[0.2, np.nan, 0.9], [np.nan, 0.2, -1.0]], dtype=np.float32)
    scores = HeadScores(**dict.fromkeys(SCORE_NAMES, values), links=())
    for name in SCORE_NAMES:
        assert ranking(scores, name) == ((0, 2), (0, 0), (1, 1), (1, 2), (0, 1), (1, 0))
    with pytest.raises(ValueError, match="links"):
        ranking(scores, "links")  # type: ignore[arg-type]


@settings(max_examples=25, deadline=None)
@given(st.text(max_size=40), st.text(max_size=20))
def test_shares_of_any_text_are_shares(a: str, b: str) -> None:
    try:
        scores = score_heads(trace(a, b))
    except EmptyTextError:
        return
    for name in SCORE_NAMES:
        values = scores.of(name)
        assert values.shape == (6, 12)
        assert not values.flags.writeable
        assert np.isnan(values).all() or np.isfinite(values).all()
        if name not in ("entropy", "distance"):
            assert np.isnan(values).all() or (values.min() >= 0 and values.max() <= 1 + 1e-5)
        assert len(set(ranking(scores, name))) == 72
