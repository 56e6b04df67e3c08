"""Train the shipped spaces: Word2Vec, GloVe and FastText on the same corpus, in English and in Chinese.

    python -m tools.vectors            all six, one after the other
    python -m tools.vectors en glove   some of them

The corpora are those of `tools.corpus`. Seeded, and with one worker, for gensim's threads would mix their updates in
an order that nobody can repeat: the same machine and the same versions give the same bytes. What is written: the words
with their counts, each space as `spaces.pack` writes it, and `about.json`: settings, seconds, and for English the
scores before and after the rounding to 8 bits.
"""

from __future__ import annotations

import json
import os
import sys
import time
from collections import Counter
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

import numpy as np

from explainers.embeddings import glove, scores, spaces
from explainers.embeddings.grams import Grams
from explainers.embeddings.space import Float32, Space
from tools import corpus

SEED = 17
DIMS = 100


@dataclass(frozen=True)
class Recipe:
    """How the three of a language are trained.

    epochs: of Word2Vec and FastText. glove_window: GloVe looks further, as its paper does (section 4.2).
    """

    min_count: int
    window: int
    negative: int
    sample: float
    epochs: int
    fasttext_epochs: int
    shortest: int
    longest: int
    buckets: int
    glove_window: int
    glove_epochs: int
    x_max: float


RECIPES = {
    "en": Recipe(7, 5, 5, 1e-4, 15, 12, 3, 6, 80_000, 10, 30, 20.0),
    "zh": Recipe(5, 5, 5, 1e-4, 12, 10, 1, 3, 60_000, 10, 30, 20.0),
}


@dataclass(frozen=True)
class Corpus:
    """Sentences and the words that occur often enough, the most frequent first, ties in the order of the alphabet."""

    sentences: list[list[str]]
    vocabulary: dict[str, int]

    @property
    def words(self) -> tuple[str, ...]:
        """The vocabulary in order."""
        return tuple(self.vocabulary)


def read(language: str) -> Corpus:
    """The corpus of a language."""
    sentences = corpus.english() if language == "en" else corpus.chinese()
    counted = Counter(word for sentence in sentences for word in sentence)
    least = RECIPES[language].min_count
    known = sorted(((w, n) for w, n in counted.items() if n >= least), key=lambda item: (-item[1], item[0]))
    return Corpus(sentences, dict(known))


def gensim_model(kind: str, data: Corpus, recipe: Recipe) -> Any:
    """A trained gensim model; its progress goes to the terminal."""
    from gensim.models import FastText, Word2Vec
    from gensim.models.callbacks import CallbackAny2Vec

    class Told(CallbackAny2Vec):  # type: ignore[misc]
        def __init__(self) -> None:
            self.done, self.began = 0, time.perf_counter()

        def on_epoch_end(self, model: Any) -> None:
            self.done += 1
            print(f"  {kind} epoch {self.done} {time.perf_counter() - self.began:.0f} s", flush=True)

    options = {
        "vector_size": DIMS, "window": recipe.window, "negative": recipe.negative, "sample": recipe.sample,
        "sg": 1, "hs": 0, "min_count": 1, "sorted_vocab": 0, "workers": 1, "seed": SEED,
    }  # fmt: skip
    if kind == "fasttext":
        model = FastText(**options, min_n=recipe.shortest, max_n=recipe.longest, bucket=recipe.buckets)
    else:
        model = Word2Vec(**options)
    model.build_vocab_from_freq(data.vocabulary, corpus_count=len(data.sentences))
    epochs = recipe.fasttext_epochs if kind == "fasttext" else recipe.epochs
    model.train(data.sentences, total_examples=len(data.sentences), epochs=epochs, callbacks=[Told()])
    assert tuple(model.wv.index_to_key) == data.words
    return model


def glove_vectors(data: Corpus, recipe: Recipe) -> Float32:
    """w + w~ of GloVe."""
    row = {word: at for at, word in enumerate(data.words)}
    ids = [np.array([row.get(word, -1) for word in sentence], dtype=np.int32) for sentence in data.sentences]
    cells = glove.cooccurrences(ids, len(data.words), recipe.glove_window)
    print(f"  glove {len(cells):,} cells", flush=True)
    settings = glove.Settings(DIMS, recipe.glove_epochs, recipe.x_max, seed=SEED)
    under_way = glove.Fit(cells, len(data.words), settings)
    for epoch in range(settings.epochs):
        print(f"  glove epoch {epoch + 1} J/n {under_way.epoch():.5f}", flush=True)
    return under_way.now().vectors


def scored(space: Space) -> dict[str, float]:
    """The three scores of an English space."""
    found: dict[str, float] = {test: scores.score_pairs(space, test).spearman for test in scores.PAIR_TESTS}
    answers = scores.score_analogies(space)
    return {**found, "analogies": answers.accuracy, "semantic": answers.semantic.right / answers.semantic.answered}


def build(language: str, kind: str, data: Corpus) -> dict[str, Any]:
    """Train one space, write it, and say how it went."""
    recipe, folder = RECIPES[language], spaces.ASSETS / language
    began, grams = time.perf_counter(), None
    if kind == "glove":
        vectors = glove_vectors(data, recipe)
    else:
        model = gensim_model(kind, data, recipe)
        vectors = model.wv.vectors
        if kind == "fasttext":
            grams = Grams(recipe.shortest, recipe.longest, model.wv.vectors_ngrams)
        if kept := os.environ.get("KEEP_VECTORS"):  # everything as it was trained, to look at
            np.savez(Path(kept) / f"{language}-{kind}.npz", w=vectors, c=model.syn1neg)
    seconds = time.perf_counter() - began
    if kind == "glove" and (kept := os.environ.get("KEEP_VECTORS")):
        np.savez(Path(kept) / f"{language}-{kind}.npz", w=vectors)
    size = spaces.pack(folder, kind, vectors, grams)
    made: dict[str, Any] = {"seconds": round(seconds), "bytes": size}
    if language == "en":
        before = Space(kind, language, data.words, None, np.asarray(vectors, dtype=np.float32), lower=True)
        made["scores"] = {name: round(value, 4) for name, value in scored(before).items()}
        after = spaces.open_packed(folder, kind, language)
        made["scores_8_bit"] = {name: round(value, 4) for name, value in scored(after).items()}
    return made


def write_about(language: str, kind: str, data: Corpus, made: dict[str, Any]) -> None:
    """Add one space to `about.json`."""
    path = spaces.ASSETS / language / "about.json"
    about: dict[str, Any] = json.loads(path.read_text("utf-8")) if path.is_file() else {}
    models = {**about.get("models", {}), kind: made}
    about = {
        "sentences": len(data.sentences),
        "running_words": sum(map(len, data.sentences)),
        "words": len(data.words),
        "dims": DIMS,
        "seed": SEED,
        "recipe": asdict(RECIPES[language]),
        "models": {name: models[name] for name in spaces.MODELS if name in models},
    }
    path.write_text(json.dumps(about, indent=1) + "\n", "utf-8")


def write_vocabulary(language: str, data: Corpus) -> None:
    """Words and counts, one a line."""
    folder = spaces.ASSETS / language
    folder.mkdir(parents=True, exist_ok=True)
    lines = (f"{word}\t{count}\n" for word, count in data.vocabulary.items())
    (folder / "vocabulary.tsv").write_text("".join(lines), "utf-8")
    spaces.vocabulary.cache_clear()


def main(wanted: list[str]) -> None:
    languages = [language for language in spaces.LANGUAGES if language in wanted] or list(spaces.LANGUAGES)
    kinds = [kind for kind in spaces.MODELS if kind in wanted] or list(spaces.MODELS)
    for language in languages:
        data = read(language)
        write_vocabulary(language, data)
        for kind in kinds:
            print(language, kind, flush=True)
            made = build(language, kind, data)
            write_about(language, kind, data, made)
            print(language, kind, made, flush=True)


if __name__ == "__main__":
    main(sys.argv[1:])
