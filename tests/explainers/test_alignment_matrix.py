"""The matrix's figures against torch, and the shipped encoder against what is claimed of it."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn import functional

from explainers.alignment import batch, captions, encoder, matrix, scenes
from explainers.alignment.contrastive import BatchError
from explainers.alignment.encoder import WeightsError
from explainers.alignment.retrieval import measure


def cosines(n: int, seed: int = 0) -> np.ndarray:
    rows = np.random.default_rng(seed).normal(size=(2, n, 8))
    rows /= np.linalg.norm(rows, axis=2, keepdims=True)
    return rows[0] @ rows[1].T


@pytest.mark.parametrize(("n", "scale"), [(1, 10.0), (2, 1.0), (12, 14.3), (64, 100.0), (5, 0.0)])
def test_both_directions_are_torchs_cross_entropy(n: int, scale: float) -> None:
    values = cosines(n)
    found = matrix.directions(values, scale)
    logits, target = torch.from_numpy(values) * scale, torch.arange(n)
    np.testing.assert_allclose(found.by_image, functional.cross_entropy(logits, target, reduction="none"), atol=1e-9)
    np.testing.assert_allclose(found.by_text, functional.cross_entropy(logits.T, target, reduction="none"), atol=1e-9)
    np.testing.assert_allclose(found.rows, logits.softmax(1), atol=1e-12)
    np.testing.assert_allclose(found.columns, logits.softmax(0), atol=1e-12)
    both = encoder.infonce(
        torch.from_numpy(values), torch.eye(n, dtype=torch.float64), torch.tensor(scale, dtype=torch.float64)
    )
    assert found.loss == pytest.approx(float(both), abs=1e-9)


def test_the_two_logits_are_transposes_and_only_the_normalisation_differs() -> None:
    values = cosines(7)
    there, back = matrix.directions(values, 9.0), matrix.directions(values.T, 9.0)
    np.testing.assert_allclose(there.by_image, back.by_text)
    np.testing.assert_allclose(there.rows, back.columns.T)
    assert not np.allclose(there.by_image, there.by_text)


def test_a_batch_of_one_costs_nothing_and_an_empty_one_is_refused() -> None:
    assert matrix.directions([[-0.3]], 50.0).loss == 0
    assert [list(part) for part in matrix.hardest([[0.2]])] == [[-1], [-1]]
    with pytest.raises(BatchError):
        matrix.directions(np.zeros((0, 0)), 1.0)


def test_the_hardest_negative_is_the_highest_wrong_cell() -> None:
    by_image, by_text = matrix.hardest([[0.9, 0.1, 0.5], [0.3, 0.2, 0.8], [0.7, 0.6, 0.4]])
    assert by_image.tolist() == [2, 2, 0] and by_text.tolist() == [2, 2, 1]


def test_the_shipped_encoder_finds_held_out_combinations() -> None:
    """Pictures and draws that tools/dual_encoder.py does not use; as many combinations as it held out."""
    model = batch.shipped()
    assert 250_000 < encoder.parameters(model) < 400_000
    for language in ("en", "zh-Hant"):
        found = []
        for made, held_out in ((scenes.singles, 60), (scenes.counted, 36), (scenes.related, 60)):
            split = scenes.split(made(), held_out)
            told = captions.tokens_of(split.held_out, (language,))
            found.append((held_out, encoder.held_out(model, scenes.render(split.held_out, 31), told).recall_1))
        assert found[0][1] >= 0.97
        assert sum(many * recall for many, recall in found) / 156 >= 0.95


def test_about_says_what_every_seed_scores() -> None:
    table = encoder.about()
    assert [one["seed"] for one in table["seeds"]] == [0, 1, 2]  # type: ignore[attr-defined, index, union-attr]
    assert all(one["overall"] >= 0.97 for one in table["seeds"])  # type: ignore[attr-defined, index, union-attr]


def test_an_untrained_encoder_finds_no_more_than_chance() -> None:
    split = scenes.split(scenes.singles(), 60)
    told = captions.tokens_of(split.held_out)
    assert encoder.held_out(encoder.new(0), scenes.render(split.held_out, 31), told).recall_1 < 0.1


def test_training_steps_lower_the_loss_and_leave_torchs_generator_alone() -> None:
    state = torch.random.get_rng_state()
    model = encoder.new(1).train()
    assert torch.equal(state, torch.random.get_rng_state())
    some = scenes.singles()[::12]
    images, ids = encoder.to_input(scenes.render(some, 1)), torch.from_numpy(captions.tokens_of(some))
    optimiser = torch.optim.AdamW(model.parameters(), 2e-3)
    losses = [encoder.train_step(model, optimiser, images, ids) for _ in range(12)]
    assert losses[-1] < 0.6 * losses[0]


def test_weights_are_read_back_and_damaged_ones_are_refused(tmp_path: Path) -> None:
    encoder.save(encoder.new(3), tmp_path / "w.safetensors")
    again = encoder.load(tmp_path / "w.safetensors")
    for mine, theirs in zip(encoder.new(3).parameters(), again.parameters(), strict=True):
        assert torch.equal(mine, theirs)
    (tmp_path / "w.safetensors").write_bytes(b"no weights")
    with pytest.raises(WeightsError):
        encoder.load(tmp_path / "w.safetensors")


@pytest.mark.parametrize("world", batch.WORLDS)
def test_a_batch_has_different_scenes_and_right_pairs(world: batch.World) -> None:
    made = batch.make_batch(world, 64, 2)
    assert len(set(made.captions)) == 64
    np.testing.assert_allclose(np.linalg.norm(made.images, axis=1), 1, atol=1e-5)
    assert measure(made.cosines).recall_1 > 0.9
    assert len(batch.payload(made)) < 200_000


def test_a_batch_of_none_or_too_many_is_refused() -> None:
    for many in (0, 65):
        with pytest.raises(BatchError):
            batch.make_batch("single", many)
