"""A recurrent layer beside a self-attention layer: how far apart two tokens are, and what each costs.

The formulas are table 1 of Vaswani et al. 2017, "Attention Is All You Need" (arXiv:1706.03762). Times are measured
here and now; gradients are those of untrained layers with torch's own initial weights, where the vanishing of
Bengio, Simard & Frasconi 1994 (doi:10.1109/72.279181) shows at its plainest. A trained GRU (Cho et al. 2014,
arXiv:1406.1078) can learn to keep more; it cannot shorten the path.
"""

from __future__ import annotations

import math
import statistics
import time
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError

if TYPE_CHECKING:
    import torch
    from torch import nn

LayerKind = Literal["self_attention", "recurrent", "convolutional", "restricted_attention"]
ReachKind = Literal["gru", "tanh_rnn", "attention"]

MAX_LENGTH = 512
MAX_REACH = 256
"""Longest input of `gradient_reach`: its attention holds a weight for each pair of tokens and output number."""

MAX_WIDTH = 1024
MAX_TIMED = 2048
MAX_TIMED_NUMBERS = 2**18
"""Length times width of the largest input that is timed: attention overtakes in cost within it at width 128."""

MAX_REPEATS = 20
LENGTHS = (8, 16, 32, 64, 128, 256, 512)
BUDGET_SECONDS = 2.0
"""No measurement begins after this; the longest single one takes a fraction of a second."""


class RangeError(ExplainerError):
    """Code "range": a number outside what is computed here; details "name", "asked", "min", "max"."""


@dataclass(frozen=True)
class PathLength:
    """Steps a signal takes from the first of n tokens to the last: n - 1 states, or one weighted sum.

    `sequential_recurrent`, `sequential_attention`: steps that must wait for the one before, for all n tokens.
    """

    recurrent: int
    attention: int
    sequential_recurrent: int
    sequential_attention: int


@dataclass(frozen=True)
class LayerCost:
    """One row of table 1 with the numbers put in: the O() terms themselves, without their constants.

    `operations`: per layer. `sequential_steps`: the fewest. `path_length`: the longest between any two tokens.
    """

    kind: LayerKind
    operations: int
    sequential_steps: int
    path_length: int


@dataclass(frozen=True)
class LengthTime:
    """Median seconds of one forward pass over `length` tokens, of `repeats` passes."""

    length: int
    gru_seconds: float
    attention_seconds: float
    repeats: int


@dataclass(frozen=True)
class Timings:
    """Times by length, shortest first, of layers of equal `width` on `threads` threads of this machine.

    `complete` is False when the caller cancelled or the time ran out: fewer repeats, perhaps fewer lengths.
    """

    times: tuple[LengthTime, ...]
    width: int
    threads: int
    complete: bool


@dataclass(frozen=True, eq=False)
class GradientReach:
    """How much the last output depends on the input k steps before it. Arrays are read-only.

    `norm`: Float64[k], the Frobenius norm of d output_last / d input_(last - k), k from 0. `relative`: the same
    over its value at k = 0.
    """

    kind: ReachKind
    norm: npt.NDArray[np.float64]
    relative: npt.NDArray[np.float64]


def path_length(n: int) -> PathLength:
    """Path lengths and sequential steps for `n` tokens, 1 to MAX_LENGTH. Raises RangeError."""
    _within("n", n, 1, MAX_LENGTH)
    return PathLength(n - 1, min(1, n - 1), n, 1)


def layer_costs(n: int, width: int, kernel: int = 3, window: int = 16) -> tuple[LayerCost, ...]:
    """Table 1 for `n` tokens of `width` d: self-attention n^2 d, recurrent n d^2, convolution of `kernel` k tokens
    k n d^2, self-attention to the `window` r nearest r n d. Raises RangeError.

    Paths: 1, n, log_k n for dilated kernels (the fewest layers that span n), n / r (both rounded up).
    """
    _within("n", n, 1, MAX_LENGTH)
    _within("width", width, 1, MAX_WIDTH)
    _within("kernel", kernel, 2, MAX_LENGTH)
    _within("window", window, 1, MAX_LENGTH)
    layers, span = 1, kernel
    while span < n:
        layers, span = layers + 1, span * kernel
    return (
        LayerCost("self_attention", n * n * width, 1, 1),
        LayerCost("recurrent", n * width * width, n, n),
        LayerCost("convolutional", kernel * n * width * width, 1, layers),
        LayerCost("restricted_attention", min(window, n) * n * width, 1, -(-n // window)),
    )


def measure_times(
    lengths: Sequence[int] = LENGTHS,
    *,
    width: int = 384,
    repeats: int = 5,
    budget_seconds: float = BUDGET_SECONDS,
    cancelled: Callable[[], bool] = lambda: False,
) -> Timings:
    """Time torch.nn.GRU and torch.nn.MultiheadAttention of the same `width`, one layer, one sentence, no gradient.

    Rounds go over all lengths, shortest first, so that an early stop still covers as many as it can. `cancelled`
    is asked before each measurement. Heads are 32 wide, as in the bundled model. The longest length is MAX_TIMED,
    or MAX_TIMED_NUMBERS / width when that is less (682 at width 384). Raises RangeError.
    """
    import torch

    _within("width", width, 32, MAX_WIDTH)
    for length in lengths:
        _within("length", length, 1, min(MAX_TIMED, MAX_TIMED_NUMBERS // width))
    _within("repeats", repeats, 1, MAX_REPEATS)
    torch.set_num_threads(1)  # as every model here runs: see explainers.models
    gru = torch.nn.GRU(width, width, batch_first=True).eval()
    attention = torch.nn.MultiheadAttention(width, width // 32 if width % 32 == 0 else 1, batch_first=True).eval()
    wanted = sorted(set(lengths))
    taken: dict[int, list[tuple[float, float]]] = {length: [] for length in wanted}
    ends = time.perf_counter() + budget_seconds
    complete = True
    with torch.inference_mode():
        for turn in range(repeats + 1):
            # The first turn warms up and counts for nothing; the short lengths are enough for that.
            for length in wanted if turn else wanted[:2]:
                if cancelled() or time.perf_counter() > ends:
                    complete = False
                    break
                sentence = torch.randn(1, length, width)
                pair = (_seconds(gru, sentence), _seconds(attention, sentence, sentence, sentence))
                if turn:
                    taken[length].append(pair)
            if not complete:
                break
    times = tuple(_median(length, pairs) for length, pairs in taken.items() if pairs)
    return Timings(times, width, torch.get_num_threads(), complete)


def gradient_reach(
    kind: ReachKind, length: int = 64, seed: int = 0, *, width: int = 32, gain: float = 1.0
) -> GradientReach:
    """How far back the last output's gradient reaches in one untrained layer of `kind` over `length` tokens.

    "gru": torch.nn.GRU, "tanh_rnn": torch.nn.RNN, "attention": torch.nn.MultiheadAttention with 4 heads, every
    token looking at every other, no residual path. Weights are uniform in +-1 / sqrt(width), torch's default;
    inputs are standard normal; both depend on `seed` alone. `gain` multiplies the recurrent weights: well above 1
    a tanh RNN's gradient no longer vanishes. Raises RangeError.
    """
    import torch

    _within("length", length, 1, MAX_REACH)
    _within("width", width, 4, 64)
    _within("gain", gain, 0, 10)
    layer, sentence = reach_layer(kind, length, seed, width=width, gain=gain)
    # One copy of the sentence for each output number: one backward pass then gives all rows of the Jacobian.
    copies = sentence.expand(width, -1, -1).clone().requires_grad_()
    output = layer(copies, copies, copies, need_weights=False) if kind == "attention" else layer(copies)
    (rows,) = torch.autograd.grad(output[0][:, -1].diagonal().sum(), copies)
    norm = rows.double().square().sum(dim=(0, 2)).sqrt().flip(0).numpy()
    relative = norm / norm[0]
    norm.setflags(write=False)
    relative.setflags(write=False)
    return GradientReach(kind, norm, relative)


def reach_layer(kind: ReachKind, length: int, seed: int, *, width: int, gain: float) -> tuple[nn.Module, torch.Tensor]:
    """The layer that `gradient_reach` looks at, and its input, Float[1, token, width]."""
    import torch

    made: nn.Module
    with torch.device("meta"):  # no memory and no random numbers: both come below
        if kind == "attention":
            made = torch.nn.MultiheadAttention(width, 4 if width % 4 == 0 else 1, batch_first=True)
        else:
            made = (torch.nn.GRU if kind == "gru" else torch.nn.RNN)(width, width, batch_first=True)
    made.to_empty(device="cpu")
    # A generator of its own: the process's is shared by every session.
    source = torch.Generator().manual_seed(seed)
    bound = 1 / math.sqrt(width)
    with torch.no_grad():
        for name, values in made.named_parameters():
            values.uniform_(-bound, bound, generator=source)
            if name == "weight_hh_l0":
                values.mul_(gain)
    return made, torch.randn(1, length, width, generator=source)


def _seconds(layer: nn.Module, *arguments: torch.Tensor) -> float:
    options = {"need_weights": False} if len(arguments) > 1 else {}
    began = time.perf_counter()
    layer(*arguments, **options)
    return time.perf_counter() - began


def _median(length: int, pairs: list[tuple[float, float]]) -> LengthTime:
    gru, attention = zip(*pairs, strict=True)
    return LengthTime(length, statistics.median(gru), statistics.median(attention), len(pairs))


def _within(name: str, asked: float, least: int, most: int) -> None:
    if not least <= asked <= most:
        raise RangeError("range", {"name": name, "asked": str(asked), "min": str(least), "max": str(most)})
