"""The worked examples of our answer to B60: every number and n-gram in it, in both languages, computed again."""

from __future__ import annotations

import re

import pytest

from explainers.embeddings import grams, spaces, windows
from explainers.errors import ExplainerError
from study import answers

LANGUAGES = ("zh-Hant", "en")
SENTENCE = "the king sat on the throne"


def text_of(lang: str) -> str:
    return re.sub(r"\]\([^)]*\)", "]", answers.answer("B60", lang))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_pairs_of_the_window_are_those_named(lang: str) -> None:
    words = windows.cut(SENTENCE)
    partners = [words[other] for centre, other in windows.pairs(words, 2) if centre == 1]
    assert SENTENCE in text_of(lang)
    named = re.findall(r"\*(\w+)\*", text_of(lang).split(SENTENCE)[1])
    assert named[:4] == ["king", *partners]


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_loss_and_the_weight_are_those_computed(lang: str) -> None:
    assert f"{windows.skipgram_loss([0.0], [[1.0]], [1]):.3f}" in text_of(lang)
    assert f"X = 10 {'算' if lang == 'zh-Hant' else 'counts'} {float(windows.glove_weight(10)):.2f}" in text_of(lang)
    assert windows.glove_weight(100) == 1.0


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_n_grams_are_those_of_fasttext(lang: str) -> None:
    wanted = grams.split("king", 3, 6)
    assert f" {len(wanted)} " in text_of(lang).replace("10：", "10 ：").replace("10:", "10 :")
    named = re.findall(r"`([^`]+)`", text_of(lang))
    assert named[0] == "<king>"
    assert sorted(named[1:]) == sorted(wanted)


def test_the_unseen_word_is_unseen_by_two_and_made_by_the_third() -> None:
    for model in ("word2vec", "glove"):
        with pytest.raises(ExplainerError):
            spaces.shipped(model).vector("kinglike")
    assert spaces.shipped("fasttext").vector("kinglike").any()


def test_it_is_short() -> None:
    assert len(text_of("en").split()) <= 350
