"""`python -m benchmarks [--only PAGE] [--out FILE]`: measure, print one table, write results.json."""

from __future__ import annotations

import argparse
import signal
import sys
import time
from collections.abc import Callable, Mapping
from pathlib import Path

from playwright.sync_api import Browser

from benchmarks import (
    alignment,
    alignment_training,
    attention,
    browsers,
    embeddings,
    focal_loss,
    focal_training,
    house,
    measure,
    quantization_grid,
    quantization_models,
    search,
)

PAGES: Mapping[str, Callable[[Browser], list[measure.Row]]] = {
    "house": house.measure,
    "attention": attention.measure,
    "focal": lambda browser: [*focal_loss.measure(browser), *focal_training.measure(browser)],
    "embeddings": embeddings.measure,
    "quantization": lambda browser: [*quantization_grid.measure(browser), *quantization_models.measure()],
    "alignment": lambda browser: [*alignment.measure(browser), *alignment_training.measure()],
    "search": search.measure,
}
RESULTS = Path(__file__).resolve().parent / "results.json"


def main() -> int:
    """Run the benchmarks asked for; 1 when a figure missed its target."""
    parser = argparse.ArgumentParser(prog="benchmarks", description=__doc__)
    parser.add_argument("--only", choices=sorted(PAGES), help="measure one page")
    parser.add_argument("--out", type=Path, default=RESULTS, help="where the JSON goes")
    given = parser.parse_args()
    # Ended from outside, the servers that were started must end too: let the context managers run.
    signal.signal(signal.SIGTERM, lambda *_: sys.exit(143))
    begun = time.perf_counter()
    rows: list[measure.Row] = []
    with browsers.chromium() as browser:
        for page, run in PAGES.items():
            if given.only in (None, page):
                print(f"measuring {page} ...", file=sys.stderr, flush=True)
                rows += run(browser)
    measure.save(rows, given.out)
    print(measure.table(rows))
    missed = sum(row.holds is False for row in rows)
    print(f"\n{len(rows)} figures, {missed} missed, {(time.perf_counter() - begun) / 60:.1f} min; {given.out}")
    return 1 if missed else 0


if __name__ == "__main__":
    raise SystemExit(main())
