"""The view of a text: one computation for all readers, and the shipped one equal to the live one."""

from __future__ import annotations

import sys
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import numpy as np
import pytest

from explainers import attention
from ui import controls

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "attention" / "default.bin"


def test_the_same_text_is_computed_once() -> None:
    assert attention.view("One text.") is attention.view("One text.")
    assert attention.view("One text.") is not attention.view("One text.", aside=True)


def test_setting_aside_changes_what_is_shown_and_not_what_was_measured() -> None:
    plain, aside = attention.view("The cat sat."), attention.view("The cat sat.", aside=True)
    np.testing.assert_array_equal(plain.measures.sink, aside.measures.sink)
    assert aside.trace.attention is plain.trace.attention
    assert plain.payload_id != aside.payload_id


def test_of_a_long_text_the_weights_are_not_kept_and_still_the_models() -> None:
    text = "the cat sat on a mat and " * 40
    kept = attention.view(text, max_tokens=200)
    plain = attention.trace(text, max_tokens=200)
    assert isinstance(kept.trace, attention.CompactTrace)
    assert kept.trace.tokens == plain.tokens
    assert kept.trace.cuts == plain.cuts
    name, payload = kept.head(3, 1) or ("", b"")
    assert name == attention.name_of(payload)
    np.testing.assert_allclose(attention.unpack_head(payload), plain.attention[3, 1], atol=1e-5)
    np.testing.assert_allclose(kept.measures.entropy, attention.entropy(plain), atol=1e-6)
    aside = attention.view(text, aside=True, max_tokens=200)
    wanted = attention.set_aside_special(plain).attention[5, 2]
    np.testing.assert_allclose(attention.unpack_head((aside.head(5, 2) or ("", b""))[1]), wanted, atol=2e-5)


def test_of_a_short_text_the_payload_holds_every_head() -> None:
    assert attention.view("A short text.").head(0, 0) is None


def test_what_is_kept_stays_within_its_bounds(monkeypatch: pytest.MonkeyPatch) -> None:
    module = sys.modules["explainers.attention.view"]
    for word in ("one", "two", "three"):
        attention.view(word)
    assert attention.is_kept("three")
    assert not attention.is_kept("three", aside=True)
    monkeypatch.setattr(module, "KEPT", 2)
    attention.view("four")
    assert len(module._kept) == 2
    assert not attention.is_kept("one")
    monkeypatch.setattr(module, "KEPT_BYTES", 1)
    attention.view("five")
    assert list(map(attention.is_kept, ("four", "five"))) == [False, True]


def test_readers_of_one_long_text_share_one_computation() -> None:
    text = "a text that a whole class opens at once " * 12
    with ThreadPoolExecutor(6) as readers:
        found = list(readers.map(lambda _: attention.view(text), range(6)))
    assert all(view is found[0] for view in found)


def test_the_shipped_result_is_what_the_live_model_computes() -> None:
    table = controls.load("attention")
    live = attention.view(str(table["a"].default), str(table["b"].default))
    shipped = attention.unpack(SHIPPED.read_bytes())
    assert [token["piece"] for token in shipped.header["tokens"]] == [token.piece for token in live.trace.tokens]
    # One byte per weight, and the last bit may fall differently on another processor.
    np.testing.assert_allclose(shipped.weights, live.trace.attention, atol=1.5 / 255)
    np.testing.assert_allclose(shipped.header["sink"], live.measures.sink, atol=1e-3)
