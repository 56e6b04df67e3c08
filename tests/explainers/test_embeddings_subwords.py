"""FastText's n-grams, their hash and their shares, against gensim's own."""

from __future__ import annotations

from pathlib import Path

import gensim
import numpy as np
import pytest
from gensim.models import FastText
from gensim.models.fasttext import ft_ngram_hashes
from gensim.models.fasttext_inner import compute_ngrams, ft_hash_bytes
from hypothesis import given
from hypothesis import strategies as st

from explainers.embeddings import grams, subwords
from explainers.embeddings.space import Space
from explainers.errors import ExplainerError

LEE = Path(gensim.__file__).parent / "test" / "test_data" / "lee_background.cor"
TEXT = st.text(min_size=1, max_size=12).filter(lambda text: not any(0xD800 <= ord(c) <= 0xDFFF for c in text))


@given(TEXT)
def test_the_hash_is_gensims(text: str) -> None:
    assert grams.hashed(text) == ft_hash_bytes(text.encode("utf-8"))


@given(TEXT, st.integers(1, 4), st.integers(0, 3))
def test_the_rows_are_gensims(word: str, shortest: int, more: int) -> None:
    table = grams.Grams(shortest, shortest + more, np.zeros((1000, 2), np.float32))
    expected = ft_ngram_hashes(word, shortest, shortest + more, 1000)
    assert table.rows(table.of(word)).tolist() == list(expected)


def test_the_ngrams_of_a_word() -> None:
    assert grams.split("where", 3, 3) == ("<wh", "whe", "her", "ere", "re>")  # the paper's example, section 3.2
    assert sorted(grams.split("蘋果", 2, 4)) == sorted(compute_ngrams("蘋果", 2, 4))
    assert grams.split("蘋果", 1, 1) == ("蘋", "果")
    assert grams.split("a", 4, 6) == ()


@pytest.fixture(scope="module")
def peer() -> FastText:
    sentences = [line.lower().split() for line in LEE.read_text("utf-8").splitlines()[:120]]
    return FastText(sentences, vector_size=12, min_count=2, epochs=2, bucket=500, min_n=3, max_n=5, workers=1, seed=3)


@pytest.fixture(scope="module")
def space(peer: FastText) -> Space:
    table = grams.Grams(3, 5, peer.wv.vectors_ngrams)
    return Space("fasttext", "en", tuple(peer.wv.index_to_key), None, peer.wv.vectors, grams=table)


@pytest.mark.parametrize("word", ["government", "governmentally", "xyzzy", "蘋果"])
def test_vectors_of_any_string_are_gensims(peer: FastText, space: Space, word: str) -> None:
    assert np.allclose(space.vector(word), peer.wv[word], atol=1e-6)
    assert space.similarity(word, "police") == pytest.approx(peer.wv.similarity(word, "police"), abs=1e-6)


@pytest.mark.parametrize("word", ["government", "policelike"])
def test_shares_add_up_to_the_cosine(peer: FastText, space: Space, word: str) -> None:
    found = subwords.shares(space, word, "police")
    assert sum(part.cosine for part in found.parts) == pytest.approx(peer.wv.similarity(word, "police"), abs=1e-6)
    assert found.known == (word == "government")
    assert [part.gram for part in found.parts[: len(grams.split(word, 3, 5))]] == list(grams.split(word, 3, 5))
    for part in found.parts:
        if part.gram:
            assert f"<{word}>"[part.start : part.start + len(part.gram)] == part.gram
    if found.known:  # the row of its own is what gensim holds beside the n-grams
        own = peer.wv.vectors_vocab[peer.wv.key_to_index[word]]
        assert found.parts[-1].gram == "" and found.parts[-1].row == -1
        assert found.parts[-1].length == pytest.approx(float(np.linalg.norm(own)), rel=1e-3)


def test_taking_a_share_away_takes_that_much_of_the_cosine(peer: FastText, space: Space) -> None:
    """Done the long way round: sum the vector again without one n-gram, without changing its length."""
    found = subwords.shares(space, "policelike", "police")
    target, whole = peer.wv["police"], peer.wv["policelike"]
    parts = [peer.wv.vectors_ngrams[row] for row in ft_ngram_hashes("policelike", 3, 5, 500)]
    rest = sum(parts[1:]) / len(parts)
    cosine = float(rest @ target / (np.linalg.norm(whole) * np.linalg.norm(target)))
    assert found.cosine - cosine == pytest.approx(found.parts[0].cosine, abs=1e-6)


def test_spaces_without_ngrams_say_so() -> None:
    plain = Space("word2vec", "en", ("a", "b"), None, np.ones((2, 3), np.float32))
    with pytest.raises(ExplainerError, match="embedding_no_subwords"):
        subwords.shares(plain, "a", "b")


def test_words_that_hold_an_ngram(space: Space) -> None:
    found = subwords.sharing(space, "ing>", 5)
    assert len(found) == 5 and all(word.endswith("ing") for word in found)
    assert list(found) == [word for word in space.words if word.endswith("ing")][:5]
