"""The sentences a static quantization looks at in order to fix the ranges of its activations.

Static means: the scale of an activation is measured once, on a few typical inputs, and never again (Jacob et al. 2018,
arXiv:1712.05877; "post-training static quantization" in the documentation of PyTorch and ONNX Runtime).
"""

from __future__ import annotations

from pathlib import Path

from explainers.errors import ExplainerError

MOST = 64
"""More sentences cost time and hardly move a range any more."""
LONGEST = 600
"""Characters of one sentence."""

ASSETS = Path(__file__).resolve().parents[2] / "assets" / "quantization"


class CalibrationError(ExplainerError):
    """Codes "quant-calibration-empty": no sentence at all; "quant-calibration-many" (details "n", "most");
    "quant-calibration-long" (details "line", "most"): a sentence that is too long."""


def parse(text: str) -> tuple[str, ...]:
    """One sentence a line; empty lines are skipped. Raises CalibrationError."""
    found = tuple(line for line in (" ".join(line.split()) for line in text.splitlines()) if line)
    if not found:
        raise CalibrationError("quant-calibration-empty")
    if len(found) > MOST:
        raise CalibrationError("quant-calibration-many", {"n": f"{len(found):,}", "most": str(MOST)})
    for place, line in enumerate(found, 1):
        if len(line) > LONGEST:
            raise CalibrationError("quant-calibration-long", {"line": str(place), "most": str(LONGEST)})
    return found


def shipped(name: str) -> tuple[str, ...]:
    """The sentences that come with the product: "calibration", or "sentences" (16 of about 25 tokens, measured on)."""
    return parse((ASSETS / f"{name}.txt").read_text(encoding="utf-8"))
