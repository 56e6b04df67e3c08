"""What the questions mean, as vectors of a sentence model (`tools/meaning.py` computes them from the English with the
bundled model, `make assets`), so that a query finds what it shares no word with. The model itself is not known here: a
caller that has it hands over `encode`. Reference: Reimers & Gurevych 2019, "Sentence-BERT" (arXiv:1908.10084)."""

from __future__ import annotations

import functools
from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from study import document, english
from study.assets import ASSETS

VECTORS = ASSETS / "search" / "meaning.npy"

Encode = Callable[[str], NDArray[np.float32]]


def texts(question_id: str) -> tuple[str, str]:
    """The two texts of a question that have a vector each: what it asks, and what its answer says."""
    entry = english.of_question(question_id)
    return f"{entry.title}. {entry.question}", " ".join(entry.summary.split()) or entry.question


@functools.cache
def vectors() -> NDArray[np.float32]:
    """Float[question, text, hidden], each of length 1, in the document's order. Raises ValueError when the file is of
    another document."""
    loaded: NDArray[np.float32] = np.load(VECTORS, allow_pickle=False).astype(np.float32)
    if loaded.shape[:2] != (len(document.load().questions), 2):
        raise ValueError(f"{VECTORS.name} holds {loaded.shape}: run make assets")
    return loaded


def closeness(query: NDArray[np.float32]) -> NDArray[np.float32]:
    """Float[question]: how close a sentence vector is to each question, from its cosines with the question's two texts:
    the nearer one counts three quarters, for a query may be about the answer alone."""
    cosines = vectors() @ (query / np.linalg.norm(query))
    close: NDArray[np.float32] = (cosines.max(axis=1) + cosines.mean(axis=1)) / 2
    return close
