"""What one scale per matrix does to sentence vectors, and whether the widest channel is to blame: the first claim.

Three models of the same size (but for a scale per row): one scale for each weight matrix, one for each output channel,
and one for each matrix with its single widest channel left in float32. Only weights are quantized, so that one thing
changes at a time.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass

from explainers.models import BUNDLED_BERT, ModelSource
from explainers.progress import Report, silent
from explainers.quantization import agreement, fake
from explainers.quantization.agreement import Interval
from explainers.quantization.fake import Recipe
from explainers.quantization.quantizers import Spec

WAYS = ("tensor", "apart", "channel")


@dataclass(frozen=True)
class Verdict:
    """cosines: for each of WAYS, of every sentence's vector with the full model's."""

    bits: int
    cosines: Mapping[str, tuple[float, ...]]

    def mean(self, way: str) -> Interval:
        """The mean cosine with its interval."""
        values = self.cosines[way]
        return agreement.bootstrap(len(values), lambda places: float(sum(values[i] for i in places) / len(places)))


def recipe_of(way: str, bits: int) -> Recipe:
    """How the model of `way` is quantized."""
    if way == "channel":
        return Recipe(Spec(bits, granularity="channel"))
    return Recipe(Spec(bits), rows_apart=1 if way == "apart" else 0)


def verdict(
    bits: int, sentences: Sequence[str], source: ModelSource = BUNDLED_BERT, report: Report = silent
) -> Verdict:
    """Quantize the encoder in the three ways and compare the vectors of `sentences`. Raises what `fake` raises."""
    full = fake.sentence_vectors(sentences, source=source)
    found: dict[str, tuple[float, ...]] = {}
    for place, way in enumerate(WAYS):
        report((place + 0.2) / len(WAYS), None)
        other = fake.sentence_vectors(sentences, fake.quantized(recipe_of(way, bits), source), source)
        found[way] = tuple(map(float, agreement.cosines(full, other)))
    return Verdict(bits, found)
