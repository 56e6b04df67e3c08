"""Quantization: one tensor under the hand, the reader's own sentences through a quantized model, and where it hurts."""

from __future__ import annotations

import importlib
from collections.abc import Callable

from explainers.errors import ExplainerError
from study import catalogue
from ui import frame, widgets
from ui.state import PageState

PAGE = "quantization"


def view_of(lens: str) -> Callable[[PageState], None]:
    """What draws a lens: `draw` of the module of its name. Imported when asked for, as some need large libraries."""
    draw: Callable[[PageState], None] = importlib.import_module(f"pages.parts.quant_{lens}").draw
    return draw


def draw(here: PageState) -> None:
    """The explainer's side of the page."""
    from pages.parts import quant_charts

    quant_charts.quiet()
    widgets.draw(here, "lens")
    try:
        view_of(here.text("lens"))(here)
    except ExplainerError as error:
        frame.trouble(here.t(f"error.{error.code}", **error.details))


concept = catalogue.load().concept(PAGE)
here = frame.open_page(PAGE, concept.questions)
with frame.two_panes(here, concept):
    draw(here)
