"""Variants of a model built and run on this machine: bytes, milliseconds with their spread, agreement with FP32.

Times are of the wall clock, from token ids to sentence vectors, tokenization apart; every run is one sample, after a
few that are not counted. Agreement is the cosine between a sentence's vector and the one that FP32 torch gives it.
"""

from __future__ import annotations

import gc
import json
import time
from collections.abc import Sequence
from dataclasses import asdict, dataclass, replace

import numpy as np

from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource
from explainers.progress import Report, silent
from explainers.quantization import store, weights
from explainers.quantization.machine import Machine, this_machine
from explainers.quantization.variants import (
    BASELINE,
    NAMES,
    Built,
    Float32,
    Int64,
    Variant,
    build,
    find,
    refusal,
    sentence_vectors,
    tokenized,
)

BATCHES = (1, 16)
UNCOUNTED = 2  # runs before the first that counts
LEAST, MOST, BUDGET_S = 7, 40, 1.0  # runs that count: at least, at most, and the time after which no more begin
WRITTEN = 1
"""Counted up when what is measured changes, so that kept results of before are not shown."""


@dataclass(frozen=True)
class Timing:
    """Milliseconds of one forward pass of `batch` sentences: median, quartiles, 95th percentile, over `runs` runs."""

    batch: int
    median_ms: float
    low_ms: float
    high_ms: float
    p95_ms: float
    runs: int

    @property
    def per_second(self) -> float:
        """Sentences per second at the median."""
        return self.batch * 1000 / self.median_ms


@dataclass(frozen=True)
class Measured:
    """What came of a variant. `cosines`: with FP32 torch, one per sentence. Where it could not be built, `refused` is
    the error's code, `details` its figures, and every number is 0."""

    name: str
    disk_bytes: int = 0
    memory_bytes: int = 0
    ready_s: float = 0.0
    timings: tuple[Timing, ...] = ()
    cosines: tuple[float, ...] = ()
    refused: str = ""
    details: tuple[tuple[str, str], ...] = ()

    @property
    def variant(self) -> Variant:
        return find(self.name)

    @property
    def lowest(self) -> float:
        """The cosine of the sentence that moved most."""
        return min(self.cosines)

    @property
    def mean(self) -> float:
        """Mean cosine."""
        return float(np.mean(self.cosines))

    def at(self, batch: int) -> Timing:
        """The timing at a batch size that was measured."""
        return next(timing for timing in self.timings if timing.batch == batch)


@dataclass(frozen=True)
class Measurement:
    """All variants measured so far, on which machine, with how many threads, on sentences of how many tokens."""

    machine: Machine
    threads: int
    tokens: tuple[int, ...]
    results: tuple[Measured, ...]

    @property
    def ran(self) -> tuple[Measured, ...]:
        """Those that were built."""
        return tuple(one for one in self.results if not one.refused)

    def find(self, name: str) -> Measured | None:
        """The result of a variant that ran, or None."""
        return next((one for one in self.ran if one.name == name), None)

    def speedup(self, one: Measured, batch: int = 16) -> float | None:
        """How many times as fast as FP32 torch, by medians; None where FP32 torch is not there."""
        base = self.find(BASELINE)
        return base.at(batch).median_ms / one.at(batch).median_ms if base else None

    def best(self, least_cosine: float) -> Measured | None:
        """The fastest INT8 variant none of whose sentences falls below `least_cosine`."""
        able = [one for one in self.ran if one.variant.format == "int8" and one.lowest >= least_cosine]
        return min(able, key=lambda one: one.at(16).median_ms) if able else None


def measure(
    sentences: tuple[str, ...],
    calibration: tuple[str, ...],
    names: Sequence[str] = NAMES,
    *,
    threads: int = 1,
    again: bool = False,
    source: ModelSource = BUNDLED_BERT,
    report: Report = silent,
) -> Measurement:
    """Build and measure variants one after the other; `report` gets a Measurement of what is there after each.

    sentences: those of the large batch; the first is the batch of one. again: measure anew what the disk has kept.
    Raises ModelUnavailableError, CalibrationError, WeightsError; a variant that cannot be built is named in the result.
    """
    import torch

    report(0.0, None)
    ids, mask = tokenized(sentences, source)
    torch.set_num_threads(threads)
    truth: Float32 | None = None
    done = Measurement(this_machine(), threads, tuple(int(n) for n in mask.sum(axis=1)), ())
    for place, name in enumerate(names):
        kept_as = _kept_as(name, sentences, calibration, threads, source)
        one = None if again else _kept(kept_as)
        if one is None:
            if truth is None:
                truth = sentence_vectors(build(BASELINE, source=source).run(ids, mask), mask)
            used = calibration if find(name).activations == "static" else ()
            one = _measured(name, used, threads, source, ids, mask, truth, report, (place, len(names)))
            store.keep(kept_as, json.dumps(asdict(one)).encode("utf-8"))
        done = replace(done, results=(*done.results, one))
        report((place + 1) / len(names), done)
    return done


def kept(
    sentences: tuple[str, ...],
    calibration: tuple[str, ...],
    *,
    threads: int = 1,
    source: ModelSource = BUNDLED_BERT,
) -> Measurement | None:
    """What this machine measured before, if the disk has every variant of it. Nothing is run."""
    found = []
    for name in NAMES:
        one = _kept(_kept_as(name, sentences, calibration, threads, source))
        if one is None:
            return None
        found.append(one)
    _, mask = tokenized(sentences, source)
    return Measurement(this_machine(), threads, tuple(int(n) for n in mask.sum(axis=1)), tuple(found))


def _kept_as(
    name: str, sentences: tuple[str, ...], calibration: tuple[str, ...], threads: int, source: ModelSource
) -> str:
    used = calibration if find(name).activations == "static" else ()
    parts = (WRITTEN, asdict(this_machine()), name, sentences, used, threads, weights.fingerprint(source))
    return f"measured-{store.digest(*parts)}.json"


def _measured(
    name: str,
    calibration: tuple[str, ...],
    threads: int,
    source: ModelSource,
    ids: Int64,
    mask: Int64,
    truth: Float32,
    report: Report,
    where: tuple[int, int],
) -> Measured:
    begun = time.perf_counter()
    place, of = where
    try:
        built = build(name, calibration, threads=threads, source=source)
        vectors = sentence_vectors(_first_run(built, ids, mask), mask)
    except ExplainerError as error:
        if not error.code.startswith("quant-engine"):
            raise
        return Measured(name, refused=error.code, details=tuple(error.details.items()))
    ready = time.perf_counter() - begun
    alone = int(mask[0].sum())
    timings = []
    for batch in BATCHES:
        few = (ids[:1, :alone], mask[:1, :alone]) if batch == 1 else (ids, mask)
        timings.append(timed(built, *few))
        report((place + 0.9) / of, None)
    measured = Measured(
        name=name,
        disk_bytes=built.disk_bytes,
        memory_bytes=built.memory_bytes,
        ready_s=ready,
        timings=tuple(timings),
        cosines=tuple(float(cosine) for cosine in (vectors * truth).sum(axis=1)),
    )
    del built
    gc.collect()
    return measured


def _first_run(built: Built, ids: Int64, mask: Int64) -> Float32:
    """An engine may build a model that it then cannot run: that is refused as well."""
    try:
        return built.run(ids, mask)
    except Exception as error:
        raise refusal(built.variant.name, error) from error


def timed(built: Built, ids: Int64, mask: Int64, budget_s: float = BUDGET_S) -> Timing:
    """Forward passes of this batch, timed one by one."""
    return in_turns([built], ids, mask, budget_s)[0]


def in_turns(models: Sequence[Built], ids: Int64, mask: Int64, budget_s: float = BUDGET_S) -> list[Timing]:
    """Forward passes of this batch by each model in turn, so that what else the machine does slows all of them alike.

    budget_s: for each model."""
    for built in models:
        for _ in range(UNCOUNTED):
            built.run(ids, mask)
    taken: list[list[float]] = []
    begun = time.perf_counter()
    while len(taken) < LEAST or (len(taken) < MOST and time.perf_counter() - begun < budget_s * len(models)):
        taken.append([])
        for built in models:
            start = time.perf_counter()
            sentence_vectors(built.run(ids, mask), mask)
            taken[-1].append((time.perf_counter() - start) * 1000)
    found = []
    for column in np.array(taken).T:
        low, median, high, p95 = (float(value) for value in np.percentile(column, (25, 50, 75, 95)))
        found.append(Timing(len(ids), median, low, high, p95, len(taken)))
    return found


def _kept(name: str) -> Measured | None:
    path = store.path_of(name)
    if path is None:
        return None
    try:
        return from_plain(json.loads(path.read_text(encoding="utf-8")))
    except (OSError, ValueError, KeyError, TypeError):
        return None  # half a file, or one of another version: it is measured anew


def from_plain(said: dict[str, object]) -> Measured:
    """A Measured from what `asdict` and JSON made of it. Raises KeyError, TypeError, ValueError."""
    plain = dict(said)
    timings, cosines, details = (plain.pop(name) for name in ("timings", "cosines", "details"))
    assert isinstance(timings, list) and isinstance(cosines, list) and isinstance(details, list)
    return Measured(
        **plain,  # type: ignore[arg-type]
        timings=tuple(Timing(**timing) for timing in timings),
        cosines=tuple(float(cosine) for cosine in cosines),
        details=tuple((str(key), str(value)) for key, value in details),
    )
