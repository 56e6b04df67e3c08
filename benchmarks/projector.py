"""TensorBoard's Embedding Projector with points of ours: the page that the wheel carries and the answers it asks for.

The projector asks a server for runs, their tensors, vectors and words; here these are files, so that only what happens
in the browser is measured. Reference: Smilkov et al. 2016, arXiv:1611.05469; tensorboard's projector_plugin.py.
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path
from tempfile import TemporaryDirectory

import numpy as np
import numpy.typing as npt

from benchmarks import servers
from benchmarks.bertviz_pages import PEERS

PAGE = PEERS / "tensorboard" / "plugins" / "projector" / "tf_projector_plugin"
FILES = ("projector_binary.html", "projector_binary.js")
TENSOR = "words"


def available() -> bool:
    """Whether tensorboard of benchmarks/requirements.txt is installed."""
    return all((PAGE / name).is_file() for name in FILES)


@contextmanager
def served(words: Sequence[str], points: npt.NDArray[np.float32]) -> Iterator[str]:
    """Serve the projector with `points` [words, 3] and yield its address. Three numbers a word: its first picture, a
    principal component analysis, only turns them."""
    with TemporaryDirectory() as name:
        folder = Path(name)
        for file in FILES:
            shutil.copy(PAGE / file, folder)
        tensor = {"tensorName": TENSOR, "tensorShape": list(points.shape), "metadataPath": "words.tsv"}
        answers: dict[str, object] = {
            "runs": ["."],
            "info": {"embeddings": [tensor], "modelCheckpointPath": ""},
            "bookmarks": [],
        }
        for route, answer in answers.items():
            (folder / route).write_text(json.dumps(answer), "utf-8")
        (folder / "tensor").write_bytes(np.ascontiguousarray(points, dtype="<f4").tobytes())
        (folder / "metadata").write_text("".join(f"{word}\n" for word in words), "utf-8")
        with servers.files(folder) as address:
            yield f"{address}/{FILES[0]}"
