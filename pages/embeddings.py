"""Word2Vec, GloVe and FastText: three spaces of one corpus as linked maps, neighbours, arithmetic, training."""

from __future__ import annotations

from collections.abc import Callable

import streamlit as st

from explainers.errors import ExplainerError
from study import catalogue
from ui import frame, widgets
from ui.state import PageState

PAGE = "embeddings"


def view_of(lens: str) -> Callable[[PageState], None]:
    """What draws a lens. Imported when asked for: most need libraries that the first picture does without."""
    if lens == "map":
        from pages.parts import embedding_map

        return embedding_map.draw
    if lens == "neighbours":
        from pages.parts import embedding_neighbours

        return embedding_neighbours.draw
    if lens == "unseen":
        from pages.parts import embedding_unseen

        return embedding_unseen.draw
    if lens == "arithmetic":
        from pages.parts import embedding_arithmetic

        return embedding_arithmetic.draw
    if lens == "learn":
        from pages.parts import embedding_learn

        return embedding_learn.draw
    if lens == "context":
        from pages.parts import embedding_context

        return embedding_context.draw
    if lens == "scores":
        from pages.parts import embedding_scores

        return embedding_scores.draw
    from pages.parts import embedding_live

    return embedding_live.draw


def draw(here: PageState) -> None:
    """The explainer's side of the page."""
    from pages.parts import embedding_scene

    widgets.draw(here, "lens")
    here = embedding_scene.in_its_language(here)
    try:
        with st.container(horizontal=True, key="embeddings-first", gap="medium", vertical_alignment="bottom"):
            embedding_scene.draw_choices(here)
        view_of(here.text("lens"))(here)
    except ExplainerError as error:
        frame.trouble(embedding_scene.sentence(here, error))


concept = catalogue.load().concept(PAGE)
here = frame.open_page(PAGE, concept.questions)
with frame.two_panes(here, concept):
    draw(here)
