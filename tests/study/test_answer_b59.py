"""The worked example of our answer to B59: every number in it, in both languages, computed again."""

from __future__ import annotations

import re

import pytest
import torch
from torch.nn import functional

from explainers.focal_loss import budget, losses
from study import answers

LOGITS = torch.tensor([[2.0, 1.0, 0.1]], dtype=torch.float64)
GAMMA = 2.0
LANGUAGES = ("zh-Hant", "en")


def percent(value: float) -> str:
    return f"{value:.0%}".replace("%", " %")


def numbers() -> dict[str, str]:
    """What the answer states, by name, as it is written there."""
    shifted = LOGITS - LOGITS.max()
    exponentials = shifted.exp()[0]
    probabilities = functional.softmax(LOGITS, 1)[0]
    plain = [float(functional.cross_entropy(LOGITS, torch.tensor([label]))) for label in (0, 1)]
    factor = [float((1 - probabilities[label]) ** GAMMA) for label in (0, 1)]
    focal = [one * loss for one, loss in zip(factor, plain, strict=True)]
    clean, noisy = budget.make_batch(1000, 5.0), budget.make_batch(1000, 5.0, 0.01)
    return {
        "shifted": "(0, −1, −1.9)",
        "exponentials": "(1, " + ", ".join(f"{one:.4f}" for one in exponentials[1:]) + ")",
        "sum": f"{float(exponentials.sum()):.4f}",
        "probabilities": "(" + ", ".join(f"{one:.4f}" for one in probabilities) + ")",
        "ce": f"−log {probabilities[0]:.4f} = {plain[0]:.4f}",
        "other p": f"p_t = {probabilities[1]:.4f}",
        "other ce": f"CE = {plain[1]:.4f}",
        "ce ratio": f"{plain[1] / plain[0]:.1f}",
        "factor": f"(1 − {probabilities[0]:.4f})² = {factor[0]:.4f}",
        "focal": f"FL = {factor[0]:.4f} × {plain[0]:.4f} = {focal[0]:.4f}",
        "other factor": f"(1 − {probabilities[1]:.4f})² = {factor[1]:.4f}",
        "other focal": f"FL = {focal[1]:.4f}",
        "focal ratio": f"{focal[1] / focal[0]:.1f}",
        "times": f"{losses.read(0.9, GAMMA).times_less:.0f}",
        "easy before": percent(budget.split(clean, 0.0).loss_of("easy_negative")),
        "easy after": percent(budget.split(clean, GAMMA).loss_of("easy_negative")),
        "mistakes before": percent(budget.split(noisy, 0.0).loss_of("mislabelled")),
        "mistakes after": percent(budget.split(noisy, GAMMA).loss_of("mislabelled")),
    }


@pytest.mark.parametrize("lang", LANGUAGES)
@pytest.mark.parametrize("name", numbers())
def test_the_answer_states_what_is_computed(name: str, lang: str) -> None:
    text = re.sub(r"\]\([^)]*\)", "]", answers.answer("B59", lang))
    assert numbers()[name] in text


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_answer_states_no_other_number_with_four_digits(lang: str) -> None:
    text = re.sub(r"\]\([^)]*\)", "]", answers.answer("B59", lang))
    stated = set(re.findall(r"\d\.\d{4}", text))
    assert stated
    assert stated <= set(re.findall(r"\d\.\d{4}", " ".join(numbers().values())))


def test_it_is_short() -> None:
    text = re.sub(r"\]\([^)]*\)", "]", answers.answer("B59", "en"))
    assert len(text.split()) <= 350
