"""Train on broken pairs for the alignment page: the course that it shows first, and what every dose of breaking costs.

Writes assets/alignment/broken.bin (`training.pack` of the default setup) and doses.json: for each way to swap, share
of captions that were swapped, and seed: the last training loss, recall at 1 among held-out pairs (mean of both
directions), the same on the training pairs as they were given, and how often the first caption found names the right
colour, shape, size and place. One thread a run, seeded. Takes some minutes.
"""

from __future__ import annotations

import json

import torch

from explainers.alignment import breaking, training
from explainers.alignment.training import Setup

SHARES = (0.0, 0.5, 1.0)
SEEDS = (0, 1, 2)


def main() -> None:
    """Both files."""
    torch.set_num_threads(1)
    training.SHIPPED.parent.mkdir(exist_ok=True)
    training.SHIPPED.write_bytes(training.train(Setup()).record)
    rows: list[dict[str, object]] = []
    # Unbroken pairs are the same whatever the way to swap: they are trained once.
    for swap in breaking.SWAPS:
        for share in SHARES:
            for seed in SEEDS if share or swap == "any" else ():
                done = training.finish(Setup(share, swap, seed))
                rows.append(
                    {
                        "swap": swap,
                        "share": share,
                        "seed": seed,
                        "loss": round(done.loss, 4),
                        "recall_1": round(done.found.recall_1, 4),
                        "own": round(done.own, 4),
                        "parts": [round(part, 4) for part in done.parts],
                    }
                )
                print(rows[-1], flush=True)
    table = {"parts": breaking.PARTS, "steps": Setup().steps, "rows": rows}
    training.DOSES.write_text(json.dumps(table, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
