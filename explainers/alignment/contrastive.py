"""What a batch of pairs costs under five contrastive losses, who pulls whom, and two figures of the space itself.

Every loss is a function of the N x N cosines between pictures (rows) and captions (columns) whose diagonal are the
pairs, and every one comes with its gradient, so that they can be compared on the same batch. InfoNCE: van den Oord et
al. 2018 (arXiv:1807.03748), symmetric as in CLIP (Radford et al. 2021, arXiv:2103.00020). Sigmoid: SigLIP (Zhai et al.
2023, arXiv:2303.15343). Triplet: FaceNet (Schroff et al. 2015, arXiv:1503.03832), the hardest negative as in VSE++
(Faghri et al. 2018, arXiv:1707.05612). Supervised: Khosla et al. 2020 (arXiv:2004.11362), L_out, between modalities.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError

Float64 = npt.NDArray[np.float64]
Int = npt.NDArray[np.int64]
Kind = Literal["infonce", "sigmoid", "triplet", "hardest", "supervised"]
KINDS: tuple[Kind, ...] = ("infonce", "sigmoid", "triplet", "hardest", "supervised")


class BatchError(ExplainerError):
    """A batch that no contrastive loss can be computed on."""


@dataclass(frozen=True)
class Settings:
    """scale: what InfoNCE, sigmoid and supervised multiply a cosine with (1 / temperature). bias: of the sigmoid loss.
    margin: by how much a triplet wants its positive ahead. The defaults of scale and bias are where SigLIP begins."""

    scale: float = 10.0
    bias: float = -10.0
    margin: float = 0.2


@dataclass(frozen=True, eq=False)
class BatchLoss:
    """A loss on one batch. pairs: Float64[N], each pair's part; their mean is `loss`, in nats (triplets: in cosine).
    gradient: Float64[N, N], d loss / d cosine: negative where picture and caption are pulled together."""

    loss: float
    pairs: Float64
    gradient: Float64


def checked(cosines: npt.ArrayLike) -> Float64:
    """The cosines as a square matrix. Raises BatchError for an empty batch, one that is not square, or not numbers."""
    matrix = np.asarray(cosines, dtype=np.float64)
    if matrix.size == 0:
        raise BatchError("alignment-batch-empty")
    if matrix.ndim != 2 or matrix.shape[0] != matrix.shape[1] or not np.isfinite(matrix).all():
        raise BatchError("alignment-batch-shape")
    return matrix


def log_softmax(values: Float64, axis: int) -> Float64:
    """log softmax along an axis, shifted by the largest value so that nothing overflows."""
    shifted = values - values.max(axis=axis, keepdims=True)
    return np.asarray(shifted - np.log(np.exp(shifted).sum(axis=axis, keepdims=True)))


def infonce(cosines: npt.ArrayLike, scale: float) -> BatchLoss:
    """Half the cross-entropy of each row plus half that of each column, the pair being the right class."""
    matrix = checked(cosines)
    return supervised(matrix, np.arange(len(matrix)), scale)


def supervised(cosines: npt.ArrayLike, labels: npt.ArrayLike, scale: float) -> BatchLoss:
    """The same where every caption with the picture's label is right too: -1/|P| of the sum over P of log softmax.

    labels: Int[N], the label of pair i. Where all differ this is InfoNCE.
    """
    matrix, named = checked(cosines), np.asarray(labels)
    same = (named[:, None] == named[None, :]).astype(np.float64)
    target = same / same.sum(axis=1, keepdims=True)  # symmetric: a label's group is as large from either side
    by_row, by_column = log_softmax(scale * matrix, 1), log_softmax(scale * matrix, 0)
    pairs = -0.5 * ((target * by_row).sum(1) + (target * by_column).sum(0))
    gradient = 0.5 * scale / len(matrix) * (np.exp(by_row) + np.exp(by_column) - 2 * target)
    return BatchLoss(float(pairs.mean()), pairs, gradient)


def sigmoid(cosines: npt.ArrayLike, scale: float, bias: float) -> BatchLoss:
    """Every cell is a question of its own, pair or not: -log sigmoid(z (scale * cosine + bias)), z = 1 or -1; summed
    over all cells and divided by N, so a pair's part is the sum of its row."""
    matrix = checked(cosines)
    sign = 2 * np.eye(len(matrix)) - 1
    logits = sign * (scale * matrix + bias)
    pairs = np.logaddexp(0, -logits).sum(axis=1)
    gradient = -sign * scale * np.exp(-np.logaddexp(0, logits)) / len(matrix)
    return BatchLoss(float(pairs.mean()), pairs, gradient)


def triplet(cosines: npt.ArrayLike, margin: float, *, hardest: bool = False) -> BatchLoss:
    """max(0, margin - cosine of the pair + cosine of a negative), in both directions; the mean over all negatives, or
    the hardest negative alone. A batch of one has no negative and no loss."""
    matrix = checked(cosines)
    size = len(matrix)
    own, off = np.diag(matrix), ~np.eye(size, dtype=bool)
    gradient, pairs = np.zeros_like(matrix), np.zeros(size)
    if size == 1:
        return BatchLoss(0.0, pairs, gradient)
    for axis in (1, 0):
        violation = np.where(off, margin - np.expand_dims(own, axis) + matrix, 0.0).clip(0)
        if hardest:
            worst = np.where(off, matrix, -np.inf).argmax(axis=axis)
            chosen = np.zeros_like(matrix)
            np.put_along_axis(chosen, np.expand_dims(worst, axis), 1.0, axis=axis)
        else:
            chosen = off / (size - 1)
        pairs += 0.5 * (chosen * violation).sum(axis=axis)
        active = 0.5 / size * chosen * (violation > 0)
        gradient += active
        gradient[np.diag_indices(size)] -= active.sum(axis=axis)
    return BatchLoss(float(pairs.mean()), pairs, gradient)


def batch_loss(
    kind: Kind, cosines: npt.ArrayLike, settings: Settings, labels: npt.ArrayLike | None = None
) -> BatchLoss:
    """The loss `kind` on a batch. labels: for `supervised`; without them every pair is a class of its own."""
    matrix = checked(cosines)
    if kind == "sigmoid":
        return sigmoid(matrix, settings.scale, settings.bias)
    if kind in ("triplet", "hardest"):
        return triplet(matrix, settings.margin, hardest=kind == "hardest")
    if kind == "supervised" and labels is not None:
        return supervised(matrix, labels, settings.scale)
    return infonce(matrix, settings.scale)


def smaller_batches(cosines: npt.ArrayLike, size: int, scale: float) -> BatchLoss:
    """InfoNCE when the same pairs come in batches of `size` (the last may be smaller): fewer negatives for each.

    gradient: zero between pairs that are not in one batch, scaled as in the mean over all pairs.
    """
    matrix = checked(cosines)
    total = len(matrix)
    pairs, gradient = np.zeros(total), np.zeros_like(matrix)
    for start in range(0, total, max(1, size)):
        part = slice(start, min(total, start + max(1, size)))
        one = infonce(matrix[part, part], scale)
        pairs[part] = one.pairs
        gradient[part, part] = one.gradient * len(one.pairs) / total
    return BatchLoss(float(pairs.mean()), pairs, gradient)


@dataclass(frozen=True, eq=False)
class Forces:
    """What moves one embedding under InfoNCE, each Float64[d], tangent to the sphere; their sum is -d loss / d x.

    pull: from its own pair. pushes: Float64[N, d], from every other one (its own row is 0). shares: Float64[N], the
    part of all pushing that each negative does, in length.
    """

    pull: Float64
    pushes: Float64
    shares: Float64

    @property
    def total(self) -> Float64:
        return np.asarray(self.pull + self.pushes.sum(axis=0))


def forces(these: npt.ArrayLike, others: npt.ArrayLike, scale: float, point: int) -> Forces:
    """Forces on row `point` of `these` [N, d] from the rows of `others` [N, d], all of length 1, pairs by row.

    For pictures as `these` the others are captions, and the other way round: the loss is symmetric.
    """
    x, y = np.asarray(these, dtype=np.float64), np.asarray(others, dtype=np.float64)
    gradient = infonce(x @ y.T, scale).gradient[point]
    pulls = -gradient[:, None] * y
    # x is normalised after the network: what points along x itself moves nothing.
    tangent = pulls - (pulls @ x[point])[:, None] * x[point]
    pushes = tangent.copy()
    pushes[point] = 0
    lengths = np.linalg.norm(pushes, axis=1)
    return Forces(tangent[point], pushes, lengths / max(lengths.sum(), 1e-300))


def alignment(x: npt.ArrayLike, y: npt.ArrayLike) -> float:
    """Mean squared distance within pairs, 0 to 4; small is good (Wang & Isola 2020, arXiv:2005.10242, alpha = 2)."""
    return float(((np.asarray(x, dtype=np.float64) - np.asarray(y)) ** 2).sum(axis=1).mean())


def uniformity(x: npt.ArrayLike) -> float:
    """log of the mean of exp(-2 d^2) over pairs of different rows, at most 0; more negative is more evenly spread over
    the sphere (the same paper, t = 2). Raises BatchError for less than two rows."""
    rows = np.asarray(x, dtype=np.float64)
    if len(rows) < 2:
        raise BatchError("alignment-batch-one")
    squared = ((rows[:, None] - rows[None, :]) ** 2).sum(axis=2)
    return float(np.log(np.exp(-2 * squared[np.triu_indices(len(rows), 1)]).mean()))


def gap(x: npt.ArrayLike, y: npt.ArrayLike) -> Float64:
    """From the mean of the rows of x to the mean of those of y, Float64[d] (Liang et al. 2022, arXiv:2203.02053)."""
    return np.asarray(np.asarray(y, dtype=np.float64).mean(axis=0) - np.asarray(x, dtype=np.float64).mean(axis=0))


def slide(x: npt.ArrayLike, y: npt.ArrayLike, share: float) -> tuple[Float64, Float64]:
    """Both clouds moved along the gap, half of `share` each, and put back on the sphere: 0 leaves them, 1 closes the
    gap, negative widens it. After the same paper, section 4."""
    half = 0.5 * share * gap(x, y)
    left, right = np.asarray(x, dtype=np.float64) + half, np.asarray(y, dtype=np.float64) - half
    return unit(left), unit(right)


def unit(rows: Float64) -> Float64:
    """Rows of length 1."""
    return np.asarray(rows / np.linalg.norm(rows, axis=-1, keepdims=True))
