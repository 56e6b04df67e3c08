"""One vector space: words, a row of numbers for each, and how near two of them are.

Near means the cosine of the angle between two vectors, as everybody measures it since Mikolov et al. 2013
(arXiv:1301.3781). A table may be float32 (as published) or int8 with one scale per row (as this product ships its
own), and may lie on the disk: nothing here changes it. Neighbours are exact: every row is looked at.
"""

from __future__ import annotations

import functools
from collections.abc import Collection
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.embeddings.grams import Grams
from explainers.errors import ExplainerError

Float32 = npt.NDArray[np.float32]
STEP = 65_536  # rows turned into float32 at a time


@dataclass(frozen=True, eq=False)
class Space:
    """Word vectors, the most frequent word first.

    name: "word2vec", "glove", "fasttext", "glove-6b" or a file's name. language: "en", "zh" or "" (not known).
    counts: how often each word occurs in the corpus, or None where nobody says. table: [words, dims], float, or int8
    with `scales` (float32 [words]): vector = table * scale. grams: FastText's n-gram matrix, None for the others.
    lower: all words are lower-case, so that what is looked up is lowered too.
    """

    name: str
    language: str
    words: tuple[str, ...]
    counts: npt.NDArray[np.int64] | None
    table: npt.NDArray[np.generic]
    scales: Float32 | None = None
    grams: Grams | None = None
    lower: bool = False

    @property
    def dims(self) -> int:
        """Numbers per vector."""
        return int(self.table.shape[1])

    def __len__(self) -> int:
        return len(self.words)

    @functools.cached_property
    def _index(self) -> dict[str, int]:
        # The first of two equal words wins, as it does in gensim.
        return dict(zip(reversed(self.words), range(len(self.words) - 1, -1, -1), strict=True))

    def __getstate__(self) -> dict[str, object]:
        """What travels to another process: the fields, not what was worked out from them."""
        return {name: self.__dict__[name] for name in self.__dataclass_fields__}

    def folded(self, word: str) -> str:
        """The word as this space writes it."""
        return word.strip().lower() if self.lower else word.strip()

    def has(self, word: str) -> bool:
        """Whether the word is in the vocabulary."""
        return self.folded(word) in self._index

    def row(self, word: str) -> int:
        """Its row. Raises ExplainerError("embedding_unknown")."""
        found = self._index.get(self.folded(word))
        if found is None:
            raise ExplainerError("embedding_unknown", {"word": word, "space": self.name})
        return found

    def rows(self, where: npt.ArrayLike | slice) -> Float32:
        """Raw vectors of the given rows, Float32[n, dims]."""
        chosen = where if isinstance(where, slice) else np.asarray(where, dtype=np.int64)
        found = np.asarray(self.table[chosen]).astype(np.float32)
        if self.scales is not None:
            found *= np.asarray(self.scales[chosen], dtype=np.float32)[:, None]
        return found

    def vector(self, word: str) -> Float32:
        """The raw vector Float32[dims]; FastText makes one for any string out of its n-grams, as gensim does.

        Raises ExplainerError("embedding_unknown") where there is none.
        """
        if self.grams is not None and not self.has(word):
            grams = self.grams.of(self.folded(word)) if self.folded(word) else ()
            if grams:
                made: Float32 = self.grams.vectors(grams).mean(axis=0)
                return made
        made = self.rows([self.row(word)])[0]
        return made

    @functools.cached_property
    def lengths(self) -> Float32:
        """Length of each vector, Float32[words]; 1 for a vector of zeros, which has no direction."""
        made = np.empty(len(self.words), dtype=np.float32)
        for start in range(0, len(made), STEP):
            made[start : start + STEP] = np.linalg.norm(self.rows(slice(start, start + STEP)), axis=1)
        made[made == 0] = 1.0
        return made

    @functools.cached_property
    def unit(self) -> Float32:
        """All vectors scaled to length 1, Float32[words, dims]; made on first use and kept."""
        made = np.empty(self.table.shape, dtype=np.float32)
        for start in range(0, len(made), STEP):
            made[start : start + STEP] = self.rows(slice(start, start + STEP))
        made /= self.lengths[:, None]
        return made

    def cosines(self, vector: npt.ArrayLike, among: int | None = None) -> Float32:
        """Cosine of a vector [dims] with each of the first `among` words (all where None), Float32[words]."""
        query = np.asarray(vector, dtype=np.float32)
        query = query / (np.linalg.norm(query) or 1.0)
        if self.table.dtype == np.float32 and "unit" not in self.__dict__:
            # A published table is as good as its copy of length 1 and needs no second 80 MB.
            found: Float32 = np.asarray(self.table[:among]) @ query
            return found / self.lengths[:among]
        found = self.unit[:among] @ query
        return found

    def similarity(self, a: str, b: str) -> float:
        """Cosine of the two words' vectors; with FastText of any two strings. Raises "embedding_unknown"."""
        one, other = self.vector(a).astype(np.float64), self.vector(b).astype(np.float64)
        return float(one @ other / ((np.linalg.norm(one) * np.linalg.norm(other)) or 1.0))


@dataclass(frozen=True)
class Neighbour:
    """A near word, the cosine of its vector, its row (the rank of its frequency, from 0)."""

    word: str
    cosine: float
    row: int


def neighbours(
    space: Space,
    word: str | npt.ArrayLike,
    count: int = 10,
    *,
    without: Collection[str] = (),
    among: int | None = None,
) -> tuple[Neighbour, ...]:
    """The `count` nearest words of a word (itself left out) or of a vector [dims], nearest first; exact.

    without: words that may not appear. among: only the so many most frequent words may. Equal cosines come in the
    order of frequency. Raises ExplainerError("embedding_unknown").
    """
    own = isinstance(word, str)
    cosines = space.cosines(space.vector(word) if isinstance(word, str) else word, among)
    barred = {space.row(other) for other in without if space.has(other)}
    if own and space.has(str(word)):
        barred.add(space.row(str(word)))
    return nearest(space, cosines, count, barred)


def nearest(space: Space, scores: Float32, count: int, barred: Collection[int] = ()) -> tuple[Neighbour, ...]:
    """The `count` words of the highest scores Float32[words], highest first, without the rows in `barred`."""
    wanted = min(len(scores), count + len(barred))
    if wanted <= 0:
        return ()
    top = np.argpartition(scores, len(scores) - wanted)[len(scores) - wanted :]
    # Ties at the edge: whoever scores as much as the last one taken competes by frequency.
    edge = scores[top].min()
    tied = np.flatnonzero(scores >= edge) if np.count_nonzero(scores == edge) > 1 else top
    order = tied[np.lexsort((tied, -scores[tied]))]
    kept = [int(row) for row in order if int(row) not in barred][:count]
    return tuple(Neighbour(space.words[row], float(scores[row]), row) for row in kept)
