"""FastText's character n-grams and where their vectors lie: the hash table behind "any string gets a vector".

A word is written between `<` and `>`; every run of `shortest` to `longest` characters in it is an n-gram, and each
n-gram is one of `buckets` rows of a matrix, chosen by a hash: two n-grams that fall into one row share its vector.
Reference: Bojanowski et al. 2017, "Enriching Word Vectors with Subword Information" (arXiv:1607.04606), and its
program's hash (FNV-1a of the UTF-8 bytes, each taken as a signed char), which gensim's `ft_hash_bytes` repeats.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

Float32 = npt.NDArray[np.float32]

FNV_OFFSET = 2166136261
FNV_PRIME = 16777619


def hashed(gram: str) -> int:
    """The 32-bit hash of an n-gram, before it is reduced to a row."""
    value = FNV_OFFSET
    for byte in gram.encode("utf-8"):
        # The program hashes `int8_t`: a byte of 128 or more comes in with 24 ones in front of it.
        value ^= byte if byte < 128 else byte | 0xFFFFFF00
        value = value * FNV_PRIME & 0xFFFFFFFF
    return value


def split(word: str, shortest: int, longest: int) -> tuple[str, ...]:
    """The n-grams of a word in reading order, those that begin at one place from the shortest to the longest."""
    text = f"<{word}>"
    found = []
    for start in range(len(text)):
        for size in range(shortest, min(longest, len(text) - start) + 1):
            # A lone bracket says nothing; the original leaves it out too.
            if size == 1 and (start == 0 or start + size == len(text)):
                continue
            found.append(text[start : start + size])
    return tuple(found)


@dataclass(frozen=True, eq=False)
class Grams:
    """The n-gram matrix of a FastText model.

    table: one row per bucket [buckets, dims], float, or int8 with `scales` (float32 [buckets]): row = table * scale.
    shortest, longest: lengths of the n-grams in characters, brackets included.
    """

    shortest: int
    longest: int
    table: npt.NDArray[np.generic]
    scales: Float32 | None = None

    @property
    def buckets(self) -> int:
        """Rows of the matrix."""
        return len(self.table)

    def of(self, word: str) -> tuple[str, ...]:
        """The n-grams of a word."""
        return split(word, self.shortest, self.longest)

    def rows(self, grams: tuple[str, ...]) -> npt.NDArray[np.int64]:
        """The row of each n-gram, Int64[n]."""
        return np.array([hashed(gram) % self.buckets for gram in grams], dtype=np.int64)

    def vectors(self, grams: tuple[str, ...]) -> Float32:
        """The vector of each n-gram, Float32[n, dims]."""
        rows = self.rows(grams)
        found = np.asarray(self.table[rows]).astype(np.float32)
        return found if self.scales is None else found * np.asarray(self.scales[rows], dtype=np.float32)[:, None]
