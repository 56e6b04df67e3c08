"""The worked examples of our answer to B58: every number in it, in both languages, computed again."""

from __future__ import annotations

import math
import re

import numpy as np
import pytest
from sklearn.feature_extraction.text import CountVectorizer

from explainers.embeddings import space, spaces
from explainers.errors import ExplainerError
from explainers.models import load_bert
from study import answers, document, english, markdown

LANGUAGES = ("zh-Hant", "en")
ANSWERED = [question.id for question in document.load().questions if question.answered]


def text_of(lang: str) -> str:
    return re.sub(r"\]\([^)]*\)", "]", answers.answer("B58", lang))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_weights_of_the_words_are_those_counted(lang: str) -> None:
    if lang == "en":
        texts = {name: english.of_question(name).summary.lower() for name in ANSWERED}
        patterns = {"the": r"\bthe\b", "teacher": r"\bteacher\b"}
    else:
        texts = {name: markdown.to_text(document.load().question(name).body) for name in ANSWERED}
        patterns = {word: word for word in ("模型", "教師模型")}
    for word, pattern in patterns.items():
        here = len(re.findall(pattern, texts["A25"]))
        with_it = sum(bool(re.search(pattern, text)) for text in texts.values())
        weight = here * math.log(len(texts) / with_it)
        assert word in text_of(lang)
        assert f"{here} × ln({len(texts)}/{with_it}) = {weight:.2f}" in text_of(lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_windows_and_what_they_say_together(lang: str) -> None:
    windows = load_bert().tokenizer(
        "word " * 1200, max_length=512, stride=128, truncation=True, return_overflowing_tokens=True, verbose=False
    )
    parts = [0.1, 0.2, 0.9]
    assert len(windows["input_ids"]) == len(parts)
    assert [len(ids) for ids in windows["input_ids"][:2]] == [512, 512]
    assert re.search(r"(共 3 段|make 3 windows)", text_of(lang))
    assert f"{np.mean(parts):.2f}" in text_of(lang) and f"{max(parts):.2f}" in text_of(lang)


@pytest.mark.parametrize("lang", LANGUAGES)
def test_attention_grows_with_the_square(lang: str) -> None:
    short, long = (12 * length**2 for length in (512, 4096))
    stated = ("310 萬", "2.01 億", "64 倍") if lang == "zh-Hant" else ("3.1 million", "201 million", "64 times")
    assert (f"{short / 1e6:.1f}", f"{long / 1e6:.0f}", long // short) == ("3.1", "201", 64)
    assert all(words in text_of(lang) for words in stated)


def mean(phrase: str) -> np.ndarray:
    rows = [spaces.shipped("word2vec").vector(word) for word in phrase.split()]
    return np.mean([row / np.linalg.norm(row) for row in rows], axis=0)


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("pair", [("cheap film", "inexpensive movie"), ("car crash", "stock market")])
def test_short_texts_are_as_near_as_stated(pair: tuple[str, str], lang: str) -> None:
    one, other = (mean(phrase) for phrase in pair)
    assert f"{one @ other / np.linalg.norm(one) / np.linalg.norm(other):.2f}" in text_of(lang)
    assert all(phrase in text_of(lang).lower() for phrase in pair)
    counted = CountVectorizer().fit_transform(pair)
    assert counted[0].multiply(counted[1]).nnz == 0


def nearest(model: str, word: str) -> list[str]:
    return [found.word for found in space.neighbours(spaces.shipped(model), word, 4)]


def test_the_neighbours_are_those_named() -> None:
    assert [word for word in nearest("word2vec", "film") if word in ("films", "filmmaker", "movie")] == [
        "films",
        "filmmaker",
        "movie",
    ]
    assert nearest("word2vec", "delivery")[0] == "obstetrical"
    assert nearest("fasttext", "beatiful")[0] == "beautiful"
    assert nearest("fasttext", "recieve")[0] == "recipe"
    for model in ("word2vec", "glove"):
        with pytest.raises(ExplainerError):
            spaces.shipped(model).vector("beatiful")
    assert f"{spaces.shipped('fasttext').similarity('beatiful', 'beautiful'):.2f}" in text_of("en")
    assert f"{spaces.shipped('fasttext').similarity('beatiful', 'beautiful'):.2f}" in text_of("zh-Hant")


def test_it_is_short() -> None:
    assert len(text_of("en").split()) <= 450
