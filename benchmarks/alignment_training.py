"""Figures of live training on the alignment page, in the worker pool that the page uses: true and broken pairs side by
side, to the first frame, to the first one whose true run finds 0.9 of the held-out pairs, to the end."""

from __future__ import annotations

import functools
import time

from benchmarks.measure import Row, row
from explainers.alignment import training
from explainers.alignment.training import Moment, Setup, Trained
from ui.pool import Pool

RUNS = 5
GOOD = 0.9
LOOK_S = 0.02


def measure() -> list[Row]:
    """All figures of the training; the worker is warm, as `warmup.py` leaves it."""
    pool = Pool()
    try:
        _trained(pool, Setup(seed=100, steps=24, frames=1))
        times = [_trained(pool, Setup(seed=101 + run)) for run in range(RUNS)]
    finally:
        pool.close()
    return [
        row("alignment.train_first", [one[0] for one in times]),
        row("alignment.train_good", [one[1] for one in times]),
        row("alignment.train_done", [one[2] for one in times]),
    ]


def _trained(pool: Pool, setup: Setup) -> tuple[float, float, float]:
    """Seconds to the first frame, to a held-out recall at 1 of GOOD (infinite where never), and to the end."""
    begun = time.perf_counter()
    job = pool.start(setup, functools.partial(training.train, setup), process=True, who="bench")
    first, good = float("inf"), float("inf")
    while job.active:
        job.watch("bench")
        moment = job.partial
        if isinstance(moment, Moment):
            now = time.perf_counter() - begun
            first = min(first, now)
            if training.unpack(moment.record).last("aligned").found.recall_1 >= GOOD:
                good = min(good, now)
        time.sleep(LOOK_S)
    done = time.perf_counter() - begun
    assert isinstance(job.result, Trained), job.error
    return first, good, done
