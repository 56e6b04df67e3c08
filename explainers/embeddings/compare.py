"""Neighbourhoods side by side: what several spaces call near, how much they share, and which words they part over.

Nearness is the cosine in the original space, never a distance on a map. How alike two lists of neighbours are is the
overlap of the sets, the measure that Antoniak & Mimno 2018 (doi:10.1162/tacl_a_00008) use for the stability of
embeddings. What a model leans to is read off the neighbours themselves: letters shared with the word (Dice's
coefficient of character trigrams, as in Angell, Freund & Willett 1983; of characters in Chinese) and the topic shared
with it.
"""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.embeddings.space import Neighbour, Space, neighbours
from explainers.errors import ExplainerError
from explainers.progress import Report, silent

Int64 = npt.NDArray[np.int64]
Float32 = npt.NDArray[np.float32]

BLOCK = 128  # queries compared at a time: 128 x 27,000 cosines are 14 MB
GROUP = 64  # columns whose maximum is taken first


@dataclass(frozen=True, eq=False)
class Comparison:
    """One word's nearest words in several spaces.

    names: of the spaces. lists: the nearest first; empty where the space has no vector for the word. ranks: for each
    word of any list its place in every space, 1 the nearest, None where that space lacks it or the word asked for.
    shared: Int64[space, space], how many words two lists have in common.
    """

    word: str
    names: tuple[str, ...]
    lists: tuple[tuple[Neighbour, ...], ...]
    ranks: Mapping[str, tuple[int | None, ...]]
    shared: Int64


def compare(spaces: Sequence[Space], word: str, count: int = 10) -> Comparison:
    """The `count` nearest words in each space. Raises ExplainerError("embedding_unknown") where none has a vector."""
    scores: list[Float32 | None] = []
    lists: list[tuple[Neighbour, ...]] = []
    for space in spaces:
        try:
            vector = space.vector(word)
        except ExplainerError:
            scores.append(None)
            lists.append(())
            continue
        scores.append(space.cosines(vector))
        lists.append(neighbours(space, word, count))
    if not any(lists):
        raise ExplainerError("embedding_unknown", {"word": word, "space": ", ".join(space.name for space in spaces)})
    met = dict.fromkeys(one.word for found in lists for one in found)
    ranks = {
        other: tuple(
            rank(space, found, word, other) if found is not None and space.has(other) else None
            for space, found in zip(spaces, scores, strict=True)
        )
        for other in met
    }
    sets = [{one.word for one in found} for found in lists]
    shared = np.array([[len(one & other) for other in sets] for one in sets], dtype=np.int64)
    return Comparison(word, tuple(space.name for space in spaces), tuple(lists), ranks, shared)


def rank(space: Space, scores: Float32, word: str, other: str) -> int:
    """Place of `other` when all words but `word` are ordered by `scores` Float32[words]; 1 is the nearest."""
    own = space.row(other)
    above = int(np.count_nonzero(scores > scores[own]))
    if space.has(word) and scores[space.row(word)] > scores[own]:
        above -= 1
    return above + 1


@dataclass(frozen=True)
class Parting:
    """One word over which two spaces part.

    first, second: its nearest words in each. shared: how many words the two lists share. apart: the mean, over both
    lists, of log10 of a neighbour's rank in the other space: 0 when both call the same word nearest, 3 when what one
    calls near comes about 1,000th in the other.
    """

    word: str
    row: int
    first: tuple[str, ...]
    second: tuple[str, ...]
    shared: int
    apart: float


@dataclass(frozen=True, eq=False)
class Partings:
    """What a search over the vocabulary found.

    searched: words compared so far. counts: Int64[count + 1], how many words share 0, 1, ... of their neighbours.
    most: those that lie furthest apart, furthest first. spelling, topics: mean shares of each of the two spaces.
    """

    names: tuple[str, str]
    searched: int
    counts: Int64
    most: tuple[Parting, ...]
    spelling: tuple[float, float]
    topic: tuple[float, float] | None

    @property
    def mean_shared(self) -> float:
        """Neighbours that the two lists of a word share, on average."""
        return float(self.counts @ np.arange(len(self.counts)) / max(1, self.searched))


def partings(
    first: Space,
    second: Space,
    topics: Mapping[str, str] | None = None,
    *,
    count: int = 10,
    among: int = 5000,
    kept: int = 30,
    report: Report = silent,
) -> Partings:
    """Compare the neighbours of the `among` most frequent words in two spaces that share their vocabulary.

    topics: a topic for some of the words. Candidates are all words. Reports the latest Partings.
    Raises ExplainerError("embedding_vocabularies") where the two do not list the same words.
    """
    if first.words != second.words:
        raise ExplainerError("embedding_vocabularies", {"first": first.name, "second": second.name})
    among = min(among, len(first))
    counts = np.zeros(count + 1, dtype=np.int64)
    most: list[Parting] = []
    spelling, topic = np.zeros(2), np.zeros((2, 2))
    for start in range(0, among, BLOCK):
        rows = np.arange(start, min(start + BLOCK, among))
        cosines = [space.unit[rows] @ space.unit.T for space in (first, second)]
        for found in cosines:
            found[np.arange(len(rows)), rows] = -2.0  # a word is no neighbour of its own
        tops = [top_rows(found, count) for found in cosines]
        for at, row in enumerate(rows):
            pair = _parting(first, int(row), [found[at] for found in cosines], [found[at] for found in tops])
            counts[pair.shared] += 1
            most.append(pair)
            for side, words in enumerate((pair.first, pair.second)):
                spelling[side] += np.mean([dice(pair.word, other) for other in words])
                same = same_topic(pair.word, words, topics or {})
                topic[side] += (0, 0) if same is None else (same, 1)
        most = sorted(most, key=lambda one: (-one.apart, one.row))[:kept]
        searched = int(rows[-1]) + 1
        means = (float(spelling[0] / searched), float(spelling[1] / searched))
        alike = topic[:, 0] / np.maximum(1, topic[:, 1])
        result = Partings(
            (first.name, second.name),
            searched,
            counts.copy(),
            tuple(most),
            means,
            (float(alike[0]), float(alike[1])) if topic[:, 1].all() else None,
        )
        report(searched / among, result)
    return result


def shipped_partings(
    first: str,
    second: str,
    language: str,
    topics: Mapping[str, str] | None = None,
    *,
    among: int = 5000,
    report: Report = silent,
) -> Partings:
    """`partings` of two shipped spaces, by their names: what a worker process is asked for."""
    from explainers.embeddings import spaces

    one, other = spaces.shipped(first, language), spaces.shipped(second, language)
    return partings(one, other, topics, among=among, report=report)


def _parting(space: Space, row: int, cosines: Sequence[Float32], tops: Sequence[Int64]) -> Parting:
    """One word's parting. cosines: of both spaces, Float32[words]; tops: rows of the nearest, Int64[count]."""
    ranks = [
        int(np.count_nonzero(there > there[other])) + 1
        for here, there in ((0, cosines[1]), (1, cosines[0]))
        for other in tops[here]
    ]
    first, second = (tuple(space.words[other] for other in top) for top in tops)
    shared = len(set(first) & set(second))
    return Parting(space.words[row], row, first, second, shared, float(np.log10(ranks).mean()))


def top_rows(cosines: Float32, count: int) -> Int64:
    """Columns of the `count` largest values of each row, the largest first, Int64[rows, count].

    The largest values lie in the `count` groups of columns with the largest maxima, so only these are ordered.
    """
    rows, columns = cosines.shape
    count = min(count, columns)
    groups = -(-columns // GROUP)
    if groups <= count:
        return np.argsort(-cosines, axis=1, kind="stable")[:, :count].astype(np.int64)
    padded = np.full((rows, groups * GROUP), -np.inf, dtype=cosines.dtype)
    padded[:, :columns] = cosines
    maxima = padded.reshape(rows, groups, GROUP).max(axis=2)
    best = np.sort(np.argpartition(maxima, groups - count, axis=1)[:, groups - count :], axis=1)
    within = (best[:, :, None] * GROUP + np.arange(GROUP)).reshape(rows, -1)
    order = np.argsort(-np.take_along_axis(padded, within, axis=1), axis=1, kind="stable")[:, :count]
    return np.take_along_axis(within, order, axis=1).astype(np.int64)


_CHINESE = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")


def trigrams(word: str) -> frozenset[str]:
    """Runs of three characters of the word written between `<` and `>`."""
    text = f"<{word}>"
    return frozenset(text[at : at + 3] for at in range(max(1, len(text) - 2)))


def dice(a: str, b: str) -> float:
    """Dice's coefficient of two words' trigrams: 0 no letters in common, 1 the same word.

    Where one of them has Chinese characters, of their characters: a Chinese word is one to three of them long, so that
    no run of three would be shared by words as like as 醫生 and 醫師.
    """
    chinese = _CHINESE.search(a) or _CHINESE.search(b)
    one, other = (frozenset(a), frozenset(b)) if chinese else (trigrams(a), trigrams(b))
    return 2 * len(one & other) / (len(one) + len(other))


def same_topic(word: str, others: Sequence[str], topics: Mapping[str, str]) -> float | None:
    """Share of `others` of the word's topic, among those that have one; None where nothing can be said."""
    known = [topics[other] for other in others if other in topics]
    if word not in topics or not known:
        return None
    return sum(topic == topics[word] for topic in known) / len(known)


@dataclass(frozen=True)
class Leaning:
    """What the neighbours of one word have in common with it: letters, and a topic (None where it has none)."""

    name: str
    spelling: float
    topic: float | None


def leanings(comparison: Comparison, topics: Mapping[str, str] | None = None) -> tuple[Leaning, ...]:
    """Shares of each list of a comparison that is not empty."""
    made = []
    for name, found in zip(comparison.names, comparison.lists, strict=True):
        words = [one.word for one in found]
        if words:
            spelling = float(np.mean([dice(comparison.word, other) for other in words]))
            made.append(Leaning(name, spelling, same_topic(comparison.word, words, topics or {})))
    return tuple(made)
