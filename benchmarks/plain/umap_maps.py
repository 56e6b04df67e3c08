"""Maps of the same words in the three spaces as a notebook makes them: umap-learn, one space after the other.

`python umap_maps.py ROWS.npz` prints the seconds of the three fits; a small fit before them pays for imports and for
what numba compiles, so that neither is counted.
"""

from __future__ import annotations

import sys
import time

import numpy as np
import umap  # type: ignore[import-untyped]


def fit(vectors: np.ndarray) -> None:
    umap.UMAP(n_neighbors=15, min_dist=0.1, metric="cosine").fit_transform(vectors)


with np.load(sys.argv[1]) as given:
    spaces = [given[name] for name in given.files]
fit(spaces[0][:200])
begun = time.perf_counter()
for space in spaces:
    fit(space)
print(time.perf_counter() - begun)
