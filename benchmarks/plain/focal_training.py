"""Peer: the training of the focal-loss page as a notebook is usually written: plain torch, one network after another.

`python focal_training.py plane` or `python focal_training.py VECTORS.npz RATIO` prints the seconds that it took,
imports and data aside, and the mean average precision of focal loss. Losses, resampled sets, seeds, steps and the steps
at which the samples are scored are the page's; neither boundaries nor pictures are made.
"""

from __future__ import annotations

import sys
import time
from pathlib import Path

import numpy as np
import torch
from imblearn.over_sampling import SMOTE, RandomOverSampler  # type: ignore[import-untyped]
from imblearn.under_sampling import RandomUnderSampler  # type: ignore[import-untyped]
from sklearn.metrics import average_precision_score  # type: ignore[import-untyped]
from torch import nn

sys.path.insert(0, str(Path(__file__).resolve().parents[2]))
from explainers.focal_loss import datasets, experiment, training

LOSSES = ("ce", "weighted", "focal", "alpha_focal")
SAMPLERS = {"over": RandomOverSampler, "under": RandomUnderSampler, "smote": SMOTE}


def loss_of(kind: str, logit: torch.Tensor, label: torch.Tensor, recipe: training.Recipe, share: float) -> torch.Tensor:
    each = nn.functional.binary_cross_entropy_with_logits(logit, label, reduction="none")
    if kind == "weighted":
        weight = torch.where(label == 1, 0.5 / share, 0.5 / (1 - share))
        return (weight * each).sum() / weight.sum()
    if "focal" not in kind:
        return each.mean()
    probability = torch.sigmoid(logit)
    p_t = torch.where(label == 1, probability, 1 - probability)
    weight = torch.where(label == 1, recipe.alpha, 1 - recipe.alpha) if kind == "alpha_focal" else torch.ones_like(p_t)
    return (weight * (1 - p_t) ** recipe.gamma * each).sum() / weight.sum()


def train(kind: str, trial: datasets.Trial, recipe: training.Recipe, seed: int) -> list[list[float]]:
    """Average precision on the validation and the test sample after each of the steps that are kept."""
    x, y = trial.train.x, trial.train.rare.astype(int)
    if kind in SAMPLERS:
        near = {"k_neighbors": min(5, int(y.sum()) - 1)} if kind == "smote" else {}
        x, y = SAMPLERS[kind](random_state=seed, **near).fit_resample(x, y)
    torch.manual_seed(seed)
    model = nn.Sequential(nn.Linear(x.shape[1], recipe.hidden[0]), nn.Tanh(), nn.Linear(recipe.hidden[0], 1))
    optimizer = torch.optim.AdamW(model.parameters(), lr=recipe.learning_rate, weight_decay=recipe.decay)
    rows, label = torch.tensor(x), torch.tensor(y, dtype=torch.float32)
    held_out = [(torch.tensor(sample.x), sample) for sample in (trial.validation, trial.test)]
    scores = []
    for step in range(recipe.steps + 1):
        if step in training.frame_steps(recipe.steps):
            with torch.no_grad():
                found = [(model(inputs).squeeze(1).numpy(), sample) for inputs, sample in held_out]
            scores.append([average_precision_score(s.rare, logit, sample_weight=s.weight) for logit, s in found])
        loss = loss_of(kind, model(rows).squeeze(1), label, recipe, float(y.mean()))
        optimizer.zero_grad()
        torch.autograd.backward(loss)
        optimizer.step()
    return scores


def main() -> None:
    if sys.argv[1] == "plane":
        trials, _ = datasets.plane(datasets.PlaneSetup())
        recipe = training.Recipe()
    else:
        kept = np.load(sys.argv[1])
        trials, _ = datasets.text_trials(kept["vectors"], kept["rare"], int(sys.argv[2]))
        recipe = experiment.TEXT_RECIPE
    train("ce", trials[0], training.Recipe(steps=2), 0)  # the first optimiser of a process imports for seconds
    begun = time.perf_counter()
    result = {
        (kind, seed): train(kind, trial, recipe, seed)
        for kind in (*LOSSES, *SAMPLERS)
        for seed, trial in enumerate(trials)
    }
    seconds = time.perf_counter() - begun
    focal = [max(result["focal", seed])[1] for seed in range(len(trials))]
    print(f"{seconds:.3f}", f"{np.mean(focal):.3f}")


main()
