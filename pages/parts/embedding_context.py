"""Context: one word in the reader's sentences, a vector for each under BERT, against its one static vector."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explainers import models
from explainers.embeddings import contextual
from explainers.embeddings.contextual import Contexts
from explainers.embeddings.space import neighbours
from explainers.errors import ExplainerError
from pages.parts import embedding_scene as scene
from pages.parts import own_model
from ui import components, figure, frame, source, widgets
from ui.state import PageState

COUNT = 12


def text_of(here: PageState) -> str:
    """The reader's sentences, or the shipped ones of the corpus's language."""
    return here.text("lines") or here.t(f"embed.context.example_{here.text('corpus')}")


def draw(here: PageState) -> None:
    """The fields, and the card of the word in them."""
    with st.container(horizontal=True, key="embeddings-context-fields", gap="small", vertical_alignment="bottom"):
        widgets.draw(here, "lines", lines=2)
        own_model.draw_choice(here, "embeddings-other-bert")
    if not here.text("lines"):
        frame.notice(here.t("embed.context.shown"))
    try:
        encoder = own_model.asked(here.text("model"))
        if not models.is_loaded(encoder):
            frame.notice(here.t("embed.context.loading"))
        found = contextual.contexts(contextual.lines(text_of(here)), here.text("focus").strip(), encoder)
    except ExplainerError as error:
        frame.trouble(own_model.why_not(here, error))
        return
    draw_card(here, found, encoder)


def furthest(found: Contexts, layer: int) -> tuple[int, int]:
    """The two occurrences that lie furthest apart."""
    cosines = found.cosines[layer] + 3 * np.eye(len(found.occurrences))
    first, second = np.unravel_index(int(cosines.argmin()), cosines.shape)
    return int(first), int(second)


def draw_card(here: PageState, found: Contexts, encoder: models.ModelSource) -> None:
    """The occurrences, their plane and their cosines layer by layer; beside them what the static vector is near to."""
    layer = min(here.integer("depth"), found.layers)
    first, second = furthest(found, layer)
    low = float(found.cosines[layer, first, second])
    if found.unknown:
        frame.notice(here.t("embed.context.unknown", word=found.word))
    if found.missing:
        missing = [str(number + 1) for number in found.missing]
        frame.notice(here.t("embed.context.missing", word=found.word, lines=here.t.listed(missing)))
    sentences = found.sentences
    with figure.card(
        here,
        "context",
        claim=here.t(
            "embed.context.claim",
            word=found.word,
            n=len(found.occurrences),
            first=found.occurrences[first].sentence + 1,
            second=found.occurrences[second].sentence + 1,
            layer=layer,
            cosine=f"{low:.2f}".replace("-", "−"),
        ),
        guide=scene.guide(here, "context"),
        exports=(figure.Export("occurrences.csv", lambda: table(found)),),
        code=lambda: code(found, encoder),
    ):
        components.mount(
            "contexts",
            "embeddings-contexts",
            {
                "sentences": list(sentences),
                "occurrences": [[one.sentence, one.start, one.end] for one in found.occurrences],
                "planes": [found.plane(at).round(4).tolist() for at in range(found.layers + 1)],
                "cosines": [found.cosines[at].round(4).tolist() for at in range(found.layers + 1)],
                "means": [round(found.self_similarity(at), 4) for at in range(found.layers + 1)],
                "layer": layer,
                "default": int(here.table["depth"].default),
                "labels": here.t.group("contexts"),
            },
        )
        draw_static(here, found.word)
        widgets.draw_reset(here)


def draw_static(here: PageState, word: str) -> None:
    """The one vector that each static space has for the word, seen through its neighbours."""
    rows: list[list[object]] = []
    for space in scene.all_spaces(here):
        try:
            near = {"words": [one.word for one in neighbours(space, word, COUNT)], "set": "focus"}
            rows.append([scene.name_of(here, space), near])
        except ExplainerError:
            rows.append([scene.name_of(here, space), here.t("embed.unseen.no_vector")])
    components.mount(
        "wordtable",
        "embeddings-static",
        {
            "caption": here.t("embed.context.static", word=word),
            "columns": [here.t("embed.lists.column_space"), here.t("embed.unseen.nearest", word=word)],
            "rows": rows,
            "labels": here.t.group("wordtable"),
        },
    )


def table(found: Contexts) -> str:
    """Cosine of every two occurrences at every layer."""
    rows = [
        (layer, a + 1, b + 1, found.occurrences[a].sentence + 1, found.occurrences[b].sentence + 1, f"{value:.6f}")
        for layer, square in enumerate(found.cosines)
        for (a, b), value in np.ndenumerate(square)
        if a < b
    ]
    return scene.table(("layer", "occurrence", "other", "its sentence", "the other's", "cosine"), rows)


def code(found: Contexts, encoder: models.ModelSource) -> str:
    """The occurrences again, in a notebook."""
    model = own_model.spelt(encoder)
    return source.snippet(
        contextual.places,
        f"found = contexts({found.sentences!r}, {found.word!r}{model.argument})\n"
        "print([places(sentence, found.word) for sentence in found.sentences])\n"
        "print(found.cosines[-1].round(2))",
        (contextual.contexts, *model.needs),
    )
