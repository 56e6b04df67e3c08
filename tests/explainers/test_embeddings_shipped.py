"""The shipped spaces: one vocabulary, small enough, as good as was measured, and any string has a FastText vector."""

from __future__ import annotations

import numpy as np
import pytest

from explainers.embeddings import analogies, lists, scores, spaces
from explainers.embeddings.space import neighbours
from explainers.errors import ExplainerError

# What each English space has to reach, and what the issue measured beforehand for the first two figures.
LEAST = {"word2vec": (0.58, 0.35), "fasttext": (0.56, 0.27)}


@pytest.mark.parametrize("language", spaces.LANGUAGES)
def test_the_three_share_their_words(language: str) -> None:
    three = [spaces.shipped(model, language) for model in spaces.MODELS]
    assert all(space.words is three[0].words for space in three)
    assert three[0] is spaces.shipped("word2vec", language)
    assert len(three[0]) > 20_000
    counts = three[0].counts
    assert counts is not None and (np.diff(counts) <= 0).all()
    assert all(space.dims == 100 and isinstance(space.table, np.memmap) for space in three)
    assert len(set(three[0].words)) == len(three[0])


def test_all_vectors_together_stay_small() -> None:
    assert sum(path.stat().st_size for path in spaces.ASSETS.glob("??/*.npy")) < 40_000_000


@pytest.mark.parametrize("model", spaces.MODELS)
def test_eight_bits_cost_no_score(model: str) -> None:
    made = spaces.about("en")["models"][model]
    before, after = made["scores"], made["scores_8_bit"]
    assert all(abs(before[name] - after[name]) <= 0.005 for name in before)
    space = spaces.shipped(model)
    for test in scores.PAIR_TESTS:
        assert scores.score_pairs(space, test).spearman == pytest.approx(after[test], abs=1e-3)


@pytest.mark.parametrize("model", sorted(LEAST))
def test_the_english_spaces_are_as_good_as_was_measured_beforehand(model: str) -> None:
    space = spaces.shipped(model)
    reached = [scores.score_pairs(space, test).spearman for test in scores.PAIR_TESTS]
    assert all(found > least for found, least in zip(reached, LEAST[model], strict=True)), reached


def test_every_string_has_a_vector_in_fasttext_only() -> None:
    for model in ("word2vec", "glove"):
        with pytest.raises(ExplainerError, match="embedding_unknown"):
            spaces.shipped(model).vector("kinglikeness")
    space = spaces.shipped("fasttext")
    vector = space.vector("kinglikeness")
    assert vector.shape == (100,) and np.abs(vector).sum() > 0
    assert any("likeness" in hit.word or "king" in hit.word for hit in neighbours(space, "kinglikeness", 10))
    with pytest.raises(ExplainerError, match="embedding_unknown"):
        space.vector("  ")


def test_the_chinese_spaces_are_traditional() -> None:
    words = spaces.shipped("word2vec", "zh").words
    assert {"國家", "電影", "學校"} <= set(words)
    assert not {"国家", "电影", "学校"} & set(words)
    assert "電視" in {hit.word for hit in neighbours(spaces.shipped("fasttext", "zh"), "電視機", 40)}


def test_no_such_space() -> None:
    for name, language in (("elmo", "en"), ("word2vec", "fr")):
        with pytest.raises(ExplainerError, match="embedding_no_such_space"):
            spaces.shipped(name, language)


@pytest.mark.parametrize("model", spaces.MODELS)
def test_the_chinese_example_of_arithmetic_finds_the_capital(model: str) -> None:
    found = analogies.arithmetic(spaces.shipped(model, "zh"), "北京", "中國", "日本")
    assert found.results[0].word == "東京"


@pytest.mark.parametrize("language", spaces.LANGUAGES)
@pytest.mark.parametrize("name", ["flowers", "careers"])
def test_most_words_of_a_ready_test_have_a_vector(name: str, language: str) -> None:
    sets = lists.ready(name, language)
    space = spaces.shipped("glove", language)
    for words in (sets.x, sets.y, sets.a, sets.b):
        assert sum(map(space.has, words)) >= 0.75 * len(words), words
