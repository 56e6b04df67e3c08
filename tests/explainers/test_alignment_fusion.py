"""Fusion heads against torch's own operators; what only a product of both modalities can learn; noise at test time."""

from __future__ import annotations

import numpy as np
import pytest
import torch
from torch.nn import functional

from explainers.alignment import fusion
from explainers.alignment.fusion import Features, Head

RANDOM = np.random.default_rng(1)
IMAGE, TEXT = (torch.tensor(RANDOM.standard_normal((6, d)), dtype=torch.float32) for d in (5, 4))


def test_bilinear_is_torchs_bilinear_form() -> None:
    head = Head("bilinear", 5, 4, 3, seed=0, width=7)
    u, v, out = (head.weights[name] for name in ("image_in", "text_in", "out"))
    form = torch.einsum("ik,jk,kc->cij", u, v, out)
    wanted = functional.log_softmax(functional.bilinear(IMAGE, TEXT, form), dim=1)
    torch.testing.assert_close(head(IMAGE, TEXT), wanted)


def test_attention_is_torchs_scaled_dot_product() -> None:
    head = Head("attention", 5, 4, 3, seed=0, width=8)
    keys, values = (
        torch.stack([IMAGE @ head.weights[f"image_{part}"], TEXT @ head.weights[f"text_{part}"]], dim=1)
        for part in ("key", "value")
    )
    query = head.weights["query"].expand(6, 1, 8)
    mixed = functional.scaled_dot_product_attention(query, keys, values)[:, 0]
    wanted = functional.log_softmax(functional.relu(mixed) @ head.weights["out"], dim=1)
    torch.testing.assert_close(head(IMAGE, TEXT), wanted)
    torch.testing.assert_close(head.attention(IMAGE, TEXT).sum(1), torch.ones(6))


def test_late_is_the_mean_of_two_opinions() -> None:
    head = Head("late", 5, 4, 3, seed=0)
    opinions = []
    for name, x in (("image", IMAGE), ("text", TEXT)):
        hidden = functional.relu(functional.linear(x, head.weights[f"{name}_in"].T))
        opinions.append(functional.softmax(functional.linear(hidden, head.weights[f"{name}_out"].T), dim=1))
    torch.testing.assert_close(head(IMAGE, TEXT).exp(), (opinions[0] + opinions[1]) / 2)


def test_early_is_one_network_on_both() -> None:
    head = Head("early", 5, 4, 3, seed=0)
    hidden = functional.relu(functional.linear(torch.cat([IMAGE, TEXT], 1), head.weights["in"].T))
    wanted = functional.log_softmax(functional.linear(hidden, head.weights["out"].T), dim=1)
    torch.testing.assert_close(head(IMAGE, TEXT), wanted)


def match(count: int, seed: int) -> tuple[Features, np.ndarray]:
    """Does the picture's sign match the text's? Neither alone says anything."""
    random = np.random.default_rng(seed)
    image, text = (random.choice([-1.0, 1.0], (count, 1)) for _ in range(2))
    rows = [np.repeat(one, 3, 1) + 0.2 * random.standard_normal((count, 3)) for one in (image, text)]
    return Features(*(one.astype(np.float32) for one in rows)), (image == text)[:, 0].astype(np.int64)


def test_only_what_joins_before_deciding_learns_whether_two_things_match() -> None:
    learn, labels = match(300, 0)
    test, truth = match(300, 1)
    scores = {
        method: fusion.accuracy(fusion.train(method, learn, labels, 2, seed=0, steps=80), test, truth)
        for method in fusion.METHODS
    }
    for method in ("late", "image", "text"):
        assert scores[method] < 0.65, method
    for method in ("early", "bilinear"):
        assert scores[method] > 0.95, method


def test_noise_on_one_modality_leaves_the_other_alone() -> None:
    random = np.random.default_rng(4)
    labels = random.integers(0, 3, 400)
    rows = [np.eye(3)[labels] + 0.1 * random.standard_normal((400, 3)) for _ in range(2)]
    whole = Features(*(one.astype(np.float32) for one in rows))
    noisy = Features((whole.image + 3 * random.standard_normal((400, 3))).astype(np.float32), whole.text)
    late = slice(200, None)
    found = fusion.degrade(
        whole.rows(slice(200)), labels[:200], [whole.rows(late), noisy.rows(late)], labels[late], (0, 3), seeds=2,
        steps=60,
    )  # fmt: skip
    by_name = dict(zip(found.methods, found.accuracy, strict=True))
    assert found.accuracy.shape == (6, 2, 2)
    assert by_name["text"][:, 0] == pytest.approx(by_name["text"][:, 1])
    assert (by_name["image"][:, 1] < 0.7).all()
    assert (found.accuracy[:, :, 0] > 0.97).all()
    assert ((found.attention > 0) & (found.attention < 1)).all()


def test_a_seed_of_its_own_is_the_same_run_as_within_several() -> None:
    learn, labels = match(60, 0)
    test, truth = match(60, 1)
    both, second = (
        fusion.degrade(learn, labels, [test], truth, (0,), seeds=seeds, first=first, steps=10)
        for seeds, first in ((2, 0), (1, 1))
    )
    assert (both.accuracy[:, 1] == second.accuracy[:, 0]).all()
    assert (both.attention[1] == second.attention[0]).all()
