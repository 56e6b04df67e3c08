"""Figures of the embeddings page's own work: neighbours beside gensim, a live map beside umap-learn, memory."""

from __future__ import annotations

import random
import subprocess
import sys
import tempfile
import time
from collections.abc import Callable
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from benchmarks import servers
from benchmarks.browsers import Visit, visit
from benchmarks.measure import Peer, Row, row, with_p95
from explainers.embeddings import layouts, spaces
from explainers.embeddings.space import neighbours

ASKED = 200
NEAR = 10
LIVE_RUNS = 3
PEER_RUNS = 3
LIVE_WORDS = 2000
WORK_MS = 180_000
READING_MS = 15_000  # what a reader spends on a page before bringing words of their own
GENSIM = "gensim's most_similar, the same table"
UMAP = "plain umap-learn, one space after the other"
OWN = "/embeddings?lang=en&shown=own"
# The finished maps stand in a card; those that still grow do not. Before a reader brings words, the maps of those that
# the page brings stand there: so the number of words is asked for.
CARD = """(words) => bench.roots.filter(({ host }) => host?.isConnected && host.closest(".st-key-card-maps"))
  .some((one) => one.querySelector(`.root[data-painted*=" 3 ${words}"]`))"""
PAINTED = f"paint.shown && paint.value?.endsWith(' 3 {LIVE_WORDS}')"
WATCH = (
    """() => {
  bench.first = bench.done = null;
  const there = CARD;
  const watch = () => {
    bench.first ??= bench.paints.find((paint) => PAINTED)?.shown ?? null;
    if (there(COUNT)) bench.rendered().then((at) => { bench.done ??= at; });
    else setTimeout(watch, 20);
  };
  addEventListener("change", (event) => { bench.given = event.timeStamp; watch(); }, { capture: true, once: true });
}""".replace("PAINTED", PAINTED)
    .replace("CARD", CARD)
    .replace("COUNT", str(LIVE_WORDS))
)
# All spaces: the three of each language, and the official one beside them.
EVERY_SPACE = tuple(
    f"/embeddings?lang=en&lens=neighbours&corpus={corpus}&word={word}&source=glove-6b"
    for corpus, word in (("en", "king"), ("zh", "國王"))
)


def measure(browser: Browser) -> list[Row]:
    """All figures of what is computed."""
    ours, theirs = _neighbours()
    first, done = _live(browser)
    return [
        *with_p95("embeddings.neighbours", ours, Peer(GENSIM, theirs)),
        row("embeddings.live_map_first", first),
        row("embeddings.live_map", done, Peer(UMAP, _plain_umap())),
        row("embeddings.memory", [_memory(browser)]),
    ]


def _neighbours() -> tuple[list[float], list[float]]:
    """Milliseconds for the ten nearest of 400,000 words, each word asked of ours and of gensim."""
    from gensim.models import KeyedVectors

    space = spaces.official()
    keyed = KeyedVectors(space.dims)
    keyed.add_vectors(list(space.words), np.asarray(space.table))
    asked = random.Random(17).sample(space.words[:50_000], ASKED + 1)
    ways: tuple[Callable[[str], list[str]], ...] = (
        lambda word: [one.word for one in neighbours(space, word, NEAR)],
        lambda word: [one for one, _ in keyed.most_similar(word, topn=NEAR)],
    )
    assert all(ways[0](word) == ways[1](word) for word in asked[:5])
    times: tuple[list[float], list[float]] = ([], [])
    for way, spent in zip(ways, times, strict=True):
        way(asked[-1])  # pays for lengths and indices, as a process that serves has done
        for word in asked[:ASKED]:
            begun = time.perf_counter()
            way(word)
            spent.append((time.perf_counter() - begun) * 1000)
    return times


def _live(browser: Browser) -> tuple[list[float], list[float]]:
    """Seconds from a reader's file of 2,000 words to the first maps on the screen, and to the finished ones."""
    words = layouts.shipped("en", "some").words
    assert len(words) == LIVE_WORDS
    first: list[float] = []
    done: list[float] = []
    with tempfile.TemporaryDirectory() as folder, servers.product() as server:
        given = Path(folder) / "words.txt"
        given.write_text("\n".join(words), "utf-8")
        for run in range(LIVE_RUNS):
            with visit(browser) as here:
                # Another seed each time: nothing is remembered.
                here.open(f"{server.url}{OWN}&map_seed={run + 1}")
                begun, shown, ended = _laid_out(here, given, READING_MS if run == 0 else 1000)
                first.append((shown - begun) / 1000)
                done.append((ended - begun) / 1000)
    return first, done


def _laid_out(here: Visit, given: Path, pause_ms: int) -> tuple[float, float, float]:
    here.wait(f"({CARD})('')", limit_ms=WORK_MS)
    here.page.wait_for_timeout(pause_ms)
    here.settle()
    here.page.evaluate(WATCH)
    here.page.locator(".st-key-map-own input[type=file]").set_input_files(given)
    here.wait("bench.done !== null", limit_ms=WORK_MS)
    given_at, first, done = here.ask("[bench.given, bench.first ?? bench.done, bench.done]")
    return float(given_at), float(first), float(done)


def _plain_umap() -> list[float]:
    """Seconds of the peer's own runs, each in a process of its own."""
    rows = layouts.shipped("en", "some").rows
    with tempfile.TemporaryDirectory() as folder:
        kept = Path(folder) / "rows.npz"
        np.savez(kept, *(spaces.shipped(model).rows(rows) for model in spaces.MODELS))
        command = [sys.executable, str(servers.PLAIN / "umap_maps.py"), str(kept)]
        runs = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(PEER_RUNS)]
    return [float(run.stdout.split()[0]) for run in runs]


def _memory(browser: Browser) -> float:
    """Megabytes (10^6 bytes, resident, maps of files included) of the server once it has opened every space."""
    with servers.product() as server:
        for path in EVERY_SPACE:
            with visit(browser) as here:
                here.open(server.url + path)
                here.wait("bench.roots.some((one) => one.querySelectorAll('.root[data-painted] .column').length === 4)")
                here.page.wait_for_timeout(READING_MS)  # what the page prepares in the background is there too
        return servers.memory(server) / 1e6
