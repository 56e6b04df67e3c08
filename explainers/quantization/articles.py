"""A task with a truth for compressed models: which of eight encyclopedia articles is a sentence from?

The sentences are those of the Wikipedia sample in gensim's test data (CC BY-SA), cut at full stops; the vectors are the
bundled model's, in FP32, kept on disk. A classifier head on such vectors is the usual way to put a sentence encoder to
work (Reimers & Gurevych 2019, arXiv:1908.10084, section 5).
"""

from __future__ import annotations

import bz2
import functools
import importlib.util
import io
import re
import zlib
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from explainers.models import BUNDLED_BERT
from explainers.progress import Report, silent
from explainers.quantization import store
from explainers.quantization.variants import Built, Float32, build, sentence_vectors, tokenized

Int64 = npt.NDArray[np.int64]

SAMPLE = "enwiki-latest-pages-articles1.xml-p000000010p000030302-shortened.bz2"
CLASSES, EACH = 8, 90
TRAINED = 60  # of each article's sentences, the rest is held out
WORDS = (8, 28)  # of a sentence: fewer say too little, more take too long
BATCH = 24
WRITTEN = 1


@dataclass(frozen=True, eq=False)
class Task:
    """`sentences` with `labels` Int64[sentence] (places in `titles`); `train` and `test` hold their places."""

    titles: tuple[str, ...]
    sentences: tuple[str, ...]
    labels: Int64
    train: Int64
    test: Int64


@functools.cache
def task() -> Task:
    """The sentences of the first eight long articles of the sample. A second of reading, once."""
    titles: list[str] = []
    sentences: list[str] = []
    labels: list[int] = []
    for title, found in _articles():
        if len(found) < EACH:
            continue
        step = len(found) / EACH  # from all over the article
        sentences += [found[int(place * step)] for place in range(EACH)]
        labels += [len(titles)] * EACH
        titles.append(title)
        if len(titles) == CLASSES:
            break
    order = np.random.default_rng(0).permuted(np.tile(np.arange(EACH), (CLASSES, 1)), axis=1)
    places = order + EACH * np.arange(CLASSES)[:, None]
    train, test = places[:, :TRAINED].ravel(), places[:, TRAINED:].ravel()
    return Task(tuple(titles), tuple(sentences), np.array(labels), train, test)


def _articles() -> Iterator[tuple[str, list[str]]]:
    from gensim.corpora.wikicorpus import extract_pages, filter_wiki

    spec = importlib.util.find_spec("gensim")
    assert spec is not None and spec.submodule_search_locations
    path = Path(next(iter(spec.submodule_search_locations))) / "test" / "test_data" / SAMPLE
    with bz2.open(path) as file:
        for title, text, _ in extract_pages(file, filter_namespaces=("0",)):
            plain = re.sub(r"\{\|.*?\|\}|={2,}.*?={2,}|<[^>]*>|\[\S*|''+", " ", filter_wiki(text), flags=re.DOTALL)
            cut = (" ".join(part.split()) for part in re.split(r"(?<=[.!?])\s+", plain))
            yield title, [one for one in cut if _is_sentence(one)]


def _is_sentence(text: str) -> bool:
    few, many = WORDS
    return few <= len(text.split()) <= many and text[:1].isupper() and text.endswith(".") and "|" not in text


def encode(built: Built, sentences: tuple[str, ...], report: Report = silent) -> Float32:
    """Float32[sentence, hidden]: sentence vectors by a built variant, in batches of like lengths."""
    order = sorted(range(len(sentences)), key=lambda place: len(sentences[place]))
    made: list[Float32] = []
    for start in range(0, len(order), BATCH):
        report(start / len(order), None)
        ids, mask = tokenized(tuple(sentences[place] for place in order[start : start + BATCH]))
        made.append(sentence_vectors(built.run(ids, mask), mask))
    found: Float32 = np.concatenate(made)[np.argsort(order)]
    return found


def vectors(report: Report = silent) -> Float32:
    """The FP32 vectors of all sentences of the task, from disk where they are kept."""
    wanted = task().sentences
    name = f"articles-{store.digest(WRITTEN, wanted, BUNDLED_BERT.sha256)}.npy"
    kept = store.path_of(name)
    if kept is not None:
        try:
            found: Float32 = np.load(kept, allow_pickle=False)
            if found.shape[0] == len(wanted):
                return found
        except (OSError, ValueError, zlib.error):
            pass  # half a file: it is made anew
    found = encode(build("torch-fp32"), wanted, report)
    buffer = io.BytesIO()
    np.save(buffer, found)
    store.keep(name, buffer.getvalue())
    return found
