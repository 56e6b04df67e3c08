"""The inner loop of UMAP for several spaces at once: attract along edges, repel from random words, pull a word's places
together. Compiled by numba; importing this module takes seconds, so that only `project` does it, and only when needed.

Reference: McInnes, Healy & Melville 2018 (arXiv:1802.03426), section 3.2 and Algorithm 5, as umap-learn samples it
(`umap.layouts.optimize_layout_euclidean`); the pull is AlignedUMAP's regularisation, between all spaces at once.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import numba
import numpy as np
import numpy.typing as npt

CLIP = 4.0  # umap-learn: no single step is longer
NEGATIVE = 5.0  # random words pushed away for each edge that attracts


def _compiled(function: Callable[..., Any]) -> Callable[..., Any]:
    """Compile now and keep the machine code beside this file; without keeping it where no folder can be written."""
    try:
        made: Callable[..., Any] = numba.njit(cache=True, nogil=True, fastmath=True)(function)
    except RuntimeError:
        made = numba.njit(nogil=True, fastmath=True)(function)
    return made


def _descend(
    points: npt.NDArray[np.float32],
    head: npt.NDArray[np.int32],
    tail: npt.NDArray[np.int32],
    every: npt.NDArray[np.float32],
    due: npt.NDArray[np.float32],
    due_away: npt.NDArray[np.float32],
    starts: npt.NDArray[np.int64],
    a: float,
    b: float,
    pull: float,
    first: int,
    last: int,
    total: int,
    state: npt.NDArray[np.uint32],
) -> None:
    """Epochs `first` to `last` of `total`, in place.

    points: [spaces, words, dims]. Edges of space s: `starts[s]` to `starts[s + 1]` of head, tail, every (epochs between
    two uses), due and due_away (the epoch of the next use, kept between calls). a, b: the curve of min_dist. pull:
    part of the way to the mean over spaces that a word goes in each epoch, times the learning rate. state: one number
    other than 0, of the random generator (xorshift, Marsaglia 2003).
    """
    spaces, words, dims = points.shape
    random, many = np.uint64(state[0]), np.uint64(words)
    clip = np.float32(CLIP)
    low32 = np.uint64(0xFFFFFFFF)
    half, slope = np.float32(b), np.float32(a)
    for epoch in range(first, last):
        rate = np.float32(1.0 - epoch / total)
        for space in range(spaces):
            place = points[space]
            for edge in range(starts[space], starts[space + 1]):
                if due[edge] > epoch:
                    continue
                j, k = head[edge], tail[edge]
                square = np.float32(0.0)
                for d in range(dims):
                    square += (place[j, d] - place[k, d]) ** 2
                if square > 0.0:
                    curve = np.exp(half * np.log(square))
                    force = np.float32(-2.0) * slope * half * curve / (square * (slope * curve + np.float32(1.0)))
                    for d in range(dims):
                        step = rate * min(clip, max(-clip, force * (place[j, d] - place[k, d])))
                        place[j, d] += step
                        place[k, d] -= step
                due[edge] += every[edge]
                away = int((epoch - due_away[edge]) * NEGATIVE / every[edge])
                for _ in range(away):
                    random ^= (random << np.uint64(13)) & low32
                    random ^= random >> np.uint64(17)
                    random ^= (random << np.uint64(5)) & low32
                    other = np.int64(random % many)
                    if other == j:
                        continue
                    square = np.float32(0.0)
                    for d in range(dims):
                        square += (place[j, d] - place[other, d]) ** 2
                    if square > 0.0:
                        curve = np.exp(half * np.log(square))
                        below = (np.float32(0.001) + square) * (slope * curve + np.float32(1.0))
                        force = np.float32(2.0) * half / below
                        for d in range(dims):
                            place[j, d] += rate * min(clip, max(-clip, force * (place[j, d] - place[other, d])))
                due_away[edge] += away * every[edge] / NEGATIVE
        if pull > 0.0 and spaces > 1:
            for word in range(words):
                for d in range(dims):
                    mean = np.float32(0.0)
                    for space in range(spaces):
                        mean += points[space, word, d]
                    mean /= spaces
                    for space in range(spaces):
                        points[space, word, d] += pull * rate * (mean - points[space, word, d])
    state[0] = np.uint32(random)


descend = _compiled(_descend)
