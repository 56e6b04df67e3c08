"""What the code tabs of a page show runs as it stands, in a fresh process, whatever the reader typed."""

from __future__ import annotations

import sys
from pathlib import Path

import pytest
from attention_page import settled
from pasted import printed
from streamlit.testing.v1 import AppTest

from ui import language

ROOT = Path(__file__).resolve().parents[2]


def shown_by_the_page(*cards: str, **query: str) -> list[str]:
    """The snippets of the attention page's code tabs."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    at.switch_page("pages/attention.py")
    for name, value in query.items():
        at.query_params[name] = value
    for card in cards or ("explorer", "tokens"):  # the code comes when its tab is opened
        at.session_state[f"{card}-tabs"] = language.load(query.get("lang", "en"))("card.code")
    settled(at.run())
    assert not at.exception
    return [block.value for block in at.code]


@pytest.mark.parametrize(
    "query",
    [
        {"a": 'It\'s a "quoted" \\ sentence.', "b": "Second.", "layer": "2", "head": "9"},
        {"a": "word " * 190, "lang": "en"},
        {"aside": "1"},
    ],
)
def test_what_the_page_shows_runs_in_a_fresh_process(query: dict[str, str]) -> None:
    snippets = shown_by_the_page(**query)
    assert len(snippets) == 2
    for said, wanted in zip(printed(snippets), ("[[", "101 [CLS]"), strict=True):
        assert wanted in said, said


PAIR = {"a": 'The "animal" didn\'t cross.', "b": "It was \\ tired."}
# What each snippet prints, by lens and card.
PRINTED = {
    "heads": {"explorer": "[["},
    "input": {"pieces": "MatchStep", "sum": "[", "positions": "[["},
    "neuron": {"neuron": "["},
    "readings": {"readings": "[[", "sinks": "SinkByLayer"},
    "find": {"find": "[["},
    "off": {"off": "0.", "near": "Neighbour(", "moved": "[", "masked": "0."},
    "compare": {"compare": "0."},
    "causal": {"causal": "[["},
    "masks": {"masks": "[[", "presets": "MaskRow("},
    "uses": {"uses": "Topics("},
    "gaps": {"model": "ModelFacts("},
    "rnn": {"paths": "LayerCost(", "reach": "["},
}


@pytest.fixture(scope="module")
def said() -> dict[str, dict[str, str]]:
    """What every card's snippet prints, by lens: all of them pasted into one fresh process."""
    found: list[tuple[str, str, str]] = []
    for lens, cards in PRINTED.items():
        query = {**PAIR, "lens": lens, "off": "4.2,6", "cells": "3.3", "pin": "2", "merge": "words", "lang": "en"}
        snippets = shown_by_the_page(*cards, **query)
        assert len(snippets) == len(cards)
        found += [(lens, card, text) for card, text in zip(cards, snippets, strict=True)]
    outputs: dict[str, dict[str, str]] = {lens: {} for lens in PRINTED}
    for (lens, card, _), output in zip(found, printed([text for *_, text in found]), strict=True):
        outputs[lens][card] = output
    return outputs


@pytest.mark.parametrize("lens", PRINTED)
def test_every_view_shows_code_that_runs(lens: str, said: dict[str, dict[str, str]]) -> None:
    for card, wanted in PRINTED[lens].items():
        assert wanted in said[lens][card], (card, said[lens][card])


def test_code_names_a_readers_own_model(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from pages.parts import own_model

    monkeypatch.setattr(own_model, "at_this_machine", lambda *_: True)
    sys.path.append(str(ROOT / "tests" / "explainers"))
    from encoders import save_encoder

    folder = save_encoder(tmp_path / "own model", "bert")
    query = {"model": str(folder), "a": "The [MASK] sat on the mat.", "gap": "The [MASK] sat.", "lang": "en"}
    snippets: list[str] = []
    for lens, cards in (("gaps", ("gaps", "model")), ("off", ("off", "masked")), ("masks", ("masks", "presets"))):
        snippets += shown_by_the_page(*cards, lens=lens, layer="1", head="1", pin="2", **query)
    assert len(snippets) == 6 and all("own model" in text for text in snippets)
    printed(snippets)
