"""The encoder with numbers of fewer bits: a copy whose linear layers compute with what comes back from a grid.

Simulated quantization (Jacob et al. 2018, arXiv:1712.05877, section 3): weights, and where asked each layer's input,
are rounded to the grid and brought back, and the product is then taken in float32. It gives the answers of a quantized
model, not its speed. Input features that are outliers can be left in full precision, with their weights, as in Dettmers
et al. 2022, "LLM.int8()" (arXiv:2208.07339), section 3.2. The shared model is never changed: a copy has its own layers
and shares every tensor that stays.
"""

from __future__ import annotations

import copy
import functools
import threading
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Literal

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, LoadedEncoder, ModelSource, load_encoder
from explainers.quantization import quantizers, weights
from explainers.quantization.quantizers import Spec

if TYPE_CHECKING:
    import torch
    from transformers import BatchEncoding, PreTrainedModel, PreTrainedTokenizerFast

Float32 = npt.NDArray[np.float32]
Activations = Literal["none", "tensor", "token"]
Engine = Literal["ours", "torch_tensor", "torch_channel"]
LayerSpec = Spec | Literal["fp16"] | None
"""How a layer's weights are rounded: to a grid, to FP16, or not at all."""

MOST_TOKENS = 128
BATCH = 16


class FakeError(ExplainerError):
    """Codes "quant-no-texts": no text with a token; "quant-engine": this machine's torch has no such engine, details
    "engine"; "quant-vectors": the quantized model answers with values that are no finite numbers, details "n"."""


@dataclass(frozen=True)
class Recipe:
    """How a whole encoder is quantized.

    weights: every linear layer's, None for float32. layers: others for some of them by name. activations: each layer's
    input in 8 bits with one affine scale for all of it, or one for each token.
    apart: input features whose largest value reaches so many times the layer's median feature are left in float32 with
    their weights; 0 for none. rows_apart: so many of the widest output channels of each matrix are left in float32.
    """

    weights: LayerSpec = None
    layers: Mapping[str, LayerSpec] = field(default_factory=dict)
    activations: Activations = "none"
    apart: float = 0.0
    rows_apart: int = 0
    tables: Spec | None = None
    norms: Spec | None = None

    def spec_of(self, name: str) -> LayerSpec:
        return self.layers.get(name, self.weights)


def quantized(recipe: Recipe, source: ModelSource = BUNDLED_BERT) -> PreTrainedModel:
    """A copy of the encoder at `source`, quantized by `recipe`.

    `tables` quantizes the embedding tables, `norms` the scales and shifts of LayerNorm. Raises WeightsError,
    QuantizerError, ModelUnavailableError.
    """
    import torch

    loaded = load_encoder(source)
    model = skeleton(loaded)
    for name in weights.names(source):
        spec = recipe.spec_of(name)
        if spec is None and recipe.activations == "none":
            continue
        layer = model.get_submodule(name)
        assert isinstance(layer, torch.nn.Linear)
        weight = layer.weight.detach().numpy()
        weights.check(weight, name)
        changed = weight if spec is None else rounded(weight, spec, recipe.rows_apart)
        _replace(model, name, _layer_class()(layer, torch.from_numpy(changed), recipe))
    for kind, one in ((torch.nn.Embedding, recipe.tables), (torch.nn.LayerNorm, recipe.norms)):
        if one is not None:
            _round_all(model, kind, one)
    return model


def skeleton(loaded: LoadedEncoder) -> PreTrainedModel:
    """A copy of the encoder's modules that shares every tensor with it."""
    shared = {id(tensor): tensor for tensor in (*loaded.model.parameters(), *loaded.model.buffers())}
    made: PreTrainedModel = copy.deepcopy(loaded.model, shared)
    made.train(mode=False)
    return made


def rounded(weight: Float32, spec: Spec | Literal["fp16"], rows_apart: int = 0) -> Float32:
    """Float32[output, input]: the weights as they come back from FP16 or the grid of `spec`; the `rows_apart` widest
    rows stay as they are and do not count for the grid of the others."""
    if spec == "fp16":
        return weight.astype(np.float16).astype(np.float32)
    if not rows_apart:
        return quantizers.fake_quantize(weight, quantizers.fit(weight, spec))
    widest = np.argsort(np.abs(weight).max(axis=1), kind="stable")[-rows_apart:]
    rest = np.setdiff1d(np.arange(len(weight)), widest)
    made: Float32 = weight.copy()
    made[rest] = quantizers.fake_quantize(weight[rest], quantizers.fit(weight[rest], spec))
    return made


def _replace(model: torch.nn.Module, name: str, layer: torch.nn.Module) -> None:
    parent, _, last = name.rpartition(".")
    setattr(model.get_submodule(parent), last, layer)


def _round_all(model: torch.nn.Module, kind: type, spec: Spec) -> None:
    """Round the parameters of every module of `kind`; a vector counts as one row."""
    import torch

    for module in model.modules():
        if isinstance(module, kind):
            for name, tensor in list(module.named_parameters(recurse=False)):
                values = tensor.detach().numpy()
                made = rounded(np.atleast_2d(values), spec).reshape(values.shape)
                setattr(module, name, torch.nn.Parameter(torch.from_numpy(made), requires_grad=False))


def fake_activations(values: torch.Tensor, per_token: bool, bits: int = 8) -> torch.Tensor:
    """Float[..., feature], rounded to an affine grid that holds zero: one for everything, or one for each token.

    The ranges are measured on the values themselves: dynamic quantization.
    """
    import torch

    last = 2**bits - 1
    low, high = (values.amin(-1, keepdim=True), values.amax(-1, keepdim=True)) if per_token else values.aminmax()
    low, high = low.clamp(max=0), high.clamp(min=0)
    scale = ((high - low) / last).clamp(min=torch.finfo(torch.float32).tiny)
    zero = torch.round(-low / scale).clamp(0, last)
    found: torch.Tensor = (torch.clamp(torch.round(values / scale) + zero, 0, last) - zero) * scale
    return found


def _layer_class() -> type[torch.nn.Module]:
    """A linear layer that rounds its input; made when torch is there."""
    import torch

    class FakeLinear(torch.nn.Module):
        def __init__(self, layer: torch.nn.Linear, weight: torch.Tensor, recipe: Recipe) -> None:
            super().__init__()
            self.weight, self.bias = weight, layer.bias
            self.full = layer.weight.detach() if recipe.apart else weight
            self.recipe = recipe

        def forward(self, values: torch.Tensor) -> torch.Tensor:
            recipe = self.recipe
            if recipe.activations == "none":
                return torch.nn.functional.linear(values, self.weight, self.bias)
            per_token = recipe.activations == "token"
            if not recipe.apart:
                return torch.nn.functional.linear(fake_activations(values, per_token), self.weight, self.bias)
            wide = outlier_features(values, recipe.apart)
            rest = fake_activations(values.masked_fill(wide, 0), per_token)
            apart = torch.nn.functional.linear(values[..., wide], self.full[:, wide])
            return torch.nn.functional.linear(rest, self.weight.masked_fill(wide, 0), self.bias) + apart

    return FakeLinear


def outlier_features(values: torch.Tensor, times: float) -> torch.Tensor:
    """Bool[feature]: those whose largest value reaches `times` the median feature's."""
    import torch

    widths = values.abs().reshape(-1, values.shape[-1]).amax(0)
    return torch.as_tensor(widths >= times * widths.median())


def by_engine(engine: Engine, recipe: Recipe, source: ModelSource = BUNDLED_BERT) -> PreTrainedModel:
    """`quantized`, or torch's own dynamic INT8 (torch.ao): integer kernels with one scale per matrix or per channel.

    Raises FakeError where this machine's torch has no quantized engine.
    """
    if engine == "ours":
        return quantized(recipe, source)
    import torch
    from torch.ao import quantization as ao

    weights.names(source)
    if torch.backends.quantized.engine in ("none", ""):
        raise FakeError("quant-engine", {"engine": "torch.ao"})
    config = ao.default_dynamic_qconfig if engine == "torch_tensor" else ao.per_channel_dynamic_qconfig
    try:
        made: PreTrainedModel = ao.quantize_dynamic(  # type: ignore[no-untyped-call]
            skeleton(load_encoder(source)), {torch.nn.Linear: config}
        )
    except RuntimeError as error:
        raise FakeError("quant-engine", {"engine": torch.backends.quantized.engine}) from error
    return made


# ---------------------------------------------------------------- answers


_reading = threading.Lock()


@functools.lru_cache(maxsize=4)
def _own_tokenizer(source: ModelSource) -> PreTrainedTokenizerFast:
    return copy.deepcopy(load_encoder(source).tokenizer)


def tokenized(texts: Sequence[str], longest: int, source: ModelSource = BUNDLED_BERT) -> BatchEncoding:
    """Texts as padded ids. A fast tokenizer keeps its padding as state, so two threads must not ask one at once."""
    with _reading:
        found: BatchEncoding = _own_tokenizer(source)(
            list(texts), padding=True, truncation=True, max_length=longest, return_tensors="pt"
        )
        return found


def sentence_vectors(
    texts: Sequence[str], model: PreTrainedModel | None = None, source: ModelSource = BUNDLED_BERT
) -> Float32:
    """Float32[text, hidden]: the mean of each text's token vectors, of length 1. `model`: a variant of the encoder at
    `source`, or that itself. Texts are cut at MOST_TOKENS. Raises FakeError."""
    import torch

    loaded = load_encoder(source)
    asked = loaded.model if model is None else model
    longest = min(MOST_TOKENS, loaded.max_positions)
    if not texts:
        raise FakeError("quant-no-texts")
    order = sorted(range(len(texts)), key=lambda place: len(texts[place]))
    found = np.empty((len(texts), loaded.hidden), np.float32)
    for start in range(0, len(texts), BATCH):
        places = order[start : start + BATCH]
        batch = tokenized([texts[place] for place in places], longest, source)
        with torch.inference_mode():
            last = asked(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"]).last_hidden_state
            mask = batch["attention_mask"].unsqueeze(-1).to(last.dtype)
            mean = (last * mask).sum(1) / mask.sum(1)
            found[places] = torch.nn.functional.normalize(mean, dim=-1).float().numpy()
    wrong = int(np.count_nonzero(~np.isfinite(found).all(axis=1)))
    if wrong:
        raise FakeError("quant-vectors", {"n": str(wrong)})
    return found


@dataclass(frozen=True, eq=False)
class Attention:
    """One head's weights for one sentence: Float32[query, key], each row sums to 1, and the tokens."""

    tokens: tuple[str, ...]
    weights: Float32


def attention_of(
    text: str, layer: int, head: int, model: PreTrainedModel | None = None, source: ModelSource = BUNDLED_BERT
) -> Attention:
    """The attention of `head` in `layer` (both from 0) for `text`."""
    import torch

    loaded = load_encoder(source)
    batch = tokenized([text], 32, source)
    with torch.inference_mode():
        found = (loaded.model if model is None else model)(
            input_ids=batch["input_ids"], attention_mask=batch["attention_mask"], output_attentions=True
        )
    tokens = loaded.tokenizer.convert_ids_to_tokens(batch["input_ids"][0].tolist())
    return Attention(tuple(tokens), found.attentions[layer][0, head].float().numpy())
