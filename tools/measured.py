"""Measure every variant of the bundled BERT on this machine and keep the result as the one that is shown until a
reader's own is there: `python -m tools.measured` writes assets/quantization/reference.json."""

from __future__ import annotations

import json
from dataclasses import asdict

from explainers.quantization import calibration, measure, reference


def main() -> None:
    """Measure anew and write."""
    found = measure.measure(calibration.shipped("sentences"), calibration.shipped("calibration"), again=True)
    reference.PATH.write_text(json.dumps(asdict(found), indent=1) + "\n", encoding="utf-8")
    for one in found.ran:
        speed = found.speedup(one)
        size, taken = one.disk_bytes / 1e6, one.at(16).median_ms
        print(f"{one.name:20} {size:6.1f} MB {taken:7.1f} ms {speed:5.2f}x {one.lowest:.4f}")


if __name__ == "__main__":
    main()
