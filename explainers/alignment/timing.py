"""Alignment in time: how alike two tracks are at every offset, MFCCs of a recording, and dynamic time warping.

MFCCs: Davis & Mermelstein 1980, with the mel scale and the triangles of Slaney's Auditory Toolbox (1998), as librosa
has them by default. Dynamic time warping: Sakoe & Chiba 1978, steps (1, 0), (0, 1), (1, 1) of equal weight. The
similarity over offsets is the correlation of the parts that overlap.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from explainers.errors import ExplainerError

Float64 = NDArray[np.float64]
FRAME_S = 0.025  # a window of speech
HOP_S = 0.010
BANDS = 40
KEPT = 13  # coefficients


class TrackError(ExplainerError):
    """A track that is too short or silent. `code`: "track-short" or "track-silent"."""


# ---------------------------------------------------------------- features of sound


def to_mel(hertz: ArrayLike) -> Float64:
    """Slaney's mel scale: linear up to 1,000 Hz, logarithmic above."""
    f = np.asarray(hertz, np.float64)
    above = 15 + np.log(np.maximum(f, 1e-9) / 1000) / (np.log(6.4) / 27)
    return np.where(f < 1000, f * 3 / 200, above)


def to_hertz(mel: ArrayLike) -> Float64:
    """The inverse of `to_mel`."""
    m = np.asarray(mel, np.float64)
    return np.where(m < 15, m * 200 / 3, 1000 * np.exp((m - 15) * np.log(6.4) / 27))


def mel_filters(rate: int, window: int, bands: int = BANDS) -> Float64:
    """Triangles of equal area, Float64[bands, window // 2 + 1], over 0 to rate / 2."""
    edges = to_hertz(np.linspace(0, to_mel(rate / 2), bands + 2))
    bins = np.fft.rfftfreq(window, 1 / rate)
    rising = (bins[None] - edges[:-2, None]) / (edges[1:-1] - edges[:-2])[:, None]
    falling = (edges[2:, None] - bins[None]) / (edges[2:] - edges[1:-1])[:, None]
    area = (2 / (edges[2:] - edges[:-2]))[:, None]
    return np.asarray(np.maximum(0, np.minimum(rising, falling)) * area)


def power_frames(signal: ArrayLike, rate: int, frame_s: float = FRAME_S, hop_s: float = HOP_S) -> Float64:
    """Power spectra of Hann windows, Float64[frames, bins]; frame k begins at k * hop_s. Raises TrackError."""
    x = np.asarray(signal, np.float64)
    window, hop = round(frame_s * rate), round(hop_s * rate)
    if len(x) < window:
        raise TrackError("track-short")
    frames = np.lib.stride_tricks.sliding_window_view(x, window)[::hop]
    taper = 0.5 - 0.5 * np.cos(2 * np.pi * np.arange(window) / window)
    return np.asarray(np.abs(np.fft.rfft(frames * taper, axis=1)) ** 2)


def decibels(power: Float64) -> Float64:
    """10 log10 of the power, at most 80 dB below the loudest."""
    level = 10 * np.log10(np.maximum(power, 1e-10))
    return np.asarray(np.maximum(level, level.max() - 80))


def mfcc(signal: ArrayLike, rate: int, kept: int = KEPT) -> Float64:
    """Mel-frequency cepstral coefficients, Float64[frames, kept]: orthonormal DCT-II of the mel bands in decibels."""
    power = power_frames(signal, rate)
    bands = decibels(power @ mel_filters(rate, round(FRAME_S * rate)).T)
    count = bands.shape[1]
    places = np.arange(count)
    basis = np.cos(np.pi * np.arange(kept)[:, None] * (2 * places + 1) / (2 * count)) * np.sqrt(2 / count)
    basis[0] /= np.sqrt(2)
    return np.asarray(bands @ basis.T)


def loudness(signal: ArrayLike, rate: int, hop_s: float = HOP_S) -> Float64:
    """Level of each frame in decibels, Float64[frames]."""
    return decibels(power_frames(signal, rate, hop_s=hop_s).sum(axis=1))


def onsets(signal: ArrayLike, rate: int, hop_s: float = HOP_S) -> Float64:
    """How much the spectrum grows from frame to frame, Float64[frames]: the sum of rises over mel bands in decibels."""
    power = power_frames(signal, rate, hop_s=hop_s)
    bands = decibels(power @ mel_filters(rate, round(FRAME_S * rate)).T)
    return np.concatenate([[0.0], np.maximum(0, np.diff(bands, axis=0)).sum(axis=1)])


# ---------------------------------------------------------------- offsets


@dataclass(frozen=True, eq=False)
class Offsets:
    """Similarity of two tracks over offsets. seconds: Float64[m], by how much the second is played late. similarity:
    Float64[m]. best: the offset of the highest value."""

    seconds: Float64
    similarity: Float64

    @property
    def best(self) -> float:
        return float(self.seconds[int(self.similarity.argmax())])


def slide(first: ArrayLike, second: ArrayLike, hop_s: float, most_s: float) -> Offsets:
    """Pearson correlation of two tracks of one number a frame, the second delayed by -most_s to most_s.

    At every offset only the frames that both have are compared, at least half of the shorter track. Raises TrackError.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    least = min(len(a), len(b)) // 2
    if least < 8:
        raise TrackError("track-short")
    if a.std() < 1e-12 or b.std() < 1e-12:
        raise TrackError("track-silent")
    most = round(most_s / hop_s)
    places = np.arange(-most, most + 1)
    values = np.full(len(places), np.nan)
    for at, shift in enumerate(places.tolist()):
        x = a[max(0, shift) : len(b) + shift]
        begin = max(0, -shift)
        y = b[begin : begin + len(x)]
        x = x[: len(y)]
        if len(x) >= least and x.std() > 1e-12 and y.std() > 1e-12:
            values[at] = np.corrcoef(x, y)[0, 1]
    good = np.isfinite(values)
    return Offsets(places[good] * hop_s, values[good])


def slide_vectors(first: ArrayLike, second: ArrayLike, hop_s: float, most_s: float) -> Offsets:
    """The same for tracks of unit vectors [frames, d]: the mean cosine over frames where one of them says something.

    A row of zeros says nothing and is like nothing. At least a third of the shorter track overlaps. Raises TrackError.
    """
    a, b = np.asarray(first, np.float64), np.asarray(second, np.float64)
    spoken = (np.abs(a).sum(axis=1) > 0, np.abs(b).sum(axis=1) > 0)
    cosines = a @ b.T
    either = (spoken[0][:, None] | spoken[1][None]).astype(np.float64)
    least, most = min(len(a), len(b)) // 3, round(most_s / hop_s)
    places = np.array([shift for shift in range(-most, most + 1) if _overlap(len(a), len(b), shift) >= max(1, least)])
    counts = np.array([np.trace(either, -shift) for shift in places])
    if not len(places) or not counts.any():
        raise TrackError("track-short")
    sums = np.array([np.trace(cosines, -shift) for shift in places])
    return Offsets(places[counts > 0] * hop_s, sums[counts > 0] / counts[counts > 0])


def _overlap(n: int, m: int, shift: int) -> int:
    """Frames that two tracks share when the second comes `shift` frames late."""
    return min(n, m + shift) - max(0, shift)


# ---------------------------------------------------------------- dynamic time warping


@dataclass(frozen=True, eq=False)
class Warp:
    """cost: Float64[n, m], distance of frame i and frame j. path: Int64[steps, 2] from (0, 0) to the last frames.
    total: sum of the costs along the path."""

    cost: Float64
    path: NDArray[np.int64]
    total: float

    def carried(self, place: float) -> float:
        """Where frame `place` of the first track lies on the second: the mean of the frames it is matched with."""
        matched = self.path[self.path[:, 0] == round(place), 1]
        return float(matched.mean())


def distances(a: ArrayLike, b: ArrayLike) -> Float64:
    """Euclidean distance of every row of a [n, d] to every row of b [m, d]."""
    x, y = np.asarray(a, np.float64), np.asarray(b, np.float64)
    squared = (x**2).sum(1)[:, None] + (y**2).sum(1)[None] - 2 * x @ y.T
    return np.asarray(np.sqrt(np.maximum(squared, 0)))


def dtw(a: ArrayLike, b: ArrayLike) -> Warp:
    """The cheapest monotone path through the distances of two sequences [n, d] and [m, d]. Raises TrackError."""
    x, y = np.atleast_2d(np.asarray(a, np.float64)), np.atleast_2d(np.asarray(b, np.float64))
    if not x.size or not y.size:
        raise TrackError("track-short")
    cost = distances(x, y)
    n, m = cost.shape
    total = np.full((n + 1, m + 1), np.inf)
    total[0, 0] = 0
    # Row by row with plain floats: the cell to the left is needed, so a row cannot be done at once.
    for i in range(1, n + 1):
        above = np.minimum(total[i - 1, 1:], total[i - 1, :-1]).tolist()
        costs, row, left = cost[i - 1].tolist(), [], np.inf
        for best, one in zip(above, costs, strict=True):
            left = one + (best if best < left else left)
            row.append(left)
        total[i, 1:] = row
    path = [(n - 1, m - 1)]
    while path[-1] != (0, 0):
        i, j = path[-1]
        before = [(i - 1, j - 1), (i - 1, j), (i, j - 1)]
        path.append(min(before, key=lambda at: total[at[0] + 1, at[1] + 1]))
    return Warp(cost, np.array(path[::-1], np.int64), float(total[n, m]))
