"""Neighbourhoods against gensim's own, partings against a plain loop, shares against figures worked by hand."""

from __future__ import annotations

import numpy as np
import pytest
from gensim.models import KeyedVectors

from explainers.embeddings import compare
from explainers.embeddings.space import Space
from explainers.errors import ExplainerError

WORDS = tuple(f"w{at:03d}" for at in range(300))


def made(name: str, seed: int, words: tuple[str, ...] = WORDS) -> Space:
    table = np.random.default_rng(seed).normal(size=(len(words), 12)).astype(np.float32)
    return Space(name, "en", words, None, table)


def as_gensim(space: Space) -> KeyedVectors:
    known = KeyedVectors(space.dims)
    known.add_vectors(list(space.words), np.asarray(space.table))
    return known


FIRST, SECOND = made("one", 1), made("two", 2)


@pytest.mark.parametrize("word", ["w000", "w123", "w299"])
def test_lists_and_ranks_are_gensims(word: str) -> None:
    found = compare.compare([FIRST, SECOND], word, 10)
    for at, space in enumerate((FIRST, SECOND)):
        known = as_gensim(space)
        expected = known.most_similar(word, topn=10)
        assert [one.word for one in found.lists[at]] == [name for name, _ in expected]
        np.testing.assert_allclose([one.cosine for one in found.lists[at]], [score for _, score in expected], atol=1e-6)
        for other, ranks in found.ranks.items():
            assert ranks[at] == known.rank(word, other)
    sets = [{one.word for one in part} for part in found.lists]
    assert found.shared[0, 1] == found.shared[1, 0] == len(sets[0] & sets[1])
    assert found.shared[0, 0] == 10


def test_a_space_without_the_word_has_an_empty_list() -> None:
    small = made("small", 3, WORDS[:50])
    found = compare.compare([FIRST, small], "w100")
    assert len(found.lists[0]) == 10
    assert found.lists[1] == ()
    assert all(ranks[1] is None for ranks in found.ranks.values())
    with pytest.raises(ExplainerError) as caught:
        compare.compare([FIRST, small], "never")
    assert caught.value.code == "embedding_unknown"


def test_partings_are_those_of_a_plain_loop() -> None:
    seen: list[float] = []
    result = compare.partings(FIRST, SECOND, among=200, kept=200, report=lambda part, _: seen.append(part))
    known = [as_gensim(space) for space in (FIRST, SECOND)]
    counts = np.zeros(11, dtype=int)
    for one in result.most:
        tops = [[name for name, _ in space.most_similar(one.word, topn=10)] for space in known]
        assert (list(one.first), list(one.second)) == tuple(tops)
        assert one.shared == len(set(tops[0]) & set(tops[1]))
        counts[one.shared] += 1
        ranks = [known[1].rank(one.word, other) for other in tops[0]]
        ranks += [known[0].rank(one.word, other) for other in tops[1]]
        assert one.apart == pytest.approx(np.log10(ranks).mean(), abs=1e-6)
    assert len(result.most) == result.searched == 200
    assert counts.tolist() == result.counts.tolist()
    assert result.mean_shared == pytest.approx((counts * np.arange(11)).sum() / 200)
    assert [one.apart for one in result.most] == sorted((one.apart for one in result.most), reverse=True)
    assert seen[-1] == 1.0


def test_a_space_does_not_part_from_itself() -> None:
    result = compare.partings(FIRST, FIRST, among=64)
    assert result.mean_shared == 10
    assert result.most[0].apart == pytest.approx(np.log10(np.arange(1, 11)).mean())


def test_two_vocabularies_are_refused() -> None:
    with pytest.raises(ExplainerError) as caught:
        compare.partings(FIRST, made("small", 3, WORDS[:50]))
    assert caught.value.code == "embedding_vocabularies"


def test_shared_letters_by_hand() -> None:
    # <king>: <ki kin ing ng>   <ring>: <ri rin ing ng>   two of four each
    assert compare.dice("king", "ring") == 0.5
    assert compare.dice("king", "king") == 1.0
    assert compare.dice("king", "queen") == 0.0
    assert compare.dice("王", "王") == 1.0
    assert compare.dice("醫生", "醫師") == 0.5  # one character of two each
    assert compare.dice("醫生", "護士") == 0.0
    assert compare.dice("T恤", "恤") == pytest.approx(2 / 3)


def test_shared_topics_by_hand() -> None:
    topics = {"king": "person", "queen": "person", "throne": "artifact"}
    assert compare.same_topic("king", ("queen", "throne", "joking"), topics) == 0.5
    assert compare.same_topic("joking", ("queen",), topics) is None
    assert compare.same_topic("king", ("joking",), topics) is None


def test_leanings_tell_spelling_from_topic() -> None:
    words = ("king", "ring", "sing", "queen", "throne", "crown")
    angle = np.deg2rad([0, 5, 10, 90, 95, 100])
    spelt = Space("spelt", "en", words, None, np.c_[np.cos(angle), np.sin(angle)].astype(np.float32))
    angle = np.deg2rad([0, 90, 95, 5, 10, 100])
    meant = Space("meant", "en", words, None, np.c_[np.cos(angle), np.sin(angle)].astype(np.float32))
    topics = {"king": "royal", "queen": "royal", "throne": "royal", "ring": "thing", "sing": "act"}
    by_letters, by_topic = compare.leanings(compare.compare([spelt, meant], "king", 2), topics)
    assert (by_letters.spelling, by_letters.topic) == (0.5, 0.0)
    assert (by_topic.spelling, by_topic.topic) == (0.0, 1.0)


@pytest.mark.parametrize("columns", [5, 64, 700, 2000])
def test_the_largest_of_a_row_are_those_of_a_full_sort(columns: int) -> None:
    values = np.random.default_rng(columns).normal(size=(20, columns)).astype(np.float32)
    found = compare.top_rows(values, 10)
    assert (found == np.argsort(-values, axis=1)[:, :10]).all()
