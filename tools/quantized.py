"""Rebuild what the quantization page shows until the reader's own measurement is there: `python -m tools.quantized`.

Cosines of 16 shipped sentences under the bundled BERT with weights of 2 to 8 bits (explainers/quantization/verdict.py),
and the bits found for each of its layers (explainers/quantization/sensitivity.py).
"""

from __future__ import annotations

import json

from explainers.quantization import sensitivity, verdict
from explainers.quantization.quantizers import BITS
from pages.parts.quant_scene import PLANS, SHIPPED, shipped_sentences


def main() -> None:
    sentences = shipped_sentences()
    found = {str(bits): dict(verdict.verdict(bits, sentences).cosines) for bits in BITS}
    rows = {
        bits: {way: [round(one, 6) for one in values] for way, values in ways.items()} for bits, ways in found.items()
    }
    SHIPPED.parent.mkdir(parents=True, exist_ok=True)
    SHIPPED.write_text(json.dumps(rows) + "\n", "utf-8")
    PLANS.write_text(sensitivity.to_json(sensitivity.search(sentences)) + "\n", "utf-8")


if __name__ == "__main__":
    main()
