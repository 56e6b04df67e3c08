"""Cross-entropy, weighted cross-entropy and focal loss of a few examples, every intermediate number kept.

What a person would write down line by line: logits, the shift by the largest, exponentials, their sum, probabilities,
p_t, -log p_t, class weight, (1 - p_t)^gamma, and the losses; then sums and means. The entries travel as one short
text ("2,1,0.1>0;4,0.5,-1>0": numbers of an example, ">" and its true class), so that a link reopens them.
References: Lin et al. 2017 (arXiv:1708.02002), equations 1 to 5; Goodfellow, Bengio & Courville 2016, section 4.1,
for the shift that keeps softmax from overflowing; torch.nn.CrossEntropyLoss for the mean of a weighted loss.
"""

from __future__ import annotations

import math
import re
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from typing import Literal

from explainers.errors import ExplainerError

Given = Literal["p", "logit", "logits"]

MAX_ROWS = 8
MIN_CLASSES, MAX_CLASSES = 3, 6
MAX_LOGIT = 50.0
MAX_WEIGHT = 1000.0
SMALLEST_P = 1e-12
MAX_GAMMA = 5.0
MAX_CHARACTERS = 24
"""Of one number. A cell that holds more is no number that anybody reads."""

NUMBER = re.compile(r"[+-]?(\d+\.?\d*|\.\d+)([eE][+-]?\d+)?", re.ASCII)


class EntryError(ExplainerError):
    """A cell that cannot be taken. Codes "hand-number", "hand-range", "hand-probability", "hand-weight",
    "hand-label", "hand-rows", "hand-columns".

    details: "row" and "column" from 1 (row 0: the weights; "class" then names it), "asked", "min", "max".
    """


@dataclass(frozen=True)
class Example:
    """One row of the table: p of class 1, a logit of class 1, or a logit per class; and the true class from 0."""

    numbers: tuple[float, ...]
    label: int


@dataclass(frozen=True)
class Softmax:
    """`shifted`: logits less the `largest`; `exponentials` of these; their `total`; the `probabilities`."""

    logits: tuple[float, ...]
    largest: float
    shifted: tuple[float, ...]
    exponentials: tuple[float, ...]
    total: float
    probabilities: tuple[float, ...]


NO_SOFTMAX = Softmax((), 0.0, (), (), 0.0, ())


@dataclass(frozen=True)
class Working:
    """One example worked through. `steps`: NO_SOFTMAX where a probability was given. probabilities: one per class.

    cross_entropy: -log p_t. factor: (1 - p_t)^gamma. weighted: weight times cross_entropy. Losses in nats.
    """

    example: Example
    steps: Softmax
    probabilities: tuple[float, ...]
    p_t: float
    cross_entropy: float
    weight: float
    factor: float
    weighted: float
    focal: float


@dataclass(frozen=True)
class Sheet:
    """All examples, and what becomes of them together.

    weighted_mean divides by the sum of the weights, as torch does, and is None where that is 0; the others by n.
    """

    workings: tuple[Working, ...]
    gamma: float
    cross_entropy_sum: float
    cross_entropy_mean: float
    weighted_sum: float
    weight_sum: float
    weighted_mean: float | None
    focal_sum: float
    focal_mean: float


def number(text: str, low: float, high: float, row: int, column: int, code: str = "hand-range") -> float:
    """The number a person typed, full-width digits and a typographic minus included.

    Raises EntryError: "hand-number" for what is none, `code` for one outside `low` to `high`.
    """
    plain = unicodedata.normalize("NFKC", text).replace("\N{MINUS SIGN}", "-").strip()
    where = {"row": str(row), "column": str(column), "asked": plain[:MAX_CHARACTERS]}
    if len(plain) > MAX_CHARACTERS or not NUMBER.fullmatch(plain):
        raise EntryError("hand-number", where)
    value = float(plain)
    if not low <= value <= high:
        raise EntryError(code, {**where, "min": f"{low:g}", "max": f"{high:g}"})
    return value


def _limits(given: Given) -> tuple[float, float]:
    return (SMALLEST_P, 1.0 - SMALLEST_P) if given == "p" else (-MAX_LOGIT, MAX_LOGIT)


def parse_examples(text: str, given: Given) -> tuple[Example, ...]:
    """The examples that `text` spells. Raises EntryError, which names the cell."""
    lines = text.split(";")
    if not 1 <= len(lines) <= MAX_ROWS or not text:
        raise EntryError("hand-rows", {"asked": str(len(lines) if text else 0), "min": "1", "max": str(MAX_ROWS)})
    examples = []
    columns = 0
    for row, line in enumerate(lines, start=1):
        body, _, label = line.partition(">")
        cells = body.split(",")
        least, most = (MIN_CLASSES, MAX_CLASSES) if given == "logits" else (1, 1)
        if not least <= len(cells) <= most or columns not in (0, len(cells)):
            raise EntryError(
                "hand-columns", {"row": str(row), "asked": str(len(cells)), "min": str(least), "max": str(most)}
            )
        columns = len(cells)
        low, high = _limits(given)
        code = "hand-probability" if given == "p" else "hand-range"
        numbers = tuple(number(cell, low, high, row, column, code) for column, cell in enumerate(cells, start=1))
        classes = columns if given == "logits" else 2
        if label.strip() not in {str(one) for one in range(classes)}:
            details = {"row": str(row), "column": str(columns + 1), "asked": label.strip()[:MAX_CHARACTERS]}
            raise EntryError("hand-label", {**details, "min": "0", "max": str(classes - 1)})
        examples.append(Example(numbers, int(label)))
    return tuple(examples)


def parse_weights(text: str, classes: int) -> tuple[float, ...]:
    """One weight per class from "0.75,0.25"; missing ones are 1, as of a class just added. Raises EntryError."""
    weights = []
    for column, cell in enumerate(text.split(",")[:classes], start=1):
        try:
            weights.append(number(cell, 0.0, MAX_WEIGHT, 0, column))
        except EntryError as error:
            details = {**error.details, "class": str(column - 1), "min": "0", "max": f"{MAX_WEIGHT:g}"}
            raise EntryError("hand-weight", details) from error
    return (*weights, *[1.0] * (classes - len(weights)))


def softmax(logits: Sequence[float]) -> Softmax:
    """Softmax with the shift that keeps exp from overflowing, and all that is computed on the way."""
    largest = max(logits)
    shifted = tuple(logit - largest for logit in logits)
    exponentials = tuple(math.exp(one) for one in shifted)
    total = math.fsum(exponentials)
    return Softmax(tuple(logits), largest, shifted, exponentials, total, tuple(one / total for one in exponentials))


def _of_logits(steps: Softmax, label: int) -> tuple[float, float, float]:
    """p_t, 1 - p_t and -log p_t. The last from the exponentials: p_t rounds to 0 or 1 long before its logarithm."""
    top = steps.logits.index(steps.largest)
    others = math.fsum(one for k, one in enumerate(steps.exponentials) if k != label)
    rest = math.fsum(one for k, one in enumerate(steps.exponentials) if k != top)
    return steps.probabilities[label], others / steps.total, math.log1p(rest) - steps.shifted[label]


def work_example(example: Example, given: Given, weights: Sequence[float], gamma: float) -> Working:
    """One example line by line. `weights`: one per class. A given p needs no softmax; one logit stands against 0."""
    if given == "p":
        (p,) = example.numbers
        steps = NO_SOFTMAX
        probabilities: tuple[float, ...] = (1.0 - p, p)
        p_t = probabilities[example.label]
        other = 1.0 - p if example.label else p
        loss = -math.log(p) if example.label else -math.log1p(-p)
    else:
        steps = softmax((0.0, *example.numbers) if given == "logit" else example.numbers)
        probabilities = steps.probabilities
        p_t, other, loss = _of_logits(steps, example.label)
    weight, factor = weights[example.label], other**gamma
    return Working(
        example=example,
        steps=steps,
        probabilities=probabilities,
        p_t=p_t,
        cross_entropy=loss,
        weight=weight,
        factor=factor,
        weighted=weight * loss,
        focal=weight * factor * loss,
    )


def work(examples: Sequence[Example], given: Given, weights: Sequence[float], gamma: float) -> Sheet:
    """All examples worked through, with sums and means. Raises EntryError for a gamma outside 0 to 5."""
    if not 0.0 <= gamma <= MAX_GAMMA:
        details = {"row": "0", "column": "0", "asked": f"{gamma:g}", "min": "0", "max": f"{MAX_GAMMA:g}"}
        raise EntryError("hand-range", details)
    workings = tuple(work_example(example, given, weights, gamma) for example in examples)
    plain = math.fsum(one.cross_entropy for one in workings)
    weighted = math.fsum(one.weighted for one in workings)
    weight_sum = math.fsum(one.weight for one in workings)
    focal = math.fsum(one.focal for one in workings)
    n = len(workings)
    return Sheet(
        workings, gamma, plain, plain / n,
        weighted, weight_sum, weighted / weight_sum if weight_sum > 0 else None, focal, focal / n,
    )  # fmt: skip


def table(sheet: Sheet) -> list[tuple[object, ...]]:
    """Rows for a file: example, label, p_t, cross-entropy, weight, weighted, factor, focal."""
    head = ("example", "label", "p_t", "cross_entropy", "weight", "weighted_cross_entropy", "factor", "focal_loss")
    rows = [
        (at, one.example.label, one.p_t, one.cross_entropy, one.weight, one.weighted, one.factor, one.focal)
        for at, one in enumerate(sheet.workings, start=1)
    ]
    return [head, *rows]
