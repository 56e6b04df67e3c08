"""Three kinds of quantization on a small classifier head, side by side: dynamic, static, and quantization-aware.

The head says which article a sentence is from: 384 numbers of BERT, 32 hidden units, 8 answers. Weights and activations
share b bits. Dynamic: activation ranges from the batch at hand; static: fixed beforehand on training sentences;
quantization-aware: trained on with rounding in place, the gradient passing the rounding as if it were not there (the
straight-through estimator of Bengio et al. 2013, arXiv:1308.3432; Jacob et al. 2018, arXiv:1712.05877, section 3).
"""

from __future__ import annotations

from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from explainers.progress import Report, silent
from explainers.quantization import articles
from explainers.quantization.articles import Task
from explainers.quantization.variants import Float32

if TYPE_CHECKING:
    import torch

Float64 = npt.NDArray[np.float64]
Kind = Literal["dynamic", "static", "aware"]

BITS = (8, 4, 3, 2)
KINDS: tuple[Kind, ...] = ("dynamic", "static", "aware")
HIDDEN, STEPS, AWARE_STEPS, RATE = 32, 150, 150, 0.01
SEEDS = 5
EVERY = 10  # steps between two looks at the held-out sentences


@dataclass(frozen=True, eq=False)
class Kinds:
    """Accuracy on the held-out sentences. `plain`: Float64[seed], FP32. `accuracy`: by (kind, bits), Float64[seed].
    `course`: by bits, Float64[look, seed], while the quantization-aware training runs."""

    plain: Float64
    accuracy: dict[tuple[Kind, int], Float64]
    course: dict[int, Float64]
    tested: int

    def gain(self, bits: int) -> Float64:
        """Float64[seed]: what quantization-aware training wins over static at so many bits."""
        won: Float64 = self.accuracy["aware", bits] - self.accuracy["static", bits]
        return won


@dataclass
class Head:
    """A head under training: two linear layers. `ranges`: lowest and highest input of each, once calibrated."""

    layers: list[torch.nn.Linear]
    ranges: list[tuple[float, float]]

    def copied(self) -> Head:
        """The same head, to be trained on."""
        import copy

        return Head(copy.deepcopy(self.layers), list(self.ranges))


def affine(low: float, high: float, bits: int) -> tuple[float, int]:
    """Scale and zero point of an unsigned grid from low to high; 0 is always on it."""
    low, high = min(low, 0.0), max(high, 0.0)
    levels = 2**bits - 1
    scale = max((high - low) / levels, 1e-8)
    return scale, int(np.clip(round(-low / scale), 0, levels))


def rounded_activation(values: torch.Tensor, low: float, high: float, bits: int) -> torch.Tensor:
    """Activations on the grid, back as float; gradients pass straight through within the range."""
    import torch

    scale, zero = affine(low, high, bits)
    return torch.fake_quantize_per_tensor_affine(values, scale, zero, 0, 2**bits - 1)


def rounded_weight(weight: torch.Tensor, bits: int) -> torch.Tensor:
    """Weights on a symmetric grid of their own width, back as float; gradients pass straight through."""
    import torch

    most = 2 ** (bits - 1) - 1
    scale = max(float(weight.detach().abs().max()) / most, 1e-8)
    return torch.fake_quantize_per_tensor_affine(weight, scale, 0, -most, most)


Ranges = list[tuple[float, float]]


def forward(head: Head, inputs: torch.Tensor, bits: int | None, ranges: Ranges | None) -> torch.Tensor:
    """Answers of the head. bits None: FP32. ranges None: dynamic, each batch has its own."""
    import torch

    for place, layer in enumerate(head.layers):
        if place:
            inputs = torch.relu(inputs)
        weight = layer.weight
        if bits is not None:
            low, high = ranges[place] if ranges else (float(inputs.detach().min()), float(inputs.detach().max()))
            inputs, weight = rounded_activation(inputs, low, high, bits), rounded_weight(weight, bits)
        inputs = torch.nn.functional.linear(inputs, weight, layer.bias)
    return inputs


def calibrate(head: Head, inputs: torch.Tensor) -> None:
    """Fix the ranges of both layers' inputs on these sentences."""
    import torch

    with torch.no_grad():
        hidden = torch.relu(head.layers[0](inputs))
    head.ranges = [(float(part.min()), float(part.max())) for part in (inputs, hidden)]


def train(seed: int, inputs: torch.Tensor, labels: torch.Tensor, classes: int) -> Head:
    """An FP32 head."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        layers = [torch.nn.Linear(inputs.shape[1], HIDDEN), torch.nn.Linear(HIDDEN, classes)]
    head = Head(layers, [])
    _steps(head, inputs, labels, STEPS, None)
    calibrate(head, inputs)
    return head


def _steps(head: Head, inputs: torch.Tensor, labels: torch.Tensor, steps: int, bits: int | None) -> None:
    import torch

    optimiser = torch.optim.Adam([weight for layer in head.layers for weight in layer.parameters()], lr=RATE)
    for _ in range(steps):
        optimiser.zero_grad()
        answers = forward(head, inputs, bits, head.ranges or None)
        torch.nn.functional.cross_entropy(answers, labels).backward()  # type: ignore[no-untyped-call]
        optimiser.step()
        if bits is not None:
            calibrate(head, inputs)


def accuracy(head: Head, inputs: torch.Tensor, labels: torch.Tensor, bits: int | None, *, static: bool) -> float:
    """Share of right answers."""
    import torch

    with torch.no_grad():
        answers = forward(head, inputs, bits, head.ranges if static else None)
    return float((answers.argmax(dim=1) == labels).float().mean())


def compare(seeds: int = SEEDS, *, report: Report = silent) -> Kinds:
    """All three kinds at 8, 4, 3 and 2 bits, for several seeds; `report` gets a Kinds after each number of bits."""

    def encoding(part: float, partial: object = None) -> None:
        report(part * 0.6, None)

    return compare_on(articles.task(), articles.vectors(encoding), seeds, report=report)


def compare_on(given: Task, vectors: Float32, seeds: int, *, report: Report = silent) -> Kinds:
    """`compare` on vectors that are there already."""
    import torch

    inputs, labels = torch.from_numpy(vectors), torch.from_numpy(given.labels)
    learnt, asked = (inputs[given.train], labels[given.train]), (inputs[given.test], labels[given.test])
    heads = [train(seed, *learnt, len(given.titles)) for seed in range(seeds)]
    plain = np.array([accuracy(head, *asked, None, static=False) for head in heads])
    found = Kinds(plain, {}, {}, len(given.test))
    for place, bits in enumerate(BITS):
        after: dict[tuple[Kind, int], Float64] = {
            ("dynamic", bits): np.array([accuracy(head, *asked, bits, static=False) for head in heads]),
            ("static", bits): np.array([accuracy(head, *asked, bits, static=True) for head in heads]),
        }
        looks: list[list[float]] = [[] for _ in heads]
        for seed, head in enumerate(heads):
            aware = head.copied()
            looks[seed].append(accuracy(aware, *asked, bits, static=True))
            for step in range(0, AWARE_STEPS, EVERY):
                _steps(aware, *learnt, EVERY, bits)
                looks[seed].append(accuracy(aware, *asked, bits, static=True))
                report(0.6 + 0.4 * (place + (seed + step / AWARE_STEPS) / seeds) / len(BITS), None)
        course = np.array(looks).T
        after["aware", bits] = course[-1]
        found = replace(found, accuracy={**found.accuracy, **after}, course={**found.course, bits: course})
        report(0.6 + 0.4 * (place + 1) / len(BITS), found)
    return found
