"""What a page says of a model, against the model's own configuration."""

from __future__ import annotations

from pathlib import Path

import pytest
from encoders import FAMILIES, HEADS, LAYERS, POSITIONS, SPECIAL, WIDTH, WORDS, save_encoder

from explainers.attention.facts import facts
from explainers.models import BUNDLED_BERT, ModelSource, load_bert


def test_the_bundled_model() -> None:
    found = facts()
    config = load_bert(BUNDLED_BERT).model.config
    assert (found.layers, found.heads, found.hidden) == (6, 12, 384)
    assert found.vocabulary == config.vocab_size == 30522
    assert found.max_positions == config.max_position_embeddings
    # Embeddings with their layer norm, six layers, pooler: counted by hand from the widths.
    width, between, words = 384, 1536, 30522
    layer = 4 * (width**2 + width) + 2 * 2 * width + 2 * width * between + between + width
    assert found.parameters == (words + 512 + 2) * width + 2 * width + 6 * layer + width**2 + width
    assert not found.guesses


@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("family", FAMILIES)
def test_a_readers_own(tmp_path: Path, family: str, head: bool) -> None:
    import transformers

    found = facts(ModelSource("folder", str(save_encoder(tmp_path, family, head=head))))
    assert (found.family, found.layers, found.heads, found.hidden) == (family, LAYERS, HEADS, WIDTH)
    assert found.max_positions == POSITIONS
    assert found.vocabulary == len(WORDS) + len(SPECIAL[family])
    assert found.chinese == 0
    assert found.guesses is head
    assert found.segments == (2 if family in ("bert", "albert") else 1)
    if not head:
        own = transformers.AutoModel.from_pretrained(tmp_path)
        assert found.parameters == own.num_parameters()
