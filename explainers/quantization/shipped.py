"""The other shipped measurements of the reference machine: three kinds, latency, pruning, distillation, mixed
precision, everything together. `make assets` rebuilds them (tools/measured.py)."""

from __future__ import annotations

import functools
import json
from collections.abc import Callable, Mapping
from dataclasses import asdict
from typing import Any

import numpy as np

from explainers.quantization import distillation, kinds, latency, mixed, pruning, together
from explainers.quantization.calibration import ASSETS, shipped
from explainers.quantization.measure import Timing

PATH = ASSETS / "measured.json"
VARIANT, SHARE, TEMPERATURE = "onnx-int8-token", 0.5, 4.0

MEASURE: dict[str, Callable[[], Any]] = {
    "kinds": kinds.compare,
    "latency": lambda: latency.measure(VARIANT),
    "pruning": lambda: pruning.compare(shipped("sentences"), SHARE),
    "distilled": lambda: distillation.distil(TEMPERATURE),
    "mixed": lambda: mixed.measure(shipped("sentences")),
    "together": together.measure,
}
"""How each is made."""


def write(found: Mapping[str, Any]) -> None:
    """Write measurements by the names of MEASURE; what is there of the others stays."""
    plain = json.loads(PATH.read_text(encoding="utf-8")) if PATH.is_file() else {}
    plain |= {name: asdict(value) for name, value in found.items()}
    if "kinds" in found:
        accuracy = plain["kinds"]["accuracy"]
        plain["kinds"]["accuracy"] = {f"{kind}-{bits}": values for (kind, bits), values in accuracy.items()}
    PATH.write_text(json.dumps(plain, default=lambda array: np.round(array, 6).tolist()) + "\n", encoding="utf-8")


@functools.cache
def _plain() -> dict[str, Any]:
    said: dict[str, Any] = json.loads(PATH.read_text(encoding="utf-8"))
    return said


def three_kinds() -> kinds.Kinds:
    """The three kinds of quantization."""
    said = _plain()["kinds"]
    accuracy: dict[tuple[kinds.Kind, int], kinds.Float64] = {
        (kind, bits): np.array(said["accuracy"][f"{kind}-{bits}"]) for kind in kinds.KINDS for bits in kinds.BITS
    }
    course = {bits: np.array(said["course"][str(bits)]) for bits in kinds.BITS}
    return kinds.Kinds(np.array(said["plain"]), accuracy, course, said["tested"])


def latencies() -> latency.Latencies:
    """Batch, threads, lengths and padding of the fastest INT8 variant."""
    said = _plain()["latency"]

    def points(name: str) -> tuple[latency.Point, ...]:
        return tuple(latency.Point(point["at"], Timing(**point["timing"])) for point in said[name])

    padding = latency.Padding(**said["padding"])
    return latency.Latencies(said["variant"], points("batches"), points("threads"), points("lengths"), padding)


def pruned() -> pruning.Pruning:
    """Half of the weights, and half of the units."""
    said = _plain()["pruning"]
    results = tuple(
        pruning.Pruned(**{**one, "timing": Timing(**one["timing"]), "cosines": tuple(one["cosines"])})
        for one in said["results"]
    )
    return pruning.Pruning(results, said["dense_ms"], said["zeros_ms"], said["sparse_ms"])


def distilled() -> distillation.Distilled:
    """Students at temperature 4."""
    said = _plain()["distilled"]
    arrays = ("hard", "soft", "hard_agrees", "soft_agrees", "plain", "tempered")
    lists = ("titles", "shown", "truths")
    changed = {name: np.array(said[name]) for name in arrays} | {name: tuple(said[name]) for name in lists}
    return distillation.Distilled(**{**said, **changed})


def gradients() -> mixed.Mixed:
    """Gradients in FP16."""
    said = _plain()["mixed"]
    points = tuple(mixed.Scaled(**point) for point in said["points"])
    return mixed.Mixed(np.array(said["counts"]), said["total"], said["loss"], points)


def all_together() -> together.Together | None:
    """Every way on one scale; None where it was not measured yet."""
    said = _plain().get("together")
    if said is None:
        return None
    return together.Together(said["asked"], tuple(together.Compressed(**one) for one in said["ways"]))
