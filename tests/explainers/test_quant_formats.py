"""Number formats against numpy, torch and ml_dtypes: every bit of the small ones, many of the large."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given
from hypothesis import strategies as st

from explainers.quantization import formats
from explainers.quantization.formats import FORMATS, decode, encode, format_of

TORCH = {
    "fp16": (torch.float16, np.uint16),
    "bf16": (torch.bfloat16, np.uint16),
    "e4m3": (torch.float8_e4m3fn, np.uint8),
    "e5m2": (torch.float8_e5m2, np.uint8),
}
FLOATS = tuple(one for one in FORMATS if not one.integer)


def of_torch(name: str, codes: np.ndarray) -> np.ndarray:
    kind, word = TORCH[name]
    return torch.from_numpy(codes.astype(word)).view(kind).to(torch.float64).numpy()


@pytest.mark.parametrize("name", TORCH)
def test_every_pattern_means_what_it_means_to_torch(name: str) -> None:
    form = format_of(name)
    codes = np.arange(2**form.bits)
    np.testing.assert_array_equal([decode(form, int(code)) for code in codes], of_torch(name, codes))


@pytest.mark.parametrize(("name", "peer"), [("e4m3", "float8_e4m3fn"), ("e5m2", "float8_e5m2"), ("bf16", "bfloat16")])
def test_rounding_is_that_of_ml_dtypes(name: str, peer: str) -> None:
    """Halves of every step and the float32 beside them (a double would be rounded twice on its way there)."""
    ml_dtypes = pytest.importorskip("ml_dtypes")
    form = format_of(name)
    top = [decode(form, code) for code in range(2 ** (form.bits - 1))]
    found = np.array([value for value in top if math.isfinite(value)])[:: 1 if form.bits == 8 else 97].astype(
        np.float32
    )
    between = (found[:-1] + found[1:]) / 2
    values = np.concatenate(
        [found, between, np.nextafter(between, np.float32(0)), np.nextafter(between, np.float32(np.inf))]
    )
    if form.bits == 8:
        values = np.append(values, np.float32([form.largest * times for times in (1.02, 1.04, 1.07, 1.2, 4)]))
    values = np.concatenate([values, -values])
    assert values.dtype == np.float32
    kind = getattr(ml_dtypes, peer)
    wanted = values.astype(kind).view(np.uint8 if form.bits == 8 else np.uint16)
    ours = np.array([encode(form, float(value)) for value in values])
    same = ours == wanted
    both_nan = np.isnan([decode(form, int(a)) for a in ours]) & np.isnan([decode(form, int(b)) for b in wanted])
    assert (same | both_nan).all()


@given(st.integers(0, 2**32 - 1))
def test_fp32_is_numpys(code: int) -> None:
    value = float(np.array([code], np.uint32).view(np.float32)[0])
    found = decode(format_of("fp32"), code)
    assert found == value or (math.isnan(found) and math.isnan(value))


@given(st.floats(allow_nan=False))
@pytest.mark.parametrize(("name", "kind"), [("fp32", np.float32), ("fp16", np.float16)])
def test_rounding_is_numpys(name: str, kind: type, value: float) -> None:
    with np.errstate(over="ignore"):
        wanted = np.array([value]).astype(kind)
    assert encode(format_of(name), value) == int(wanted.view(np.uint32 if name == "fp32" else np.uint16)[0])


@pytest.mark.parametrize("form", FORMATS, ids=lambda form: form.name)
def test_a_pattern_comes_back_from_its_number(form: formats.Format) -> None:
    codes = range(2**form.bits) if form.bits <= 16 else range(0, 2**32, 2**32 // 4099)
    for code in codes:
        value = decode(form, code)
        assert math.isnan(value) or encode(form, value) == code


@pytest.mark.parametrize(
    ("name", "largest", "normal", "smallest"),
    [
        ("fp32", 3.4028234663852886e38, 2.0**-126, 2.0**-149),
        ("fp16", 65504, 2.0**-14, 2.0**-24),
        ("bf16", 3.3895313892515355e38, 2.0**-126, 2.0**-133),
        ("e4m3", 448, 2.0**-6, 2.0**-9),  # table 1 of arXiv:2209.05433
        ("e5m2", 57344, 2.0**-14, 2.0**-16),
        ("int8", 127, 1, 1),
        ("int4", 7, 1, 1),
    ],
)
def test_ranges_are_those_of_the_standards(name: str, largest: float, normal: float, smallest: float) -> None:
    form = format_of(name)
    assert (form.largest, form.smallest_normal, form.smallest) == (largest, normal, smallest)
    finite = [abs(decode(form, code)) for code in range(min(2**form.bits, 2**16)) if form.bits <= 16]
    if finite and not form.integer:
        assert max(value for value in finite if math.isfinite(value)) == largest
        assert min(value for value in finite if value > 0) == smallest


@given(st.floats(-1e5, 1e5))
@pytest.mark.parametrize("name", ["fp16", "fp32"])
def test_spacing_is_numpys(name: str, value: float) -> None:
    kind = np.float16 if name == "fp16" else np.float32
    with np.errstate(over="ignore"):
        near = kind(value)
        last = not np.isfinite(near) or not np.isfinite(np.nextafter(abs(near), kind(np.inf)))
    if not last:
        assert formats.spacing(format_of(name), value) == float(np.spacing(abs(near)))


def test_bf16_has_the_range_of_fp32_and_fp16_more_digits() -> None:
    one = {written.form.name: written for written in formats.write_all(1 / 3)}
    assert one["bf16"].step == 8 * one["fp16"].step
    assert format_of("bf16").largest > 1e38 > format_of("fp16").largest


@pytest.mark.parametrize("text", ["", "abc", "1,5", "<script>", "0x10", "１／２", "🙂"])
def test_what_is_no_number_is_refused(text: str) -> None:
    with pytest.raises(formats.FormatError) as refused:
        formats.parse(text)
    assert refused.value.details["asked"] == text


def test_numbers_as_people_write_them() -> None:
    assert formats.parse(" −1.5e-3 ") == -0.0015
    assert math.isinf(formats.parse("∞")) and math.isnan(formats.parse("nan"))


def test_bits_that_are_too_many_are_refused() -> None:
    with pytest.raises(ValueError, match="does not fit"):
        decode(format_of("int4"), 16)
