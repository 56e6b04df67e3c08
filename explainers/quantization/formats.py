"""Number formats as bits: what a pattern means, which one is nearest to a number, how far the numbers lie apart.

FP32 and FP16 follow IEEE 754-2019; BF16 is FP32 with the mantissa cut to 7 bits; FP8 E4M3 and E5M2 follow Micikevicius
et al. 2022, "FP8 Formats for Deep Learning" (arXiv:2209.05433): E4M3 gives up infinities for one more power of two.
INT8 and INT4 are two's complement, here with a scale of 1. The browser's twin is ui/components/quantformats.js.
"""

from __future__ import annotations

import math
from dataclasses import dataclass
from fractions import Fraction

from explainers.errors import ExplainerError


class FormatError(ExplainerError):
    """Code "quant-number": a text is no number; details "asked"."""


@dataclass(frozen=True)
class Format:
    """One way to write a number in `bits` bits: a sign, `exponent` and `mantissa` bits; integers have no exponent.

    `infinite`: whether the topmost exponent means infinity and NaN. Where not (E4M3), only all ones is NaN.
    """

    name: str
    bits: int
    exponent: int
    mantissa: int
    infinite: bool = True

    @property
    def integer(self) -> bool:
        return self.exponent == 0

    @property
    def bias(self) -> int:
        """What is taken off the stored exponent."""
        return (1 << (self.exponent - 1)) - 1

    @property
    def lowest_exponent(self) -> int:
        """Power of two of the smallest normal number."""
        return 1 - self.bias

    @property
    def largest(self) -> float:
        """The largest finite number."""
        if self.integer:
            return float(2 ** (self.bits - 1) - 1)
        top = 2**self.exponent - (2 if self.infinite else 1)
        mantissa = 2**self.mantissa - (1 if self.infinite else 2)
        return math.ldexp(1 + mantissa / 2**self.mantissa, top - self.bias)

    @property
    def smallest(self) -> float:
        """The smallest number above zero."""
        return 1.0 if self.integer else math.ldexp(1.0, self.lowest_exponent - self.mantissa)

    @property
    def smallest_normal(self) -> float:
        """The smallest number above zero that still has its whole mantissa."""
        return 1.0 if self.integer else math.ldexp(1.0, self.lowest_exponent)


FORMATS = (
    Format("fp32", 32, 8, 23),
    Format("fp16", 16, 5, 10),
    Format("bf16", 16, 8, 7),
    Format("e4m3", 8, 4, 3, infinite=False),
    Format("e5m2", 8, 5, 2),
    Format("int8", 8, 0, 7),
    Format("int4", 4, 0, 3),
)


def format_of(name: str) -> Format:
    """The format called `name`. Raises KeyError."""
    return {one.name: one for one in FORMATS}[name]


def decode(form: Format, code: int) -> float:
    """The number that the bits `code` (0 to 2^bits - 1) stand for; NaN and infinities where the format has them."""
    if not 0 <= code < 2**form.bits:
        raise ValueError(f"{code} does not fit into {form.bits} bits")
    if form.integer:
        return float(code - 2**form.bits if code >= 2 ** (form.bits - 1) else code)
    sign = -1.0 if code >> (form.bits - 1) else 1.0
    stored = (code >> form.mantissa) & (2**form.exponent - 1)
    mantissa = code & (2**form.mantissa - 1)
    top = stored == 2**form.exponent - 1
    if top and form.infinite:
        return math.nan if mantissa else sign * math.inf
    if top and mantissa == 2**form.mantissa - 1:
        return math.nan
    hidden = 0 if stored == 0 else 1
    return sign * math.ldexp(hidden + mantissa / 2**form.mantissa, max(stored, 1) - form.bias)


def encode(form: Format, value: float) -> int:
    """The bits of the number nearest to `value`, halves to the even pattern, as IEEE 754 rounds.

    Beyond the largest: infinity, or NaN where the format has none; integers stop at their ends, and NaN becomes 0.
    """
    if form.integer:
        low, high = -(2 ** (form.bits - 1)), 2 ** (form.bits - 1) - 1
        whole: int = 0 if math.isnan(value) else round(min(float(high), max(float(low), value)))
        return whole % (1 << form.bits)
    sign: int = int(math.copysign(1.0, value) < 0) << (form.bits - 1)
    top: int = (2**form.exponent - 1) << form.mantissa
    all_ones = top | (2**form.mantissa - 1)
    beyond = top if form.infinite else all_ones
    if math.isnan(value):
        return sign | (top | 1 << (form.mantissa - 1) if form.infinite else all_ones)
    if math.isinf(value):
        return sign | beyond
    if value == 0:
        return sign
    power = max(math.frexp(abs(value))[1] - 1, form.lowest_exponent)
    steps = round(Fraction(abs(value)) / Fraction(2) ** (power - form.mantissa))
    # Counting steps from zero is counting patterns: a carry out of the mantissa lands in the exponent by itself.
    code = steps + ((power - form.lowest_exponent) << form.mantissa)
    return sign | (code if code < beyond else beyond)


def spacing(form: Format, value: float) -> float:
    """The distance from the number nearest to `value` to the next larger one in size; NaN where there is none."""
    if form.integer:
        return 1.0
    nearest = abs(decode(form, encode(form, value)))
    if not math.isfinite(nearest):
        return math.nan
    power = max(math.frexp(nearest)[1] - 1 if nearest else form.lowest_exponent, form.lowest_exponent)
    return math.ldexp(1.0, power - form.mantissa)


@dataclass(frozen=True)
class Written:
    """A number in one format: its bits, the number they stand for, and the distance to the next."""

    form: Format
    code: int
    value: float
    step: float


def write_all(value: float) -> tuple[Written, ...]:
    """`value` in every format."""
    codes = [(form, encode(form, value)) for form in FORMATS]
    return tuple(Written(form, code, decode(form, code), spacing(form, value)) for form, code in codes)


def parse(text: str) -> float:
    """The number that a reader typed; "nan" and "inf" are numbers here. Raises FormatError."""
    try:
        return float(text.strip().replace("−", "-").replace("∞", "inf"))
    except ValueError as error:
        raise FormatError("quant-number", {"asked": text[:40]}) from error
