"""GloVe: counts by hand, the weight, the steps against torch's gradient, a fit against the closed form."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from explainers.embeddings import glove


def test_counting_by_hand() -> None:
    """a b c a, window 2: neighbours weigh 1, the next ones 1/2, both ways; c is not in the vocabulary elsewhere."""
    cells = glove.cooccurrences([np.array([0, 1, 2, 0], np.int32), np.array([1, -1, 0], np.int32)], 3, window=2)
    table = np.zeros((3, 3))
    table[cells.row, cells.column] = cells.x
    # a-b: 1 (1 apart) + 1/2 (b . . a: 2 apart) in the first, 1/2 across the unknown word in the second
    expected = np.array([[0, 1 + 0.5 + 0.5, 0.5 + 1], [2, 0, 1], [1.5, 1, 0]])
    assert np.allclose(table, expected)
    assert (np.diff(cells.row) >= 0).all()


def test_counts_do_not_cross_sentences_and_a_word_meets_itself_twice() -> None:
    cells = glove.cooccurrences([np.array([0], np.int32), np.array([1], np.int32), np.array([2, 2], np.int32)], 3, 5)
    assert (cells.row.tolist(), cells.column.tolist(), cells.x.tolist()) == ([2], [2], [2.0])


def test_the_weight_is_the_papers() -> None:
    assert glove.weight([0, 50, 100, 1000]) == pytest.approx([0, 0.5**0.75, 1, 1])
    assert glove.weight(5, x_max=10, alpha=1) == pytest.approx(0.5)


def small() -> tuple[glove.Cells, glove.Settings]:
    rng = np.random.default_rng(5)
    row, column = np.meshgrid(np.arange(6), np.arange(6), indexing="ij")
    x = rng.uniform(0.5, 30, size=36).astype(np.float32)
    return (
        glove.Cells(row.ravel().astype(np.int32), column.ravel().astype(np.int32), x),
        glove.Settings(dims=4, epochs=3, x_max=10, seed=2),
    )


def test_steps_follow_torchs_gradient_and_adagrad() -> None:
    """The same cells in the same order: gradients by torch, steps as AdaGrad is defined, first sums 1."""
    cells, settings = small()
    under_way = glove.Fit(cells, 6, settings)
    before = under_way.now()
    values = [torch.tensor(value, dtype=torch.float64, requires_grad=True)
              for value in (before.w, before.context, before.bias, before.context_bias)]  # fmt: skip
    sums = [torch.ones_like(value) for value in values]
    rng = np.random.default_rng(settings.seed)
    for shape in ((6, 4), (6, 4), (6,), (6,)):
        rng.random(shape, dtype=np.float32)
    lost = 0.0
    for cell in rng.permutation(36):
        i, j, x = int(cells.row[cell]), int(cells.column[cell]), float(cells.x[cell])
        w, c, b, d = values
        part = min(1.0, (x / 10) ** 0.75) * (w[i] @ c[j] + b[i] + d[j] - np.log(x)) ** 2
        lost += part.item()
        for value in values:
            value.grad = None
        torch.autograd.backward(part / 2)
        with torch.no_grad():
            for value, total in zip(values, sums, strict=True):
                step = settings.rate * value.grad
                value -= step / total.sqrt()
                total += step**2
    assert under_way.epoch() == pytest.approx(lost / 36, rel=1e-4)
    after = under_way.now()
    for value, mine in zip(values, (after.w, after.context, after.bias, after.context_bias), strict=True):
        assert np.allclose(value.detach().numpy(), mine, atol=1e-5)
    assert np.allclose(after.vectors, after.w + after.context)


def test_a_tiny_case_solved_by_hand() -> None:
    """One cell, X = e: w . w~ + b + b~ must become log X = 1, and J falls to 0."""
    cells = glove.Cells(np.array([0], np.int32), np.array([1], np.int32), np.array([np.e], np.float32))
    found = glove.fit(cells, 2, glove.Settings(dims=3, epochs=2000, x_max=1, rate=0.1, seed=1))
    assert float(found.w[0] @ found.context[1] + found.bias[0] + found.context_bias[1]) == pytest.approx(1, abs=1e-3)
    assert found.losses[-1] < 1e-6 < found.losses[0]
    assert np.array_equal(found.w[1], glove.Fit(cells, 2, glove.Settings(dims=3, seed=1)).now().w[1])  # never touched


def test_with_room_enough_the_logarithms_are_met_exactly() -> None:
    cells, _ = small()
    found = glove.fit(cells, 6, glove.Settings(dims=8, epochs=4000, x_max=10, rate=0.1))
    fitted = found.w @ found.context.T + found.bias[:, None] + found.context_bias[None]
    assert np.abs(fitted[cells.row, cells.column] - np.log(cells.x)).max() < 0.02


def test_the_same_seed_gives_the_same_bytes_and_a_report_may_call_it_off() -> None:
    cells, settings = small()
    assert np.array_equal(glove.fit(cells, 6, settings).w, glove.fit(cells, 6, settings).w)

    class StopError(Exception):
        pass

    def stop(part: float, _: object) -> None:
        if part > 0.5:
            raise StopError

    with pytest.raises(StopError):
        glove.fit(cells, 6, settings, report=stop)
