"""Measure early, late, attention and bilinear fusion under noise for the alignment page.

Writes assets/alignment/fusion.json: for both tasks, noise on either modality, with and without noise in training, the
accuracy of every head with every seed at every level. One thread, seeded; after tools.dual_encoder. Takes some minutes.
"""

from __future__ import annotations

import itertools
import json
from dataclasses import asdict

import torch

from explainers.alignment import fusing
from explainers.alignment.fusing import Question


def main() -> None:
    """All questions."""
    torch.set_num_threads(1)
    rows = []
    for task, noised, hardened in itertools.product(fusing.TASKS, fusing.SIDES, (False, True)):
        question = Question(task, noised, hardened)
        found = fusing.ask(question)
        rows.append(
            {
                **asdict(question),
                "methods": found.methods,
                "levels": found.levels,
                "accuracy": found.accuracy.round(4).tolist(),
                "attention": found.attention.round(4).tolist(),
            }
        )
        print(question, found.accuracy.mean(axis=1).round(2).tolist(), flush=True)
    fusing.SHIPPED.write_text(json.dumps(rows) + "\n", "utf-8")


if __name__ == "__main__":
    main()
