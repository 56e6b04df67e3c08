"""Measure the quantized models on this machine and keep what is shown until a reader's own results are there:
`python -m tools.measured` writes assets/quantization/reference.json (variants) and measured.json (the rest)."""

from __future__ import annotations

import json
import sys
from dataclasses import asdict

from explainers.quantization import calibration, measure, reference, shipped


def main() -> None:
    """Measure anew and write; with "rest" only measured.json."""
    if sys.argv[1:] != ["rest"]:
        found = measure.measure(calibration.shipped("sentences"), calibration.shipped("calibration"), again=True)
        reference.PATH.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
        for one in found.ran:
            speed = found.speedup(one)
            size, taken = one.disk_bytes / 1e6, one.at(16).median_ms
            print(f"{one.name:20} {size:6.1f} MB {taken:7.1f} ms {speed:5.2f}x {one.lowest:.4f}")
    for name, make in shipped.MEASURE.items():
        shipped.write({name: make()})


if __name__ == "__main__":
    main()
