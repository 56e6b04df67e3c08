"""A reader's own vectors: text (.txt, .vec, as GloVe, word2vec and FastText write it), word2vec's and FastText's .bin.

Formats: word2vec.c and its `-binary` twin (Mikolov et al. 2013), GloVe's text without a first line, FastText's binary
(version 12), each also packed with gzip; gensim's .kv is in `pickles`. Nothing in a file is believed: a first line is
checked against the length of the file before anything is allocated, every word must be UTF-8, every number finite.
What cannot be read is refused with an ExplainerError whose code says why:
"embedding_file_" + missing, kind, empty, large, columns, header, encoding, number, truncated, pickle, unreadable.
"""

from __future__ import annotations

import gzip
import mmap
import tempfile
import warnings
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import BinaryIO

import numpy as np

from explainers.embeddings import fasttext_file
from explainers.embeddings.sources import BLOCK, LIMIT, Source, gigabytes
from explainers.embeddings.space import Float32, Space
from explainers.progress import Report, silent

LONGEST_WORD = 2000
SUFFIXES = (".txt", ".vec", ".bin", ".kv")


def read(path: str | Path, *, name: str | None = None, most: int | None = None, report: Report = silent) -> Space:
    """Read a file of vectors. name: what it is called, if not as on the disk. most: take only the first words.

    Raises ExplainerError with one of the codes above.
    """
    source = Source(Path(path), name or Path(path).name, most)
    _check(source)
    kind = _suffixes(source.name)
    if kind[-1:] == [".gz"]:
        with tempfile.NamedTemporaryFile(suffix="".join(kind[:-1])) as plain:
            _unpack(source, plain)
            return _read(Source(Path(plain.name), source.name, most), kind[-2:-1], report)
    return _read(source, kind[-1:], report)


def _suffixes(name: str) -> list[str]:
    return [suffix.lower() for suffix in Path(name).suffixes]


def _check(source: Source) -> None:
    kind = _suffixes(source.name)
    try:
        there = source.path.is_file()
        size = source.path.stat().st_size if there else 0
        with source.path.open("rb") if there else tempfile.TemporaryFile() as stream:
            begins = stream.read(2)
    except (OSError, ValueError) as error:  # not ours to read, or a name no disk can hold
        raise source.refused("unreadable", reason=type(error).__name__) from error
    if not there:
        raise source.refused("missing", part=source.name)
    if size == 0:
        raise source.refused("empty")
    if kind[-1:] in ([".pkl"], [".pickle"], [".model"]) or (_pickled(begins) and kind[-1:] != [".kv"]):
        raise source.refused("pickle")
    last = kind[-2:-1] if kind[-1:] == [".gz"] else kind[-1:]
    if not last or last[0] not in SUFFIXES:
        raise source.refused("kind", known=", ".join(SUFFIXES))
    if size > LIMIT and source.most is None:
        raise source.refused("large", size=gigabytes(size), limit=gigabytes(LIMIT))


def _pickled(begins: bytes) -> bool:
    return len(begins) == 2 and begins[0] == 0x80 and 2 <= begins[1] <= 5


def _unpack(source: Source, target: BinaryIO | tempfile._TemporaryFileWrapper[bytes]) -> None:
    """Write a gzip file's contents to `target`: no more than the limit, however much it would become."""
    written = 0
    try:
        with gzip.open(source.path) as stream:
            while part := stream.read(2**22):
                written += len(part)
                if written > LIMIT and source.most is None:
                    raise source.refused("large", size=f"> {gigabytes(LIMIT)}", limit=gigabytes(LIMIT))
                if written > 4 * LIMIT:  # of a gzip file that never ends
                    raise source.refused("large", size=f"> {gigabytes(4 * LIMIT)}", limit=gigabytes(4 * LIMIT))
                target.write(part)
    except EOFError as error:
        raise source.refused("truncated", found="gzip", promised="gzip") from error
    except (OSError, zlib.error) as error:
        raise source.refused("unreadable", reason=type(error).__name__) from error
    target.flush()
    if not written:
        raise source.refused("empty")


def _read(source: Source, kind: list[str], report: Report) -> Space:
    if kind == [".kv"]:
        from explainers.embeddings import pickles

        return pickles.read(source)
    with source.path.open("rb") as stream, mmap.mmap(stream.fileno(), 0, access=mmap.ACCESS_READ) as data:
        if _pickled(data[:2]):  # one that was packed with gzip, or renamed
            raise source.refused("pickle")
        if kind == [".bin"]:
            if data[:4] == fasttext_file.MAGIC:
                return fasttext_file.read(source, data, report)
            return _binary(source, data, report)
        return _text(source, data, report)


@dataclass(frozen=True)
class _Header:
    """What a first line says, where it says anything."""

    words: int | None
    dims: int


def _header(source: Source, line: bytes, size: int, least: int) -> _Header | None:
    """The two whole numbers of a first line, or None; `least`: bytes that one number takes at the least."""
    parts = line.split()
    if len(parts) != 2 or not all(part.isdigit() and len(part) < 19 for part in parts):
        return None
    words, dims = (int(part) for part in parts)
    # One word, `dims` numbers and what stands between them take some room. A file of half of it has broken off, which
    # shows in time; one that promises more never held it.
    if not words or not dims or words * (1 + dims * least) > 2 * size:
        raise source.refused("header", promised=words, dims=dims, found=f"{size:,} B")
    return _Header(words, dims)


def _space(source: Source, words: list[str], blocks: list[Float32]) -> Space:
    if not words:
        raise source.refused("empty")
    return Space(source.name, "", tuple(words), None, np.concatenate(blocks))


# --- text


def _text(source: Source, data: mmap.mmap, report: Report) -> Space:
    first = data.readline()
    header = _header(source, first, len(data), 2)
    if header is None:
        data.seek(0)
        dims = _numbers_at_the_end(first)
        if dims == 0:
            source.decoded(first[:LONGEST_WORD], 1)
            raise source.refused("columns", line=1, found=0, expected="2 ...")
        header = _Header(None, dims)
    words: list[str] = []
    blocks: list[Float32] = []
    pending: list[Float32] = []
    for number, line in _lines(source, data, 1 if header.words is None else 2):
        word, vector = _one_line(source, line, number, header.dims)
        words.append(word)
        pending.append(vector)
        if len(pending) == BLOCK:
            blocks.append(np.stack(pending))
            pending.clear()
            source.bearable(len(words), header.dims)
            report(min(1.0, data.tell() / len(data)), None)
        if source.most is not None and len(words) == source.most:
            break
    else:
        if header.words is not None and len(words) < header.words:
            raise source.refused("truncated", found=len(words), promised=header.words)
    if header.words is not None and len(words) > header.words:
        raise source.refused("header", promised=header.words, dims=header.dims, found=len(words))
    if pending:
        blocks.append(np.stack(pending))
    return _space(source, words, blocks)


def _numbers_at_the_end(line: bytes) -> int:
    """How many fields after the word are numbers: the dimensions of a file that does not say them."""
    count = 0
    for part in reversed(line.split()[1:]):
        try:
            float(part)
        except ValueError:
            break
        count += 1
    return count


def _lines(source: Source, data: mmap.mmap, number: int) -> Iterator[tuple[int, bytes]]:
    while line := data.readline():
        if line.strip():
            yield number, line
        number += 1


def _one_line(source: Source, line: bytes, number: int, dims: int) -> tuple[str, Float32]:
    # Only the space separates: some words hold other blanks (U+00A0 in FastText's files).
    fields = line.rstrip(b" \r\n").split(b" ")
    if b"\t" in line and len(fields) < dims + 1:
        fields = line.split()
    extra = len(fields) - dims - 1
    # A word may hold blanks (". . ." in GloVe 840B); one that would end in a number is a row too long.
    if extra < 0 or (extra > 0 and _numbers_at_the_end(line) > dims):
        source.decoded(fields[0], number)
        raise source.refused("columns", line=number, found=max(0, len(fields) - 1), expected=dims)
    word = source.decoded(b" ".join(fields[: extra + 1]), number)
    values = _floats(b" ".join(fields[extra + 1 :]))
    if len(values) != dims or not np.isfinite(values).all():
        raise source.refused("number", line=number, word=word[:40])
    return word, values


def _floats(text: bytes) -> Float32:
    """The numbers of a line, fewer where one of them is none."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        try:
            return np.fromstring(text.decode("ascii"), dtype=np.float32, sep=" ")
        except (ValueError, DeprecationWarning):  # UnicodeDecodeError is a ValueError
            return np.zeros(0, dtype=np.float32)


# --- word2vec's binary


def _binary(source: Source, data: mmap.mmap, report: Report) -> Space:
    first = data[: data.find(b"\n", 0, 64) + 1]
    header = _header(source, first, len(data), 4)
    if header is None or header.words is None:
        raise source.refused("header", promised="?", dims="?", found=f"{len(data):,} B")
    wanted = header.words if source.most is None else min(header.words, source.most)
    source.bearable(wanted, header.dims)
    table = np.empty((wanted, header.dims), dtype=np.float32)
    words: list[str] = []
    at, wide = len(first), 4 * header.dims
    for row in range(wanted):
        end = data.find(b" ", at, at + LONGEST_WORD)
        if end < 0 or end + 1 + wide > len(data):
            if end < 0 and len(data) - at > LONGEST_WORD:  # no word is that long: the dimensions are others
                raise source.refused("header", promised=header.words, dims=header.dims, found=row)
            raise source.refused("truncated", found=row, promised=header.words)
        word = data[at:end].lstrip(b"\n")
        if any(byte < 32 for byte in word):  # numbers, not letters: the dimensions are others
            raise source.refused("header", promised=header.words, dims=header.dims, found=row)
        words.append(source.decoded(word, row + 1))
        table[row] = np.frombuffer(data, dtype="<f4", count=header.dims, offset=end + 1)
        at = end + 1 + wide
        if row % BLOCK == 0:
            report(row / wanted, None)
    if wanted == header.words and data[at : at + 2].strip():
        raise source.refused("header", promised=header.words, dims=header.dims, found=f"> {header.words}")
    return _finite(source, words, table)


def _finite(source: Source, words: list[str], table: Float32) -> Space:
    bad = np.flatnonzero(~np.isfinite(table).all(axis=1))
    if len(bad):
        raise source.refused("number", line=int(bad[0]) + 1, word=words[bad[0]][:40])
    return _space(source, words, [table])
