"""How each of the three learns, one step at a time: a skip-gram window, a cell of GloVe's table, FastText's n-grams.

Skip-gram with negative sampling is Mikolov et al. 2013 (arXiv:1310.4546), equation 4; GloVe is Pennington, Socher &
Manning 2014 (doi:10.3115/v1/D14-1162), equation 8, with its weight f of equation 9; FastText is Bojanowski et al. 2017
(arXiv:1607.04606), where a word's vector is the mean of its own and its n-grams' (the sum, in the paper; its program
and gensim divide). Everything is plain float64; `ui/components/wordlearn.js` repeats it in the browser.
"""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.embeddings import grams
from explainers.errors import ExplainerError

Float64 = npt.NDArray[np.float64]

MOST_WORDS = 200
NOISE_POWER = 0.75
_IDEOGRAPH = r"[\u3400-\u4dbf\u4e00-\u9fff]"


def cut(sentence: str) -> tuple[str, ...]:
    """The words of a sentence, lower-case, at most MOST_WORDS; Chinese is cut where jieba cuts it.

    Raises ExplainerError("windows_empty") where fewer than two words are left.
    """
    text = sentence[:4000].lower()
    if re.search(_IDEOGRAPH, text):
        import jieba

        jieba.setLogLevel(60)
        parts = [str(part) for part in jieba.cut(text)]
    else:
        parts = re.findall(r"\w+(?:['’]\w+)*", text)
    words = tuple(part.strip() for part in parts if re.search(r"\w", part))[:MOST_WORDS]
    if len(words) < 2:
        raise ExplainerError("windows_empty", {"words": str(len(words))})
    return words


def pairs(words: Sequence[str], window: int) -> tuple[tuple[int, int], ...]:
    """All (centre, context) places whose distance is at most `window`: the positive samples, in reading order."""
    return tuple(
        (centre, other)
        for centre in range(len(words))
        for other in range(max(0, centre - window), min(len(words), centre + window + 1))
        if other != centre
    )


def noise(words: Sequence[str], power: float = NOISE_POWER) -> dict[str, float]:
    """Probability that a negative sample is each word: its count to the power 0.75, over the sum."""
    names = list(dict.fromkeys(words))
    weights = np.array([words.count(name) for name in names], dtype=np.float64) ** power
    return {name: float(weight / weights.sum()) for name, weight in zip(names, weights, strict=True)}


def sigmoid(x: npt.ArrayLike) -> Float64:
    """1 / (1 + exp(-x)), without overflow."""
    made: Float64 = np.exp(-np.logaddexp(0.0, -np.asarray(x, dtype=np.float64)))
    return made


@dataclass(frozen=True, eq=False)
class SkipGramStep:
    """One step on a centre word and its samples.

    scores: dot products, Float64[n]. chances: their sigmoid. pulls: chance - label, the gradient with respect to the
    score. loss: before the step. centre_gradient: Float64[d]. sample_gradients: Float64[n, d]. centre, samples: vectors
    after the step. loss_after: of the same samples.
    """

    scores: Float64
    chances: Float64
    pulls: Float64
    loss: float
    centre_gradient: Float64
    sample_gradients: Float64
    centre: Float64
    samples: Float64
    loss_after: float


def skipgram_loss(centre: npt.ArrayLike, samples: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """-log sigmoid(u v) for a positive sample (label 1), -log sigmoid(-u v) for a negative one (0), summed; nats."""
    scores = np.asarray(samples, dtype=np.float64) @ np.asarray(centre, dtype=np.float64)
    signs = 2 * np.asarray(labels, dtype=np.float64) - 1
    return float(np.logaddexp(0.0, -signs * scores).sum())


def skipgram_step(centre: npt.ArrayLike, samples: npt.ArrayLike, labels: npt.ArrayLike, rate: float) -> SkipGramStep:
    """One step of gradient descent: centre Float64[d], samples Float64[n, d], labels 1 (context) or 0 (noise) [n]."""
    v, u = np.asarray(centre, dtype=np.float64), np.asarray(samples, dtype=np.float64)
    y = np.asarray(labels, dtype=np.float64)
    scores = u @ v
    chances = sigmoid(scores)
    pulls = chances - y
    centre_gradient, sample_gradients = pulls @ u, pulls[:, None] * v
    moved, others = v - rate * centre_gradient, u - rate * sample_gradients
    loss, after = skipgram_loss(v, u, y), skipgram_loss(moved, others, y)
    return SkipGramStep(scores, chances, pulls, loss, centre_gradient, sample_gradients, moved, others, after)


def cooccurrence(words: Sequence[str], window: int) -> tuple[tuple[str, ...], Float64]:
    """GloVe's table X: a pair that stands d words apart counts 1/d. Returns its words and Float64[words, words]."""
    names = tuple(dict.fromkeys(words))
    at = {name: row for row, name in enumerate(names)}
    table = np.zeros((len(names), len(names)))
    for centre, other in pairs(words, window):
        table[at[words[centre]], at[words[other]]] += 1 / abs(centre - other)
    return names, table


def glove_weight(count: npt.ArrayLike, x_max: float = 100.0, alpha: float = 0.75) -> Float64:
    """f(x) = (x / x_max)^alpha below x_max, 1 from there on; 0 at 0."""
    made: Float64 = np.minimum(1.0, np.asarray(count, dtype=np.float64) / x_max) ** alpha
    return made


@dataclass(frozen=True, eq=False)
class GloveStep:
    """One step on one cell: weight f(x), error w w' + b + b' - log x, loss f error²,
    gradients and what they lead to."""

    weight: float
    error: float
    loss: float
    word_gradient: Float64
    context_gradient: Float64
    bias_gradient: float
    word: Float64
    context: Float64
    biases: tuple[float, float]
    loss_after: float


def glove_step(
    word: npt.ArrayLike,
    context: npt.ArrayLike,
    biases: tuple[float, float],
    count: float,
    rate: float,
    x_max: float = 100.0,
    alpha: float = 0.75,
) -> GloveStep:
    """One step of gradient descent on f(x) (w w' + b + b' - log x)²: vectors Float64[d], count x > 0."""
    w, c = np.asarray(word, dtype=np.float64), np.asarray(context, dtype=np.float64)
    weight = float(glove_weight(count, x_max, alpha))
    error = float(w @ c + sum(biases) - np.log(count))
    slope = 2 * weight * error
    moved, other = w - rate * slope * c, c - rate * slope * w
    new = (biases[0] - rate * slope, biases[1] - rate * slope)
    after = weight * float(moved @ other + sum(new) - np.log(count)) ** 2
    return GloveStep(weight, error, weight * error**2, slope * c, slope * w, slope, moved, other, new, after)


@dataclass(frozen=True)
class Gram:
    """An n-gram, the row that its hash chooses, and whether the other word has it too."""

    text: str
    row: int
    shared: bool


def word_grams(word: str, other: str, shortest: int, longest: int, buckets: int) -> tuple[Gram, ...]:
    """The n-grams of a word, each once, with those marked that `other` has as well."""
    theirs = set(grams.split(other, shortest, longest))
    own = dict.fromkeys(grams.split(word, shortest, longest))
    return tuple(Gram(text, grams.hashed(text) % buckets, text in theirs) for text in own)


def fasttext_step(
    parts: npt.ArrayLike, samples: npt.ArrayLike, labels: npt.ArrayLike, rate: float
) -> tuple[Float64, SkipGramStep]:
    """A skip-gram step whose centre is the mean of `parts` Float64[m, d]: each part gets 1/m of the gradient.

    Returns the parts after the step, Float64[m, d], and the step on their mean.
    """
    rows = np.asarray(parts, dtype=np.float64)
    step = skipgram_step(rows.mean(axis=0), samples, labels, rate)
    return rows - rate * step.centre_gradient / len(rows), step
