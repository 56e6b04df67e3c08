"""Quantization: one tensor under the hand, the reader's own sentences through a quantized model, and where it hurts."""

from __future__ import annotations

import importlib
from collections.abc import Callable

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, is_loaded
from pages.parts import own_model
from study import catalogue
from ui import frame, widgets
from ui.state import PageState

PAGE = "quantization"
BUNDLED_ONLY = ("kinds", "beyond", "latency")
"""Views of classifiers, students and times that are made of the bundled model."""


def view_of(lens: str) -> Callable[[PageState], None]:
    """What draws a lens: `draw` of the module of its name. Imported when asked for, as some need large libraries."""
    draw: Callable[[PageState], None] = importlib.import_module(f"pages.parts.quant_{lens}").draw
    return draw


def draw(here: PageState) -> None:
    """The explainer's side of the page."""
    from pages.parts import quant_charts

    quant_charts.quiet()
    with st.container(horizontal=True, key="quant-top", gap="small"):
        widgets.draw(here, "lens")
        own_model.draw_choice(here, "quant-model")
    lens, waiting = here.text("lens"), st.empty()
    try:
        if own_model.asked(here.text("model")) != BUNDLED_BERT and lens != "number":
            if lens in BUNDLED_ONLY:
                frame.notice(here.t("quant.bundled_only"))
            else:
                check(here, waiting)
        view_of(lens)(here)
    except ExplainerError as error:
        frame.trouble(own_model.why_not(here, error))


def check(here: PageState, waiting: DeltaGenerator) -> None:
    """Load the reader's own model and see that it can be quantized. Raises ExplainerError."""
    from explainers.quantization import weights

    source = own_model.asked(here.text("model"))
    if not is_loaded(source):
        with waiting.container():
            frame.notice(here.t("quant.loading"))
    try:
        weights.fingerprint(source)
    finally:
        waiting.empty()


concept = catalogue.load().concept(PAGE)
here = frame.open_page(PAGE, concept.questions)
with frame.two_panes(here, concept):
    draw(here)
