"""The affine quantizer against torch's kernels, and by its properties on any matrix."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as arrays

from explainers.quantization import quantizers
from explainers.quantization.quantizers import Spec, damage, fake_quantize, fit, quantize

RNG = np.random.default_rng(5)
MATRIX = (RNG.standard_t(3, (24, 96)) * 0.05).astype(np.float32)
MATRICES = arrays.arrays(
    np.float32,
    st.tuples(st.integers(1, 5), st.integers(1, 70)),
    elements=st.floats(-100, 100, width=32, allow_subnormal=False),
)
SPECS = st.builds(
    Spec,
    bits=st.integers(2, 8),
    symmetric=st.booleans(),
    granularity=st.sampled_from(["tensor", "channel", "group"]),
    group=st.sampled_from([32, 64, 128]),
    clipping=st.just("minmax"),
)


@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("symmetric", [True, False])
def test_per_tensor_is_torchs_fake_quantize(bits: int, symmetric: bool) -> None:
    spec = Spec(bits, symmetric)
    grid = fit(MATRIX, spec)
    wanted = torch.fake_quantize_per_tensor_affine(
        torch.from_numpy(MATRIX), float(grid.scale[0, 0]), int(grid.zero_point[0, 0]), *spec.levels
    )
    np.testing.assert_array_equal(fake_quantize(MATRIX, grid), wanted.numpy())


@pytest.mark.parametrize("bits", range(2, 9))
@pytest.mark.parametrize("symmetric", [True, False])
def test_per_channel_is_torchs_fake_quantize(bits: int, symmetric: bool) -> None:
    spec = Spec(bits, symmetric, "channel")
    grid = fit(MATRIX, spec)
    wanted = torch.fake_quantize_per_channel_affine(
        torch.from_numpy(MATRIX),
        torch.from_numpy(grid.scale[:, 0]),
        torch.from_numpy(grid.zero_point[:, 0]),
        0,
        *spec.levels,
    )
    np.testing.assert_array_equal(fake_quantize(MATRIX, grid), wanted.numpy())


@pytest.mark.filterwarnings("ignore:torch.quantize_per_tensor")
def test_int8_codes_are_those_of_torchs_quantized_tensors() -> None:
    grid = fit(MATRIX, Spec())
    whole = torch.quantize_per_tensor(torch.from_numpy(MATRIX), float(grid.scale[0, 0]), 0, torch.qint8)
    np.testing.assert_array_equal(quantize(MATRIX, grid), whole.int_repr().numpy())
    grid = fit(MATRIX, Spec(granularity="channel"))
    scales, zeros = torch.from_numpy(grid.scale[:, 0]), torch.from_numpy(grid.zero_point[:, 0])
    rows = torch.quantize_per_channel(torch.from_numpy(MATRIX), scales, zeros, 0, torch.qint8)
    np.testing.assert_array_equal(quantize(MATRIX, grid), rows.int_repr().numpy())
    np.testing.assert_array_equal(fake_quantize(MATRIX, grid), rows.dequantize().numpy())


def test_ends_of_an_affine_grid_are_those_of_torchs_observer() -> None:
    observer = torch.ao.quantization.MinMaxObserver(torch.quint8, torch.per_tensor_affine)
    observer(torch.from_numpy(MATRIX))
    scale, zero = observer.calculate_qparams()
    grid = fit(MATRIX, Spec(symmetric=False))
    assert grid.scale[0, 0] == pytest.approx(float(scale), rel=1e-6)
    assert grid.zero_point[0, 0] == int(zero)


@pytest.mark.parametrize("group", [32, 64, 128])
def test_a_group_is_a_matrix_of_its_own(group: int) -> None:
    values = RNG.normal(size=(3, 256)).astype(np.float32)
    found = fake_quantize(values, fit(values, Spec(4, granularity="group", group=group)))
    for row in range(3):
        for start in range(0, 256, group):
            part = values[[row], start : start + group]
            wanted = fake_quantize(part, fit(part, Spec(4)))
            np.testing.assert_array_equal(found[[row], start : start + group], wanted)


def test_a_last_group_that_is_shorter_is_quantized_too() -> None:
    values = RNG.normal(size=(2, 70)).astype(np.float32)
    found = fake_quantize(values, fit(values, Spec(4, granularity="group", group=32)))
    last = values[[0], 64:]
    np.testing.assert_array_equal(found[[0], 64:], fake_quantize(last, fit(last, Spec(4))))


# ---------------------------------------------------------------- properties


@given(MATRICES, SPECS)
def test_a_round_trip_stays_within_half_a_step(values: np.ndarray, spec: Spec) -> None:
    grid = fit(values, spec)
    step = np.broadcast_to(grid.scale, quantizers.in_rows(values, spec).shape)
    off = np.abs(quantizers.in_rows(fake_quantize(values, grid) - values, spec))
    # An affine grid may be a rounded zero point short of one end: half a step more there.
    allowed = step * (0.5 if spec.symmetric else 1.0)
    assert (off <= allowed * (1 + 1e-4) + 1e-30).all()


@given(MATRICES, SPECS)
def test_zero_stays_zero(values: np.ndarray, spec: Spec) -> None:
    grid = fit(values, spec)
    zeros = np.zeros_like(values)
    assert (fake_quantize(zeros, grid) == 0).all()
    low, high = spec.levels
    assert ((grid.zero_point >= low) & (grid.zero_point <= high)).all()


@given(MATRICES, SPECS)
def test_the_order_of_two_values_is_never_turned_over(values: np.ndarray, spec: Spec) -> None:
    grid = fit(values, spec)
    parts = quantizers.in_rows(values, spec)
    after = quantizers.in_rows(fake_quantize(values, grid), spec)
    order = np.argsort(parts, axis=1, kind="stable")
    assert (np.diff(np.take_along_axis(after, order, 1), axis=1) >= 0).all()


@given(MATRICES, SPECS)
def test_codes_are_on_the_grid_and_come_back_to_themselves(values: np.ndarray, spec: Spec) -> None:
    grid = fit(values, spec)
    codes = quantize(values, grid)
    low, high = spec.levels
    assert codes.min() >= low and codes.max() <= high
    np.testing.assert_array_equal(quantize(fake_quantize(values, grid), grid), codes)


@pytest.mark.parametrize("granularity", ["tensor", "channel", "group"])
@pytest.mark.parametrize("symmetric", [True, False])
@pytest.mark.parametrize("bits", [2, 3, 4, 8])
def test_least_squares_is_never_worse_than_the_extremes(granularity: str, symmetric: bool, bits: int) -> None:
    wide = Spec(bits, symmetric, granularity, 32)  # type: ignore[arg-type]
    least = Spec(bits, symmetric, granularity, 32, "mse")  # type: ignore[arg-type]
    assert damage(MATRIX, fit(MATRIX, least)).mse <= damage(MATRIX, fit(MATRIX, wide)).mse


def test_least_squares_finds_the_best_clip_of_a_normal_distribution() -> None:
    """4 bits on a Gaussian: Banner et al. 2019 (arXiv:1810.05723), table 1, clip at 2.55 sigma; flat around it."""
    values = RNG.normal(size=(1, 200_000)).astype(np.float32)
    grid = fit(values, Spec(4, clipping="mse"))
    assert 2.2 < float(grid.scale[0, 0]) * 7 < 3.0


@pytest.mark.parametrize("percentile", [90.0, 99.0, 99.9, 100.0])
def test_percentiles_are_numpys(percentile: float) -> None:
    grid = fit(MATRIX, Spec(8, True, "channel", clipping="percentile", percentile=percentile))
    wanted = np.percentile(np.abs(MATRIX), percentile, axis=1, method="inverted_cdf")
    np.testing.assert_allclose(grid.scale[:, 0] * 127, wanted, rtol=1e-6)


# ---------------------------------------------------------------- damage and sizes


def test_sqnr_is_six_decibels_a_bit() -> None:
    """Uniform values: SQNR rises by 20 log10 2 = 6.02 dB with each bit (Bennett 1948)."""
    values = RNG.uniform(-1, 1, (8, 4096)).astype(np.float32)
    found = [damage(values, fit(values, Spec(bits, symmetric=False))).sqnr for bits in range(4, 9)]
    np.testing.assert_allclose(np.diff(found), 6.02, atol=0.4)
    step = 2 / 255
    assert damage(values, fit(values, Spec(8, symmetric=False))).mse == pytest.approx(step**2 / 12, rel=0.03)


def test_the_worst_weight_is_the_one_that_moved_most() -> None:
    grid = fit(MATRIX, Spec(4))
    found = damage(MATRIX, grid)
    off = np.abs(fake_quantize(MATRIX, grid) - MATRIX)
    assert off[found.worst] == off.max()
    assert abs(found.before - found.after) == pytest.approx(float(off.max()))


def test_a_matrix_of_zeros_stays_as_it_is() -> None:
    for spec in (
        Spec(2),
        Spec(8, False),
        Spec(4, granularity="group"),
        Spec(clipping="percentile"),
        Spec(clipping="mse"),
    ):
        values = np.zeros((3, 64), np.float32)
        found = damage(values, fit(values, spec))
        assert found.mse == 0 and math.isnan(found.sqnr)


def test_one_huge_value_takes_all_levels_of_a_shared_scale() -> None:
    values = MATRIX.copy()
    values[3, 5] = 1e6
    grid = fit(values, Spec())
    assert quantizers.levels_used(values, grid, 0) == 1
    assert quantizers.levels_used(values, fit(values, Spec(granularity="channel")), 0) > 30


@pytest.mark.parametrize("bits", [-1, 0, 1, 9, 64])
def test_bits_that_make_no_grid_are_refused(bits: int) -> None:
    with pytest.raises(quantizers.QuantizerError) as refused:
        fit(MATRIX, Spec(bits))
    assert refused.value.code == "quant-bits" and refused.value.details["asked"] == str(bits)


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_what_is_no_number_is_refused(value: float) -> None:
    values = MATRIX.copy()
    values[0, 0] = value
    with pytest.raises(quantizers.QuantizerError) as refused:
        fit(values, Spec())
    assert refused.value.details["n"] == "1"


def test_nothing_and_wrong_settings_are_refused() -> None:
    for spec, code in ((Spec(granularity="group", group=0), "quant-group"), (Spec(percentile=5), "quant-percentile")):
        with pytest.raises(quantizers.QuantizerError) as refused:
            fit(MATRIX, spec)
        assert refused.value.code == code
    with pytest.raises(quantizers.QuantizerError):
        fit(np.empty((0, 4), np.float32), Spec())


def test_sizes_count_scales_and_zero_points() -> None:
    assert quantizers.size_of((384, 1536), Spec()) == 384 * 1536 + 4
    assert quantizers.size_of((384, 1536), Spec(granularity="channel")) == 384 * 1536 + 384 * 4
    assert quantizers.size_of((384, 1536), Spec(4, False, "group", 128)) == 384 * 1536 / 2 + 384 * 12 * 5


def test_a_moved_grid_is_scaled_and_shifted() -> None:
    grid = fit(MATRIX, Spec(8, False)).moved(2.0, 300)
    assert grid.scale[0, 0] == 2 * fit(MATRIX, Spec(8, False)).scale[0, 0]
    assert grid.zero_point[0, 0] == 255
    assert fit(MATRIX, Spec()).moved(1.0, 5).zero_point[0, 0] == 0
