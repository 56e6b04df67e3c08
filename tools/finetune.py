"""The figures of our answer to B57: text classification with the bundled BERT on 200 labelled review sentences.

    python -m tools.finetune          (some minutes on one core; writes assets/answers/b57.json)

The sentences are the sample of Pang & Lee 2005 ("Seeing stars", ACL) that gensim carries for its own tests: 100
negative, 100 positive. Three ways, each scored by the same stratified five-fold cross-validation: words counted
(TF-IDF and logistic regression), the frozen model's [CLS] and mean vectors with logistic regression, and fine-tuning
all weights as Devlin et al. 2019 (arXiv:1810.04805, appendix A.3): one linear layer on [CLS], AdamW, dropout 0.1,
warm-up over a tenth of the steps, then down to zero.
"""

from __future__ import annotations

import copy
import importlib.util
import json
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt
import torch
from sklearn.feature_extraction.text import TfidfVectorizer  # type: ignore[import-untyped]
from sklearn.linear_model import LogisticRegression  # type: ignore[import-untyped]
from sklearn.model_selection import StratifiedKFold, cross_val_score  # type: ignore[import-untyped]
from sklearn.pipeline import make_pipeline  # type: ignore[import-untyped]
from torch import nn
from transformers import BertModel, get_linear_schedule_with_warmup

from explainers.models import load_bert

Floats = npt.NDArray[np.float32]

FOLDS = 5
EPOCHS, BATCH, RATE, MAX_TOKENS = 4, 16, 5e-5, 64
SEED = 0
MEASURED = Path(__file__).resolve().parent.parent / "assets" / "answers" / "b57.json"


@dataclass(frozen=True)
class Reviews:
    """`labels`: Int64[text], 1 for a positive sentence."""

    texts: tuple[str, ...]
    labels: npt.NDArray[np.int64]


def reviews() -> Reviews:
    """The 200 sentences, read as Latin-1."""
    found = importlib.util.find_spec("gensim")
    assert found and found.origin
    path = Path(found.origin).parent / "test" / "test_data" / "pang_lee_polarity.cor"
    rows = [line.split(" ", 1) for line in path.read_text("latin-1").splitlines() if line]
    return Reviews(
        tuple(text.strip() for _, text in rows), np.array([int(label == "__label__pos") for label, _ in rows])
    )


def folds() -> StratifiedKFold:
    return StratifiedKFold(FOLDS, shuffle=True, random_state=SEED)


def counted(data: Reviews) -> float:
    """Accuracy of TF-IDF over words and pairs of words with logistic regression."""
    model = make_pipeline(TfidfVectorizer(ngram_range=(1, 2), sublinear_tf=True), LogisticRegression(max_iter=1000))
    return float(cross_val_score(model, list(data.texts), data.labels, cv=folds()).mean())


def vectors(data: Reviews) -> dict[str, Floats]:
    """Float32[text, hidden] of the frozen model, each row of length 1: "cls" and "mean", of the last layer."""
    loaded = load_bert()
    found: dict[str, list[Floats]] = {"cls": [], "mean": []}
    with torch.inference_mode():
        for text in data.texts:
            last = loaded.model(**loaded.tokenizer(text, return_tensors="pt")).last_hidden_state[0]
            for name, row in (("cls", last[0]), ("mean", last.mean(0))):
                found[name].append(nn.functional.normalize(row, dim=0).numpy())
    return {name: np.stack(rows) for name, rows in found.items()}


def frozen(rows: Floats, labels: npt.NDArray[np.int64]) -> float:
    """Accuracy of logistic regression on vectors that stay as they are."""
    return float(cross_val_score(LogisticRegression(C=10, max_iter=1000), rows, labels, cv=folds()).mean())


class Classifier(nn.Module):
    """BERT with dropout and one linear layer on the last vector of [CLS]: Float[text, class]."""

    def __init__(self, encoder: BertModel, classes: int = 2) -> None:
        super().__init__()
        self.encoder = encoder
        self.drop = nn.Dropout(0.1)
        self.head = nn.Linear(int(encoder.config.hidden_size), classes)

    def forward(self, batch: dict[str, torch.Tensor]) -> torch.Tensor:
        logits: torch.Tensor = self.head(self.drop(self.encoder(**batch).last_hidden_state[:, 0]))
        return logits


def fine_tuned(data: Reviews, train: npt.NDArray[np.int64], epochs: int = EPOCHS) -> Classifier:
    """A copy of the bundled model, all of it trained on the sentences that `train` counts."""
    torch.manual_seed(SEED)
    loaded = load_bert()
    model = Classifier(copy.deepcopy(loaded.model))
    for weights in model.parameters():
        weights.requires_grad_(True)
    optimizer = torch.optim.AdamW(model.parameters(), lr=RATE, weight_decay=0.01)
    steps = epochs * -(-len(train) // BATCH)
    schedule = get_linear_schedule_with_warmup(optimizer, steps // 10, steps)  # type: ignore[no-untyped-call]
    order = torch.Generator().manual_seed(SEED)
    model.train()
    for _ in range(epochs):
        for rows in torch.randperm(len(train), generator=order).split(BATCH):  # type: ignore[no-untyped-call]
            chosen = train[rows.numpy()]
            logits = model(_batch([data.texts[row] for row in chosen]))
            loss = nn.functional.cross_entropy(logits, torch.from_numpy(data.labels[chosen]))
            optimizer.zero_grad()
            loss.backward()  # type: ignore[no-untyped-call]
            nn.utils.clip_grad_norm_(model.parameters(), 1.0)
            optimizer.step()
            schedule.step()
    return model.eval()


def probabilities(model: Classifier, texts: list[str]) -> npt.NDArray[np.float64]:
    """Float64[text, class], each row sums to 1."""
    with torch.inference_mode():
        found: npt.NDArray[np.float64] = model(_batch(texts)).double().softmax(-1).numpy()
    return found


def _batch(texts: list[str]) -> dict[str, torch.Tensor]:
    tokenizer = load_bert().tokenizer
    return dict(tokenizer(texts, padding=True, truncation=True, max_length=MAX_TOKENS, return_tensors="pt"))


def main() -> None:
    data = reviews()
    measured: dict[str, object] = {"counted": counted(data)}
    measured |= {f"frozen_{name}": frozen(rows, data.labels) for name, rows in vectors(data).items()}
    right = []
    for train, held in folds().split(data.texts, data.labels):
        found = probabilities(fine_tuned(data, train), [data.texts[row] for row in held])
        right.append(float((found.argmax(-1) == data.labels[held]).mean()))
        print("fine-tuned, a fold:", right[-1], flush=True)
    measured |= {"fine_tuned": float(np.mean(right)), "fine_tuned_folds": right}
    MEASURED.write_text(json.dumps(measured, indent=1) + "\n", "utf-8")


if __name__ == "__main__":
    main()
