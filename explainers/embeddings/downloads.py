"""Published vectors behind gensim's downloader: word2vec of Google News, FastText of Wikipedia, GloVe, Numberbatch.

Names, sizes and checksums are those of the list that gensim's downloader reads (list.json of gensim-data); they are
written here so that a reader sees the size before anything is fetched, and so that what arrives can be compared. Only
the vectors are fetched: gensim's own downloader also runs a program that comes with each model. The files lie where
gensim keeps its own (GENSIM_DATA_DIR, or gensim-data in the home directory), and what gensim fetched is not fetched
again.
"""

from __future__ import annotations

import hashlib
import os
import shutil
import urllib.error
import urllib.request
from dataclasses import dataclass
from pathlib import Path

from explainers.errors import ExplainerError
from explainers.progress import Report, silent

BASE = "https://github.com/RaRe-Technologies/gensim-data/releases/download"
PART = 2**20
TIMEOUT = 20.0  # seconds without an answer
MOST_WORDS = 400_000
"""The most frequent words of a download that are kept in memory: with 300 numbers each they take 480 MB."""


@dataclass(frozen=True)
class Download:
    """A published model: its name, bytes to fetch, words and dimensions in it, MD5 of the file, how it is written."""

    name: str
    size: int
    words: int
    dims: int
    md5: str
    suffix: str = ".txt"

    @property
    def megabytes(self) -> float:
        """Size in MB of a million bytes."""
        return self.size / 1e6


KNOWN: tuple[Download, ...] = (
    Download("word2vec-google-news-300", 1743563840, 3000000, 300, "a5e5354d40acb95f9ec66d5977d140ef", ".bin"),
    Download("fasttext-wiki-news-subwords-300", 1005007116, 999999, 300, "de2bb3a20c46ce65c9c131e1ad9a77af"),
    Download("glove-wiki-gigaword-50", 69182535, 400000, 50, "c289bc5d7f2f02c6dc9f2f9b67641813"),
    Download("glove-wiki-gigaword-100", 134300434, 400000, 100, "40ec481866001177b8cd4cb0df92924f"),
    Download("glove-wiki-gigaword-200", 264336934, 400000, 200, "59652db361b7a87ee73834a6c391dfc1"),
    Download("glove-wiki-gigaword-300", 394362229, 400000, 300, "29e9329ac2241937d55b852e8284e89b"),
    Download("glove-twitter-25", 109885004, 1193514, 25, "50db0211d7e7a2dcd362c6b774762793"),
    Download("glove-twitter-50", 209216938, 1193514, 50, "c168f18641f8c8a00fe30984c4799b2b"),
    Download("glove-twitter-100", 405932991, 1193514, 100, "b04f7bed38756d64cf55b58ce7e97b15"),
    Download("glove-twitter-200", 795373100, 1193514, 200, "e52e8392d1860b95d5308a525817d8f9"),
    Download("conceptnet-numberbatch-17-06-300", 1225497562, 1917247, 300, "fd642d457adcd0ea94da0cd21b150847"),
)


def known(name: str) -> Download:
    """The model of that name. Raises ExplainerError("embedding_download_unknown")."""
    for one in KNOWN:
        if one.name == name:
            return one
    raise ExplainerError("embedding_download_unknown", {"name": name, "known": ", ".join(one.name for one in KNOWN)})


def folder() -> Path:
    """Where downloaded models lie."""
    return Path(os.environ.get("GENSIM_DATA_DIR") or Path.home() / "gensim-data")


def fetch(model: Download, *, report: Report = silent) -> Path:
    """The file of a model on this disk, fetched if it is not there; `report` tells the part that has arrived.

    Raises ExplainerError: "embedding_download_" + unreachable (no network, no answer), changed (another size or
    checksum than expected), space (the disk has no room). What arrived of a download that was called off is removed.
    """
    target = folder() / model.name / f"{model.name}.gz"
    if target.is_file() and target.stat().st_size == model.size:
        return target
    try:
        target.parent.mkdir(parents=True, exist_ok=True)
        free = shutil.disk_usage(target.parent).free
    except OSError as error:
        raise _refused(model, "unreachable", reason=type(error).__name__) from error
    if free < 2 * model.size:
        raise _refused(model, "space", free=f"{free / 1e6:,.0f}")
    part = target.with_name(f"{target.name}.{os.getpid()}.part")
    try:
        digest = _stream(model, part, report)
        if digest != model.md5:
            raise _refused(model, "changed", found=digest)
        part.replace(target)
    except (urllib.error.URLError, OSError) as error:
        reason = getattr(error, "reason", None) or type(error).__name__
        raise _refused(model, "unreachable", reason=str(reason)) from error
    finally:
        part.unlink(missing_ok=True)
    return target


def _stream(model: Download, part: Path, report: Report) -> str:
    digest = hashlib.md5(usedforsecurity=False)
    address = f"{BASE}/{model.name}/{model.name}.gz"
    with urllib.request.urlopen(address, timeout=TIMEOUT) as answer, part.open("wb") as stream:
        arrived = 0
        while chunk := answer.read(PART):
            arrived += len(chunk)
            if arrived > model.size:
                raise _refused(model, "changed", found=f"> {model.size:,} B")
            digest.update(chunk)
            stream.write(chunk)
            report(arrived / model.size, None)
    if arrived != model.size:
        raise _refused(model, "changed", found=f"{arrived:,} B")
    return digest.hexdigest()


def _refused(model: Download, why: str, **details: str) -> ExplainerError:
    size = f"{model.megabytes:,.0f}"
    return ExplainerError(f"embedding_download_{why}", {"name": model.name, "size": size, **details})
