"""Contrastive losses: worked by hand on two pairs, and against torch and its autograd; figures of the space."""

from __future__ import annotations

import math
from collections.abc import Callable

import numpy as np
import pytest
import torch
from torch.nn import functional

from explainers.alignment import contrastive
from explainers.alignment.contrastive import Settings

TWO = np.array([[0.8, 0.1], [0.3, 0.6]])
RANDOM = np.random.default_rng(3)
SPHERE = RANDOM.standard_normal((2, 7, 5))
SPHERE /= np.linalg.norm(SPHERE, axis=2, keepdims=True)
COSINES = SPHERE[0] @ SPHERE[1].T
LABELS = np.array([0, 1, 0, 2, 1, 0, 3])
SCALE, BIAS, MARGIN = 7.0, -3.0, 0.4


# ---------------------------------------------------------------- by hand


def test_infonce_of_two_pairs_by_hand() -> None:
    # Rows: differences 0.7 and 0.3 times 10; columns: 0.5 and 0.5 times 10. ln(1 + e^-x) of each.
    first = 0.5 * (math.log1p(math.exp(-7)) + math.log1p(math.exp(-5)))
    second = 0.5 * (math.log1p(math.exp(-3)) + math.log1p(math.exp(-5)))
    found = contrastive.infonce(TWO, 10)
    assert found.pairs == pytest.approx([first, second])
    assert found.loss == pytest.approx(0.0157324, abs=1e-7)


def test_sigmoid_of_two_pairs_by_hand() -> None:
    # Logits -2 -9 / -7 -4: ln(1+e^2) 2.126928, ln(1+e^-9) 0.000123, ln(1+e^-7) 0.000911, ln(1+e^4) 4.018150.
    found = contrastive.sigmoid(TWO, 10, -10)
    assert found.pairs == pytest.approx([2.127051, 4.019061], abs=1e-6)
    assert found.loss == pytest.approx(3.073056, abs=1e-6)


def test_triplets_of_two_pairs_by_hand() -> None:
    # Margin 0.6. Rows: 0.6-0.8+0.1 < 0 and 0.6-0.6+0.3 = 0.3; columns: 0.6-0.8+0.3 = 0.1 and 0.6-0.6+0.1 = 0.1.
    for hardest in (False, True):
        assert contrastive.triplet(TWO, 0.6, hardest=hardest).pairs == pytest.approx([0.05, 0.2])


def test_the_hardest_negative_is_the_one_that_counts() -> None:
    three = np.array([[0.5, 0.4, 0.2], [0.0, 0.9, 0.0], [0.0, 0.0, 0.9]])
    # Margin 0.2, row 0: negatives violate by 0.1 and not at all; nothing else violates.
    assert contrastive.triplet(three, 0.2).pairs == pytest.approx([0.5 * 0.1 / 2, 0, 0])
    assert contrastive.triplet(three, 0.2, hardest=True).pairs == pytest.approx([0.5 * 0.1, 0, 0])


def test_supervised_spreads_the_target_over_the_label() -> None:
    # Both captions are right for both pictures: -1/2 (log p + log (1 - p)) with logits 8 1 and 3 6.
    found = contrastive.supervised(TWO, [4, 4], 10)
    row = [0.5 * (math.log1p(math.exp(-gap)) + math.log1p(math.exp(gap))) for gap in (7, 3)]
    column = [0.5 * (math.log1p(math.exp(-gap)) + math.log1p(math.exp(gap))) for gap in (5, 5)]
    assert found.pairs == pytest.approx([0.5 * (a + b) for a, b in zip(row, column, strict=True)])


# ---------------------------------------------------------------- against torch


def torch_infonce(cosines: torch.Tensor) -> torch.Tensor:
    target = torch.arange(len(cosines))
    logits = SCALE * cosines
    return 0.5 * (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target))


def torch_supervised(cosines: torch.Tensor) -> torch.Tensor:
    labels = torch.tensor(LABELS)
    target = (labels[:, None] == labels[None]).double()
    target = target / target.sum(1, keepdim=True)
    logits = SCALE * cosines
    return 0.5 * (functional.cross_entropy(logits, target) + functional.cross_entropy(logits.T, target))


def torch_sigmoid(cosines: torch.Tensor) -> torch.Tensor:
    # As in the paper's algorithm 1.
    labels = 2 * torch.eye(len(cosines), dtype=torch.float64) - 1
    return -functional.logsigmoid(labels * (SCALE * cosines + BIAS)).sum() / len(cosines)


def torch_triplet(cosines: torch.Tensor) -> torch.Tensor:
    count = len(cosines)
    terms = [
        0.5 * (torch.relu(MARGIN - cosines[i, i] + cosines[i, j]) + torch.relu(MARGIN - cosines[i, i] + cosines[j, i]))
        for i in range(count)
        for j in range(count)
        if i != j
    ]
    return torch.stack(terms).sum() / (count * (count - 1))


def torch_hardest(cosines: torch.Tensor) -> torch.Tensor:
    own = torch.diag(cosines)
    apart = cosines - 9 * torch.eye(len(cosines), dtype=torch.float64)
    loss = functional.margin_ranking_loss
    one = torch.ones(len(cosines), dtype=torch.float64)
    return 0.5 * (
        loss(own, apart.max(1).values, one, margin=MARGIN) + loss(own, apart.max(0).values, one, margin=MARGIN)
    )


@pytest.mark.parametrize(
    ("kind", "reference"),
    [
        ("infonce", torch_infonce),
        ("supervised", torch_supervised),
        ("sigmoid", torch_sigmoid),
        ("triplet", torch_triplet),
        ("hardest", torch_hardest),
    ],
)
def test_loss_and_gradient_are_torchs(
    kind: contrastive.Kind, reference: Callable[[torch.Tensor], torch.Tensor]
) -> None:
    cosines = torch.tensor(COSINES, requires_grad=True)
    wanted = reference(cosines)
    (gradient,) = torch.autograd.grad(wanted, cosines)
    found = contrastive.batch_loss(kind, COSINES, Settings(SCALE, BIAS, MARGIN), LABELS)
    assert found.loss == pytest.approx(wanted.item(), rel=1e-12)
    assert found.pairs.mean() == pytest.approx(found.loss)
    np.testing.assert_allclose(found.gradient, gradient.numpy(), atol=1e-14)


def test_forces_add_up_to_torchs_gradient() -> None:
    raw = torch.tensor(SPHERE[0], requires_grad=True)
    unit = raw / raw.norm(dim=1, keepdim=True)
    (gradient,) = torch.autograd.grad(torch_infonce(unit @ torch.tensor(SPHERE[1]).T), raw)
    found = contrastive.forces(SPHERE[0], SPHERE[1], SCALE, 2)
    np.testing.assert_allclose(found.total, -gradient[2].numpy(), atol=1e-14)
    assert found.pull @ SPHERE[1][2] > 0  # towards its own caption
    assert found.shares.sum() == pytest.approx(1)
    assert found.shares[2] == 0


def test_alignment_and_uniformity_are_the_papers_code() -> None:
    x, y = (torch.tensor(rows) for rows in SPHERE)
    assert contrastive.alignment(*SPHERE) == pytest.approx((x - y).norm(p=2, dim=1).pow(2).mean().item())
    wanted = torch.pdist(x, p=2).pow(2).mul(-2).exp().mean().log().item()
    assert contrastive.uniformity(SPHERE[0]) == pytest.approx(wanted)


# ---------------------------------------------------------------- the gap, negatives, bad batches


def test_sliding_by_one_closes_the_gap_up_to_the_sphere() -> None:
    x, y = (rows + shift for rows, shift in zip(0.1 * SPHERE, (np.eye(5)[0], np.eye(5)[1]), strict=True))
    x, y = (rows / np.linalg.norm(rows, axis=1, keepdims=True) for rows in (x, y))
    lengths = [np.linalg.norm(contrastive.gap(*contrastive.slide(x, y, share))) for share in (-0.5, 0, 0.5, 1)]
    assert lengths == sorted(lengths, reverse=True)
    assert lengths[1] == pytest.approx(np.linalg.norm(y.mean(0) - x.mean(0)))
    assert lengths[3] < 0.05 * lengths[1]
    np.testing.assert_allclose(np.linalg.norm(contrastive.slide(x, y, 0.7), axis=2), 1)


def test_without_any_signal_the_loss_is_the_logarithm_of_the_batch() -> None:
    flat = np.zeros((12, 12))
    for size in (12, 4, 2, 1):
        assert contrastive.smaller_batches(flat, size, 10).loss == pytest.approx(math.log(size))
    # 12 in batches of 5: two of 5 and one of 2.
    assert contrastive.smaller_batches(flat, 5, 10).loss == pytest.approx((10 * math.log(5) + 2 * math.log(2)) / 12)


def test_smaller_batches_are_the_batches_one_by_one() -> None:
    found = contrastive.smaller_batches(COSINES, 3, SCALE)
    parts = [contrastive.infonce(COSINES[cut, cut], SCALE) for cut in (slice(0, 3), slice(3, 6), slice(6, 7))]
    assert found.pairs == pytest.approx(np.concatenate([part.pairs for part in parts]))
    assert found.gradient[0, 4] == 0
    np.testing.assert_allclose(found.gradient[:3, :3], parts[0].gradient * 3 / 7)


@pytest.mark.parametrize("kind", contrastive.KINDS)
def test_a_batch_of_one_costs_nothing_where_negatives_are_needed(kind: contrastive.Kind) -> None:
    found = contrastive.batch_loss(kind, [[0.3]], Settings(10, -3, 0.2))
    wanted = math.log1p(math.exp(-(10 * 0.3 - 3))) if kind == "sigmoid" else 0
    assert found.loss == pytest.approx(wanted)


@pytest.mark.parametrize(
    ("cosines", "code"),
    [
        ([], "alignment-batch-empty"),
        ([[0.1, 0.2]], "alignment-batch-shape"),
        ([[math.nan]], "alignment-batch-shape"),
    ],
)
def test_what_is_no_batch_is_refused(cosines: list[list[float]], code: str) -> None:
    with pytest.raises(contrastive.BatchError) as refused:
        contrastive.infonce(cosines, 10)
    assert refused.value.code == code


def test_one_point_has_no_uniformity() -> None:
    with pytest.raises(contrastive.BatchError):
        contrastive.uniformity([[1.0, 0.0]])
