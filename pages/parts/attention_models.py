"""A reader's own model on the attention page: what it is, the ranges of its controls, what it puts into a gap.

Nothing here draws a chart, so the first picture does not wait for one.
"""

from __future__ import annotations

import html

import streamlit as st

from explainers.attention import guesses
from explainers.attention.facts import ModelFacts, facts
from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource
from pages.parts import own_model
from pages.parts.own_model import Bound
from ui.state import PageState

GUESSES = 10


def narrowed(here: PageState, layers: int, heads: int, tokens: int) -> PageState:
    """The same page with layer, head, held token and cut in the range that this model and text have."""
    own_model.say_beyond(here, "models.no_layer", "layer", layers)
    own_model.say_beyond(here, "models.no_heads", "head", heads)
    bounds = (("layer", layers, layers), ("head", heads, heads), ("pin", tokens - 1, -1), ("cut", tokens - 1, 0))
    return own_model.narrowed(here, *(Bound(name, most, otherwise) for name, most, otherwise in bounds))


def draw_facts(here: PageState, source: ModelSource) -> None:
    """What the model is, read off its files."""
    st.html(_table(_fact_rows(here, source, facts(source))))


def _fact_rows(here: PageState, source: ModelSource, known: ModelFacts) -> list[tuple[str, str]]:
    yes, no = here.t("models.yes"), here.t("models.no")
    return [
        (here.t("models.where"), here.t("models.bundled_name") if source == BUNDLED_BERT else source.location),
        (
            here.t("models.family"),
            {"bert": "BERT", "distilbert": "DistilBERT", "roberta": "RoBERTa"}.get(known.family, "ALBERT"),
        ),
        (
            here.t("models.size"),
            here.t("models.size_value", layers=known.layers, heads=known.heads, hidden=known.hidden),
        ),
        (here.t("models.parameters"), f"{known.parameters:,}"),
        (here.t("models.positions"), f"{known.max_positions:,}"),
        (
            here.t("models.vocabulary"),
            here.t("models.vocabulary_value", pieces=f"{known.vocabulary:,}", chinese=f"{known.chinese:,}"),
        ),
        (here.t("models.segments"), yes if known.segments > 1 else no),
        (here.t("models.guesses"), yes if known.guesses else no),
    ]


def _table(rows: list[tuple[str, str]]) -> str:
    cells = "".join(
        f"<tr><th scope=row>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in rows
    )
    return f'<div class="tokens facts"><table>{cells}</table></div>'


def guesses_for(source: ModelSource, text: str, count: int = GUESSES) -> tuple[guesses.Gap, ...]:
    """`guesses.top_k_masked`. Raises GuessError and ModelUnavailableError."""
    return guesses.top_k_masked(source, text, count)


def why_not(here: PageState, error: ExplainerError) -> str:
    """The sentence for a failure; the bundled model's missing head has one of its own."""
    if error.code == "no-mlm-head" and error.details.get("location") == BUNDLED_BERT.location:
        return here.t("models.no_head")
    return own_model.why_not(here, error)
