"""Filling a gap: what a model's masked-LM head puts in place of [MASK], or why there is no such head; and what the
model is."""

from __future__ import annotations

import html

import streamlit as st

from explainers.attention import guesses
from explainers.attention.facts import facts
from explainers.errors import ExplainerError
from explainers.models import ModelSource
from pages.parts.attention_models import GUESSES, draw_facts, guesses_for, why_not
from pages.parts.scene import Scene, bars, controls, table
from ui import figure, frame, source, widgets


def draw_gaps(scene: Scene) -> None:
    """The likeliest words for each gap, and the model's own figures."""
    here = scene.here
    typed = here.text("gap")
    try:
        gaps, trouble = guesses_for(scene.source, typed), ""
    except ExplainerError as error:
        gaps, trouble = (), why_not(here, error)
    best = gaps[0].guesses[0] if gaps else None
    with figure.card(
        here,
        "gaps",
        claim=here.t("lens.gaps.claim", guess=best.text, chance=f"{best.probability:.1%}")
        if best
        else here.t("lens.gaps.none"),
        guide=scene.guide("gaps"),
        exports=(figure.Export("guesses.csv", lambda: _csv(gaps)),) if gaps else (),
        code=lambda: source.snippet(
            guesses.top_k_masked,
            f"for gap in top_k_masked({scene.source!r}, {typed!r}, {GUESSES}):\n    print(gap)",
            (ModelSource,),
        ),
    ):
        if trouble:
            frame.trouble(trouble)
        else:
            st.html("".join(_gap(here.t("gaps.place", position=gap.index), gap) for gap in gaps))
        widgets.draw(here, "gap")
        controls(scene)
    known = facts(scene.source)
    with figure.card(
        here,
        "model",
        claim=here.t(
            "lens.gaps.model_claim",
            layers=known.layers,
            heads=known.heads,
            parameters=f"{known.parameters / 1e6:.1f}",
            head=here.t("lens.gaps.has_head" if known.guesses else "lens.gaps.has_no_head"),
        ),
        guide=(here.t("lens.gaps.model_look"), here.t("lens.gaps.model_try")),
        exports=(),
        code=lambda: source.snippet(facts, f"print(facts({scene.source!r}))", (ModelSource,)),
    ):
        draw_facts(here, scene.source)


def _gap(place: str, gap: guesses.Gap) -> str:
    """The guesses for one gap as a list with bars."""
    rows = bars([(guess.text, guess.probability, f"{guess.probability:.1%}") for guess in gap.guesses])
    return f'<h3 class="gap">{html.escape(place)}</h3>{rows}'


def _csv(gaps: tuple[guesses.Gap, ...]) -> str:
    rows = [(gap.index, guess.text, guess.piece, guess.id, guess.probability) for gap in gaps for guess in gap.guesses]
    return table(("position", "guess", "piece", "id", "probability"), rows)
