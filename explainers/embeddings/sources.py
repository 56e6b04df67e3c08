"""A file of vectors that is being read: what it is called, how much of it may be taken, how it is refused.

Shared by the readers of the formats (`files`, `fasttext_file`, `pickles`).
"""

from __future__ import annotations

import mmap
import struct
from dataclasses import dataclass
from pathlib import Path

from explainers.errors import ExplainerError

LIMIT = 2 * 2**30
"""Bytes of file that are read as a whole; of a larger one only the first words are taken, where a reader says so."""
MOST_VECTORS = 1_200_000_000
"""Bytes of float32 that a space may hold in memory: 6 million words of 50 numbers, 1 million of 300."""
BLOCK = 4096  # words read between two reports


@dataclass(frozen=True)
class Source:
    """path: where it lies. name: what the reader knows it by. most: how many words to take, None for all."""

    path: Path
    name: str
    most: int | None = None

    def refused(self, why: str, **details: object) -> ExplainerError:
        """The error "embedding_file_<why>" for this file."""
        texts = {key: str(value) for key, value in details.items()}
        return ExplainerError(f"embedding_file_{why}", {"name": self.name, **texts})

    def decoded(self, word: bytes, line: int) -> str:
        """A word as text. Raises "encoding"."""
        try:
            return word.decode("utf-8")
        except UnicodeDecodeError as error:
            raise self.refused("encoding", line=line) from error

    def bearable(self, words: int, dims: int) -> None:
        """Raises "large" where so many vectors would not fit into memory."""
        if 4 * words * dims > MOST_VECTORS:
            raise self.refused("large", size=gigabytes(4 * words * dims), limit=gigabytes(MOST_VECTORS))

    def numbers(self, data: mmap.mmap | bytes, form: str, at: int) -> tuple[tuple[int, ...], int]:
        """Whole numbers at a place of a binary file, and the place behind them. Raises "truncated"."""
        end = at + struct.calcsize(form)
        if end > len(data):
            raise self.refused("truncated", found=f"{len(data):,} B", promised=f"{end:,} B")
        return struct.unpack(form, data[at:end]), end


def gigabytes(size: int) -> str:
    """A size as the sentences give it."""
    return f"{size / 2**30:.1f}"
