"""InfoNCE on a batch of pairs, in both directions, in plain numpy; the training step uses torch's own cross-entropy.

van den Oord, Li & Vinyals 2018, "Representation Learning with Contrastive Predictive Coding" (arXiv:1807.03748); the
symmetric form is that of CLIP (Radford et al. 2021, arXiv:2103.00020).
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from explainers.errors import ExplainerError

Float64 = NDArray[np.float64]


class BatchError(ExplainerError):
    """A batch on which no contrastive loss is defined: `code` is "batch-empty" or "batch-uneven" (details: images,
    texts)."""


@dataclass(frozen=True)
class InfoNCE:
    """The loss of a batch of n pairs; pair i is image i with text i.

    by_image: Float[n], -log of the share that image i gives its own text among all texts (softmax over a row).
    by_text: Float[n], -log of the share that text i gives its own image (softmax over a column).
    per_pair: Float[n], their mean. loss: mean of per_pair.
    rows, columns: Float[n, n], the two softmaxes; each row of `rows` and each column of `columns` sums to 1.
    """

    by_image: Float64
    by_text: Float64
    rows: Float64
    columns: Float64

    @property
    def per_pair(self) -> Float64:
        return (self.by_image + self.by_text) / 2

    @property
    def loss(self) -> float:
        return float(self.per_pair.mean())


def log_softmax(logits: Float64, axis: int) -> Float64:
    """Logarithm of the softmax along `axis`, without overflow."""
    shifted = logits - logits.max(axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)), np.float64)


def infonce(cosines: Float64, scale: float) -> InfoNCE:
    """InfoNCE of a matrix of cosines [image, text] at a logit scale (1 / temperature).

    The two directions read the same logits, once by rows and once by columns: CLIP's `logits_per_text` is nothing but
    the transpose of `logits_per_image`. A batch of one has no negatives and its loss is 0. Raises BatchError.

    >>> round(infonce(np.eye(2), 1.0).loss, 4)
    0.3133
    """
    if cosines.size == 0:
        raise BatchError("batch-empty")
    if cosines.ndim != 2 or cosines.shape[0] != cosines.shape[1]:
        raise BatchError("batch-uneven", {"images": str(cosines.shape[0]), "texts": str(cosines.shape[-1])})
    logits = np.asarray(cosines, np.float64) * scale
    rows, columns = log_softmax(logits, 1), log_softmax(logits, 0)
    return InfoNCE(-np.diag(rows), -np.diag(columns), np.exp(rows), np.exp(columns))


def hardest(cosines: Float64) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """The hardest negative of each image (the wrong text with the highest cosine) and of each text; -1 in a batch of one."""
    n = len(cosines)
    if n < 2:
        none = np.full(n, -1, np.int64)
        return none, none
    others = np.where(np.eye(n, dtype=bool), -np.inf, cosines)
    return others.argmax(axis=1), others.argmax(axis=0)


def recall(cosines: Float64, k: int, truth: NDArray[np.int64] | None = None) -> float:
    """Share of rows whose own column (`truth`, by default the diagonal) is among the k highest. Ties count against it."""
    truth = np.arange(len(cosines)) if truth is None else truth
    own = cosines[np.arange(len(cosines)), truth][:, None]
    above = (cosines >= own).sum(axis=1) - 1
    return float((above < k).mean())
