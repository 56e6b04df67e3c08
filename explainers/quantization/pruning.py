"""Pruning the live model: zeros scattered over its weights, or whole hidden units taken out.

Magnitude pruning sets the smallest weights of each matrix to 0 (Han et al. 2015, arXiv:1506.02626). A dense kernel
multiplies by a zero as by any number, so the time stays; a sparse format (CSR) skips them, but pays for its search.
Structured pruning removes the hidden units of the feed-forward parts that matter least, by the product of the norms of
what goes in and out (as Li et al. 2017, arXiv:1608.08710, rank filters by their norm): the matrices become smaller.
"""

from __future__ import annotations

import copy
import io
import time
import zlib
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource, load_bert
from explainers.progress import Report, silent
from explainers.quantization.measure import Timing, in_turns
from explainers.quantization.variants import Built, Float32, Int64, find, sentence_vectors, tokenized

if TYPE_CHECKING:
    import torch
    from transformers import BertModel

MOST = 0.95
"""Of the weights or units at most."""
BUDGET_S = 0.8
COLUMNS = 16 * 25  # tokens that one layer multiplies in the sparse trial: 16 sentences of about 25


class PruningError(ExplainerError):
    """Code "quant-sparsity": the share is not between 0 and 0.95 (details "share")."""


@dataclass(frozen=True)
class Pruned:
    """One pruned model. `zeros`: share of the blocks' weights that are 0 or gone. `file_bytes`: as it is saved;
    `packed_bytes`: the same file compressed with zlib. `timing`: 16 sentences. `cosines`: with the full model."""

    kind: str
    share: float
    zeros: float
    file_bytes: int
    packed_bytes: int
    timing: Timing
    cosines: tuple[float, ...]

    @property
    def lowest(self) -> float:
        """The cosine of the sentence that moved most."""
        return min(self.cosines)

    @property
    def mean(self) -> float:
        """Mean cosine."""
        return float(np.mean(self.cosines))


@dataclass(frozen=True)
class Pruning:
    """The full model, the same with scattered zeros, the same with units removed; and one of its matrices
    (feed-forward, 384 to 1,536) times 400 tokens, in milliseconds: dense, dense with zeros, and sparse (CSR)."""

    results: tuple[Pruned, ...]
    dense_ms: float = 0.0
    zeros_ms: float = 0.0
    sparse_ms: float = 0.0

    def find(self, kind: str) -> Pruned:
        """The result of this kind: "full", "magnitude" or "structured". Raises StopIteration."""
        return next(one for one in self.results if one.kind == kind)


def check(share: float) -> None:
    """Raise PruningError where so much cannot be taken away."""
    if not 0 <= share <= MOST:
        raise PruningError("quant-sparsity", {"share": f"{share:g}"})


def magnitude(model: BertModel, share: float) -> None:
    """Set the smallest weights of each linear layer of the blocks to 0, in place: `share` of them."""
    import torch

    with torch.no_grad():
        for layer in linear_layers(model):
            size = layer.weight.numel()
            count = round(size * share)
            if count:
                smallest = layer.weight.abs().flatten().argsort()[:count]
                layer.weight.view(-1)[smallest] = 0


def structured(model: BertModel, share: float) -> None:
    """Remove hidden units of every feed-forward part, in place: the `share` whose norms in and out are smallest."""
    import torch

    with torch.no_grad():
        for inner, outer in feed_forward(model):
            worth = inner.weight.norm(dim=1) * outer.weight.norm(dim=0)
            kept = worth.argsort(descending=True)[: max(1, round(len(worth) * (1 - share)))].sort().values
            inner.weight = torch.nn.Parameter(inner.weight[kept].clone(), requires_grad=False)
            inner.bias = torch.nn.Parameter(inner.bias[kept].clone(), requires_grad=False)
            outer.weight = torch.nn.Parameter(outer.weight[:, kept].contiguous(), requires_grad=False)
            inner.out_features = outer.in_features = len(kept)


def feed_forward(model: BertModel) -> list[tuple[torch.nn.Linear, torch.nn.Linear]]:
    """The two linear layers of every feed-forward part."""
    import torch

    ends = ("intermediate.dense", "output.dense")
    found = []
    for block in range(model.config.num_hidden_layers):
        inner, outer = (model.get_submodule(f"encoder.layer.{block}.{end}") for end in ends)
        assert isinstance(inner, torch.nn.Linear) and isinstance(outer, torch.nn.Linear)
        found.append((inner, outer))
    return found


def linear_layers(model: BertModel) -> list[torch.nn.Linear]:
    """The linear layers of the blocks."""
    import torch

    return [
        layer
        for name, layer in model.named_modules()
        if isinstance(layer, torch.nn.Linear) and not name.startswith("pooler")
    ]


def pruned_model(kind: str, share: float, source: ModelSource = BUNDLED_BERT) -> BertModel:
    """A pruned copy of the live model. kind: "full", "magnitude" or "structured". Raises PruningError."""
    check(share)
    model = copy.deepcopy(load_bert(source).model)
    if kind == "magnitude":
        magnitude(model, share)
    elif kind == "structured":
        structured(model, share)
    return model


def runner(model: BertModel, name: str = "torch-fp32") -> Built:
    """A model as something to be timed; its file is written when it is measured."""
    import torch

    from explainers.quantization import store, torch_models

    buffer = io.BytesIO()
    torch.save(model.state_dict(), buffer)
    file = store.keep(f"pruned-{store.digest(zlib.crc32(buffer.getvalue()))}.pt", buffer.getvalue())

    def run(ids: Int64, mask: Int64) -> Float32:
        with torch.inference_mode():
            found: Float32 = model(torch.from_numpy(ids), torch.from_numpy(mask)).last_hidden_state.numpy()
        return found

    return Built(find(name), run, file, torch_models.memory_bytes(model))


def compare(
    sentences: tuple[str, ...],
    share: float,
    *,
    budget_s: float = BUDGET_S,
    source: ModelSource = BUNDLED_BERT,
    report: Report = silent,
) -> Pruning:
    """Prune by `share` both ways and measure against the full model. Raises PruningError, ModelUnavailableError."""
    check(share)
    report(0.0, None)
    ids, mask = tokenized(sentences, source)
    results: list[Pruned] = []
    models: list[Built] = []
    truth: Float32 | None = None
    full = sum(layer.weight.numel() for layer in linear_layers(load_bert(source).model))
    for place, kind in enumerate(("full", "magnitude", "structured")):
        model = pruned_model(kind, share, source)
        built = runner(model)
        vectors = sentence_vectors(built.run(ids, mask), mask)
        truth = vectors if truth is None else truth
        left = sum(int(layer.weight.count_nonzero()) for layer in linear_layers(model))
        timing = Timing(len(ids), 0.0, 0.0, 0.0, 0.0, 0)  # measured below, all three in turns
        content = built.file.read_bytes()
        cosines = tuple(float(cosine) for cosine in (vectors * truth).sum(axis=1))
        one = Pruned(
            kind=kind,
            share=share if kind != "full" else 0.0,
            zeros=1 - left / full,
            file_bytes=len(content),
            packed_bytes=len(zlib.compress(content, 1)),
            timing=timing,
            cosines=cosines,
        )
        built.file.unlink(missing_ok=True)
        results.append(one)
        models.append(built)
        report((place + 1) / 4, None)
    timings = in_turns(models, ids, mask, budget_s)
    results = [replace(one, timing=timing) for one, timing in zip(results, timings, strict=True)]
    return Pruning(tuple(results), *one_matrix(share, source))


def one_matrix(share: float, source: ModelSource = BUNDLED_BERT, runs: int = 15) -> tuple[float, float, float]:
    """Median milliseconds of one matrix times 400 tokens: dense, dense with zeros, sparse (CSR) with the same zeros."""
    import torch

    weight = feed_forward(load_bert(source).model)[0][0].weight.detach()
    zeros = weight.clone()
    zeros.view(-1)[weight.abs().flatten().argsort()[: round(weight.numel() * share)]] = 0
    tokens = torch.randn(weight.shape[1], COLUMNS, generator=torch.Generator().manual_seed(0))
    matrices = (weight, zeros, zeros.to_sparse_csr())
    taken: npt.NDArray[np.float64] = np.zeros((runs + 1, len(matrices)))
    with torch.inference_mode():
        for run in range(runs + 1):  # in turns, so that whatever else the machine does slows all three alike
            for place, matrix in enumerate(matrices):
                begun = time.perf_counter()
                matrix @ tokens
                taken[run, place] = (time.perf_counter() - begun) * 1000
    dense, dense_zeros, sparse = (float(value) for value in np.median(taken[1:], axis=0))
    return dense, dense_zeros, sparse
