"""Alignment: pairs that match and pairs that do not, and a dual encoder that learns the difference."""

from __future__ import annotations

import importlib

from explainers.errors import ExplainerError
from study import catalogue
from ui import frame, widgets
from ui.state import PageState

PAGE = "alignment"


def draw(here: PageState) -> None:
    """The explainer's side of the page: a view is the `draw` of the module that has its name."""
    widgets.draw(here, "lens")
    try:
        importlib.import_module(f"pages.parts.align_{here.text('lens')}").draw(here)
    except ExplainerError as error:
        frame.trouble(here.t(f"error.{error.code}", **error.details))


concept = catalogue.load().concept(PAGE)
here = frame.open_page(PAGE, concept.questions)
with frame.two_panes(here, concept):
    draw(here)
