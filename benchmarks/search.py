"""Figures of the search: how often the question that was meant comes first, and among the first three, on the two sets
of queries in tests/study; how long an answer takes, in the process and in the page; beside plain substring search."""

from __future__ import annotations

import functools
import time
import tomllib
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray
from playwright.sync_api import Browser

from benchmarks import servers
from benchmarks.browsers import Visit, visit
from benchmarks.measure import Peer, Row, row
from explainers import attention
from study import document, english, markdown, search

QUERIES = Path(__file__).resolve().parent.parent / "tests" / "study"
PLAIN = "plain substring search"
TIMED_ROUNDS = 3

Query = Mapping[str, Any]
Find = Callable[[str], list[str]]

# Notes when results other than those of before have been rendered.
WATCH = """() => {
  bench.found = [];
  const watch = (root) => new MutationObserver((changes) => {
    if (changes.some(({ target }) => target.querySelector?.("ol.results"))) {
      bench.rendered().then((at) => bench.found.push(at));
    }
  }).observe(root, { subtree: true, childList: true });
  bench.roots.forEach(watch);
}"""


def queries(name: str) -> list[Query]:
    """A set of queries: `search_queries`, written before the ranking was tuned, or `search_queries_unseen`, after."""
    found: list[Query] = tomllib.loads((QUERIES / f"{name}.toml").read_text("utf-8"))["query"]
    return found


def encode(text: str) -> NDArray[np.float32]:
    """What the reader page takes for a query's meaning."""
    return attention.trace(text, max_tokens=64).sentence_vector


def ours(query: str) -> list[str]:
    return [hit.question for hit in search.search(query, limit=90, encode=encode).hits]


@functools.cache
def _texts() -> Mapping[str, str]:
    texts = {}
    for question in document.load().questions:
        said = english.of_question(question.id)
        both = (markdown.to_text(f"{question.heading} {question.body}"), said.title, said.question, said.summary)
        texts[question.id] = " ".join(both).lower()
    return texts


def substring(query: str) -> list[str]:
    """What a browser's own search would do: the questions that hold the words as typed, most often first."""
    words = query.lower().split()
    counts = {name: sum(text.count(word) for word in words) for name, text in _texts().items()}
    return sorted((name for name in counts if counts[name]), key=lambda name: -counts[name])


def shares(find: Find, asked: Sequence[Query]) -> tuple[float, float]:
    """The share of queries whose question comes first, and among the first three."""
    found = [(find(query["text"])[:3], query["finds"]) for query in asked]
    first = sum(bool(hits) and hits[0] in wanted for hits, wanted in found)
    third = sum(any(hit in wanted for hit in hits) for hits, wanted in found)
    return first / len(found), third / len(found)


def milliseconds(find: Find, asked: Sequence[Query], clock: Callable[[], float] = time.perf_counter) -> list[float]:
    """How long each query takes; text and index are ready, and no sentence's vector is kept from before."""
    find("warm 简体")
    times = []
    for _ in range(TIMED_ROUNDS):
        attention.clear_cache()
        for query in asked:
            begun = clock()
            find(query["text"])
            times.append((clock() - begun) * 1000)
    return times


def measure(browser: Browser) -> list[Row]:
    """All figures of the search."""
    rows: list[Row] = []
    known, unseen = queries("search_queries"), queries("search_queries_unseen")
    for ending, asked in (("", known), ("_unseen", unseen)):
        for name, share, plain in zip(("top1", "top3"), shares(ours, asked), shares(substring, asked), strict=True):
            rows.append(row(f"search.{name}{ending}", [100 * share], Peer(PLAIN, [100 * plain])))
    times = milliseconds(ours, [*known, *unseen])
    beside = Peer(PLAIN, milliseconds(substring, [*known, *unseen]))
    rows += [row("search.median_ms", times, beside), row("search.p95_ms", times, beside)]
    with servers.product() as server, visit(browser) as here:
        here.open(f"{server.url}/reader?lang=en")
        here.wait("bench.roots.some((root) => root.querySelector('article'))")
        here.settle()
        in_page = _in_page(here, [query["text"] for query in known])
    return [*rows, row("search.painted", in_page), row("search.painted_p95", in_page)]


def _in_page(here: Visit, texts: Sequence[str]) -> list[float]:
    """Milliseconds from Enter in the search field to its results on the screen."""
    field = here.page.locator(".st-key-reader-search input")
    here.page.evaluate(WATCH)
    times: list[float] = []
    for text in texts:
        field.fill(text)
        here.ask("bench.clear(); bench.found.length = 0")
        field.press("Enter")
        here.wait("bench.found.length > 0")
        here.settle()
        times.append(float(here.ask("bench.found[0] - bench.keys.at(-1).at")))
    return times
