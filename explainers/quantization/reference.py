"""What the machine measured on which the shipped results were made (`make assets`: tools/quantized.py)."""

from __future__ import annotations

import functools
import json
from pathlib import Path

from explainers.quantization.calibration import ASSETS
from explainers.quantization.machine import Machine
from explainers.quantization.measure import Measurement, from_plain

PATH: Path = ASSETS / "reference.json"


@functools.cache
def measurement() -> Measurement:
    """The shipped measurement."""
    said = json.loads(PATH.read_text(encoding="utf-8"))
    machine = said["machine"]
    return Measurement(
        machine=Machine(
            machine["processor"],
            machine["cores"],
            tuple(machine["flags"]),
            tuple((name, version) for name, version in machine["versions"]),
        ),
        threads=said["threads"],
        tokens=tuple(said["tokens"]),
        results=tuple(from_plain(one) for one in said["results"]),
    )
