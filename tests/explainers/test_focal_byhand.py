"""Examples worked by hand against torch; the entries of a table; what a cell refuses."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st
from torch.nn import functional

from explainers.focal_loss import byhand
from explainers.focal_loss.byhand import EntryError, Example

rows = st.integers(3, 6).flatmap(
    lambda classes: st.lists(
        st.tuples(
            st.lists(st.integers(-5000, 5000).map(lambda n: n / 100), min_size=classes, max_size=classes),
            st.integers(0, classes - 1),
        ),
        min_size=1,
        max_size=8,
    )
)


def in_torch(examples: list[Example], weights: list[float], gamma: float) -> tuple[torch.Tensor, ...]:
    """Cross-entropy and focal loss of every example, and torch's own mean of the weighted loss."""
    logits = torch.tensor([one.numbers for one in examples], dtype=torch.float64)
    labels = torch.tensor([one.label for one in examples])
    weight = torch.tensor(weights, dtype=torch.float64)
    plain = functional.cross_entropy(logits, labels, reduction="none")
    others = functional.softmax(logits, 1).scatter(1, labels[:, None], 0.0).sum(1)
    mean = functional.cross_entropy(logits, labels, weight=weight)
    return plain, weight[labels] * others**gamma * plain, mean


@settings(deadline=None)  # torch's first call takes its time
@given(rows, st.floats(0, 5), st.lists(st.integers(1, 400).map(lambda n: n / 100), min_size=6, max_size=6))
def test_logits_of_several_classes_are_torchs(
    table: list[tuple[list[float], int]], gamma: float, weights: list[float]
) -> None:
    examples = [Example(tuple(numbers), label) for numbers, label in table]
    weights = weights[: len(examples[0].numbers)]
    sheet = byhand.work(examples, "logits", weights, gamma)
    plain, focal, mean = in_torch(examples, weights, gamma)
    np.testing.assert_allclose([one.cross_entropy for one in sheet.workings], plain, rtol=1e-9, atol=1e-15)
    np.testing.assert_allclose([one.focal for one in sheet.workings], focal, rtol=1e-8, atol=1e-15)
    assert sheet.cross_entropy_mean == pytest.approx(float(plain.mean()), rel=1e-9, abs=1e-15)
    assert sheet.weighted_mean == pytest.approx(float(mean), rel=1e-9, abs=1e-15)
    assert sheet.focal_sum == pytest.approx(float(focal.sum()), rel=1e-8, abs=1e-15)
    assert sheet.focal_mean * len(examples) == pytest.approx(sheet.focal_sum)


@settings(deadline=None)  # torch's first call takes its time
@given(st.floats(-50, 50), st.integers(0, 1), st.floats(0, 5))
def test_one_logit_is_torchs_binary_cross_entropy(z: float, label: int, gamma: float) -> None:
    (one,) = byhand.work((Example((z,), label),), "logit", (0.75, 0.25), gamma).workings
    logit, target = torch.tensor(z, dtype=torch.float64), torch.tensor(float(label), dtype=torch.float64)
    rounded = float(functional.binary_cross_entropy_with_logits(logit, target))
    plain = -float(functional.logsigmoid(logit if label else -logit))
    assert one.cross_entropy == pytest.approx(rounded, abs=1e-14)  # torch adds 1 before it takes this logarithm
    assert one.cross_entropy == pytest.approx(plain, rel=1e-12)
    missing = float(torch.sigmoid(-logit if label else logit))
    assert one.focal == pytest.approx((0.25 if label else 0.75) * missing**gamma * plain, rel=1e-9)


@settings(deadline=None)  # torch's first call takes its time
@given(st.floats(1e-12, 1 - 1e-12), st.integers(0, 1), st.floats(0, 5))
def test_a_probability_is_torchs_binary_cross_entropy(p: float, label: int, gamma: float) -> None:
    (one,) = byhand.work((Example((p,), label),), "p", (1.0, 1.0), gamma).workings
    plain = functional.binary_cross_entropy(
        torch.tensor(p, dtype=torch.float64), torch.tensor(float(label), dtype=torch.float64)
    )
    assert one.cross_entropy == pytest.approx(float(plain), rel=1e-9, abs=1e-16)
    assert one.focal == pytest.approx((1 - one.p_t) ** gamma * float(plain), rel=1e-3, abs=1e-12)


def test_every_line_of_a_softmax_is_there() -> None:
    """The published shift: subtracting the largest changes nothing and keeps exp(1000) out of the way."""
    steps = byhand.softmax((2.0, 1.0, 0.1))
    assert steps.largest == 2.0
    assert steps.shifted == pytest.approx((0.0, -1.0, -1.9))
    assert steps.exponentials == pytest.approx((1.0, math.exp(-1), math.exp(-1.9)))
    assert steps.total == pytest.approx(sum(steps.exponentials))
    assert steps.probabilities == pytest.approx(torch.softmax(torch.tensor([2.0, 1.0, 0.1]).double(), 0).tolist())
    assert byhand.softmax((1000.0, 0.0)).probabilities == (1.0, 0.0)


def test_the_default_table_of_the_page() -> None:
    """p_t = 0.9 with alpha 0.25 and gamma 2: 0.25 * 0.01 * 0.10536."""
    examples = byhand.parse_examples("0.9>1;0.6>1;0.1>1;0.05>0;0.3>0", "p")
    sheet = byhand.work(examples, "p", byhand.parse_weights("0.75,0.25", 2), 2.0)
    assert sheet.workings[0].focal == pytest.approx(0.25 * 0.01 * 0.105360516, rel=1e-8)
    assert [one.weight for one in sheet.workings] == [0.25, 0.25, 0.25, 0.75, 0.75]
    assert [one.p_t for one in sheet.workings] == pytest.approx([0.9, 0.6, 0.1, 0.95, 0.7])


def test_weights_of_nothing_have_no_mean() -> None:
    sheet = byhand.work((Example((0.3,), 1),), "p", (1.0, 0.0), 2.0)
    assert sheet.weighted_mean is None
    assert sheet.focal_mean == 0


@pytest.mark.parametrize("text", ["0.9", "０．９", " 0.9 ", "+.9", "9e-1"])
def test_a_number_may_be_written_in_several_ways(text: str) -> None:
    assert byhand.number(text, 0, 1, 1, 1) == pytest.approx(0.9)


def test_a_typographic_minus_is_a_minus() -> None:
    assert byhand.number("−1.5", -2, 2, 1, 1) == -1.5


WRONG = [
    ("1.2>1", "p", "hand-probability", "1", "1"),
    ("0>1", "p", "hand-probability", "1", "1"),
    ("0.5>1;1>0", "p", "hand-probability", "2", "1"),
    ("half>1", "p", "hand-number", "1", "1"),
    (">1", "p", "hand-number", "1", "1"),
    ("nan>1", "p", "hand-number", "1", "1"),
    ("inf>1", "logit", "hand-number", "1", "1"),
    ("1_0>1", "logit", "hand-number", "1", "1"),
    ("0x1>1", "logit", "hand-number", "1", "1"),
    ("٠>1", "logit", "hand-number", "1", "1"),
    ("51>1", "logit", "hand-range", "1", "1"),
    ("1,2,-51>0", "logits", "hand-range", "1", "3"),
    ("1,2,3>3", "logits", "hand-label", "1", "4"),
    ("0.5>", "p", "hand-label", "1", "2"),
    ("0.5>x", "p", "hand-label", "1", "2"),
    ("<img src=x onerror=alert(1)>", "p", "hand-number", "1", "1"),
    ("word " * 1000, "p", "hand-number", "1", "1"),
]


@pytest.mark.parametrize(("text", "given_", "code", "row", "column"), WRONG)
def test_a_wrong_entry_is_named_by_its_cell(text: str, given_: byhand.Given, code: str, row: str, column: str) -> None:
    with pytest.raises(EntryError) as caught:
        byhand.parse_examples(text, given_)
    assert caught.value.code == code
    assert (caught.value.details["row"], caught.value.details["column"]) == (row, column)
    assert len(caught.value.details["asked"]) <= 24


@pytest.mark.parametrize(("text", "given_"), [("1,2>0", "logits"), ("1,2,3>0;1,2>0", "logits"), ("1,2>0", "p")])
def test_a_row_of_another_width_is_refused(text: str, given_: byhand.Given) -> None:
    with pytest.raises(EntryError, match="hand-columns"):
        byhand.parse_examples(text, given_)


@pytest.mark.parametrize("text", ["", ";".join(["0.5>1"] * 9)])
def test_a_table_without_rows_or_with_too_many_is_refused(text: str) -> None:
    with pytest.raises(EntryError, match="hand-rows"):
        byhand.parse_examples(text, "p")


@pytest.mark.parametrize("text", ["-1,1", "1,-0.001", "a,1", "1001,1", ","])
def test_a_wrong_weight_is_refused(text: str) -> None:
    with pytest.raises(EntryError) as caught:
        byhand.parse_weights(text, 2)
    assert caught.value.code == "hand-weight"
    assert caught.value.details["class"] in ("0", "1")


def test_a_class_just_added_weighs_1() -> None:
    assert byhand.parse_weights("2,3", 4) == (2.0, 3.0, 1.0, 1.0)
    assert byhand.parse_weights("2,3,4", 2) == (2.0, 3.0)


@pytest.mark.parametrize("gamma", [-0.1, 5.1, math.nan])
def test_a_gamma_out_of_range_is_refused(gamma: float) -> None:
    with pytest.raises(EntryError):
        byhand.work((Example((0.3,), 1),), "p", (1.0, 1.0), gamma)


def test_the_table_for_a_file_has_a_row_per_example() -> None:
    sheet = byhand.work(byhand.parse_examples("0.9>1;0.3>0", "p"), "p", (1.0, 1.0), 2.0)
    head, *body = byhand.table(sheet)
    assert head[-1] == "focal_loss"
    assert [row[-1] for row in body] == [one.focal for one in sheet.workings]
