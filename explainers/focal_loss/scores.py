"""What a real detector of a rare class gives to examples it has not seen: margins of positives and of negatives.

The file is made by `python -m tools.names`, which says what the detector is. A margin is the logit of the true class
(see `losses`), kept to a thousandth in 16 bits. Reference for the average precision: Manning, Raghavan & Schütze 2008,
chapter 8, the sum that scikit-learn's `average_precision_score` computes.
"""

from __future__ import annotations

import json
import struct
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError

Floats = npt.NDArray[np.float64]

STEP = 1e-3
"""A stored margin is a multiple of this."""

WIDEST = 32.767


class ScoresError(ExplainerError):
    """Code "scores-damaged": the bytes are no such file."""


@dataclass(frozen=True)
class Scores:
    """Margins, ascending (hardest first), of all held-out positives and of a sample of the held-out negatives.

    all_negatives: how many held-out negatives there are. average_precision: over all held-out examples.
    """

    positives: Floats
    negatives: Floats
    all_negatives: int
    average_precision: float


def average_precision(logits: npt.ArrayLike, labels: npt.ArrayLike) -> float:
    """Sum over distinct thresholds of (recall gained) times precision; 0 to 1."""
    score = np.asarray(logits, dtype=np.float64)
    order = np.argsort(-score, kind="stable")
    hit = np.asarray(labels, dtype=bool)[order]
    last = np.append(np.diff(score[order]) != 0, True)  # equal scores are one threshold
    found = np.cumsum(hit)[last]
    precision = found / (np.flatnonzero(last) + 1)
    return float(np.sum(np.diff(found, prepend=0) * precision) / hit.sum())


def pack(scores: Scores) -> bytes:
    """Length of a JSON header, the header, padding to 4, then int16 margins: positives, negatives."""
    header = {
        "positives": len(scores.positives),
        "negatives": len(scores.negatives),
        "all_negatives": scores.all_negatives,
        "average_precision": round(scores.average_precision, 6),
        "step": STEP,
    }
    text = json.dumps(header).encode("utf-8")
    head = struct.pack("<I", len(text)) + text
    values = np.concatenate([scores.positives, scores.negatives])
    stored = np.rint(np.clip(values, -WIDEST, WIDEST) / STEP).astype("<i2")
    return bytes(head + b" " * (-len(head) % 4) + stored.tobytes())


def unpack(data: bytes) -> Scores:
    """The inverse of `pack`, to a thousandth. Raises ScoresError."""
    try:
        (length,) = struct.unpack_from("<I", data)
        header = json.loads(data[4 : 4 + length])
        stored = np.frombuffer(data, "<i2", offset=4 + length + (-(4 + length) % 4))
        positives, negatives = int(header["positives"]), int(header["negatives"])
        if len(stored) != positives + negatives or header["step"] != STEP:
            raise ScoresError("scores-damaged")
        values = stored.astype(np.float64) * STEP
        return Scores(
            values[:positives], values[positives:], int(header["all_negatives"]), float(header["average_precision"])
        )
    except (struct.error, ValueError, KeyError, TypeError) as error:
        raise ScoresError("scores-damaged") from error
