"""The weight matrices of an encoder's linear layers: their names, values, and how wide each output channel is.

A linear layer computes y = x W^T + b; row c of W makes output channel c (torch.nn.Linear's layout). One row far wider
than the rest is what a single scale for the whole matrix has to stretch for: the outlier features of Dettmers et al.
2022, "LLM.int8()" (arXiv:2208.07339), and Kovaleva et al. 2021, "BERT Busters" (arXiv:2105.06990).
"""

from __future__ import annotations

import functools
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource, load_encoder

Float32 = npt.NDArray[np.float32]

OUTLIER_TIMES = 6.0
"""From how many times the median channel's width on a channel is called an outlier."""


class WeightsError(ExplainerError):
    """Codes "quant-no-linear": the model has no linear layer (details "location"); "quant-no-tensor": none of this name
    (details "asked"); "quant-not-finite": the matrix holds values that are no numbers (details "tensor", "n")."""


@dataclass(frozen=True, eq=False)
class Tensor:
    """One weight matrix. `values`: Float32[output channel, input], read-only and finite."""

    name: str
    values: Float32

    @property
    def widths(self) -> Float32:
        """Float32[output channel]: the largest absolute weight of each."""
        found: Float32 = np.abs(self.values).max(axis=1)
        return found

    @property
    def widest(self) -> int:
        """The widest output channel."""
        return int(self.widths.argmax())

    @property
    def times_median(self) -> float:
        """How many times the median channel's width the widest one has; infinite where the median is 0."""
        widths = self.widths
        middle = float(np.median(widths))
        return float(widths.max()) / middle if middle else float("inf") if widths.any() else 1.0


@functools.lru_cache(maxsize=8)
def names(source: ModelSource = BUNDLED_BERT) -> tuple[str, ...]:
    """The linear layers that make the token vectors, in the order of the computation. Raises WeightsError."""
    import torch

    loaded = load_encoder(source)
    found = tuple(
        name
        for name, module in loaded.model.named_modules()
        if isinstance(module, torch.nn.Linear) and not name.startswith("pooler")
    )
    if not found:
        raise WeightsError("quant-no-linear", {"location": source.location})
    return found


def tensor(name: str, source: ModelSource = BUNDLED_BERT) -> Tensor:
    """The weights of linear layer `name` of the encoder at `source`. Raises WeightsError, ModelUnavailableError."""
    if name not in names(source):
        raise WeightsError("quant-no-tensor", {"asked": name[:80]})
    values: Float32 = load_encoder(source).model.state_dict()[f"{name}.weight"].numpy()
    check(values, name)
    view = values.view()
    view.setflags(write=False)
    return Tensor(name, view)


def check(values: npt.NDArray[np.floating], name: str) -> None:
    """Raise WeightsError where a value is NaN or infinite: no grid has a place for it."""
    wrong = int(np.count_nonzero(~np.isfinite(values)))
    if wrong:
        raise WeightsError("quant-not-finite", {"tensor": name[:80], "n": f"{wrong:,}"})
