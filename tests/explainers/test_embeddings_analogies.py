"""Arithmetic against gensim, the plane by its distances, the axis by hand, WEAT against its definition."""

from __future__ import annotations

import itertools
import statistics

import numpy as np
import pytest
from gensim.models import KeyedVectors

from explainers.embeddings import analogies
from explainers.embeddings.official import official
from explainers.embeddings.space import Space
from explainers.errors import ExplainerError


@pytest.fixture(scope="module")
def space() -> Space:
    whole = official()
    return Space("glove", "en", whole.words[:20_000], None, whole.rows(slice(0, 20_000)), lower=True)


@pytest.fixture(scope="module")
def peer(space: Space) -> KeyedVectors:
    made = KeyedVectors(50)
    made.add_vectors(list(space.words), space.rows(slice(None)))
    return made


@pytest.mark.parametrize(("a", "b", "c"), [("king", "man", "woman"), ("paris", "france", "italy"), ("a", "b", "c")])
def test_arithmetic_is_gensims(space: Space, peer: KeyedVectors, a: str, b: str, c: str) -> None:
    expected = peer.most_similar(positive=[a, c], negative=[b], topn=6)
    found = analogies.arithmetic(space, a, b, c, 6)
    assert [hit.word for hit in found.results] == [word for word, _ in expected]
    assert np.allclose([hit.cosine for hit in found.results], [cosine for _, cosine in expected], atol=1e-5)
    assert {a, b, c}.isdisjoint(hit.word for hit in found.results)


def test_the_words_put_in_would_come_first(space: Space) -> None:
    found = analogies.arithmetic(space, "king", "man", "woman")
    places = {word: place for word, _, place in found.barred}
    assert places["king"] == 1  # the reason why everybody leaves them out
    assert found.results[0].word == "queen"


def test_the_plane_keeps_the_distances_of_a_b_c_and_their_corner(space: Space) -> None:
    found = analogies.arithmetic(space, "king", "man", "woman", drawn=2)
    points = {point.word: np.array([point.x, point.y]) for point in found.points}
    real = {word: space.vector(word) / np.linalg.norm(space.vector(word)) for word in points}
    for one, other in itertools.combinations(("king", "man", "woman"), 2):
        assert np.linalg.norm(points[one] - points[other]) == pytest.approx(
            float(np.linalg.norm(real[one] - real[other])), abs=1e-5
        )
    assert np.allclose(points["king"] - points["man"] + points["woman"], found.corner, atol=1e-6)
    assert points["man"] == pytest.approx([0, 0], abs=1e-9)
    queen = found.points[3]
    assert queen.word == "queen" and queen.off > 0
    whole = np.linalg.norm(real["queen"] - real["man"])
    assert np.hypot(np.hypot(queen.x, queen.y), queen.off) == pytest.approx(float(whole), abs=1e-5)


def test_a_degenerate_plane_does_not_break(space: Space) -> None:
    found = analogies.arithmetic(space, "king", "king", "queen")
    assert found.corner[1] == pytest.approx(np.linalg.norm(found.corner), abs=1e-6)
    assert all(np.isfinite([point.x, point.y, point.off]).all() for point in found.points)


def test_an_axis_by_hand() -> None:
    table = np.array([[1, 0], [0, 1], [1, 1], [-1, 0], [0, 3]], np.float32)
    space = Space("plane", "", ("low", "high", "middle", "beyond", "far"), None, table)
    found = analogies.axis(space, "low", "high", ["middle", "high", "low", "beyond", "nowhere", "far", "far"])
    assert [placed.word for placed in found.placed][:2] == ["low", "middle"]
    by_word = {placed.word: placed for placed in found.placed}
    assert by_word["middle"].cosine == pytest.approx(0, abs=1e-6)
    assert by_word["middle"].along == pytest.approx(0.5, abs=1e-6)
    assert (by_word["low"].along, by_word["high"].along) == pytest.approx((0, 1), abs=1e-6)
    assert by_word["far"].cosine == by_word["high"].cosine == pytest.approx(2**-0.5, abs=1e-6)
    assert found.missing == ("nowhere",) and found.apart == pytest.approx(0, abs=1e-6)
    with pytest.raises(ExplainerError, match="embedding_same_ends"):
        analogies.axis(space, "high", "far", ["low"])


SETS = (
    ["rose", "tulip", "daisy", "lily", "orchid"], ["ant", "spider", "fly", "bee", "moth"],
    ["love", "peace", "cheer", "friend"], ["hatred", "ugly", "agony", "death"],
)  # fmt: skip


def by_definition(space: Space, x: list[str], y: list[str], a: list[str], b: list[str]) -> tuple[float, float, float]:
    """(statistic, effect, p) word by word, as section "Methods" of the paper writes them."""

    def leaning(word: str) -> float:
        return statistics.mean(space.similarity(word, one) for one in a) - statistics.mean(
            space.similarity(word, one) for one in b
        )

    value = {word: leaning(word) for word in [*x, *y]}

    def statistic(first: tuple[str, ...]) -> float:
        rest = [word for word in [*x, *y] if word not in first]
        return sum(value[word] for word in first) - sum(value[word] for word in rest)

    observed = statistic(tuple(x))
    effect = (statistics.mean(value[w] for w in x) - statistics.mean(value[w] for w in y)) / statistics.stdev(
        value.values()
    )
    every = [statistic(part) for part in itertools.combinations([*x, *y], len(x))]
    return observed, effect, sum(one > observed + 1e-9 for one in every) / len(every)


@pytest.mark.parametrize("swap", [False, True])
def test_weat_is_its_definition(space: Space, swap: bool) -> None:
    x, y, a, b = SETS
    x, y = (y[:4], x) if swap else (x, y)
    x, y = ([word for word in words if space.has(word)] for words in (x, y))
    found = analogies.weat(space, x, y, a, b)
    statistic, effect, p = by_definition(space, x, y, a, b)
    assert found.statistic == pytest.approx(statistic, abs=1e-5)
    assert found.effect == pytest.approx(effect, abs=1e-5)
    assert found.p == pytest.approx(p, abs=1e-12) and found.exact
    assert (found.effect < 0) == swap


def test_weat_with_many_words_samples_and_comes_near_the_exact_share() -> None:
    rng = np.random.default_rng(3)
    words = tuple(f"w{i}" for i in range(28))
    space = Space("random", "", words, None, rng.normal(size=(28, 6)).astype(np.float32))
    x, y, a, b = words[:12], words[12:24], words[24:26], words[26:]
    found = analogies.weat(space, x, y, a, b)
    assert not found.exact and found.partitions == analogies.SAMPLED
    values = np.array([value for _, value in (*found.x, *found.y)])
    sums = np.array([values[rng.permutation(24)[:12]].sum() for _ in range(20_000)])
    assert found.p == pytest.approx(float((2 * sums - values.sum() > found.statistic).mean()), abs=0.015)
    assert analogies.weat(space, x, y, a, b).p == found.p


def test_weat_names_what_is_missing_and_refuses_too_little(space: Space) -> None:
    found = analogies.weat(space, [*SETS[0], "qqqq"], *SETS[1:])
    assert "qqqq" in found.missing
    with pytest.raises(ExplainerError, match="embedding_too_few"):
        analogies.weat(space, ["rose", "qqqq"], *SETS[1:])
