"""Distilling the live model into a student a hundredth of its size: hard labels, soft labels, and what the temperature
shows.

The teacher is the bundled BERT with a classifier head on its sentence vectors (`kinds`); the student sees only the mean
of small word-piece vectors of its own. It is trained on the labels alone, or on the teacher's probabilities at
temperature T as well: loss = (1 - a) CE(labels) + a T^2 KL(teacher at T, student at T) (Hinton, Vinyals & Dean 2015,
arXiv:1503.02531).
"""

from __future__ import annotations

import io
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError
from explainers.progress import Report, silent
from explainers.quantization import articles, kinds
from explainers.quantization.articles import Task
from explainers.quantization.measure import Timing
from explainers.quantization.variants import Float32, tokenized

if TYPE_CHECKING:
    import torch

Float64 = npt.NDArray[np.float64]

WIDTH, STEPS, RATE, SOFT = 16, 120, 0.02, 0.7
SEEDS = 5
SHOWN = 4  # sentences whose soft labels are shown
HOTTEST = 20.0


class DistillationError(ExplainerError):
    """Code "quant-temperature": not above 0 and at most 20 (details "temperature")."""


@dataclass(frozen=True, eq=False)
class Distilled:
    """Teacher and students on the held-out sentences. `teacher`: accuracy; `hard`, `soft`: Float64[seed], accuracy of
    students; `hard_agrees`, `soft_agrees`: Float64[seed], share of answers that are the teacher's.

    `shown`: places of sentences; `plain`, `tempered`: Float64[shown, class], the teacher's probabilities at temperature
    1 and T. `teacher_bytes`, `student_bytes`: as saved; the same with `_ms`, 16 sentences, median."""

    titles: tuple[str, ...]
    temperature: float
    teacher: float
    hard: Float64
    soft: Float64
    hard_agrees: Float64
    soft_agrees: Float64
    shown: tuple[str, ...]
    truths: tuple[str, ...]
    plain: Float64
    tempered: Float64
    teacher_bytes: int = 0
    student_bytes: int = 0
    teacher_ms: float = 0.0
    student_ms: float = 0.0

    @property
    def gain(self) -> Float64:
        """Float64[seed]: what soft labels win over hard ones."""
        won: Float64 = self.soft - self.hard
        return won


def softmax_at(logits: Float64, temperature: float) -> Float64:
    """Probabilities at a temperature: Float64[..., class]."""
    scaled = logits / temperature
    powers = np.exp(scaled - scaled.max(axis=-1, keepdims=True))
    found: Float64 = powers / powers.sum(axis=-1, keepdims=True)
    return found


def objective(
    student: torch.Tensor, teacher: torch.Tensor, labels: torch.Tensor, temperature: float, soft: float
) -> torch.Tensor:
    """The loss of a batch. student, teacher: logits [sentence, class]; soft: the weight of the soft labels."""
    import torch

    hard = torch.nn.functional.cross_entropy(student, labels)
    told = torch.nn.functional.log_softmax(student / temperature, dim=1)
    heard = torch.nn.functional.log_softmax(teacher / temperature, dim=1)
    near = torch.nn.functional.kl_div(told, heard, reduction="batchmean", log_target=True)
    return (1 - soft) * hard + soft * temperature**2 * near


def student_of(seed: int, pieces: int, classes: int) -> torch.nn.Sequential:
    """A student: the mean of its word-piece vectors, then one linear layer."""
    import torch

    with torch.random.fork_rng(devices=[]):
        torch.manual_seed(seed)
        return torch.nn.Sequential(
            torch.nn.EmbeddingBag(pieces, WIDTH, mode="mean", padding_idx=0), torch.nn.Linear(WIDTH, classes)
        )


def distil(temperature: float, seeds: int = SEEDS, *, report: Report = silent) -> Distilled:
    """Train students on hard and on soft labels, several seeds each. Raises DistillationError."""
    if not 0 < temperature <= HOTTEST:
        raise DistillationError("quant-temperature", {"temperature": f"{temperature:g}"})

    def encoding(part: float, partial: object = None) -> None:
        report(part * 0.5, None)

    given = articles.task()
    found, students = distil_on(given, articles.vectors(encoding), temperature, seeds, report=report)
    return _measured(found, students[0], given)


def distil_on(
    given: Task, vectors: Float32, temperature: float, seeds: int, *, report: Report = silent
) -> tuple[Distilled, list[torch.nn.Sequential]]:
    """`distil` on vectors that are there already; the students of the soft labels come along."""
    import torch

    inputs, labels = torch.from_numpy(vectors), torch.from_numpy(given.labels)
    head = kinds.train(0, inputs[given.train], labels[given.train], len(given.titles))
    with torch.no_grad():
        logits = kinds.forward(head, inputs, None, None)
    pieces = torch.from_numpy(tokenized(given.sentences)[0])
    size = int(pieces.max()) + 1
    answers = logits[given.test].argmax(1)
    accuracies: dict[float, list[float]] = {0.0: [], SOFT: []}
    agreements: dict[float, list[float]] = {0.0: [], SOFT: []}
    students = []
    for seed in range(seeds):
        for soft in (0.0, SOFT):
            student = student_of(seed, size, len(given.titles))
            optimiser = torch.optim.Adam(student.parameters(), lr=RATE)
            for _ in range(STEPS):
                optimiser.zero_grad()
                told = student(pieces[given.train])
                objective(told, logits[given.train], labels[given.train], temperature, soft).backward()  # type: ignore[no-untyped-call]
                optimiser.step()
            with torch.no_grad():
                said = student(pieces[given.test]).argmax(1)
            accuracies[soft].append(float((said == labels[given.test]).float().mean()))
            agreements[soft].append(float((said == answers).float().mean()))
        students.append(student)
        report(0.5 + 0.5 * (seed + 1) / seeds, None)
    spread = logits[given.test].softmax(1).max(1).values.numpy()
    doubtful = given.test[np.argsort(spread)[:: max(1, len(spread) // 3)][:SHOWN]]
    chosen = logits[doubtful].double().numpy()
    found = Distilled(
        titles=given.titles,
        temperature=temperature,
        teacher=float((answers == labels[given.test]).float().mean()),
        hard=np.array(accuracies[0.0]),
        soft=np.array(accuracies[SOFT]),
        hard_agrees=np.array(agreements[0.0]),
        soft_agrees=np.array(agreements[SOFT]),
        shown=tuple(given.sentences[place] for place in doubtful),
        truths=tuple(given.titles[given.labels[place]] for place in doubtful),
        plain=softmax_at(chosen, 1.0),
        tempered=softmax_at(chosen, temperature),
    )
    return found, students


def _measured(found: Distilled, student: torch.nn.Sequential, given: Task) -> Distilled:
    """With bytes and times of teacher and student, on the same sixteen sentences."""
    import torch

    from explainers.quantization.measure import timed
    from explainers.quantization.variants import build

    ids, mask = tokenized(given.sentences[:16])
    teacher = build("torch-fp32")
    buffer = io.BytesIO()
    torch.save(student.state_dict(), buffer)
    return replace(
        found,
        teacher_bytes=teacher.disk_bytes,
        student_bytes=len(buffer.getvalue()),
        teacher_ms=timed(teacher, ids, mask).median_ms,
        student_ms=student_time(student, torch.from_numpy(ids)).median_ms,
    )


def student_time(student: torch.nn.Sequential, ids: torch.Tensor, runs: int = 40) -> Timing:
    """A student's forward passes, timed one by one."""
    import time

    import torch

    taken = []
    with torch.inference_mode():
        student(ids)
        for _ in range(runs):
            begun = time.perf_counter()
            student(ids)
            taken.append((time.perf_counter() - begun) * 1000)
    low, median, high, p95 = (float(value) for value in np.percentile(taken, (25, 50, 75, 95)))
    return Timing(len(ids), median, low, high, p95, runs)
