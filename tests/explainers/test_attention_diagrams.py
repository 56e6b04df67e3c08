"""Charts show the numbers they are given, in the order they are read."""

from __future__ import annotations

import numpy as np
import pytest

from explainers.attention import diagrams, readings, recurrent
from explainers.attention.trace import trace
from ui import language

TEXT = "The animal didn't cross the street because it was too tired."


@pytest.mark.parametrize("code", language.LANGUAGES)
def test_sinks_stand_on_each_other_up_to_one(code: str) -> None:
    shares = readings.sink_share_by_layer(trace(TEXT))
    figure = diagrams.attention_sinks_layer_by_layer(shares, language.load(code).group("chart"))
    bars = [np.asarray(bar.x, dtype=float) for bar in figure.data]
    np.testing.assert_allclose(bars[0], shares.cls)
    np.testing.assert_allclose(bars[1], shares.sep)
    np.testing.assert_allclose(sum(bars), 1, atol=1e-6)
    assert figure.layout.barmode == "stack"
    assert figure.layout.xaxis.title.text


@pytest.mark.parametrize("code", language.LANGUAGES)
def test_paths_and_waiting_steps_have_axes_and_the_reader_in_them(code: str) -> None:
    paths = [recurrent.path_length(length) for length in range(1, 33)]
    figure = diagrams.a_chain_is_long_and_a_sum_is_one_step(paths, 16, language.load(code).group("chart"))
    chain, step, waits, at_once = (list(line.y) for line in figure.data)
    assert chain == list(range(32)) and step == [0] + [1] * 31
    assert waits == list(range(1, 33)) and at_once == [1] * 32
    axes = (figure.layout.xaxis, figure.layout.xaxis2, figure.layout.yaxis, figure.layout.yaxis2)
    assert all(axis.title.text for axis in axes)
    assert sorted(shape.x0 for shape in figure.layout.shapes) == [15, 16]


def test_what_moved_names_every_token_of_a_short_text_and_the_loudest_of_a_long_one() -> None:
    tokens = trace(TEXT).tokens
    labels = language.load("en").group("chart")
    change = np.linspace(0, 0.5, len(tokens), dtype=np.float32)
    figure = diagrams.what_moved(change, tokens, labels)
    np.testing.assert_allclose(np.asarray(figure.data[0].x, dtype=float), change)
    assert figure.data[0].y[2] == "2 animal"
    assert figure.data[0].text[0] == "0"
    many = trace("word " * 80).tokens
    moved = np.arange(len(many), dtype=np.float32) / 100
    figure = diagrams.what_moved(moved, many, labels)
    assert list(figure.data[0].y) == [f"{t.index} {t.piece}" for t in many[-diagrams.ROWS :]]
