"""Chinese texts as means of the word vectors that the product ships (assets/embeddings/zh: Word2Vec, 100 numbers).

Words weigh a / (a + their share of the corpus), and what all texts share is taken off: Arora, Liang & Ma 2017, "A
Simple but Tough-to-Beat Baseline for Sentence Embeddings" (ICLR), algorithm 1. Cut with jieba and turned into
Traditional characters as the corpus was (`tools/corpus.py`).
"""

from __future__ import annotations

import functools
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from explainers.progress import Report, silent

Float32 = npt.NDArray[np.float32]

FOLDER = Path(__file__).resolve().parents[1] / "assets" / "embeddings" / "zh"
SMOOTHING = 1e-3  # a of the paper
STEP = 400  # texts between two reports


@dataclass(frozen=True, eq=False)
class Table:
    """Words and what each adds to a text. rows: of a word in `vectors`. vectors: Float32[words, 100], each of length 1
    times its weight. weight: Float32[words]."""

    rows: Mapping[str, int]
    vectors: Float32
    weight: Float32


def shipped() -> bool:
    """Whether the vectors are there."""
    return (FOLDER / "word2vec.npy").is_file()


@functools.lru_cache(maxsize=1)
def table() -> Table:
    """The shipped words, weighted."""
    lines = (FOLDER / "vocabulary.tsv").read_text("utf-8").splitlines()
    words, counts = zip(*(line.split("\t") for line in lines), strict=True)
    share = np.array(counts, dtype=np.float64)
    weight = (SMOOTHING / (SMOOTHING + share / share.sum())).astype(np.float32)
    vectors = np.load(FOLDER / "word2vec.npy", allow_pickle=False).astype(np.float32)
    vectors *= (weight / np.linalg.norm(vectors, axis=1))[:, None]  # a row's scale falls out with its length
    return Table({word: row for row, word in enumerate(words)}, vectors, weight)


def word_vectors(texts: Sequence[str], report: Report = silent) -> Float32:
    """Vectors Float32[n, 100]: each text's weighted mean of its known words, without their common component."""
    import jieba
    from opencc import OpenCC

    jieba.setLogLevel(60)
    convert = functools.lru_cache(maxsize=100_000)(OpenCC("s2twp").convert)
    known = table()
    found = np.zeros((len(texts), known.vectors.shape[1]), dtype=np.float32)
    for at, text in enumerate(texts):
        rows = [known.rows[word] for word in map(convert, jieba.lcut(text)) if word in known.rows]
        if rows:
            found[at] = known.vectors[rows].sum(axis=0) / known.weight[rows].sum()
        if at % STEP == 0:
            report(at / len(texts), None)
    report(1.0, None)
    return without_common(found)


def without_common(vectors: Float32) -> Float32:
    """The vectors `vectors`[n, d] without their projection on the first right singular vector of the whole."""
    common = np.linalg.eigh(vectors.T @ vectors)[1][:, -1]
    return np.ascontiguousarray(vectors - np.outer(vectors @ common, common), dtype=np.float32)
