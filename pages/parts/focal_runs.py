"""Which training a view of the focal-loss page looks at, the controls that decide it, and the work behind it.

The same controls give the same key, so every view that asks for a training sees the same one.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace
from typing import cast

import streamlit as st

from explainers.focal_loss import experiment, texts, vectors
from explainers.focal_loss.datasets import Float32, PlaneSetup
from explainers.focal_loss.experiment import Experiment, Moment
from explainers.focal_loss.texts import Corpus
from explainers.focal_loss.training import Recipe
from ui import frame, widgets, work
from ui.state import PageState

OWN = "focal-own-corpus"
Draw = Callable[[Experiment], None]
Watch = Callable[[Moment], None]


def setup_of(here: PageState) -> PlaneSetup:
    """The plane that the controls ask for."""
    return PlaneSetup(int(here.text("imbalance")), float(here["overlap"]), float(here["noise"]), here.integer("draw"))


def recipe_of(here: PageState, kind: str) -> Recipe:
    """How the networks of the plane or of the texts are trained."""
    base = Recipe() if kind == "plane" else experiment.TEXT_RECIPE
    return replace(base, gamma=float(here["gamma"]), alpha=float(here["alpha"]))


def kind_of(here: PageState) -> str:
    """What the open view looks at: the plane or texts."""
    lens = here.text("lens")
    return "plane" if lens == "train" else "text" if lens == "text" else here.text("data")


def names(here: PageState) -> dict[str, str]:
    """What each variant is called."""
    return here.t.group("variant")


def draw_controls(here: PageState, kind: str) -> None:
    """The controls that decide the training, in reading order."""
    with st.container(horizontal=True, key="focal-training-first", gap="medium"):
        chosen = ("data",) if here.text("lens") in ("remedies", "metrics") else ()
        for name in (*chosen, *(("imbalance",) if kind == "plane" else ("corpus", "thinned"))):
            widgets.draw(here, name)
        widgets.draw(here, "gamma")
    if kind == "text" and here.text("corpus") == "own":
        _draw_upload(here)
    rest = ("alpha", "overlap", "noise", "draw") if kind == "plane" else ("alpha", "noise", "draw")
    with st.expander(here.t("train.more" if kind == "plane" else "text.more"), key="focal-training-more"):
        with st.container(horizontal=True, key="focal-training-rest", gap="medium"):
            for name in rest:
                widgets.draw(here, name)
        widgets.draw_reset(here)


def _draw_upload(here: PageState) -> None:
    """Take the reader's own table; what was read stays for the session, also when another view is open."""
    given = st.file_uploader(here.t("text.upload"), type=None, key="focal-upload", help=here.t("text.upload_help"))
    if given is not None:
        try:
            st.session_state[OWN] = texts.read_csv(given.getvalue())
        except texts.TextsError as error:
            st.session_state.pop(OWN, None)
            frame.trouble(here.t(f"error.{error.code}", **error.details))
    else:
        frame.notice(here.t("text.upload_wait" if OWN not in st.session_state else "text.upload_kept"))


def corpus_of(here: PageState) -> Corpus | None:
    """The texts that the controls ask for; None where the reader has not given any yet. Raises TextsError."""
    if here.text("corpus") == "own":
        return cast("Corpus | None", st.session_state.get(OWN))
    return texts.reviews() if here.text("corpus") == "reviews" else texts.sentences()


def lines_of(here: PageState, kind: str) -> tuple[str, tuple[Callable[..., object], ...]]:
    """Python that trains what the page shows, for a code tab, and what those lines need."""
    recipe = recipe_of(here, kind)
    if kind == "plane":
        needs: tuple[Callable[..., object], ...] = (experiment.train_plane, PlaneSetup, Recipe)
        return f"result = train_plane({setup_of(here)!r}, {recipe!r})\n", needs
    corpus = corpus_of(here)
    make = vectors.WAYS[vectors.way_of(corpus) if corpus is not None else "tfidf"]
    own = here.text("corpus") == "own"
    read = texts.read_csv if own else texts.reviews if here.text("corpus") == "reviews" else texts.sentences
    lines = (
        ("from pathlib import Path\n" if own else "")
        + (f"corpus = {read.__name__}(Path('texts.csv').read_bytes())\n" if own else f"corpus = {read.__name__}()\n")
        + f"result = train_texts({make.__name__}(corpus.texts), corpus.rare, {here.text('thinned')}, {recipe!r},\n"
        + f"                     noise={float(here['noise'])!r}, seed={here.integer('draw')})\n"
    )
    return lines, (experiment.train_texts, Recipe, make, read)


def draw_run(here: PageState, kind: str, draw: Draw, watch: Watch | None = None) -> None:
    """Show the training that the controls ask for: `watch` while it runs, `draw` when it is done."""
    if kind == "plane":
        setup, recipe = setup_of(here), recipe_of(here, kind)
        call = functools.partial(experiment.train_plane, setup, recipe)
        work.panel(here, "focal-plane", call, _shown(draw, watch), key=("focal-plane", setup, recipe))
        return
    corpus = corpus_of(here)
    if corpus is None:
        return
    way = vectors.way_of(corpus)
    make = functools.partial(vectors.WAYS[way], corpus.texts)

    def train(found: object, done: bool) -> None:
        if done:
            _train_texts(here, corpus, cast("Float32", found), _shown(draw, watch))

    # Counting words is plain Python and goes to a worker; BERT is torch, and the server's own copy is loaded already.
    key = ("focal-vectors", corpus.name, way)
    work.panel(here, "focal-vectors", make, train, key=key, process=way != "bert", wait=True)


def _train_texts(here: PageState, corpus: Corpus, found: Float32, draw: Callable[[object, bool], None]) -> None:
    ratio, noise, seed = int(here.text("thinned")), float(here["noise"]), here.integer("draw")
    recipe = recipe_of(here, "text")
    call = functools.partial(
        experiment.train_texts, found, corpus.rare, ratio, recipe, noise=noise, seed=seed, name=corpus.name
    )
    work.panel(here, "focal-text", call, draw, key=("focal-text", corpus.name, ratio, recipe, noise, seed))


def _shown(draw: Draw, watch: Watch | None) -> Callable[[object, bool], None]:
    def shown(result: object, done: bool) -> None:
        if done:
            draw(cast(Experiment, result))
        elif watch is not None:
            watch(cast(Moment, result))

    return shown
