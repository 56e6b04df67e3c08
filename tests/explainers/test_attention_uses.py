"""What BERT is used for: cosines and shares against torch and transformers, lists as people type them."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from explainers.attention import uses
from explainers.attention.trace import trace
from explainers.attention.uses import TEMPLATE, UseError, bank, fitting_topics, lines, match_tokens, similarity
from explainers.models import load_bert

TIRED = "The animal was tired."


def encoded(text: str) -> np.ndarray:
    """The mean of the last layer as sentence-transformers computes it, from transformers itself."""
    import torch

    loaded = load_bert()
    with torch.no_grad():
        last = loaded.model(**loaded.tokenizer(text, return_tensors="pt")).last_hidden_state[0]
    return torch.nn.functional.normalize(last.mean(dim=0), dim=0).numpy()


def test_similarity_is_the_cosine() -> None:
    import torch

    a, b = (np.random.default_rng(seed).normal(size=384).astype(np.float32) for seed in (1, 2))
    wanted = torch.nn.functional.cosine_similarity(torch.tensor(a), torch.tensor(b), dim=0)
    assert similarity(a, b) == pytest.approx(float(wanted), abs=1e-6)
    assert similarity(a, a) == 1.0


def test_negation_moves_less_than_a_paraphrase() -> None:
    """The surprise that the page speaks of: 0.955 and 0.741."""
    plain = trace(TIRED).sentence_vector
    assert similarity(plain, trace("The animal was not tired.").sentence_vector) == pytest.approx(0.955, abs=1e-3)
    assert similarity(plain, trace("The creature was exhausted.").sentence_vector) == pytest.approx(0.741, abs=1e-3)


@pytest.mark.parametrize("temperature", [0.05, 0.01, 1.0])
def test_topics_are_a_softmax_of_cosines(temperature: float) -> None:
    import torch

    topics = ("animals", "finance", "sport")
    found = fitting_topics(trace(TIRED).sentence_vector, topics, temperature)
    cosines = torch.tensor([float(encoded(TIRED) @ encoded(TEMPLATE.format(topic))) for topic in topics])
    assert found.topics == topics
    assert found.cosines == pytest.approx(cosines.tolist(), abs=1e-5)
    assert found.shares == pytest.approx((cosines / temperature).softmax(0).tolist(), abs=1e-4)
    assert sum(found.shares) == pytest.approx(1)
    assert found.temperature == temperature


def test_a_topic_with_braces_is_only_text() -> None:
    assert fitting_topics(trace(TIRED).sentence_vector, ["{0} {x}", "animals"]).topics[0] == "{0} {x}"


@pytest.mark.parametrize("temperature", [0.0, -1.0, float("nan")])
def test_a_temperature_above_zero_is_needed(temperature: float) -> None:
    with pytest.raises(UseError) as caught:
        fitting_topics(trace(TIRED).sentence_vector, ["animals"], temperature)
    assert caught.value.code == "temperature"


def test_a_list_without_an_entry_is_refused() -> None:
    for call in (lambda: fitting_topics(trace(TIRED).sentence_vector, []), lambda: bank(["", "\ud800"], name="topics")):
        with pytest.raises(UseError) as caught:
            call()
        assert caught.value.code == "no-lines"
        assert dict(caught.value.details) == {"name": "topics"}


def test_a_bank_leaves_out_what_has_no_token() -> None:
    found = bank(["A cat.", "\x00", "A dog ran."])
    assert found.sentences == ("A cat.", "A dog ran.")
    for sentence, row in zip(found.sentences, found.vectors, strict=True):
        np.testing.assert_allclose(row, encoded(sentence), atol=1e-5)


@given(st.text(max_size=80))
def test_lines_are_clean_and_few(text: str) -> None:
    found = lines(text, ",，")
    assert len(found) <= uses.MAX_LINES
    assert len(set(found)) == len(found)
    assert all(entry and entry == entry.strip() and not set(entry) & set(",，\n") for entry in found)


def test_lines_keep_their_order() -> None:
    assert lines(" b,, a，b\n c ,", ",，") == ("b", "a", "c")
    assert len(lines("\n".join(map(str, range(100))))) == uses.MAX_LINES


def test_each_word_finds_the_nearest_of_the_other_text() -> None:
    first, second = trace("The animal was tired."), trace("A weary creature did not move.")
    found = match_tokens(first, second)
    assert [match.index for match in found] == [token.index for token in first.tokens if not token.special]
    for match in found:
        cosines = {
            token.index: similarity(first.hidden[-1][match.index], second.hidden[-1][token.index])
            for token in second.tokens
            if not token.special
        }
        assert match.nearest == max(cosines, key=lambda index: cosines[index])
        assert match.cosine == pytest.approx(cosines[match.nearest], abs=1e-6)
    pairs = {first.tokens[match.index].piece: second.tokens[match.nearest].piece for match in found}
    assert pairs["animal"] == "creature"
    assert pairs["tired"] == "weary"


def test_a_text_of_separators_alone_matches_nothing() -> None:
    assert match_tokens(trace("[SEP]"), trace("A cat.")) == ()
