"""What one similarity matrix says of a batch of pairs: two softmaxes, the InfoNCE of each pair, the hardest negatives.

The two directions read the same logits, once by rows and once by columns; CLIP's `logits_per_text` is the transpose of
`logits_per_image` and nothing else (Radford et al. 2021, arXiv:2103.00020, figure 3). `contrastive` has the loss with
its gradient; here are the parts of it that a reader looks at.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.alignment.contrastive import Float64, Int, checked, log_softmax


@dataclass(frozen=True, eq=False)
class Directions:
    """A batch of n pairs; pair i is picture i with caption i.

    by_image: Float64[n], -log of the share that picture i gives its own caption among all captions (softmax of row i).
    by_text: Float64[n], -log of the share that caption i gives its own picture (softmax of column i).
    rows, columns: Float64[n, n], the two softmaxes; every row of `rows` and every column of `columns` sums to 1.
    """

    by_image: Float64
    by_text: Float64
    rows: Float64
    columns: Float64

    @property
    def per_pair(self) -> Float64:
        """Float64[n], the InfoNCE of each pair in nats: the mean of both directions."""
        return np.asarray((self.by_image + self.by_text) / 2)

    @property
    def loss(self) -> float:
        """The symmetric InfoNCE of the batch in nats."""
        return float(self.per_pair.mean())


def directions(cosines: npt.ArrayLike, scale: float) -> Directions:
    """Both directions of InfoNCE on cosines [picture, caption] at a logit scale (1 / temperature).

    A batch of one has no negatives, and its loss is 0 whatever the cosine. Raises BatchError.

    >>> round(directions([[1, 0], [0, 1]], 1.0).loss, 4)
    0.3133
    """
    logits = checked(cosines) * scale
    rows, columns = log_softmax(logits, 1), log_softmax(logits, 0)
    return Directions(-np.diag(rows), -np.diag(columns), np.exp(rows), np.exp(columns))


def hardest(cosines: npt.ArrayLike) -> tuple[Int, Int]:
    """Each picture's wrong caption with the highest cosine, and each caption's wrong picture; -1 for a lone pair."""
    matrix = checked(cosines)
    if len(matrix) < 2:
        return np.full(1, -1), np.full(1, -1)
    others = np.where(np.eye(len(matrix), dtype=bool), -np.inf, matrix)
    return others.argmax(axis=1), others.argmax(axis=0)
