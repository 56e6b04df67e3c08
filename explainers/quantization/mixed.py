"""Mixed precision: why small gradients vanish in FP16, and how scaling the loss brings them back.

FP16 has no positive number below 2^-24 and full precision only above 2^-14; many gradients are smaller. Multiplying the
loss by S multiplies every gradient by S; dividing by S again happens in FP32, where nothing is lost. Too large an S
overflows beyond 65,504. Reference: Micikevicius et al. 2018, "Mixed Precision Training" (arXiv:1710.03740). The
gradients are those of the live model: of a contrastive loss on sentences, computed by torch in FP32.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource, load_bert
from explainers.progress import Report, silent
from explainers.quantization.fake import tokenized

Float32 = npt.NDArray[np.float32]
Float64 = npt.NDArray[np.float64]

SMALLEST_NORMAL, SMALLEST, LARGEST = 2.0**-14, 2.0**-24, 65504.0
MOST_POWER = 36
LOWEST, HIGHEST = -60, 20
"""Powers of two that the histogram spans."""


class MixedError(ExplainerError):
    """Code "quant-mixed-few": fewer than two sentences, so there is nothing to tell apart."""


@dataclass(frozen=True, eq=False)
class Gradients:
    """Gradients of all weights of the blocks, as |value| in powers of two. `counts`: Int[bin], the bins one power wide
    from LOWEST on; `zero`: gradients that are 0 already in FP32; `values`: Float32[gradient], the nonzero ones."""

    counts: npt.NDArray[np.int64]
    zero: int
    values: Float32
    loss: float

    @property
    def total(self) -> int:
        """All gradients, zeros apart."""
        return len(self.values)


@dataclass(frozen=True)
class Scaled:
    """What FP16 makes of the gradients under a loss scale of 2^power: shares of those that are not 0 in FP32.

    `lost`: rounded to 0; `coarse`: below the smallest normal number, so with fewer bits; `overflown`: infinite."""

    power: int
    lost: float
    coarse: float
    overflown: float


def gradients(sentences: tuple[str, ...], temperature: float = 0.05, source: ModelSource = BUNDLED_BERT) -> Gradients:
    """Gradients of a contrastive loss: each sentence's vector is to be nearest to the vector of the same sentence seen
    through dropout (SimCSE: Gao, Yao & Chen 2021, arXiv:2104.08821). The model itself is left as it was. Raises
    MixedError."""
    import copy

    import torch

    if len(sentences) < 2:
        raise MixedError("quant-mixed-few")
    loaded = load_bert(source)
    model = copy.deepcopy(loaded.model)
    model.train()
    for weight in model.parameters():
        weight.requires_grad_(True)
    batch = tokenized(sentences, 64, source)
    weight = batch["attention_mask"].unsqueeze(-1).float()
    with torch.random.fork_rng(devices=[]), torch.enable_grad():
        torch.manual_seed(0)
        seen = []
        for _ in range(2):
            hidden = model(**batch).last_hidden_state
            seen.append(torch.nn.functional.normalize((hidden * weight).sum(1) / weight.sum(1), dim=-1))
        loss = torch.nn.functional.cross_entropy(seen[0] @ seen[1].T / temperature, torch.arange(len(sentences)))
        loss.backward()  # type: ignore[no-untyped-call]
    parts = [
        tensor.grad.flatten()
        for name, tensor in model.named_parameters()
        if tensor.grad is not None and name.startswith("encoder")
    ]
    return described(torch.cat(parts).numpy(), float(loss.detach()))


def described(values: Float32, loss: float) -> Gradients:
    """Gradients as a histogram over powers of two."""
    found = np.abs(values[values != 0])
    powers = np.clip(np.floor(np.log2(found.astype(np.float64))), LOWEST, HIGHEST - 1).astype(int)
    counts = np.bincount(powers - LOWEST, minlength=HIGHEST - LOWEST)
    return Gradients(counts, int(len(values) - len(found)), found, loss)


def scaled(found: Gradients, power: int) -> Scaled:
    """What becomes of them in FP16 when the loss was multiplied by 2^power. numpy's float16 does the rounding."""
    with np.errstate(over="ignore"):
        halves = (found.values * np.float32(2.0**power)).astype(np.float16)
    size = max(1, found.total)
    zero, infinite = halves == 0, np.isinf(halves)
    coarse = ~zero & ~infinite & (halves < np.float16(SMALLEST_NORMAL))
    return Scaled(power, float(zero.sum()) / size, float(coarse.sum()) / size, float(infinite.sum()) / size)


def sweep(found: Gradients, powers: tuple[int, ...] = tuple(range(0, MOST_POWER + 1))) -> tuple[Scaled, ...]:
    """`scaled` for every power."""
    return tuple(scaled(found, power) for power in powers)


def best(points: tuple[Scaled, ...]) -> Scaled:
    """The largest loss scale under which nothing overflows: what dynamic loss scaling looks for."""
    safe = [point for point in points if point.overflown == 0]
    return max(safe, key=lambda point: point.power) if safe else points[0]


@dataclass(frozen=True, eq=False)
class Mixed:
    """The gradients' histogram (`Gradients.counts`), how many they are, the loss they belong to, and what FP16 makes of
    them under every loss scale."""

    counts: npt.NDArray[np.int64]
    total: int
    loss: float
    points: tuple[Scaled, ...]

    @property
    def best(self) -> Scaled:
        """The largest loss scale under which nothing overflows."""
        return best(self.points)


def measure(sentences: tuple[str, ...], *, source: ModelSource = BUNDLED_BERT, report: Report = silent) -> Mixed:
    """Gradients of these sentences, and the whole sweep. Raises MixedError."""
    report(0.1, None)
    found = gradients(sentences, source=source)
    report(0.5, None)
    points = []
    for power in range(MOST_POWER + 1):
        points.append(scaled(found, power))
        report(0.5 + 0.5 * (power + 1) / (MOST_POWER + 1), None)
    return Mixed(found.counts, found.total, found.loss, tuple(points))
