"""Affine quantization of a matrix: whole numbers q with w = scale * (q - zero_point), for few bits and any granularity.

Jacob et al. 2018 (arXiv:1712.05877), section 2.1; per-channel scales as in Krishnamoorthi 2018, "Quantizing deep
convolutional networks for efficient inference" (arXiv:1806.08342), section 3; groups along the input as in Dettmers &
Zettlemoyer 2023 (arXiv:2212.09720); clipping for the least squared error as in Banner et al. 2019 (arXiv:1810.05723),
here by search. All arithmetic is float32 in the order of torch's kernels, so that codes agree bit by bit. The browser's
twin is ui/components/quantgrid.js.
"""

from __future__ import annotations

import math
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError

Float32 = npt.NDArray[np.float32]
Int32 = npt.NDArray[np.int32]
Granularity = Literal["tensor", "channel", "group"]
Clipping = Literal["minmax", "percentile", "mse"]

BITS = range(2, 9)
GROUPS = (32, 64, 128)
SHARES = (tuple(2.0**-k for k in range(1, 7)), (2.0**0.5, 2.0**-0.5), (2.0**0.25, 2.0**-0.25))
"""Shares of the extremes at which the search for the least error looks; then, twice, both sides of the best."""


class QuantizerError(ExplainerError):
    """Codes "quant-bits": details "asked", "min", "max"; "quant-group": details "asked"; "quant-percentile": details
    "asked"; "quant-empty": nothing to quantize; "quant-not-finite": details "tensor", "n"."""


@dataclass(frozen=True)
class Spec:
    """How a matrix is quantized.

    symmetric: whole numbers from -(2^(bits-1) - 1) to 2^(bits-1) - 1 and zero point 0; otherwise 0 to 2^bits - 1 and a
    zero point in between. One scale for the whole matrix, for each output channel (row), or for each `group` inputs of
    a row. clipping: where the grid ends: at the extremes, at a percentile of the values, or at the share of the
    extremes with the least squared error.
    """

    bits: int = 8
    symmetric: bool = True
    granularity: Granularity = "tensor"
    group: int = 64
    clipping: Clipping = "minmax"
    percentile: float = 99.9

    @property
    def levels(self) -> tuple[int, int]:
        """The least and the largest whole number."""
        half: int = 2 ** (self.bits - 1) - 1
        return (-half, half) if self.symmetric else (0, 2**self.bits - 1)

    def check(self) -> None:
        """Raise QuantizerError where no grid can be made of it."""
        if self.bits not in BITS:
            raise QuantizerError("quant-bits", {"asked": str(self.bits), "min": str(BITS[0]), "max": str(BITS[-1])})
        if self.granularity == "group" and self.group < 1:
            raise QuantizerError("quant-group", {"asked": str(self.group)})
        if not 50 <= self.percentile <= 100:
            raise QuantizerError("quant-percentile", {"asked": f"{self.percentile:g}"})


@dataclass(frozen=True, eq=False)
class Grid:
    """Scales and zero points, one for each row of `in_rows(values)`.

    scale: Float32[part, 1], above zero. zero_point: Int32[part, 1], 0 where symmetric.
    """

    spec: Spec
    scale: Float32
    zero_point: Int32

    def moved(self, scale_by: float = 1.0, zero_shift: int = 0) -> Grid:
        """The grid as a hand has pulled it: all scales times `scale_by`, all zero points `zero_shift` further on."""
        low, high = self.spec.levels
        scale = (self.scale * np.float32(scale_by)).astype(np.float32)
        zero = self.zero_point if self.spec.symmetric else np.clip(self.zero_point + zero_shift, low, high)
        return replace(self, scale=scale, zero_point=zero.astype(np.int32))


def in_rows(values: Float32, spec: Spec) -> Float32:
    """Float32[part, value]: the values that share a scale in one row each. A last group that is shorter is filled up
    with zeros, which every grid holds exactly."""
    flat = np.ascontiguousarray(values, np.float32)
    if spec.granularity == "tensor":
        return flat.reshape(1, -1)
    rows = flat.reshape(flat.shape[0], -1)
    if spec.granularity == "channel":
        return rows
    missing = -rows.shape[1] % spec.group
    return np.pad(rows, ((0, 0), (0, missing))).reshape(-1, spec.group)


def _back(parts: Float32, values: Float32, spec: Spec) -> Float32:
    """The inverse of `in_rows`."""
    if spec.granularity == "group":
        width = values.reshape(values.shape[0], -1).shape[1]
        parts = parts.reshape(values.shape[0], -1)[:, :width]
    return np.ascontiguousarray(parts).reshape(values.shape)


def fit(values: Float32, spec: Spec) -> Grid:
    """The grid that `spec` asks for. `values`: Float32[output channel, input ...]. Raises QuantizerError."""
    spec.check()
    if not values.size:
        raise QuantizerError("quant-empty")
    wrong = int(np.count_nonzero(~np.isfinite(values)))
    if wrong:
        raise QuantizerError("quant-not-finite", {"tensor": "", "n": f"{wrong:,}"})
    parts = in_rows(values, spec)
    if spec.clipping == "percentile":
        low, high = _percentiles(parts, spec)
    else:
        low, high = parts.min(axis=1, keepdims=True), parts.max(axis=1, keepdims=True)
    grid = _grid(low, high, spec)
    return _least_squares(parts, low, high, spec) if spec.clipping == "mse" else grid


def _percentiles(parts: Float32, spec: Spec) -> tuple[Float32, Float32]:
    """The ends between which `percentile` percent of the values lie: of their sizes, or of either tail."""
    count = parts.shape[1]
    if spec.symmetric:
        sizes = np.sort(np.abs(parts), axis=1)
        high = sizes[:, [_rank(spec.percentile, count)]]
        return -high, high
    ordered = np.sort(parts, axis=1)
    at = _rank(100 - (100 - spec.percentile) / 2, count)
    return ordered[:, [count - 1 - at]], ordered[:, [at]]


def _rank(percentile: float, count: int) -> int:
    """Place of a percentile in `count` ordered values: the nearest rank."""
    return min(count - 1, max(0, math.ceil(percentile / 100 * count - 1e-9) - 1))


def _grid(low: Float32, high: Float32, spec: Spec) -> Grid:
    """Scale and zero point for grids that reach from `low` to `high` and hold zero."""
    first, last = spec.levels
    low, high = np.minimum(low, 0).astype(np.float32), np.maximum(high, 0).astype(np.float32)
    if spec.symmetric:
        scale = (np.maximum(-low, high) / np.float32(last)).astype(np.float32)
        zero = np.zeros(scale.shape, np.int32)
    else:
        scale = ((high - low) / np.float32(last - first)).astype(np.float32)
        divisor = np.where(scale > 0, scale, np.float32(1))
        zero = np.clip(first - np.rint(low / divisor), first, last).astype(np.int32)
    # Where all is zero any scale will do; one that is too small to be divided by is no scale.
    usable = scale >= np.float32(np.finfo(np.float32).tiny)
    return Grid(spec, np.where(usable, scale, np.float32(1)).astype(np.float32), zero)


def _least_squares(parts: Float32, low: Float32, high: Float32, spec: Spec) -> Grid:
    """For each part, of ten shares of its extremes the one with the least squared error."""
    share = np.ones((parts.shape[0], 1), np.float32)
    best = _squared(parts, _grid(low, high, spec))
    for turn, steps in enumerate(SHARES):
        centre = share.copy() if turn else np.ones_like(share)
        for step in steps:
            tried = np.minimum(centre * np.float32(step), np.float32(1)).astype(np.float32)
            error = _squared(parts, _grid(low * tried, high * tried, spec))
            better = error < best
            share, best = np.where(better, tried, share), np.where(better, error, best)
    return _grid((low * share).astype(np.float32), (high * share).astype(np.float32), spec)


def _squared(parts: Float32, grid: Grid) -> npt.NDArray[np.float64]:
    """Float64[part, 1]: the sum of squared errors of each part."""
    off = (_dequantized(_codes(parts, grid), grid) - parts).astype(np.float64)
    found: npt.NDArray[np.float64] = (off * off).sum(axis=1, keepdims=True)
    return found


def _levels(parts: Float32, grid: Grid) -> npt.NDArray[np.floating]:
    """The nearest level of each number, also where the grid has none any more."""
    inverse = np.float32(1) / grid.scale
    found: npt.NDArray[np.floating] = np.rint(parts * inverse) + grid.zero_point
    return found


def _codes(parts: Float32, grid: Grid) -> Int32:
    low, high = grid.spec.levels
    found: Int32 = np.clip(_levels(parts, grid), low, high).astype(np.int32)
    return found


def _dequantized(codes: Int32, grid: Grid) -> Float32:
    found: Float32 = (codes - grid.zero_point).astype(np.float32) * grid.scale
    return found


def quantize(values: Float32, grid: Grid) -> Int32:
    """Int32, shaped like `values`: the whole number of each; rounding halves to even, as torch does."""
    codes = _codes(in_rows(values, grid.spec), grid)
    return _back(codes.astype(np.float32), values, grid.spec).astype(np.int32)


def fake_quantize(values: Float32, grid: Grid) -> Float32:
    """Float32, shaped like `values`: each number as it comes back from its whole number."""
    return _back(_dequantized(_codes(in_rows(values, grid.spec), grid), grid), values, grid.spec)


@dataclass(frozen=True)
class Damage:
    """What quantizing did to a matrix.

    mse: mean squared error. sqnr: signal to quantization noise in dB, infinite where nothing changed, NaN where there
    was no signal. worst: index (row, column) of the largest error, `before` and `after` its value. clipped: share of
    the values whose nearest level lies beyond the grid's ends.
    """

    mse: float
    sqnr: float
    worst: tuple[int, int]
    before: float
    after: float
    clipped: float


def damage(values: Float32, grid: Grid) -> Damage:
    """Compare a matrix, Float32[row, column], with what comes back from its grid."""
    after = fake_quantize(values, grid)
    off = (after - values).astype(np.float64)
    mse, signal = float((off * off).mean()), float((values.astype(np.float64) ** 2).mean())
    at = int(np.abs(off).argmax())
    row, column = divmod(at, values.shape[1])
    sqnr = math.nan if not signal else math.inf if not mse else 10 * math.log10(signal / mse)
    first, last = grid.spec.levels
    nearest = _levels(in_rows(values, grid.spec), grid)
    beyond = _back(((nearest < first) | (nearest > last)).astype(np.float32), values, grid.spec)
    return Damage(
        mse,
        sqnr,
        (row, column),
        float(values[row, column]),
        float(after[row, column]),
        float(beyond.mean(dtype=np.float64)),
    )


def size_of(shape: tuple[int, int], spec: Spec) -> float:
    """Bytes of a matrix of this shape: its whole numbers packed tightly, a float32 for each scale, and a byte for each
    zero point where there is one."""
    rows, columns = shape
    each = math.ceil(columns / spec.group)
    parts = {"tensor": 1, "channel": rows, "group": rows * each}[spec.granularity]
    return rows * columns * spec.bits / 8 + parts * (4 if spec.symmetric else 5)


def levels_used(values: Float32, grid: Grid, row: int) -> int:
    """How many different whole numbers a row's weights become."""
    return len(np.unique(quantize(values, grid)[row]))
