"""The worked example of our answer to B57: what it counts and measures, in both languages, counted and measured again.
Fine-tuning takes minutes: its figures are those that tools/finetune.py wrote; here only its beginning is run."""

from __future__ import annotations

import json
import math
import re

import numpy as np
import pytest
import torch
from torch.nn import functional

from explainers.models import load_bert
from study import answers
from tools import finetune

LANGUAGES = ("zh-Hant", "en")
MEASURED = json.loads(finetune.MEASURED.read_text("utf-8"))


def text_of(lang: str) -> str:
    return re.sub(r"\]\([^)]*\)", "]", answers.answer("B57", lang))


@pytest.fixture(scope="module")
def reviews() -> finetune.Reviews:
    return finetune.reviews()


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_table_is_what_was_measured(lang: str) -> None:
    rows = re.findall(r"\| ([\d.]+) % \|", text_of(lang))
    names = ("counted", "frozen_cls", "frozen_mean", "fine_tuned")
    assert rows == [f"{MEASURED[name]:.1%}".rstrip("%") for name in names]
    assert MEASURED["fine_tuned"] == pytest.approx(np.mean(MEASURED["fine_tuned_folds"]))
    assert len(MEASURED["fine_tuned_folds"]) == finetune.FOLDS == 5


def test_what_needs_no_training_of_bert_is_measured_again(reviews: finetune.Reviews) -> None:
    assert len(reviews.texts) == 200 and int(reviews.labels.sum()) == 100
    assert finetune.counted(reviews) == pytest.approx(MEASURED["counted"], abs=0.011)
    for name, rows in finetune.vectors(reviews).items():
        # One sentence more or less may fall to the other side on another processor.
        assert finetune.frozen(rows, reviews.labels) == pytest.approx(MEASURED[f"frozen_{name}"], abs=0.011)
    error = math.sqrt(0.7 * 0.3 / len(reviews.texts))
    assert round(error * 100) == 3


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_example_is_cut_as_written(lang: str, reviews: finetune.Reviews) -> None:
    sentence = "simplistic , silly and tedious ."
    assert sentence in text_of(lang) and sentence in reviews.texts
    loaded = load_bert()
    tokens = loaded.tokenizer.convert_ids_to_tokens(loaded.tokenizer(sentence).input_ids)
    assert f"`{' '.join(tokens)}`" in text_of(lang)
    assert re.search(rf"(共 {len(tokens)} 個|: {len(tokens)} tokens)", text_of(lang))


@pytest.mark.parametrize("lang", LANGUAGES)
def test_the_head_is_as_large_and_starts_as_stated(lang: str, reviews: finetune.Reviews) -> None:
    torch.manual_seed(0)
    model = finetune.Classifier(load_bert().model).eval()
    size = sum(weights.numel() for weights in model.head.parameters())
    assert f"2 × 384 + 2 = {size}" in text_of(lang)
    shares = torch.from_numpy(finetune.probabilities(model, list(reviews.texts[::10])))
    start = float(functional.nll_loss(shares.log(), torch.from_numpy(reviews.labels[::10])))
    assert f"ln 2 = {math.log(2):.3f}" in text_of(lang)
    assert start == pytest.approx(math.log(2), abs=0.05)


def test_fine_tuning_moves_all_weights_towards_the_labels(reviews: finetune.Reviews) -> None:
    some = np.array([0, 1, 2, 3, 100, 101, 102, 103])
    texts = [reviews.texts[row] for row in some]

    def loss(model: finetune.Classifier) -> float:
        shares = finetune.probabilities(model, texts)
        return float(-np.log(shares[np.arange(len(some)), reviews.labels[some]]).mean())

    trained = finetune.fine_tuned(reviews, some, epochs=4)
    assert loss(trained) < loss(finetune.fine_tuned(reviews, some, epochs=0))
    before = load_bert().model.state_dict()
    after = trained.encoder.state_dict()
    moved = [name for name in before if name.endswith("weight") and not torch.equal(before[name], after[name])]
    assert any("layer.0." in name for name in moved) and any("layer.5." in name for name in moved)
