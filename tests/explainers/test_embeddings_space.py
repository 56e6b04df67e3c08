"""Spaces: lookups, cosines and neighbours against gensim's KeyedVectors; 8-bit rows; the official GloVe."""

from __future__ import annotations

import pickle
import time
from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors

from explainers.embeddings import official as published
from explainers.embeddings import spaces
from explainers.embeddings.space import Space, nearest, neighbours
from explainers.errors import ExplainerError

WORDS = tuple(f"word{i}" for i in range(500))
TABLE = np.random.default_rng(1).normal(size=(500, 20)).astype(np.float32)
SPACE = Space("mine", "", WORDS, None, TABLE)


@pytest.fixture(scope="module")
def peer() -> KeyedVectors:
    made = KeyedVectors(20)
    made.add_vectors(list(WORDS), TABLE)
    return made


@pytest.mark.parametrize("made_unit", [False, True])
def test_neighbours_are_gensims(peer: KeyedVectors, made_unit: bool) -> None:
    space = Space("mine", "", WORDS, None, TABLE)
    if made_unit:
        assert np.allclose(np.linalg.norm(space.unit, axis=1), 1, atol=1e-6)
    for word in WORDS[:20]:
        expected = peer.most_similar(word, topn=7)
        found = neighbours(space, word, 7)
        assert [hit.word for hit in found] == [name for name, _ in expected]
        assert np.allclose([hit.cosine for hit in found], [cosine for _, cosine in expected], atol=1e-6)
        assert space.similarity(word, "word3") == pytest.approx(peer.similarity(word, "word3"), abs=1e-6)


def test_neighbours_among_the_frequent_and_without_some(peer: KeyedVectors) -> None:
    expected = [name for name, _ in peer.most_similar("word0", topn=20, restrict_vocab=100)]
    found = [hit.word for hit in neighbours(SPACE, "word0", 5, among=100, without=(expected[1], "nowhere"))]
    assert found == [expected[0], *expected[2:6]]
    assert all(int(word[4:]) < 100 for word in found)


def test_neighbours_of_a_vector_hold_the_word_itself() -> None:
    found = neighbours(SPACE, TABLE[7] * 3, 2)
    assert found[0].word == "word7"
    assert found[0].cosine == pytest.approx(1, abs=1e-6)


def test_equal_scores_come_by_frequency() -> None:
    scores = np.zeros(500, dtype=np.float32)
    scores[[400, 30, 20]] = 1
    assert [hit.row for hit in nearest(SPACE, scores, 5, {30})] == [20, 400, 0, 1, 2]
    assert nearest(SPACE, scores, 0) == ()
    assert len(nearest(SPACE, scores, 900)) == 500


def test_an_unknown_word_is_named() -> None:
    with pytest.raises(ExplainerError) as caught:
        SPACE.vector("zebra")
    assert caught.value.code == "embedding_unknown"
    assert dict(caught.value.details) == {"word": "zebra", "space": "mine"}
    assert not SPACE.has("Word1")
    assert SPACE.has(" word1 ")


def test_a_space_of_lower_case_lowers_what_is_looked_up() -> None:
    space = Space("low", "en", WORDS, None, TABLE, lower=True)
    assert space.row("WORD5") == 5
    assert [hit.word for hit in neighbours(space, "Word5", 3)] == [hit.word for hit in neighbours(SPACE, "word5", 3)]


def test_the_first_of_two_equal_words_counts() -> None:
    space = Space("twice", "", ("a", "b", "a"), None, TABLE[:3])
    assert space.row("a") == 0


def test_a_vector_of_zeros_is_near_to_nothing() -> None:
    table = TABLE[:5].copy()
    table[2] = 0
    space = Space("zero", "", WORDS[:5], None, table)
    assert space.similarity("word2", "word1") == 0
    assert all(hit.cosine == 0 for hit in neighbours(space, "word2", 4))


def test_a_space_travels_without_what_was_worked_out() -> None:
    space = Space("mine", "", WORDS, None, TABLE)
    assert space.unit is not None and space.has("word1")
    again = pickle.loads(pickle.dumps(space))
    assert "unit" not in again.__dict__ and "_index" not in again.__dict__
    assert np.array_equal(again.vector("word9"), TABLE[9])


def test_packed_rows_keep_the_direction(tmp_path: Path) -> None:
    (tmp_path / "vocabulary.tsv").write_text("".join(f"{word}\t{9}\n" for word in WORDS), "utf-8")
    table = TABLE.copy()
    table[4] = 0
    size = spaces.pack(tmp_path, "word2vec", table)
    space = spaces.open_packed(tmp_path, "word2vec", "en")
    assert size == sum(path.stat().st_size for path in tmp_path.glob("*.npy"))
    assert isinstance(space.table, np.memmap) and space.table.dtype == np.int8
    rows = space.rows(slice(None))
    # Half a step of the row's scale, whatever the row.
    assert (np.abs(rows - table) <= np.abs(table).max(axis=1, keepdims=True) / 127 * 0.501).all()
    assert not rows[4].any()
    assert np.array_equal(space.vector("word3"), rows[3])


def test_the_official_glove_is_the_published_one() -> None:
    space = published.official()
    assert space is published.official()
    assert len(space) == 400_000 and space.dims == 50
    # The first numbers of "the" in glove.6B.50d.txt, which many tutorials print.
    assert space.vector("The")[:4] == pytest.approx([0.418, 0.24968, -0.41242, 0.1217], abs=1e-6)
    assert space.words[:5] == ("the", ",", ".", "of", "to")
    assert "prince" in [hit.word for hit in neighbours(space, "king", 3)]


def test_neighbours_in_400_000_words_are_exact_and_quick() -> None:
    space = published.official()
    vectors = np.asarray(space.table, dtype=np.float64)
    cosines = vectors @ vectors[space.row("frog")] / np.linalg.norm(vectors, axis=1)
    order = [space.words[row] for row in np.argsort(-cosines)[1:11]]
    assert [hit.word for hit in neighbours(space, "frog", 10)] == order
    spent = []
    for word in space.words[1000:1015]:
        began = time.process_time()
        neighbours(space, word, 10)
        spent.append(time.process_time() - began)
    assert min(spent) < 0.1  # a guard against a second copy of the table; benchmarks/ measure it
