"""The weight matrices of an encoder's linear layers: their names, values, and how wide each output channel is.

A linear layer computes y = x W^T + b; row c of W makes output channel c (torch.nn.Linear's layout). One row far wider
than the rest is what a single scale for the whole matrix has to stretch for: the outlier features of Dettmers et al.
2022, "LLM.int8()" (arXiv:2208.07339), and Kovaleva et al. 2021, "BERT Busters" (arXiv:2105.06990).
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, Family, ModelSource, load_encoder

if TYPE_CHECKING:
    from transformers import PreTrainedModel

Float32 = npt.NDArray[np.float32]
Part = Literal["query", "key", "value", "attention", "up", "down"]

_BERT: dict[Part, str] = {
    "query": "attention.self.query",
    "key": "attention.self.key",
    "value": "attention.self.value",
    "attention": "attention.output.dense",
    "up": "intermediate.dense",
    "down": "output.dense",
}
TAILS: Mapping[Family, Mapping[Part, str]] = {
    "bert": _BERT,
    "roberta": _BERT,
    "distilbert": {
        "query": "attention.q_lin",
        "key": "attention.k_lin",
        "value": "attention.v_lin",
        "attention": "attention.out_lin",
        "up": "ffn.lin1",
        "down": "ffn.lin2",
    },
    "albert": {
        "query": "attention.query",
        "key": "attention.key",
        "value": "attention.value",
        "attention": "attention.dense",
        "up": "ffn",
        "down": "ffn_output",
    },
}
"""How transformers names the linear layers of one block, behind the block's own name, in the order of the computation:
three that make queries, keys and values, the one behind the attention, and the feed-forward network's two."""

OUTLIER_TIMES = 6.0
"""From how many times the median channel's width on a channel is called an outlier."""


class WeightsError(ExplainerError):
    """Codes "quant-no-linear": the model has no linear layer (details "location"); "quant-no-tensor": none of this name
    (details "asked"); "quant-not-finite": the matrix holds values that are no numbers (details "tensor", "n")."""


PARTS: tuple[Part, ...] = tuple(_BERT)


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


@dataclass(frozen=True)
class Layer:
    """One linear layer: its name in the model, its block from 1 and which of the block's layers it is."""

    name: str
    block: int
    part: Part


# Kept with the model itself: when a reader's own model is let go, so is what was found out about it.
_layers: WeakKeyDictionary[PreTrainedModel, tuple[Layer, ...]] = WeakKeyDictionary()
_prints: WeakKeyDictionary[PreTrainedModel, str] = WeakKeyDictionary()


def layers(source: ModelSource = BUNDLED_BERT) -> tuple[Layer, ...]:
    """The linear layers of the blocks, in the order of the computation. ALBERT's blocks share theirs, so it has one
    block. Raises WeightsError "quant-no-linear", ModelUnavailableError."""
    loaded = load_encoder(source)
    found = _layers.get(loaded.model)
    if found is None:
        found = _found(loaded.model, TAILS[loaded.family])
        if not found:
            raise WeightsError("quant-no-linear", {"location": source.location})
        _layers[loaded.model] = found
    return found


def _found(model: PreTrainedModel, tails: Mapping[Part, str]) -> tuple[Layer, ...]:
    import torch

    blocks: dict[str, dict[Part, str]] = {}
    for name, module in model.named_modules():
        if isinstance(module, torch.nn.Linear):
            # "attention.output.dense" ends like "output.dense": the longer tail is the right one.
            part = max(
                (part for part in tails if name.endswith(f".{tails[part]}")),
                key=lambda part: len(tails[part]),
                default=None,
            )
            if part is not None:
                blocks.setdefault(name.removesuffix(tails[part]), {})[part] = name
    return tuple(
        Layer(parts[part], block, part)
        for block, parts in enumerate(blocks.values(), 1)
        for part in tails
        if part in parts
    )


def names(source: ModelSource = BUNDLED_BERT) -> tuple[str, ...]:
    """The names of `layers`."""
    return tuple(layer.name for layer in layers(source))


def find(block: int, part: str, source: ModelSource = BUNDLED_BERT) -> Layer:
    """The linear layer `part` of a block, counted from 1. Raises WeightsError "quant-no-tensor"."""
    for layer in layers(source):
        if (layer.block, layer.part) == (block, part):
            return layer
    raise WeightsError("quant-no-tensor", {"asked": f"{block}.{part[:40]}"})


def tensor(name: str, source: ModelSource = BUNDLED_BERT) -> Tensor:
    """The weights of linear layer `name` of the encoder at `source`. Raises WeightsError, ModelUnavailableError."""
    if name not in names(source):
        raise WeightsError("quant-no-tensor", {"asked": name[:80]})
    values: Float32 = load_encoder(source).model.state_dict()[f"{name}.weight"].numpy()
    check(values, name)
    view = values.view()
    view.setflags(write=False)
    return Tensor(name, view)


def fingerprint(source: ModelSource = BUNDLED_BERT) -> str:
    """What the model is, as a hash: the same for the same settings and weights, wherever they were read from. What is
    kept on disk about a model is kept under it. Raises WeightsError "quant-not-finite" where a weight is NaN or
    infinite, "quant-no-linear", ModelUnavailableError."""
    if source == BUNDLED_BERT:  # its file's own hash is compared when it is read
        return str(source.sha256)
    model = load_encoder(source).model
    layers(source)
    if model not in _prints:
        settings = {name: value for name, value in model.config.to_dict().items() if name != "_name_or_path"}
        said = hashlib.sha256(json.dumps(settings, sort_keys=True, default=str).encode("utf-8"))
        for name, values in model.state_dict().items():
            array = values.numpy()
            if array.dtype.kind == "f":
                check(array, name)
            said.update(name.encode("utf-8"))
            said.update(np.ascontiguousarray(array).data)
        _prints[model] = said.hexdigest()
    return _prints[model]


def check(values: npt.NDArray[np.floating], name: str) -> None:
    """Raise WeightsError where a value is NaN or infinite: no grid has a place for it."""
    wrong = int(np.count_nonzero(~np.isfinite(values)))
    if wrong:
        raise WeightsError("quant-not-finite", {"tensor": name[:80], "n": f"{wrong:,}"})
