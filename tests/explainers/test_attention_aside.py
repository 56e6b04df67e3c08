"""Setting the special tokens aside, against a loop in plain Python; and the figures that the page's text quotes."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers.attention import set_aside_special, trace

TIRED = "The animal didn't cross the street because it was too tired."


def test_rows_are_shared_among_the_words_as_a_plain_loop_shares_them() -> None:
    before = trace(TIRED, "It slept.")
    after = set_aside_special(before)
    special = [token.special for token in before.tokens]
    for layer, head, query in ((0, 0, 0), (3, 1, 10), (5, 11, len(special) - 1)):
        row = [float(w) for w in before.attention[layer, head, query]]
        kept = sum(w for w, s in zip(row, special, strict=True) if not s)
        expected = [0.0 if s else w / kept for w, s in zip(row, special, strict=True)]
        assert after.attention[layer, head, query] == pytest.approx(expected, abs=1e-6)


@settings(max_examples=15, deadline=None)
@given(
    st.text(alphabet="abcdefgh .,你好🙂", min_size=1, max_size=60).filter(lambda text: any(c.isalnum() for c in text))
)
def test_every_row_sums_to_one_and_nothing_lands_on_special_tokens(text: str) -> None:
    shown = set_aside_special(trace(text))
    special = np.array([token.special for token in shown.tokens])
    np.testing.assert_allclose(shown.attention.sum(-1), 1.0, atol=1e-5)
    assert not shown.attention[..., special].any()


def test_a_text_of_separators_alone_is_refused() -> None:
    with pytest.raises(ValueError, match="no word"):
        set_aside_special(trace("[SEP]"))


def weight(sentence: str, query: str, key: str) -> float:
    """Weight of the first `query` on the first `key` in layer 4, head 2."""
    found = trace(sentence)
    pieces = [token.piece for token in found.tokens]
    return float(found.attention[3, 1, pieces.index(query), pieces.index(key)])


def test_the_figures_in_the_page_text_are_what_the_model_gives() -> None:
    assert f"{weight(TIRED, 'it', 'animal'):.2f}" == "0.68"
    assert f"{weight(TIRED.replace('tired', 'wide'), 'it', 'animal'):.2f}" == "0.28"
    chase = "The dog chased the ball until it was exhausted."
    assert weight(chase, "it", "ball") > 3 * weight(chase, "it", "dog")
