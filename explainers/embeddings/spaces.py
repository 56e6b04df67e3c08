"""Where the spaces come from: those this product ships, the official GloVe, a file, a name of gensim's downloader.

Shipped are Word2Vec, GloVe and FastText of one corpus per language (`tools/vectors.py`): the same words in the same
order, 100 numbers each, int8 with one scale per row, opened as memory maps. `pack` and `open_packed` are that format.
"""

from __future__ import annotations

import functools
import json
from dataclasses import replace
from pathlib import Path
from typing import Any

import numpy as np
import numpy.typing as npt

from explainers.embeddings import downloads as published
from explainers.embeddings import files
from explainers.embeddings.downloads import Download
from explainers.embeddings.grams import Grams
from explainers.embeddings.official import NAME, official
from explainers.embeddings.space import Float32, Space
from explainers.errors import ExplainerError
from explainers.progress import Report, silent

__all__ = ["LANGUAGES", "MODELS", "Download", "about", "downloads", "load", "official", "pack", "shipped"]

MODELS = ("word2vec", "glove", "fasttext")
LANGUAGES = ("en", "zh")
HUB = "hub:"
ASSETS = Path(__file__).resolve().parents[2] / "assets" / "embeddings"


@functools.lru_cache(maxsize=len(MODELS) * len(LANGUAGES))
def shipped(model: str, language: str = "en") -> Space:
    """One of the shipped spaces, the same instance every time. Raises ExplainerError("embedding_no_such_space")."""
    if model not in MODELS or language not in LANGUAGES:
        raise ExplainerError("embedding_no_such_space", {"name": f"{model} ({language})"})
    return open_packed(ASSETS / language, model, language)


def downloads() -> tuple[Download, ...]:
    """The published models that `load` can fetch, with their sizes."""
    return published.KNOWN


def load(source: str, *, name: str | None = None, most: int | None = None, report: Report = silent) -> Space:
    """A space from "glove-6b", "hub:" and a name of `downloads`, or the path of a file.

    name: what the reader calls the file. most: take only the first words; of a download at most the first
    `downloads.MOST_WORDS` are kept. Raises ExplainerError: see `official`, `downloads.fetch`, `files.read`.
    """
    if source == NAME:
        return official()
    if not source.startswith(HUB):
        return files.read(source, name=name, most=most, report=report)
    model = published.known(source.removeprefix(HUB).strip())
    path = published.fetch(model, report=lambda part, _: report(0.7 * part, None))
    kept = min(most or published.MOST_WORDS, published.MOST_WORDS)
    found = files.read(
        path,
        name=f"{model.name}{model.suffix}.gz",
        most=kept if kept < model.words else None,
        report=lambda part, _: report(0.7 + 0.3 * part, None),
    )
    return replace(found, name=name or model.name)


@functools.lru_cache(maxsize=len(LANGUAGES))
def vocabulary(folder: Path) -> tuple[tuple[str, ...], npt.NDArray[np.int64]]:
    """Words and counts that the spaces in a folder share."""
    lines = (folder / "vocabulary.tsv").read_text("utf-8").splitlines()
    words, counts = zip(*(line.split("\t") for line in lines), strict=True)
    return tuple(words), np.array(counts, dtype=np.int64)


@functools.lru_cache(maxsize=len(LANGUAGES))
def about(language: str = "en") -> dict[str, Any]:
    """How the spaces of a language were made: the corpus, the settings, the seconds, the scores (`tools.vectors`)."""
    found: dict[str, Any] = json.loads((ASSETS / language / "about.json").read_text("utf-8"))
    return found


def to_bytes(vectors: Float32) -> tuple[npt.NDArray[np.int8], Float32]:
    """Vectors [n, dims] as int8 [n, dims] and scales Float32[n]: the largest number of each row becomes 127."""
    scales = np.abs(vectors).max(axis=1) / 127
    safe = np.where(scales > 0, scales, 1)
    return np.rint(vectors / safe[:, None]).astype(np.int8), scales.astype(np.float32)


def pack(folder: Path, model: str, vectors: Float32, grams: Grams | None = None) -> int:
    """Write a space's vectors [words, dims], and FastText's n-grams; returns the bytes written."""
    folder.mkdir(parents=True, exist_ok=True)
    parts = {model: vectors} if grams is None else {model: vectors, f"{model}.grams": np.asarray(grams.table)}
    written = 0
    for name, values in parts.items():
        rows, scales = to_bytes(np.asarray(values, dtype=np.float32))
        for path, array in ((folder / f"{name}.npy", rows), (folder / f"{name}.scales.npy", scales)):
            np.save(path, array)
            written += path.stat().st_size
    if grams is not None:
        (folder / f"{model}.grams.json").write_text(json.dumps([grams.shortest, grams.longest]), "utf-8")
    return written


def open_packed(folder: Path, model: str, language: str) -> Space:
    """Open what `pack` wrote, as memory maps."""
    words, counts = vocabulary(folder)

    def mapped(name: str) -> npt.NDArray[Any]:
        found: npt.NDArray[Any] = np.load(folder / f"{name}.npy", mmap_mode="r", allow_pickle=False)
        return found

    grams = None
    if (folder / f"{model}.grams.json").is_file():
        shortest, longest = json.loads((folder / f"{model}.grams.json").read_text("utf-8"))
        grams = Grams(shortest, longest, mapped(f"{model}.grams"), mapped(f"{model}.grams.scales"))
    return Space(
        model, language, words, counts, mapped(model), mapped(f"{model}.scales"), grams, lower=language == "en"
    )
