"""How well a space agrees with people: WordSim-353, SimLex-999 and Google's analogies, all inside gensim's test data.

Finkelstein et al. 2001 (doi:10.1145/371920.372094) asked how related two words are, Hill et al. 2015 (arXiv:1408.3456)
how alike; the score is Spearman's rank correlation of their judgements with the cosines. Mikolov et al. 2013
(arXiv:1301.3781) asked a : b = c : ?; the score is the share answered rightly by 3CosAdd. Questions with a word that
the space lacks are left out and counted. Computed as gensim's `evaluate_word_pairs` and `evaluate_word_analogies` do,
to the same figures.
"""

from __future__ import annotations

import functools
import importlib.util
import weakref
from collections.abc import Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
import numpy.typing as npt

from explainers.embeddings.space import Space
from explainers.errors import ExplainerError
from explainers.progress import Report, silent

PairTest = Literal["wordsim353", "simlex999"]
PAIR_TESTS: tuple[PairTest, ...] = ("wordsim353", "simlex999")
_FILES = {"wordsim353": "wordsim353.tsv", "simlex999": "simlex999.txt", "analogies": "questions-words.txt"}
_AT_ONCE = 2**23  # scores held at a time: 32 MB


@dataclass(frozen=True)
class Pair:
    """Two words, what people say of them, what the space says."""

    a: str
    b: str
    human: float
    cosine: float


@dataclass(frozen=True)
class PairScore:
    """spearman, pearson: correlations over `pairs`. asked: how many pairs the test has; the rest the space lacks."""

    test: PairTest
    spearman: float
    pearson: float
    pairs: tuple[Pair, ...]
    asked: int

    @property
    def coverage(self) -> float:
        """Share of the pairs whose words the space has."""
        return len(self.pairs) / self.asked


@dataclass(frozen=True)
class Section:
    """One kind of analogy: questions answered, and how many of them rightly; `asked` also counts the left out."""

    name: str
    right: int
    answered: int
    asked: int


@dataclass(frozen=True)
class AnalogyScore:
    """All of Google's analogies, section by section in the file's order."""

    sections: tuple[Section, ...]

    def _sum(self, grammar: bool | None) -> Section:
        chosen = [s for s in self.sections if grammar is None or s.name.startswith("gram") == grammar]
        return Section(
            "total", sum(s.right for s in chosen), sum(s.answered for s in chosen), sum(s.asked for s in chosen)
        )

    @property
    def total(self) -> Section:
        """All sections together."""
        return self._sum(None)

    @property
    def semantic(self) -> Section:
        """Capitals, currencies, cities, families."""
        return self._sum(False)

    @property
    def syntactic(self) -> Section:
        """Forms of words (sections that begin with "gram")."""
        return self._sum(True)

    @property
    def accuracy(self) -> float:
        """Share answered rightly, 0 where nothing could be answered."""
        return self.total.right / max(1, self.total.answered)


def _test_data(name: str) -> Path:
    spec = importlib.util.find_spec("gensim")
    if spec is None or spec.origin is None:
        raise ExplainerError("embedding_package_missing", {"package": "gensim"})
    return Path(spec.origin).parent / "test" / "test_data" / _FILES[name]


@functools.lru_cache(maxsize=len(PAIR_TESTS))
def judgements(test: PairTest) -> tuple[tuple[str, str, float], ...]:
    """(word, word, mean judgement 0 to 10) of a test."""
    lines = _test_data(test).read_text("utf-8").splitlines()
    parts = (line.split("\t") for line in lines if line and not line.startswith("#"))
    return tuple((a, b, float(human)) for a, b, human in parts)


@functools.lru_cache(maxsize=1)
def questions() -> tuple[tuple[str, tuple[tuple[str, str, str, str], ...]], ...]:
    """(section, its questions a, b, c, answer)."""
    found: list[tuple[str, list[tuple[str, str, str, str]]]] = []
    for line in _test_data("analogies").read_text("utf-8").splitlines():
        if line.startswith(": "):
            found.append((line[2:].strip(), []))
        elif len(words := line.split()) == 4:
            found[-1][1].append((words[0], words[1], words[2], words[3]))
    return tuple((name, tuple(lines)) for name, lines in found)


_known: weakref.WeakKeyDictionary[Space, dict[int | None, dict[str, int]]] = weakref.WeakKeyDictionary()


def _rows(space: Space, among: int | None) -> dict[str, int]:
    """Rows by word, capitals ignored; the more frequent of two that differ in capitals only wins. Made once for a space
    as long as somebody holds it: of 300,000 words it takes a quarter of a second."""
    made = _known.setdefault(space, {})
    if among not in made:
        words = space.words[:among]
        made[among] = {w.upper(): row for w, row in zip(reversed(words), range(len(words) - 1, -1, -1), strict=True)}
    return made[among]


def score_pairs(space: Space, test: PairTest, *, among: int | None = 300_000) -> PairScore:
    """Score one of the two tests. Raises ExplainerError("embedding_no_coverage") below two pairs."""
    from scipy import stats  # type: ignore[import-untyped]

    rows = _rows(space, among)
    all_pairs = judgements(test)
    known = [(a, b, human) for a, b, human in all_pairs if a.upper() in rows and b.upper() in rows]
    if len(known) < 2:
        raise ExplainerError("embedding_no_coverage", {"space": space.name, "test": test})
    left = space.rows([rows[a.upper()] for a, _, _ in known]).astype(np.float64)
    right = space.rows([rows[b.upper()] for _, b, _ in known]).astype(np.float64)
    lengths = np.linalg.norm(left, axis=1) * np.linalg.norm(right, axis=1)
    cosines = np.einsum("nd,nd->n", left, right) / np.where(lengths > 0, lengths, 1)
    human = np.array([judged for _, _, judged in known])
    pairs = tuple(Pair(a, b, judged, float(cosine)) for (a, b, judged), cosine in zip(known, cosines, strict=True))
    spearman, pearson = stats.spearmanr(human, cosines)[0], stats.pearsonr(human, cosines)[0]
    return PairScore(test, float(spearman), float(pearson), pairs, len(all_pairs))


def score_analogies(
    space: Space,
    *,
    among: int | None = 300_000,
    only: Iterable[str] | None = None,
    report: Report = silent,
) -> AnalogyScore:
    """Answer Google's questions by 3CosAdd; partial results are the sections done so far.

    among: only the so many most frequent words are known and may be the answer (300,000 as in gensim). only: names of
    sections, all where None.
    """
    rows = _rows(space, among)
    unit = space.unit[:among]
    twins = _twins(space.words[:among])
    wanted = [part for part in questions() if only is None or part[0] in set(only)]
    done: list[Section] = []
    for at, (name, lines) in enumerate(wanted):
        upper = [tuple(word.upper() for word in line) for line in lines]
        known = np.array([[rows[w] for w in line] for line in upper if all(w in rows for w in line)], dtype=np.int64)
        right = 0
        step = max(1, _AT_ONCE // len(unit))
        for start in range(0, len(known), step):
            part = known[start : start + step]
            right += int((_answers(unit, part, twins) == part[:, 3]).sum())
            report((at + (start + len(part)) / len(known)) / len(wanted), None)
        done.append(Section(name, right, len(known), len(lines)))
        report((at + 1) / len(wanted), AnalogyScore(tuple(done)))
    return AnalogyScore(tuple(done))


def _twins(words: tuple[str, ...]) -> dict[int, list[int]]:
    """Rows of words that differ from another in capitals only, by the row that stands for all of them."""
    first: dict[str, int] = {}
    found: dict[int, list[int]] = {}
    for row, word in enumerate(words):
        head = first.setdefault(word.upper(), row)
        if head != row:
            found.setdefault(head, []).append(row)
    return found


def _answers(
    unit: npt.NDArray[np.float32], asked: npt.NDArray[np.int64], twins: dict[int, list[int]]
) -> npt.NDArray[np.int64]:
    """The row nearest to b - a + c for each question [n, 4], none of the three words; spellings in capitals count."""
    targets = unit[asked[:, 1]] - unit[asked[:, 0]] + unit[asked[:, 2]]
    scores = targets @ unit.T
    scores[np.arange(len(asked))[:, None], asked[:, :3]] = -np.inf
    if twins:
        head = {other: row for row, others in twins.items() for other in others}
        for line, question in enumerate(asked):
            for row in question[:3]:
                scores[line, twins.get(int(row), [])] = -np.inf
        best = scores.argmax(axis=1)
        return np.array([head.get(int(row), int(row)) for row in best], dtype=np.int64)
    return np.asarray(scores.argmax(axis=1), dtype=np.int64)
