"""Figures of the whole model quantized: how soon the first variant is there, and all of them; the best INT8 variant
beside FP32 torch in the same process, and what ONNX Runtime's own dynamic quantization reaches."""

from __future__ import annotations

import os
import subprocess
import sys
import tempfile
from pathlib import Path

from benchmarks.measure import Peer, Row, row

RUNS = 3
LEAST = 0.995
"""Cosine of the sentence that moved most."""
PEER = "onnxruntime quantize_dynamic, per channel"
PROGRAM = """
import sys, time
import explainers.quantization.prepared
from explainers.quantization import calibration, measure
begun = time.perf_counter()
seen = []
def report(fraction, partial=None):
    if partial is not None: seen.append(time.perf_counter() - begun)
found = measure.measure(calibration.shipped("sentences"), calibration.shipped("calibration"), report=report)
best = found.best({least})
peer = found.find("onnx-int8-channel")
print(seen[0], seen[-1], found.speedup(best), best.lowest, found.speedup(peer), peer.lowest, best.name)
"""


def measure() -> list[Row]:
    """All figures, each from a worker process of its own with an empty cache, its imports done, as the page has it."""
    runs = [_run() for _ in range(RUNS)]
    first, done, times, cosine, peer_times, peer_cosine = zip(*runs, strict=True)
    return [
        row("quantization.first_variant", first),
        row("quantization.all_variants", done),
        row("quantization.best_int8", times, Peer(PEER, peer_times)),
        row("quantization.best_int8_cosine", cosine, Peer(PEER, peer_cosine)),
    ]


def _run() -> tuple[float, float, float, float, float, float]:
    from ui.pool import ONE_THREAD

    with tempfile.TemporaryDirectory() as cache:
        done = subprocess.run(
            [sys.executable, "-c", PROGRAM.format(least=LEAST)],
            capture_output=True,
            text=True,
            check=True,
            cwd=Path(__file__).resolve().parents[1],
            env={**os.environ, **ONE_THREAD, "ILLUSTRATED_NOTES_CACHE": cache},
        )
    a, b, c, d, e, f = (float(value) for value in done.stdout.split("\n")[-2].split()[:6])
    return a, b, c, d, e, f
