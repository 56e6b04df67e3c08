"""Three kinds, pruning, distillation, mixed precision, latency: against torch and numpy, on small inputs."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
import torch
from torch.nn.utils import prune

from explainers.quantization import articles, distillation, kinds, latency, mixed, pruning, shipped
from explainers.quantization.articles import Task
from explainers.quantization.variants import tokenized


@pytest.fixture(autouse=True)
def _own_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("ILLUSTRATED_NOTES_CACHE", str(tmp_path))


def small_task() -> tuple[Task, np.ndarray]:
    """Three clouds of vectors that a head can tell apart."""
    random = np.random.default_rng(0)
    labels = np.repeat(np.arange(3), 30)
    centres = random.normal(size=(3, 24))
    vectors = (centres[labels] + 0.7 * random.normal(size=(90, 24))).astype(np.float32)
    order = random.permutation(90)
    sentences = tuple(f"sentence {place} about {'abc'[labels[place]]}" for place in range(90))
    return Task(("a", "b", "c"), sentences, labels, order[:60], order[60:]), vectors


def test_activations_are_rounded_as_torchs_observer_rounds_them() -> None:
    from torch.ao.quantization import MinMaxObserver

    values = torch.tensor([[-0.3, 0.0, 0.2, 1.7]])
    for bits in kinds.BITS:
        observer = MinMaxObserver(dtype=torch.quint8, quant_min=0, quant_max=2**bits - 1)
        observer(values)
        scale, zero = observer.calculate_qparams()
        theirs = torch.fake_quantize_per_tensor_affine(values, scale, zero.int(), 0, 2**bits - 1)
        ours = kinds.rounded_activation(values, -0.3, 1.7, bits)
        torch.testing.assert_close(ours, theirs.reshape(ours.shape))
        assert ours[0, 1] == 0


def test_weights_have_as_many_levels_as_their_bits_allow_and_pass_the_gradient_on() -> None:
    weight = torch.linspace(-1, 1, 1001, requires_grad=True)
    for bits, levels in ((8, 255), (4, 15), (3, 7), (2, 3)):
        rounded = kinds.rounded_weight(weight, bits)
        assert len(rounded.unique()) == levels
    kinds.rounded_weight(weight, 2).sum().backward()
    assert weight.grad is not None and bool((weight.grad == 1).all())


def test_a_head_learns_on_the_grid_of_two_bits() -> None:
    given, vectors = small_task()
    seen: list[float] = []
    found = kinds.compare_on(given, vectors, 2, report=lambda fraction, part=None: seen.append(fraction))
    assert found.plain.min() > 0.8 and seen[-1] == pytest.approx(1)
    assert np.abs(found.accuracy["static", 8] - found.plain).max() <= 0.07
    assert found.accuracy["aware", 2].mean() > 0.8
    assert found.course[2].shape == (kinds.AWARE_STEPS // kinds.EVERY + 1, 2)
    assert np.array_equal(found.course[2][0], found.accuracy["static", 2])


def test_the_smallest_weights_go_as_in_torchs_own_pruning() -> None:
    layer = torch.nn.Linear(20, 10)
    wanted = prune.l1_unstructured(torch.nn.Linear(20, 10), "weight", amount=0.0)
    wanted.weight_orig.data.copy_(layer.weight.data)
    prune.remove(wanted, "weight")
    prune.l1_unstructured(wanted, "weight", amount=0.3)
    model = pruning.pruned_model("full", 0.0)
    inner = pruning.feed_forward(model)[0][0]
    inner.weight = torch.nn.Parameter(layer.weight.detach().clone(), requires_grad=False)
    pruning.magnitude(model, 0.3)
    assert torch.equal(inner.weight, wanted.weight.detach())


def test_removed_units_are_those_that_do_nothing() -> None:
    model = pruning.pruned_model("full", 0.0)
    ids, mask = (torch.from_numpy(part) for part in tokenized(("A bird sat on the ice.",)))
    with torch.no_grad():
        for inner, _ in pruning.feed_forward(model):
            inner.weight[::2] = 0
            inner.bias[::2] = 0
        before = model(ids, mask).last_hidden_state
        pruning.structured(model, 0.5)
        after = model(ids, mask).last_hidden_state
    assert pruning.feed_forward(model)[0][0].weight.shape == (768, 384)
    torch.testing.assert_close(before, after, atol=1e-4, rtol=1e-3)


@pytest.mark.parametrize("share", [-0.1, 0.96, float("nan")])
def test_pruning_refuses_a_share_that_cannot_be(share: float) -> None:
    with pytest.raises(pruning.PruningError):
        pruning.compare(("a",), share)


def test_the_distillation_loss_is_hintons() -> None:
    student, teacher = torch.randn(5, 3), torch.randn(5, 3)
    labels = torch.tensor([0, 1, 2, 0, 1])
    hard = -np.log(distillation.softmax_at(student.double().numpy(), 1.0))[np.arange(5), labels.numpy()].mean()
    p = distillation.softmax_at(teacher.double().numpy(), 4.0)
    q = distillation.softmax_at(student.double().numpy(), 4.0)
    soft = (p * np.log(p / q)).sum(axis=1).mean()
    found = distillation.objective(student, teacher, labels, 4.0, 0.7)
    assert float(found) == pytest.approx(0.3 * hard + 0.7 * 16 * soft, rel=1e-5)
    for wrong in (0.0, -1.0, 21.0):
        with pytest.raises(distillation.DistillationError):
            distillation.distil(wrong)


def test_students_learn_and_soft_labels_sum_to_one() -> None:
    given, vectors = small_task()
    found, students = distillation.distil_on(given, vectors, 4.0, 2)
    assert found.hard.mean() > 0.6 and len(students) == 2
    for part in (found.plain, found.tempered):
        np.testing.assert_allclose(part.sum(axis=1), 1)
    assert found.tempered.max() <= found.plain.max()


def test_gradients_in_fp16_are_torchs() -> None:
    values = np.float32([3e-9, 1e-7, 6e-6, 1e-3, 2.0, 0.0])
    found = mixed.described(values, 1.0)
    assert found.total == 5 and found.zero == 1
    for power in (0, 8, 16, 20):
        halves = (torch.from_numpy(values[:5]) * 2.0**power).half()
        ours = mixed.scaled(found, power)
        assert ours.lost == pytest.approx(float((halves == 0).float().mean()))
        assert ours.overflown == pytest.approx(float(halves.isinf().float().mean()))
        small = (halves != 0) & (halves < torch.finfo(torch.float16).smallest_normal)
        assert ours.coarse == pytest.approx(float(small.float().mean()))
    assert mixed.best(mixed.sweep(found)).power == 14  # 2 * 2^15 is 65,536: too large
    with pytest.raises(mixed.MixedError):
        mixed.gradients(("one",))


def test_padding_is_counted_and_threads_are_put_back() -> None:
    assert latency.waste((1, 3)) == pytest.approx(2 / 6)
    ids, mask = latency.texts((2, 5))
    assert ids.shape == (2, 5) and mask.sum(axis=1).tolist() == [2, 5] and not ids[0, 2:].any()
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    assert latency.waste(latency.MIXED) > 0.7 and before >= 1


def test_articles_have_a_truth_and_the_held_out_ones_are_apart() -> None:
    given = articles.task()
    assert len(given.titles) == articles.CLASSES and len(given.sentences) == len(given.labels)
    assert not set(given.train) & set(given.test) and len(given.test) == 240
    assert given.titles[given.labels[0]] == "Anarchism" and given.sentences[0].startswith("Anarchism")


def test_what_is_shipped_can_be_read() -> None:
    assert shipped.three_kinds().accuracy["aware", 2].mean() > shipped.three_kinds().accuracy["static", 2].mean()
    assert shipped.latencies().best_batch.at in latency.BATCHES
    pruned = shipped.pruned()
    assert pruned.find("magnitude").file_bytes == pruned.find("full").file_bytes
    assert len(shipped.distilled().shown) == len(shipped.distilled().tempered)
    assert shipped.gradients().points[0].lost > shipped.gradients().points[12].lost
    together = shipped.all_together()
    if together is not None:
        assert {one.way for one in together.ways} == {"variant", "magnitude", "structured", "student"}
