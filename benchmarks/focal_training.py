"""Figures of the training on the focal-loss page; beside it the same networks trained one by one in plain torch."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from playwright.sync_api import Browser

from benchmarks import servers
from benchmarks.browsers import Visit, visit
from benchmarks.measure import Peer, Row, row
from explainers.focal_loss import texts, vectors

RUNS = 10
TEXT_RUNS = 5
VECTOR_RUNS = 3
PEER_RUNS = 3
WORK_MS = 600_000  # of one training: a machine that is busy otherwise gives poor figures, but no failure
READING_MS = 10_000  # what a reader spends on a page before pressing start; the server's imports are over by then
NOTEBOOK = "plain torch, one network after the other"
PLANE = "/focal-loss?lang=en&lens=train"
GAMMA = ".st-key-focal-loss-gamma input[type=range]"
START = ".st-key-focal-vectors-start button"
RATIO = "10"
CORPORA = {"reviews": (texts.reviews, vectors.word_vectors), "sentences": (texts.sentences, vectors.bert_vectors)}
# A picture of a training is painted as "<name> <frames> <done>"; those of earlier trainings do not count.
NOTE = "bench.past = new Set([...(bench.past ?? []), ...bench.paints.map(({ value }) => value?.split(' ')[0])])"
OURS = "paint.shown && !(bench.past ?? new Set()).has(paint.value?.split(' ')[0]) && paint.value?.endsWith"
FIRST = f"bench.paints.find((paint) => {OURS}(' false'))"
DONE = f"bench.paints.find((paint) => {OURS}(' true'))"


def measure(browser: Browser) -> list[Row]:
    """All figures of the training."""
    with servers.product() as server, visit(browser) as here:
        here.open(server.url + PLANE)
        here.wait(DONE + " !== undefined", limit_ms=WORK_MS)
        plane = [_trained(here) for _ in range(RUNS)]
    rows = [
        row("focal.plane_first", [first for first, _ in plane]),
        row("focal.plane_done", [done for _, done in plane], Peer(NOTEBOOK, _peer("plane"))),
    ]
    for corpus in CORPORA:
        computed: list[float] = []
        for _ in range(VECTOR_RUNS):
            with servers.product() as server, visit(browser) as here:
                here.open(f"{server.url}/focal-loss?lang=en&lens=text&corpus={corpus}&thinned={RATIO}")
                computed.append(_vectors(here))
                trained = [_trained(here)[1] for _ in range(TEXT_RUNS)] if len(computed) == VECTOR_RUNS else []
        rows += [
            row(f"focal.{corpus}_vectors", computed),
            row(f"focal.{corpus}_done", trained, Peer(NOTEBOOK, _peer(corpus))),
        ]
    return rows


def _trained(here: Visit) -> tuple[float, float]:
    """Seconds from a key on the gamma slider to the first picture of its training, and to the finished one."""
    here.settle()
    handle = here.page.locator(GAMMA).first
    handle.focus()
    here.ask(f"{NOTE}; bench.clear()")
    # Every press asks for a gamma that was not there before, so nothing is remembered.
    here.page.keyboard.press("ArrowRight")
    here.wait(DONE + " !== undefined", limit_ms=WORK_MS)
    begun = float(here.ask("bench.keys[0].at"))
    first, done = here.ask(f"{FIRST}?.shown ?? null"), float(here.ask(f"{DONE}.shown"))
    return (float(done if first is None else first) - begun) / 1000, (done - begun) / 1000


def _vectors(here: Visit) -> float:
    """Seconds from the click on start until the texts are vectors: the first picture of the training on them."""
    here.wait(f"document.querySelector('{START}') !== null")
    here.page.wait_for_timeout(READING_MS)
    here.ask("bench.clear(); addEventListener('pointerdown', (event) => { bench.pressed = event.timeStamp; })")
    here.page.locator(START).click()
    here.wait(f"({FIRST} ?? {DONE}) !== undefined", limit_ms=WORK_MS)
    seconds = float(here.ask(f"({FIRST} ?? {DONE}).shown - bench.pressed")) / 1000
    here.wait(DONE + " !== undefined", limit_ms=WORK_MS)
    return seconds


def _peer(what: str) -> list[float]:
    """Seconds of the peer's own runs, each in a process of its own."""
    with tempfile.TemporaryDirectory() as folder:
        given = ["plane"]
        if what in CORPORA:
            read, make = CORPORA[what]
            corpus, kept = read(), Path(folder) / "vectors.npz"
            np.savez(kept, vectors=make(corpus.texts), rare=corpus.rare)
            given = [str(kept), RATIO]
        command = [sys.executable, str(servers.PLAIN / "focal_training.py"), *given]
        runs = [subprocess.run(command, capture_output=True, text=True, check=True) for _ in range(PEER_RUNS)]
        return [float(run.stdout.split()[0]) for run in runs]
