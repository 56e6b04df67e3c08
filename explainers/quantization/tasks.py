"""Tasks with a truth, answered by two models: which answers flip, and whether the difference is more than noise.

Human similarity: WordSim-353 (Finkelstein et al. 2001, doi:10.1145/371920.372094), Spearman's correlation of the cosine
with people's judgement. Polarity: 200 sentences of film reviews (Pang & Lee 2005, "Seeing stars", ACL), a logistic
regression trained on the full model's vectors, out of fold, and asked again with the other's. Both lie in gensim's test
data. The reader's own list: the label of the nearest other sentence. Differences carry a paired bootstrap interval.
"""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource
from explainers.progress import Report, silent
from explainers.quantization import agreement, fake
from explainers.quantization.agreement import Float32, Float64, Interval

if TYPE_CHECKING:
    from transformers import PreTrainedModel

FOLDS = 5
LEAST_LINES = 6
MOST_LINES = 60


class TaskError(ExplainerError):
    """Codes "quant-list-line": a line without a label, details "line"; "quant-list-short": too few lines, details "n",
    "min"; "quant-list-labels": fewer than two labels; "quant-data-missing": details "file"."""


@dataclass(frozen=True, eq=False)
class Outcome:
    """One task under two models. before, after: the figure with its interval; gap: after minus before, paired.
    flips: cases answered otherwise, as (case, truth, before, after); `cases` in all. chance: the figure of a guess."""

    name: str
    before: Interval
    after: Interval
    gap: Interval
    cases: int
    flips: tuple[tuple[str, str, str, str], ...]

    @property
    def noise(self) -> bool:
        """True where the data cannot tell the two models apart."""
        return self.gap.has_zero


def _data(name: str) -> Path:
    found = importlib.util.find_spec("gensim")
    folder = Path(next(iter(found.submodule_search_locations or ()), "")) if found else Path()
    path = folder / "test" / "test_data" / name
    if not path.is_file():
        raise TaskError("quant-data-missing", {"file": name})
    return path


@functools.cache
def word_pairs() -> tuple[tuple[str, str, float], ...]:
    """WordSim-353: two words and how related people find them, 0 to 10."""
    lines = [line for line in _data("wordsim353.tsv").read_text("utf-8").splitlines() if not line.startswith("#")]
    rows = [line.split("\t") for line in lines if line.strip()]
    return tuple((first, second, float(score)) for first, second, score, *_ in rows)


@functools.cache
def reviews() -> tuple[tuple[str, str], ...]:
    """Sentences of film reviews with their polarity, "positive" or "negative"."""
    lines = _data("pang_lee_polarity.cor").read_text("latin-1").splitlines()
    rows = [line.split(" ", 1) for line in lines if line.strip()]
    return tuple((text.strip(), "positive" if label == "__label__pos" else "negative") for label, text in rows)


def parse_list(text: str) -> tuple[tuple[str, str], ...]:
    """Sentence and label of each line "label: sentence". Raises TaskError."""
    rows = []
    for number, line in enumerate((one for one in text.splitlines() if one.strip()), start=1):
        label, colon, sentence = line.replace("：", ":", 1).partition(":")
        if not colon or not label.strip() or not sentence.strip():
            raise TaskError("quant-list-line", {"line": str(number)})
        rows.append((sentence.strip(), label.strip()[:40]))
    if len(rows) < LEAST_LINES:
        raise TaskError("quant-list-short", {"n": str(len(rows)), "min": str(LEAST_LINES)})
    if len({label for _, label in rows}) < 2:
        raise TaskError("quant-list-labels")
    return tuple(rows[:MOST_LINES])


def _ranks(values: Float64) -> Float64:
    from scipy.stats import rankdata  # type: ignore[import-untyped]

    found: Float64 = rankdata(values)
    return found


def spearman(first: Float64, second: Float64) -> float:
    """Spearman's rank correlation; ties share their mean rank."""
    a, b = _ranks(first), _ranks(second)
    a, b = a - a.mean(), b - b.mean()
    norm = float(np.sqrt((a * a).sum() * (b * b).sum()))
    return float((a * b).sum()) / norm if norm else float("nan")


@functools.lru_cache(maxsize=8)
def _full_vectors(texts: tuple[str, ...], source: ModelSource) -> Float32:
    return fake.sentence_vectors(texts, source=source)


def word_similarity(model: PreTrainedModel, source: ModelSource = BUNDLED_BERT) -> Outcome:
    """How well either model's cosines follow people on WordSim-353: Spearman's correlation. It lists no flips."""
    pairs = word_pairs()
    words = tuple(dict.fromkeys(word for first, second, _ in pairs for word in (first, second)))
    at = {word: place for place, word in enumerate(words)}
    left, right = [at[first] for first, _, _ in pairs], [at[second] for _, second, _ in pairs]
    human = np.array([score for *_, score in pairs])
    vectors = _full_vectors(words, source), fake.sentence_vectors(words, model, source)
    before, after = (agreement.cosines(one[left], one[right]) for one in vectors)

    def of(cosines: Float64) -> agreement.Statistic:
        return lambda places: spearman(cosines[places], human[places])

    def gap(places: npt.NDArray[np.intp]) -> float:
        return spearman(after[places], human[places]) - spearman(before[places], human[places])

    first, second, difference = (agreement.bootstrap(len(pairs), one) for one in (of(before), of(after), gap))
    return Outcome("wordsim", first, second, difference, len(pairs), ())


def polarity(model: PreTrainedModel, source: ModelSource = BUNDLED_BERT) -> Outcome:
    """Accuracy of a linear classifier on film reviews, trained on the full model's vectors, out of fold."""
    from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
    from sklearn.model_selection import StratifiedKFold  # type: ignore[import-untyped]

    rows = reviews()
    texts, truth = tuple(text for text, _ in rows), np.array([label for _, label in rows])
    full, other = _full_vectors(texts, source), fake.sentence_vectors(texts, model, source)
    answers = [np.empty(len(rows), truth.dtype) for _ in range(2)]
    for train, test in StratifiedKFold(FOLDS, shuffle=True, random_state=agreement.SEED).split(full, truth):
        head = LogisticRegression(C=10.0, max_iter=1000).fit(full[train], truth[train])
        for answer, vectors in zip(answers, (full, other), strict=True):
            answer[test] = head.predict(vectors[test])
    return _outcome("polarity", texts, truth, *answers)


def own_list(rows: Sequence[tuple[str, str]], model: PreTrainedModel, source: ModelSource = BUNDLED_BERT) -> Outcome:
    """The reader's list of (sentence, label): each gets the label of its nearest other sentence."""
    texts, truth = tuple(text for text, _ in rows), np.array([label for _, label in rows])
    answers = []
    for vectors in (_full_vectors(texts, source), fake.sentence_vectors(texts, model, source)):
        near = agreement.similarity(vectors)
        np.fill_diagonal(near, -np.inf)
        answers.append(truth[near.argmax(axis=1)])
    return _outcome("own", texts, truth, *answers)


def _outcome(
    name: str,
    texts: Sequence[str],
    truth: npt.NDArray[np.str_],
    before: npt.NDArray[np.str_],
    after: npt.NDArray[np.str_],
) -> Outcome:
    right = [(answer == truth).astype(np.float64) for answer in (before, after)]
    first, second, gap = (
        agreement.bootstrap(len(truth), functools.partial(_mean_of, values)) for values in (*right, right[1] - right[0])
    )
    flips = tuple(
        (texts[place], str(truth[place]), str(before[place]), str(after[place]))
        for place in np.flatnonzero(before != after).tolist()
    )
    return Outcome(name, first, second, gap, len(truth), flips)


def _mean_of(values: Float64, places: npt.NDArray[np.intp]) -> float:
    return float(values[places].mean())


def run(
    engine: fake.Engine,
    recipe: fake.Recipe,
    rows: Sequence[tuple[str, str]] = (),
    source: ModelSource = BUNDLED_BERT,
    report: Report = silent,
) -> tuple[Outcome, ...]:
    """All tasks under the full model and the one that `engine` makes of it; `rows`: the reader's own list."""
    report(0.02, None)
    model = fake.by_engine(engine, recipe, source)
    report(0.1, None)
    found = [word_similarity(model, source)]
    report(0.45, None)
    found.append(polarity(model, source))
    report(0.95, None)
    if rows:
        found.append(own_list(rows, model, source))
    return tuple(found)
