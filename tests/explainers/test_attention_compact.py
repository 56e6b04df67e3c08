"""A trace without its weights: computed again, they are those that the model computed."""

from __future__ import annotations

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from explainers import models
from explainers.attention import (
    AttentionTrace,
    CompactTrace,
    measure,
    set_aside_special,
    strongest_keys,
    to_csv,
    trace,
)
from explainers.attention.words import merge_words
from explainers.models import ModelSource
from tests.explainers.encoders import FAMILIES, save_encoder

PAIR = ("The animal didn't cross the street because it was too tired.", "It slept.")
LONG = "the river runs past the small town where my father was born and every summer we walked " * 40


@pytest.mark.parametrize("aside", [False, True])
def test_every_head_is_the_models(aside: bool) -> None:
    plain = trace(*PAIR)
    compact = CompactTrace.of(plain, aside=aside)
    wanted = set_aside_special(plain) if aside else plain
    assert (compact.layers, compact.heads) == (6, 12)
    np.testing.assert_allclose(compact.attention, wanted.attention, atol=1e-5)
    np.testing.assert_array_equal(compact.attention[3, 1], compact.head(3, 1))
    assert not compact.head(0, 0).flags.writeable
    assert compact.hidden is plain.hidden
    assert (compact.tokens, compact.cuts, compact.unknown) == (plain.tokens, plain.cuts, plain.unknown)


def test_at_full_length() -> None:
    plain = trace(LONG, max_tokens=512)
    compact = CompactTrace.of(plain)
    assert len(compact.tokens) == 512
    for layer, head in ((0, 0), (3, 1), (5, 11)):
        np.testing.assert_allclose(compact.head(layer, head), plain.attention[layer, head], atol=1e-5)


@pytest.mark.parametrize("family", FAMILIES)
def test_other_families(tmp_path: Path, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_loaded", {})
    source = ModelSource("folder", str(save_encoder(tmp_path, family)))
    plain = trace("the cat sat on the mat", "the dog ran", max_tokens=20, source=source)
    np.testing.assert_allclose(CompactTrace.of(plain, source=source).attention, plain.attention, atol=1e-5)


def test_it_serves_where_a_trace_does() -> None:
    plain = trace(*PAIR)
    compact = CompactTrace.of(plain)
    np.testing.assert_allclose(measure(compact).entropy, measure(plain).entropy, atol=1e-4)
    found, wanted = strongest_keys(compact, 3, 1), strongest_keys(plain, 3, 1)
    assert [key.key for key in found] == [key.key for key in wanted]
    assert to_csv(compact, 3, 1).splitlines()[0] == to_csv(plain, 3, 1).splitlines()[0]
    merged = merge_words(compact, ((1, 3),))
    np.testing.assert_allclose(merged.attention, merge_words(plain, ((1, 3),)).attention, atol=1e-5)
    changed = replace(compact, cuts=())
    assert type(changed) is type(merged) is AttentionTrace


@pytest.mark.parametrize(("layer", "head"), [(6, 0), (0, 12), (-1, 0)])
def test_a_head_that_does_not_exist(layer: int, head: int) -> None:
    with pytest.raises(IndexError):
        CompactTrace.of(trace(*PAIR)).head(layer, head)


def test_separators_alone_cannot_be_set_aside() -> None:
    with pytest.raises(ValueError, match="no word"):
        CompactTrace.of(trace("[SEP]"), aside=True)
