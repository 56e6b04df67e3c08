"""Quantization, pruning and distillation on one scale: bytes, milliseconds, and the same answers as the full model.

The question is that of `articles`: which of eight encyclopedia articles is a held-out sentence from? The head was
trained once, on the full model's vectors; agreement is the share of sentences where it answers the same on the
compressed model's vectors. The student has no such vectors: its own answers are compared.
"""

from __future__ import annotations

import io
from dataclasses import dataclass

import numpy as np

from explainers.errors import ExplainerError
from explainers.progress import Report, silent
from explainers.quantization import articles, distillation, kinds, pruning
from explainers.quantization.measure import timed
from explainers.quantization.variants import Float32, build, tokenized

VARIANTS = ("torch-fp32", "torch-bf16", "onnx-int8-token", "onnx-int8-tensor", "onnx-int4-group")
SHARES = (0.25, 0.5)
BUDGET_S = 0.6


@dataclass(frozen=True)
class Compressed:
    """One way. `way`: "variant", "magnitude", "structured" or "student"; `name`: the variant's, or the share pruned.
    `agreement`, `accuracy`: shares of the held-out sentences; `ms`: 16 sentences, median."""

    way: str
    name: str
    file_bytes: int
    ms: float
    agreement: float
    accuracy: float


@dataclass(frozen=True)
class Together:
    """All ways measured so far; `asked`: how many sentences were held out."""

    asked: int
    ways: tuple[Compressed, ...]


def measure(shares: tuple[float, ...] = SHARES, *, report: Report = silent) -> Together:
    """Measure every way. shares: what is pruned. Raises PruningError, ModelUnavailableError."""
    import torch

    given = articles.task()

    def encoding(part: float, partial: object = None) -> None:
        report(part * 0.3, None)

    full = articles.vectors(encoding)
    inputs, labels = torch.from_numpy(full), torch.from_numpy(given.labels)
    head = kinds.train(0, inputs[given.train], labels[given.train], len(given.titles))

    def answers(vectors: Float32) -> np.ndarray:
        with torch.no_grad():
            told: np.ndarray = kinds.forward(head, torch.from_numpy(vectors), None, None).argmax(1).numpy()
        return told

    truth, asked = given.labels[given.test], tuple(given.sentences[place] for place in given.test)
    before = answers(full[given.test])
    batch = tokenized(given.sentences[:16])
    done: tuple[Compressed, ...] = ()
    jobs = [("variant", name) for name in VARIANTS]
    jobs += [(kind, f"{share:g}") for share in shares for kind in ("magnitude", "structured")]
    for place, (way, name) in enumerate(jobs):
        try:
            model = build(name) if way == "variant" else pruning.runner(pruning.pruned_model(way, float(name)))
        except ExplainerError as error:
            if not error.code.startswith("quant-engine"):
                raise
            continue  # an engine that is not here: the view of the variants names it
        time = timed(model, *batch, BUDGET_S).median_ms
        after = answers(articles.encode(model, asked))
        size = model.disk_bytes
        if way != "variant":
            model.file.unlink(missing_ok=True)
        done += (Compressed(way, name, size, time, float((after == before).mean()), float((after == truth).mean())),)
        report(0.3 + 0.6 * (place + 1) / len(jobs), Together(len(asked), done))
    return Together(len(asked), (*done, _student(given, full, before, truth)))


def _student(given: articles.Task, full: Float32, before: np.ndarray, truth: np.ndarray) -> Compressed:
    import torch

    _, (student,) = distillation.distil_on(given, full, 4.0, 1)
    pieces = torch.from_numpy(tokenized(given.sentences)[0])
    with torch.no_grad():
        after = student(pieces[given.test]).argmax(1).numpy()
    buffer = io.BytesIO()
    torch.save(student.state_dict(), buffer)
    time = distillation.student_time(student, pieces[:16]).median_ms
    agreement, accuracy = float((after == before).mean()), float((after == truth).mean())
    return Compressed("student", "student", len(buffer.getvalue()), time, agreement, accuracy)
