"""FastText's own binary (fastText/src/fasttext.cc, versions 11 and 12): words, counts, the matrix of words and n-grams.

Nothing of it is copied that need not be: the matrix stays on the disk as a memory map. A word's vector is the mean of
its own row and those of its n-grams, as `Dictionary::initNgrams` and `FastText::getWordVector` make it.
"""

from __future__ import annotations

import mmap

import numpy as np

from explainers.embeddings.grams import Grams
from explainers.embeddings.sources import BLOCK, Source
from explainers.embeddings.space import Float32, Space
from explainers.progress import Report, silent

MAGIC = (793712314).to_bytes(4, "little")
VERSIONS = (11, 12)  # they differ in what a classifier means
END_OF_SENTENCE = "</s>"
LONGEST_WORD = 2000
_WIDE = 4


def read(source: Source, data: mmap.mmap, report: Report = silent) -> Space:
    """Read a model. Raises ExplainerError "embedding_file_" + truncated, header, encoding, kind, large, number."""
    arguments, at = source.numbers(data, "<i12i", 4)
    version, dims, buckets, shortest, longest = (arguments[i] for i in (0, 1, 9, 10, 11))
    (entries, count, labels), at = source.numbers(data, "<3i", at + 8)  # t, a double, lies before
    (_, pruned), at = source.numbers(data, "<2q", at)
    if version not in VERSIONS or labels > 0 or pruned > 0:  # a classifier, or a compressed model (.ftz)
        raise source.refused("kind", known="fastText: skip-gram, CBOW")
    # Every entry takes ten bytes at least: an end, a count, a kind.
    if dims <= 0 or not 0 < count == entries or entries * 10 > len(data) or buckets < 0:
        raise source.refused("header", promised=count, dims=dims, found=f"{len(data):,} B")
    words, counts, at = _words(source, data, at, entries)
    quantized, at = bool(data[at]) if at < len(data) else False, at + 1
    (rows, wide), at = source.numbers(data, "<2q", at)
    if quantized or rows != count + buckets or wide != dims:
        raise source.refused("header", promised=f"{count} + {buckets}", dims=dims, found=f"{rows} x {wide}")
    end = at + rows * wide * _WIDE
    if end > len(data):
        raise source.refused("truncated", found=f"{len(data):,} B", promised=f"{end:,} B")
    matrix = np.memmap(source.path, dtype="<f4", mode="r", offset=at, shape=(rows, wide))
    kept = count if source.most is None else min(count, source.most)
    source.bearable(kept, dims)
    grams = Grams(shortest, longest, matrix[count:]) if buckets and longest > 0 else None
    table = composed(words[:kept], np.array(matrix[:kept], dtype=np.float32), grams, report)
    bad = np.flatnonzero(~np.isfinite(table).all(axis=1))
    if len(bad):
        raise source.refused("number", line=int(bad[0]) + 1, word=words[bad[0]][:40])
    return Space(source.name, "", tuple(words[:kept]), np.array(counts[:kept], dtype=np.int64), table, None, grams)


def _words(source: Source, data: mmap.mmap, at: int, entries: int) -> tuple[list[str], list[int], int]:
    words, counts = [], []
    for row in range(entries):
        end = data.find(b"\0", at, at + LONGEST_WORD)
        if end < 0:
            raise source.refused("truncated", found=row, promised=entries)
        words.append(source.decoded(data[at:end], row + 1))
        (count, kind), at = source.numbers(data, "<qb", end + 1)
        if count < 0 or kind != 0:
            raise source.refused("header", promised=entries, dims="-", found=row)
        counts.append(count)
    return words, counts, at


def composed(words: list[str], table: Float32, grams: Grams | None, report: Report = silent) -> Float32:
    """The mean of each word's own row of `table` [words, dims] and its n-grams' rows, written into `table`."""
    for row, word in enumerate(words):
        parts = grams.of(word) if grams is not None and word != END_OF_SENTENCE else ()
        if grams is not None and parts:
            table[row] = (table[row] + grams.vectors(parts).sum(axis=0)) / (1 + len(parts))
        if row % (BLOCK // 8) == 0:
            report(row / len(words), None)
    return table
