"""Focal loss: curves, examples worked by hand, who owns the loss of a batch; and real models trained with each loss."""

from __future__ import annotations

from collections.abc import Callable

from explainers.errors import ExplainerError
from study import catalogue
from ui import frame, widgets
from ui.state import PageState

PAGE = "focal-loss"


def view_of(lens: str) -> Callable[[PageState], None]:
    """What draws a lens. Imported when asked for: training needs libraries that the first picture does without."""
    if lens == "curves":
        from pages.parts import focal_curves

        return focal_curves.draw
    if lens == "hand":
        from pages.parts import focal_hand

        return focal_hand.draw
    if lens == "budget":
        from pages.parts import focal_budget

        return focal_budget.draw
    from pages.parts import focal_training

    return focal_training.VIEWS[lens]


def draw(here: PageState) -> None:
    """The explainer's side of the page."""
    from pages.parts import focal_presets

    widgets.draw(here, "lens")
    focal_presets.draw(here)
    try:
        view_of(here.text("lens"))(here)
    except ExplainerError as error:
        frame.trouble(here.t(f"error.{error.code}", **error.details))


concept = catalogue.load().concept(PAGE)
here = frame.open_page(PAGE, concept.questions)
with frame.two_panes(here, concept):
    draw(here)
