"""Alignment by feedback: accept or reject what the model proposes; every answer trains it, and the score moves."""

from __future__ import annotations

import functools
import html

import streamlit as st

from explainers.alignment import captions, feedback, packing, training
from explainers.alignment.feedback import MOST, State
from pages.parts import align_scene, focal_scene
from ui import components, figure, frame, source, work
from ui.state import PageState, set_values

HELPERS = ("honest", "mistaken", "hasty")
TEN = 10


@functools.cache
def sheet() -> bytes:
    """One picture of every training scene as one piece."""
    pictures = training.training_views(1)
    return packing.pack({"n": len(pictures), "side": pictures.shape[1], "columns": 20}, [packing.webp(pictures, 20)])


def answers_of(here: PageState) -> str:
    """The answers so far: letters y and n."""
    return "".join(letter for letter in here.text("answers") if letter in "yn")[:MOST]


def draw(here: PageState) -> None:
    """The card of the loop: its state after the answers so far, worked out in the background."""
    answers, seed = answers_of(here), 0
    helper, wanted = here.text("helper"), st.session_state.get("align-feedback-more")
    if wanted is not None and wanted[0] == answers:
        call = functools.partial(feedback.annotator, helper, answers, TEN, seed)

        def go_on(result: str, done: bool) -> None:
            if done:
                st.session_state.pop("align-feedback-more", None)
                set_values(here.page, {"answers": result})
                st.rerun()

        work.panel(here, "align-annotator", call, go_on, key=("align-annotator", helper, answers, seed))
        return
    call_state = functools.partial(feedback.after, answers, seed)

    def show(state: State, done: bool) -> None:
        if done:
            draw_state(here, answers, state)

    work.panel(here, "align-feedback", call_state, show, key=("align-feedback", answers, seed))


def claim_of(here: PageState, state: State) -> str:
    """What the answers were worth."""
    values = {"first": f"{state.scores[0]:.2f}", "now": f"{state.scores[-1]:.2f}", "n": len(state.right)}
    if not state.right:
        return here.t("align.feedback.claim_none", known=feedback.KNOWN, first=values["first"])
    return here.t("align.feedback.claim", **values, right=sum(state.right))


def draw_state(here: PageState, answers: str, state: State) -> None:
    """The card: the open question, its buttons, the scores."""
    split, _, _ = training.data()
    language = align_scene.language_of(here)
    asked = state.open
    words = captions.caption(split.train[asked.caption], language)

    def answer(letter: str) -> None:
        set_values(here.page, {"answers": answers + letter})

    def ten(kind: str) -> None:
        set_values(here.page, {"helper": kind})
        st.session_state["align-feedback-more"] = (answers,)

    def table() -> str:
        rows: list[list[object]] = [["answer", "picture", "caption", "cosine", "accepted", "correct", "recall_1"]]
        for k, right in enumerate(state.right):
            one = state.asked[k]
            accepted = int(answers[k] == "y")
            rows.append([k + 1, one.picture, one.caption, one.cosine, accepted, int(right), state.scores[k + 1]])
        return focal_scene.csv(rows)

    with figure.card(
        here,
        "feedback",
        claim=claim_of(here, state),
        guide=tuple(here.t(f"align.feedback.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("feedback.csv", table),),
        code=lambda: source.snippet(
            feedback.after, f"state = after({answers!r})\nprint(state.scores)\nprint(state.open)"
        ),
    ):
        components.send("align-feedback-payload", "align-feedback-pictures", sheet())
        components.mount(
            "alignquestion",
            "align-question",
            {
                "payload": "align-feedback-pictures",
                "labels": here.t.group("alignquestion"),
                "picture": asked.picture,
                "caption": words,
                "cosine": round(asked.cosine, 4),
                "scores": [round(score, 4) for score in state.scores],
                "answers": answers,
                "right": [int(one) for one in state.right],
            },
        )
        full = len(answers) >= MOST
        with st.container(horizontal=True, key="align-feedback-answers"):
            for letter, name in (("y", "accept"), ("n", "reject")):
                st.button(
                    here.t(f"align.feedback.{name}"), key=f"align-feedback-{name}", on_click=answer, args=(letter,),
                    type="primary" if letter == "y" else "secondary", disabled=full,
                )  # fmt: skip
            st.button(
                here.t("align.feedback.undo"), key="align-feedback-undo", disabled=not answers,
                on_click=set_values, args=(here.page, {"answers": answers[:-1]}),
            )  # fmt: skip
        with st.container(horizontal=True, key="align-feedback-helpers"):
            for kind in HELPERS:
                st.button(
                    here.t(f"align.feedback.ten_{kind}"), key=f"align-feedback-{kind}", on_click=ten, args=(kind,),
                    disabled=full,
                )  # fmt: skip
        if full:
            frame.notice(here.t("align.feedback.full", most=MOST))
        st.html(f'<p class="notice">{html.escape(here.t("align.feedback.note"))}</p>')
