"""The view of a text: one computation for all readers, and the shipped one equal to the live one."""

from __future__ import annotations

from pathlib import Path

import numpy as np

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


def test_the_shipped_result_is_what_the_live_model_computes() -> None:
    table = controls.load("attention")
    live = attention.view(str(table["a"].default), str(table["b"].default))
    shipped = attention.unpack(SHIPPED.read_bytes())
    assert [token["piece"] for token in shipped.header["tokens"]] == [token.piece for token in live.trace.tokens]
    # One byte per weight, and the last bit may fall differently on another processor.
    np.testing.assert_allclose(shipped.weights, live.trace.attention, atol=1.5 / 255)
    np.testing.assert_allclose(shipped.header["sink"], live.measures.sink, atol=1e-3)
