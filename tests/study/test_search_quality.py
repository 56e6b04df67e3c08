"""Does the search find what it should? Queries written before the ranking was tuned, each with the question it wants,
under the sentence model that the reader page uses and without it; beside plain substring search."""

from __future__ import annotations

import functools
import time
import tomllib
from collections.abc import Callable
from pathlib import Path

import numpy as np
import pytest

from explainers import attention
from study import document, english, markdown, meaning, synonyms
from study.search import search

QUERIES = tomllib.loads((Path(__file__).parent / "search_queries.toml").read_text("utf-8"))["query"]


@functools.cache
def encode(text: str) -> np.ndarray:
    return attention.trace(text, max_tokens=64).sentence_vector


def shares(find: Callable[[str], list[str]]) -> tuple[float, float]:
    """The share of queries whose question comes first, and among the first three."""
    found = [(find(query["text"])[:3], query["finds"]) for query in QUERIES]
    first = sum(bool(hits) and hits[0] in wanted for hits, wanted in found)
    third = sum(any(hit in wanted for hit in hits) for hits, wanted in found)
    return first / len(found), third / len(found)


def substring(query: str) -> list[str]:
    """What a browser's own search would do: the questions that hold the words as typed, most often first."""
    counts = {}
    for question in document.load().questions:
        ours = english.of_question(question.id)
        text = " ".join(
            (markdown.to_text(f"{question.heading} {question.body}"), ours.title, ours.question, ours.summary)
        )
        counts[question.id] = sum(text.lower().count(word) for word in query.lower().split())
    return sorted((name for name in counts if counts[name]), key=lambda name: -counts[name])


def test_there_are_enough_queries_of_every_kind() -> None:
    assert len(QUERIES) >= 60
    known = {question.id for question in document.load().questions}
    assert all(set(query["finds"]) <= known for query in QUERIES)
    assert {query["kind"] for query in QUERIES} == {"zh", "en", "simplified", "typo", "meaning"}


def test_words_and_meaning_find_the_question() -> None:
    first, third = shares(lambda query: [hit.question for hit in search(query, encode=encode).hits])
    assert first >= 0.85
    assert third >= 0.95


def test_words_alone_do_well_and_better_than_substrings() -> None:
    first, third = shares(lambda query: [hit.question for hit in search(query).hits])
    plain, _ = shares(substring)
    assert first >= 0.75 and third >= 0.85
    assert first > plain + 0.2


@pytest.mark.parametrize("query", ["量化", "quantization", "quantisation", "Quantized", "quantizaton", "量化技術"])
def test_both_scripts_of_a_term_find_each_other(query: str) -> None:
    top = {hit.question for hit in search(query).hits[:8]}
    assert len(top & {"A7", "A12", "A24", "B26", "B31", "B33", "B38"}) >= 4


@pytest.mark.parametrize(("typed", "meant"), [("数据标注", "數據標註"), ("损失函数", "損失函數"), ("多模态", "多模態")])
def test_simplified_typed_finds_traditional(typed: str, meant: str) -> None:
    assert search(typed).hits == search(meant).hits != ()
    assert synonyms.traditional(meant) == meant


def test_the_shipped_vectors_are_those_of_the_texts() -> None:
    order = [question.id for question in document.load().questions]
    for name in ("A1", "B31", "B60"):
        for place, text in enumerate(meaning.texts(name)):
            vector = attention.trace(text, max_tokens=512).sentence_vector
            cosine = vector @ meaning.vectors()[order.index(name), place] / np.linalg.norm(vector)
            assert cosine == pytest.approx(1, abs=2e-3)


def test_an_answer_takes_little_time() -> None:
    search("warm 简体", encode=encode)
    times = []
    for query in QUERIES:
        begun = time.perf_counter()
        search(query["text"], encode=attention_vector)
        times.append(time.perf_counter() - begun)
    assert sorted(times)[len(times) // 2] < 0.05


def attention_vector(text: str) -> np.ndarray:
    return attention.trace(f"{text} ", max_tokens=64).sentence_vector
