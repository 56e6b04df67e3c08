"""What FastText makes of a word: its n-grams, and how much each has to do with the cosine to another word.

A vector is a mean of n-gram vectors, g_1 ... g_n, and, for a word of the vocabulary, one row of its own. The cosine
with another vector u is therefore a sum: cos = sum_k (g_k . u) / (m |v| |u|), m rows in the mean; each summand is a
share, with a sign. Bojanowski et al. 2017 look at the same in their section 5.5 (arXiv:1607.04606).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np

from explainers.embeddings.space import Space
from explainers.errors import ExplainerError


@dataclass(frozen=True)
class Share:
    """One part of a word's vector: the n-gram, or "" for the row that the word has of its own.

    start: its first character in `<word>`. row: its row of the n-gram matrix (-1 for the word's own). cosine: its
    signed share of the cosine, which all shares add up to. length: the length of its vector.
    """

    gram: str
    start: int
    row: int
    cosine: float
    length: float


@dataclass(frozen=True)
class Shares:
    """Shares of the cosine between `word` and `other`, in reading order, the word's own row last if it has one."""

    word: str
    other: str
    known: bool
    cosine: float
    parts: tuple[Share, ...]


def shares(space: Space, word: str, other: str) -> Shares:
    """Each n-gram's signed share of the cosine of two strings.

    Raises ExplainerError: "embedding_no_subwords" (a space without n-grams), "embedding_unknown" (a string too short
    to have any n-gram).
    """
    if space.grams is None:
        raise ExplainerError("embedding_no_subwords", {"space": space.name})
    mine = space.vector(word).astype(np.float64)
    target = space.vector(other).astype(np.float64)
    known, name = space.has(word), space.folded(word)
    grams = space.grams.of(name)
    vectors = space.grams.vectors(grams).astype(np.float64).reshape(len(grams), -1)
    many = len(grams) + known
    weight = 1 / (many * ((np.linalg.norm(mine) * np.linalg.norm(target)) or 1.0))
    starts = _starts(name, space.grams.shortest, space.grams.longest)
    parts = [
        Share(gram, start, int(row), float(vector @ target * weight), float(np.linalg.norm(vector)))
        for gram, start, row, vector in zip(grams, starts, space.grams.rows(grams), vectors, strict=True)
    ]
    cosine = space.similarity(word, other)
    if known:
        own = mine * many - vectors.sum(axis=0)  # the mean, times how many, less the others
        parts.append(Share("", 0, -1, float(own @ target * weight), float(np.linalg.norm(own))))
    return Shares(name, space.folded(other), known, cosine, tuple(parts))


def _starts(word: str, shortest: int, longest: int) -> list[int]:
    """Where each n-gram of `split` begins."""
    size = len(word) + 2
    return [
        start
        for start in range(size)
        for length in range(shortest, min(longest, size - start) + 1)
        if not (length == 1 and (start == 0 or start + length == size))
    ]


def sharing(space: Space, gram: str, count: int = 20) -> tuple[str, ...]:
    """The most frequent words of the vocabulary that hold an n-gram; `<` and `>` are the edges of a word."""
    return tuple(word for word in space.words if gram in f"<{word}>")[:count]
