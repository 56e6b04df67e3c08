"""Running the model again on a trace's tokens, with something changed: other ids, a mask, heads switched off.

A head is switched off by setting its part of the context to 0 before the layer's output projection, as in Michel
et al. 2019, "Are Sixteen Heads Really Better than One?" (arXiv:1905.10650), section 2.2. The weights are shared
by every thread of the process, so the hook that does this is installed once and does nothing in a context that
has not asked for it.
"""

from __future__ import annotations

import threading
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from contextvars import ContextVar
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

import numpy as np
import numpy.typing as npt

from explainers.attention.trace import ForwardPass, Token, read_only
from explainers.models import LoadedEncoder

if TYPE_CHECKING:
    import torch
    from torch import nn

Bool = npt.NDArray[np.bool_]


@dataclass
class _Gates:
    """`factors`: Float[input, layer, head], what each head's context is multiplied by. `layer`: the next one."""

    factors: torch.Tensor
    layer: int


_gates: ContextVar[_Gates | None] = ContextVar("gates", default=None)
_gated: WeakKeyDictionary[nn.Module, bool] = WeakKeyDictionary()
_gated_lock = threading.Lock()


def rerun(
    loaded: LoadedEncoder,
    tokens: Sequence[Token],
    *,
    ids: Sequence[int] | None = None,
    mask: Bool | None = None,
    factors: npt.NDArray[np.float32] | None = None,
) -> ForwardPass:
    """Run the model on `tokens` again, the fields of the answer as in `AttentionTrace`.

    `ids`: other vocabulary ids, one for each token. `mask`: Bool[query, key], True where a query may look; no
    row may be empty. `factors`: Float[layer, head], what each head's context is multiplied by. The sentence
    vector is the mean over the tokens that some query may look at.
    """
    import torch

    numbers = torch.tensor([[token.id for token in tokens] if ids is None else list(ids)])
    allowed = torch.ones_like(numbers)
    seen = torch.ones(len(tokens), dtype=torch.bool)
    if mask is not None:
        lowest = torch.finfo(torch.float32).min
        allowed = torch.where(torch.tensor(mask), 0.0, lowest)[None, None]
        seen = torch.tensor(mask.any(axis=0))
    with torch.inference_mode(), gating(loaded, None if factors is None else torch.tensor(factors)[None]):
        output = loaded.model(
            input_ids=numbers,
            token_type_ids=torch.tensor([[token.segment for token in tokens]]),
            attention_mask=allowed,
            output_attentions=True,
            output_hidden_states=True,
        )
        hidden = torch.cat(output.hidden_states)
        vector = torch.nn.functional.normalize(hidden[-1][seen].mean(dim=0), dim=0)
        return ForwardPass(read_only(torch.cat(output.attentions)), read_only(hidden), read_only(vector))


def blocks(loaded: LoadedEncoder) -> list[nn.Module]:
    """The model's layers in the order in which a vector passes them; ALBERT's few appear as often as used.

    Each takes Float[input, token, hidden] and an additive mask (or None) and returns Float[input, token, hidden].
    """
    if loaded.family == "distilbert":
        return list(loaded.model.get_submodule("transformer.layer").children())
    if loaded.family != "albert":
        return list(loaded.model.get_submodule("encoder.layer").children())
    groups = list(loaded.model.get_submodule("encoder.albert_layer_groups").children())
    passes = int(loaded.model.config.num_hidden_layers)
    chosen = [groups[int(number / (passes / len(groups)))] for number in range(passes)]
    return [block for group in chosen for block in group.get_submodule("albert_layers").children()]


@contextmanager
def gating(loaded: LoadedEncoder, factors: torch.Tensor | None, first_layer: int = 0) -> Iterator[None]:
    """Within it, this thread's runs of `loaded` from layer `first_layer` on have their heads multiplied.

    `factors`: Float[input, layer, head], or None to leave them alone. One run of the layers per context.
    """
    if factors is not None:
        _install(loaded)
    before = _gates.set(None if factors is None else _Gates(factors, first_layer))
    try:
        yield
    finally:
        _gates.reset(before)


def _install(loaded: LoadedEncoder) -> None:
    name = {"distilbert": "attention.out_lin", "albert": "attention.dense"}.get(loaded.family, "attention.output.dense")
    with _gated_lock:
        if loaded.model in _gated:
            return
        # Shared layers (ALBERT) are one module: a second hook on it would count every layer twice.
        for projection in {block.get_submodule(name) for block in blocks(loaded)}:
            projection.register_forward_pre_hook(_gate)
        _gated[loaded.model] = True


def _gate(module: nn.Module, arguments: tuple[torch.Tensor, ...]) -> tuple[torch.Tensor, ...] | None:
    """Multiply each head's share of the context, Float[input, token, head * dimension], by its factor."""
    gates = _gates.get()
    if gates is None:
        return None
    factors = gates.factors[:, gates.layer]
    gates.layer += 1
    context = arguments[0]
    gated = context.view(*context.shape[:2], factors.shape[-1], -1) * factors[:, None, :, None]
    return (gated.view(context.shape), *arguments[1:])
