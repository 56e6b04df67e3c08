"""MFCCs, warping and offsets against independent implementations; shipped recordings against what is said of them."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from fastdtw import dtw as reference_dtw
from scipy.fft import dct
from transformers.audio_utils import mel_filter_bank, power_to_db, spectrogram, window_function

from explainers.alignment import media, timing
from explainers.alignment.timing import TrackError


def noise(seed: int, *shape: int) -> np.ndarray:
    return np.random.default_rng(seed).normal(size=shape)


@pytest.mark.parametrize("rate", [8000, 16000])
def test_mfccs_are_those_of_transformers_and_scipy(rate: int) -> None:
    """transformers' audio_utils is tested against librosa; the cosine transform is scipy's."""
    time = np.arange(rate) / rate
    signal = np.sin(2 * np.pi * (300 + 400 * time) * time) + 0.1 * noise(1, rate)
    window, hop = round(0.025 * rate), round(0.010 * rate)
    filters = mel_filter_bank(window // 2 + 1, timing.BANDS, 0.0, rate / 2, rate, norm="slaney", mel_scale="slaney")
    power = spectrogram(
        signal, window_function(window, "hann"), window, hop, power=2.0, center=False, mel_filters=filters
    )
    bands = power_to_db(power, min_value=1e-10, db_range=80.0)
    expected = dct(bands, type=2, axis=0, norm="ortho")[: timing.KEPT].T
    np.testing.assert_allclose(timing.mfcc(signal, rate)[: len(expected)], expected, atol=1e-3)


@pytest.mark.parametrize(("n", "m"), [(1, 1), (1, 6), (7, 4), (12, 12), (40, 25)])
def test_warping_costs_what_fastdtw_finds(n: int, m: int) -> None:
    a, b = noise(n, n, 3), noise(m + 50, m, 3)
    found = timing.dtw(a, b)
    total, _ = reference_dtw(a, b, dist=lambda x, y: float(np.linalg.norm(x - y)))
    assert found.total == pytest.approx(total)
    assert found.total == pytest.approx(found.cost[found.path[:, 0], found.path[:, 1]].sum())
    assert found.path[0].tolist() == [0, 0] and found.path[-1].tolist() == [n - 1, m - 1]
    assert {tuple(step) for step in np.diff(found.path, axis=0).tolist()} <= {(0, 1), (1, 0), (1, 1)}


def test_warping_by_hand() -> None:
    """Among all paths of a 3 x 4 matrix, tried one by one."""
    a, b = np.array([[1.0], [3.0], [2.0]]), np.array([[1.0], [1.0], [3.5], [2.0]])
    moves = ((0, 1), (1, 0), (1, 1))
    best = np.inf
    for length in range(3, 6):
        for steps in itertools.product(moves, repeat=length):
            places = np.cumsum([(0, 0), *steps], axis=0)
            if (places.max(axis=0) <= (2, 3)).all() and places[-1].tolist() == [2, 3]:
                best = min(best, sum(abs(a[i, 0] - b[j, 0]) for i, j in places))
    assert timing.dtw(a, b).total == pytest.approx(best)


@pytest.mark.parametrize("shift", [-30, -1, 0, 7, 55])
def test_a_delay_is_found(shift: int) -> None:
    """`second` is `first` cut so that it must come `shift` frames late to fit again."""
    whole = noise(3, 400)
    first, second = whole[100:300], whole[100 + shift : 300 + shift]
    assert timing.slide(first, second, 0.1, 9.0).best == pytest.approx(0.1 * shift)
    vectors = noise(4, 400, 6)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    found = timing.slide_vectors(vectors[100:300], vectors[100 + shift : 300 + shift], 0.1, 9.0)
    assert found.best == pytest.approx(0.1 * shift)


def test_correlation_is_numpys_at_every_offset() -> None:
    a, b = noise(5, 60), noise(6, 60)
    found = timing.slide(a, b, 1.0, 10)
    for offset, value in zip(found.seconds.astype(int), found.similarity, strict=True):
        moved = [(a[t], b[t - offset]) for t in range(60) if 0 <= t - offset < 60]
        assert value == pytest.approx(np.corrcoef(np.array(moved).T)[0, 1])


def test_short_and_silent_tracks_are_refused() -> None:
    for bad, code in (((noise(1, 5), noise(2, 5)), "track-short"), ((np.zeros(50), noise(2, 50)), "track-silent")):
        with pytest.raises(TrackError) as refused:
            timing.slide(*bad, 0.1, 1.0)
        assert refused.value.code == code
    with pytest.raises(TrackError):
        timing.mfcc(noise(1, 20), 16000)
    with pytest.raises(TrackError):
        timing.dtw(np.zeros((0, 3)), noise(1, 4, 3))


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
def test_shipped_tracks_fit_best_where_they_belong(language: media.Language) -> None:
    assert media.subtitle_offsets(language).best == pytest.approx(0, abs=1e-9)
    assert abs(media.speech_offsets(language).best) <= 0.02
    own, other = media.sound_offsets("film"), media.sound_offsets("other")
    assert own.best == pytest.approx(0, abs=1e-9)
    assert own.similarity.max() > 0.8 > 0.6 > other.similarity.max()


@pytest.mark.parametrize("language", ["en", "zh-Hant"])
def test_warping_carries_word_times_better_than_stretching(language: media.Language) -> None:
    found = media.carry(language)
    assert found.error_warp < 0.03 < found.error_line
    assert len(found.plain.words) == len(found.slow.words) > 10
    starts = [word.start for word in found.slow.words]
    assert starts == sorted(starts)


def test_a_missing_recording_is_named(monkeypatch: pytest.MonkeyPatch, tmp_path) -> None:
    monkeypatch.setattr(media, "FOLDER", tmp_path)
    with pytest.raises(media.MediaError) as refused:
        media.wav("film")
    assert refused.value.details["file"] == "film.wav"
