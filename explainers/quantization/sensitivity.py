"""Where quantization hurts: one layer at a time, one after the other, what the layers' inputs look like, and which bits
each layer should have.

Sensitivity layer by layer as in Wu et al. 2020, "Integer Quantization for Deep Learning Inference" (arXiv:2004.09602),
section 5; mixed bits under a size budget by greedy descent as in Dong et al. 2019, "HAWQ" (arXiv:1905.03696), here with
the measured loss of agreement in place of the Hessian. Agreement is the mean cosine of sentence vectors with FP32's.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, replace

import numpy as np
import numpy.typing as npt

from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource, load_encoder
from explainers.progress import Report, silent
from explainers.quantization import agreement, fake, quantizers, weights
from explainers.quantization.fake import LayerSpec, Recipe
from explainers.quantization.quantizers import Spec

Float32 = npt.NDArray[np.float32]

CHOICES = (16, 8, 4, 3)
"""Bits a layer may have; 16 is FP16."""
STEPS_MEASURED = 12
OUTLIER_TIMES = 10.0


class PlanError(ExplainerError):
    """Code "quant-plan": the text names no bits for a layer; details "asked"."""


@dataclass(frozen=True)
class Layers:
    """names: linear layers in order. alone: mean cosine when only this one is quantized; together: when it and all
    before it are."""

    names: tuple[str, ...]
    alone: tuple[float, ...]
    together: tuple[float, ...]

    @property
    def worst(self) -> int:
        """The layer that hurts most by itself."""
        return int(np.argmin(self.alone))


def _agreement(recipe: Recipe, full: Float32, sentences: Sequence[str], source: ModelSource) -> float:
    vectors = fake.sentence_vectors(sentences, fake.quantized(recipe, source), source)
    return float(agreement.cosines(full, vectors).mean())


def layer_by_layer(
    recipe: Recipe, sentences: Sequence[str], source: ModelSource = BUNDLED_BERT, report: Report = silent
) -> Layers:
    """Quantize the linear layers of the encoder one at a time and cumulatively, weights as `recipe.weights` says.

    `report` gets a `Layers` of what is measured so far.
    """
    names = weights.names(source)
    full = fake.sentence_vectors(sentences, source=source)
    alone: list[float] = []
    together: list[float] = []
    for place in range(len(names)):
        for found, chosen in ((alone, names[place : place + 1]), (together, names[: place + 1])):
            one = replace(recipe, weights=None, layers=dict.fromkeys(chosen, recipe.weights), activations="none")
            found.append(_agreement(one, full, sentences, source))
        report((place + 1) / len(names), Layers(names[: place + 1], tuple(alone), tuple(together)))
    return Layers(names, tuple(alone), tuple(together))


# ---------------------------------------------------------------- what the layers read


@dataclass(frozen=True, eq=False)
class Inputs:
    """What one linear layer reads, over all tokens of all sentences. widths: Float32[feature], the largest absolute
    value of each; low, high: the least and the largest value at all."""

    name: str
    widths: Float32
    low: float
    high: float

    @property
    def widest(self) -> int:
        return int(self.widths.argmax())

    @property
    def times_median(self) -> float:
        """How many times the median feature's width the widest one has."""
        middle = float(np.median(self.widths))
        return float(self.widths.max()) / middle if middle else float("inf")

    @property
    def outliers(self) -> tuple[int, ...]:
        """Features at least OUTLIER_TIMES as wide as the median one."""
        return tuple(np.flatnonzero(self.widths >= OUTLIER_TIMES * np.median(self.widths)).tolist())


def layer_inputs(sentences: Sequence[str], source: ModelSource = BUNDLED_BERT) -> tuple[Inputs, ...]:
    """The activations that each linear layer of the full model reads for `sentences`; padding is left out."""
    import torch

    loaded = load_encoder(source)
    model = fake.skeleton(loaded)  # hooks on the shared model would hear other readers' sentences
    kept: dict[str, list[torch.Tensor]] = {name: [] for name in weights.names(source)}

    def listen(name: str) -> None:
        def hear(_: torch.nn.Module, given: tuple[torch.Tensor, ...]) -> None:
            kept[name].append(given[0].reshape(-1, given[0].shape[-1]))

        model.get_submodule(name).register_forward_pre_hook(hear)

    for name in kept:
        listen(name)
    with torch.inference_mode():
        for sentence in sentences:
            batch = fake.tokenized([sentence], min(fake.MOST_TOKENS, loaded.max_positions), source)
            model(input_ids=batch["input_ids"], attention_mask=batch["attention_mask"])
    found = []
    for name, parts in kept.items():
        values = torch.cat(parts)
        found.append(Inputs(name, values.abs().amax(0).numpy(), float(values.min()), float(values.max())))
    return tuple(found)


@dataclass(frozen=True)
class Remedy:
    """One way to treat what is delicate, and the mean cosine it leaves. name: a key for the page's words."""

    name: str
    cosine: float


def remedies(
    sentences: Sequence[str], source: ModelSource = BUNDLED_BERT, report: Report = silent
) -> tuple[Remedy, ...]:
    """Activations in 8 bits with one scale, the same with outliers kept in float, and per token; LayerNorm and the
    embedding tables rounded like weights: what is treated apart, and what it would cost not to."""
    channel = Spec(granularity="channel")
    ways = (
        ("acts_tensor", Recipe(activations="tensor")),
        ("acts_apart", Recipe(activations="tensor", apart=6.0)),
        ("acts_token", Recipe(activations="token")),
        ("norms", Recipe(norms=Spec())),
        ("norms_4", Recipe(norms=Spec(4))),
        ("tables_tensor", Recipe(tables=Spec())),
        ("tables_row", Recipe(tables=channel)),
        ("tables_row_4", Recipe(tables=replace(channel, bits=4))),
    )
    full = fake.sentence_vectors(sentences, source=source)
    found: list[Remedy] = []
    for place, (name, recipe) in enumerate(ways):
        found.append(Remedy(name, _agreement(recipe, full, sentences, source)))
        report((place + 1) / len(ways), tuple(found))
    return tuple(found)


# ---------------------------------------------------------------- bits for each layer


@dataclass(frozen=True)
class Plan:
    """Bits of every linear layer, the bytes their weights take (scales included), and the measured mean cosine."""

    bits: Mapping[str, int]
    bytes: float
    cosine: float


def spec_for(bits: int) -> LayerSpec:
    """Per-channel weights of `bits`; groups of 64 below 8 bits, as engines do."""
    if bits == 16:
        return "fp16"
    return Spec(bits, granularity="channel") if bits == 8 else Spec(bits, granularity="group", group=64)


def bytes_of(bits: Mapping[str, int], source: ModelSource = BUNDLED_BERT) -> float:
    """Bytes of the linear layers' weights under a plan."""
    total = 0.0
    for name, many in bits.items():
        rows, columns = weights.tensor(name, source).values.shape
        spec = spec_for(many)
        total += quantizers.size_of((rows, columns), spec) if isinstance(spec, Spec) else rows * columns * 2
    return total


def measure_plan(bits: Mapping[str, int], sentences: Sequence[str], source: ModelSource = BUNDLED_BERT) -> Plan:
    """Build the model of a plan and measure it."""
    full = fake.sentence_vectors(sentences, source=source)
    recipe = Recipe(layers={name: spec_for(many) for name, many in bits.items()})
    return Plan(dict(bits), bytes_of(bits, source), _agreement(recipe, full, sentences, source))


def parse_plan(text: str, names: Sequence[str]) -> dict[str, int]:
    """Bits of every layer from "8" for all, or "8,4,4,…" in the order of `names`; what is missing gets the last.

    Raises PlanError.
    """
    parts = [part.strip() for part in text.replace("，", ",").split(",") if part.strip()] or ["8"]
    for part in parts:
        if part not in {str(choice) for choice in CHOICES}:
            raise PlanError("quant-plan", {"asked": part[:20]})
    chosen = [int(part) for part in parts][: len(names)]
    return dict(zip(names, chosen + chosen[-1:] * (len(names) - len(chosen)), strict=True))


@dataclass(frozen=True)
class Search:
    """Plans by greedy descent from all 8 bits to all 3, largest first, and the uniform ones they stand against."""

    greedy: tuple[Plan, ...]
    uniform: tuple[Plan, ...]

    def under(self, budget: float) -> Plan | None:
        """The plan with the best agreement of at most `budget` bytes; None where none is so small."""
        fitting = [plan for plan in (*self.greedy, *self.uniform) if plan.bytes <= budget]
        return max(fitting, key=lambda plan: plan.cosine, default=None)


def search(sentences: Sequence[str], source: ModelSource = BUNDLED_BERT, report: Report = silent) -> Search:
    """Find bits for each layer: lower the one that costs least agreement for the bytes it saves, again and again.

    The cost of a layer at some bits is measured with all others in float32; that costs add up is an assumption, so
    every STEPS_MEASURED-th part of the way is built and measured as a whole.
    """
    names = weights.names(source)
    full = fake.sentence_vectors(sentences, source=source)
    ladder = CHOICES[1:]
    cost: dict[tuple[str, int], float] = {}
    size: dict[tuple[str, int], float] = {}
    for place, name in enumerate(names):
        for bits in ladder:
            cost[name, bits] = 1 - _agreement(Recipe(layers={name: spec_for(bits)}), full, sentences, source)
            size[name, bits] = bytes_of({name: bits}, source)
            report(0.8 * (place + 1) / len(names), None)
    uniform = tuple(measure_plan(dict.fromkeys(names, bits), sentences, source) for bits in ladder)
    report(0.85, None)
    steps = _descent(names, ladder, cost, size)
    every = max(1, len(steps) // STEPS_MEASURED)
    chosen = [*steps[:-1:every], steps[-1]]
    greedy: list[Plan] = []
    for place, bits_of in enumerate(chosen):
        greedy.append(measure_plan(bits_of, sentences, source))
        report(0.85 + 0.15 * (place + 1) / len(chosen), Search(tuple(greedy), uniform))
    return Search(tuple(greedy), uniform)


def _descent(
    names: Sequence[str],
    ladder: Sequence[int],
    cost: Mapping[tuple[str, int], float],
    size: Mapping[tuple[str, int], float],
) -> list[dict[str, int]]:
    """Every plan on the way from the top of the ladder to its foot."""
    now = dict.fromkeys(names, ladder[0])
    steps = [dict(now)]
    while True:
        lower = {name: ladder[ladder.index(bits) + 1] for name, bits in now.items() if bits != ladder[-1]}
        if not lower:
            return steps

        def price(name: str, to: Mapping[str, int] = lower) -> float:
            saved = size[name, now[name]] - size[name, to[name]]
            return (cost[name, to[name]] - cost[name, now[name]]) / saved

        best = min(lower, key=price)
        now[best] = lower[best]
        steps.append(dict(now))


def spell(plan: Plan) -> str:
    """A plan as a reader may type it."""
    return ",".join(str(bits) for bits in plan.bits.values())


def to_json(found: Search) -> str:
    """A search as text, for a file."""

    def rows(plans: Sequence[Plan]) -> list[tuple[str, float, float]]:
        return [(spell(plan), plan.bytes, round(plan.cosine, 6)) for plan in plans]

    return json.dumps({"greedy": rows(found.greedy), "uniform": rows(found.uniform)})


def from_json(text: str, names: Sequence[str]) -> Search:
    """The inverse of `to_json` for a model whose linear layers are `names`."""
    found = json.loads(text)
    kinds = (
        tuple(Plan(parse_plan(bits, names), float(size), float(cosine)) for bits, size, cosine in found[kind])
        for kind in ("greedy", "uniform")
    )
    return Search(*kinds)
