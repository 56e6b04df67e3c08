"""What a loaded model is, in numbers: what a page says of it before it shows anything computed with it.

Everything is read off the checkpoint itself; nothing is looked up by its name.
"""

from __future__ import annotations

from dataclasses import dataclass

from explainers.attention.words import chinese_characters
from explainers.models import BUNDLED_BERT, Family, ModelSource, load_encoder


@dataclass(frozen=True)
class ModelFacts:
    """`parameters`: of the encoder, embeddings included, shared ones once. `vocabulary`: its pieces. `chinese`: Chinese
    characters among them. `segments`: 1 where a second sentence has no embedding of its own. `guesses`: whether the
    checkpoint has a masked-LM head."""

    family: Family
    layers: int
    heads: int
    hidden: int
    max_positions: int
    parameters: int
    vocabulary: int
    chinese: int
    segments: int
    guesses: bool


def facts(source: ModelSource = BUNDLED_BERT) -> ModelFacts:
    """The facts of the model at `source`. Raises ModelUnavailableError."""
    loaded = load_encoder(source)
    return ModelFacts(
        family=loaded.family,
        layers=loaded.layers,
        heads=loaded.heads,
        hidden=loaded.hidden,
        max_positions=loaded.max_positions,
        parameters=sum(values.numel() for values in loaded.model.parameters()),
        vocabulary=len(loaded.tokenizer.get_vocab()),
        chinese=chinese_characters(source),
        segments=loaded.segments,
        guesses=loaded.masked_lm is not None,
    )
