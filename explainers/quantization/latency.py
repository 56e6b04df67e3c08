"""What decides how long an answer takes besides the format: sentences at a time, threads, their length, and padding.

Batching makes the processor's multiplications larger and its waiting smaller, until it is busy: from there on a larger
batch only makes everybody wait. Sentences of different lengths in one batch are padded to the longest, and the padding
is computed like any token. Measured on the spot with the same models as everywhere on this page.
"""

from __future__ import annotations

import os
from dataclasses import dataclass, replace

import numpy as np

from explainers.models import BUNDLED_BERT, ModelSource
from explainers.progress import Report, silent
from explainers.quantization.measure import Timing, timed
from explainers.quantization.variants import Built, Int64, build

BATCHES = (1, 2, 4, 8, 16, 32)
LENGTHS = (8, 16, 32, 64, 128, 256)
LENGTH = 24  # tokens of a sentence where batch or threads vary
SIXTEEN = 16  # sentences where threads vary
BUDGET_S = 0.6
MIXED = (8, 9, 10, 11, 12, 13, 14, 16, 18, 20, 24, 28, 36, 48, 80, 128)
"""Lengths in tokens of sixteen texts as a service meets them: most short, a few long."""
BUCKET = 4  # texts to a bucket, once they are sorted by length


@dataclass(frozen=True)
class Point:
    """One setting and its timing. `at`: the batch size, number of threads, or tokens per sentence."""

    at: int
    timing: Timing


@dataclass(frozen=True)
class Padding:
    """Sixteen texts of the lengths MIXED, answered in three ways. Milliseconds for all of them, and the share of
    tokens computed that are padding: all in one batch, in batches of like lengths, one after the other."""

    together_ms: float
    sorted_ms: float
    alone_ms: float
    together_waste: float
    sorted_waste: float


@dataclass(frozen=True)
class Latencies:
    """What was measured so far; `padding` is None until its turn."""

    variant: str
    batches: tuple[Point, ...] = ()
    threads: tuple[Point, ...] = ()
    lengths: tuple[Point, ...] = ()
    padding: Padding | None = None

    @property
    def best_batch(self) -> Point:
        """The smallest batch whose throughput is within a twentieth of the best."""
        best = max(point.timing.per_second for point in self.batches)
        return next(point for point in self.batches if point.timing.per_second >= 0.95 * best)


def measure(
    variant: str, *, budget_s: float = BUDGET_S, source: ModelSource = BUNDLED_BERT, report: Report = silent
) -> Latencies:
    """Measure one variant (a name of `variants.VARIANTS`). torch's number of threads is put back at the end.

    Raises VariantError, ModelUnavailableError.
    """
    import torch

    cores = os.cpu_count() or 1
    counts = tuple(sorted({1, 2, max(1, cores // 2), cores, 2 * cores}))
    steps = len(BATCHES) + len(counts) + len(LENGTHS) + 1
    before = torch.get_num_threads()
    found = Latencies(variant)
    done = 0

    def told() -> None:
        nonlocal done
        done += 1
        report(done / steps, found)

    try:
        torch.set_num_threads(1)
        built = build(variant, threads=1, source=source)
        for batch in BATCHES:
            point = Point(batch, timed(built, *texts((LENGTH,) * batch), budget_s))
            found = replace(found, batches=(*found.batches, point))
            told()
        for length in LENGTHS:
            found = replace(found, lengths=(*found.lengths, Point(length, timed(built, *texts((length,)), budget_s))))
            told()
        found = replace(found, padding=padding(built, budget_s))
        told()
        for count in counts:
            torch.set_num_threads(count)
            many = build(variant, threads=count, source=source)
            found = replace(
                found, threads=(*found.threads, Point(count, timed(many, *texts((LENGTH,) * SIXTEEN), budget_s)))
            )
            told()
    finally:
        torch.set_num_threads(before)
    return found


def texts(lengths: tuple[int, ...]) -> tuple[Int64, Int64]:
    """A batch of texts of these lengths, padded to the longest: ids (any words will do for a time) and mask."""
    longest = max(lengths)
    mask = (np.arange(longest)[None, :] < np.array(lengths)[:, None]).astype(np.int64)
    words = 2000 + np.arange(longest, dtype=np.int64) % 5000
    return words[None, :] * mask, mask


def waste(lengths: tuple[int, ...]) -> float:
    """The share of a padded batch's tokens that are padding."""
    return 1 - sum(lengths) / (len(lengths) * max(lengths))


def padding(built: Built, budget_s: float) -> Padding:
    """Time the three ways to answer texts of the lengths MIXED."""
    buckets = [MIXED[start : start + BUCKET] for start in range(0, len(MIXED), BUCKET)]
    computed = sum(len(bucket) * max(bucket) for bucket in buckets)
    return Padding(
        together_ms=timed(built, *texts(MIXED), budget_s).median_ms,
        sorted_ms=sum(timed(built, *texts(bucket), budget_s / 4).median_ms for bucket in buckets),
        alone_ms=sum(timed(built, *texts((length,)), budget_s / 16).median_ms for length in MIXED),
        together_waste=waste(MIXED),
        sorted_waste=1 - sum(MIXED) / computed,
    )
