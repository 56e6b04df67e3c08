"""Alignment by feedback: the model shows pairs it doubts, the reader says which belong, and the score moves."""

from __future__ import annotations

import base64
import functools
import html

import numpy as np
import numpy.typing as npt
import streamlit as st

from explainers.alignment import captions, feedback, packing, training
from explainers.alignment.feedback import ROUNDS, Card, Loop
from pages.parts import align_scene, focal_scene
from ui import figure, frame, source, work
from ui.state import PageState

ANSWERS, MISSED = "align-feedback-answers", "align-feedback-missed"
LETTERS = ("y", "n")
LINES = ("recall", "twin", "wrong")


@functools.lru_cache(maxsize=400)
def picture_of(scene: int) -> str:
    """The picture of a training scene as a data address."""
    one = packing.webp(_pictures()[scene : scene + 1], 1)
    return "data:image/webp;base64," + base64.b64encode(one).decode("ascii")


@functools.cache
def _pictures() -> npt.NDArray[np.uint8]:
    return training.training_views(1)


def answers_so_far() -> tuple[str, ...]:
    """The batches answered in this session."""
    return tuple(st.session_state.get(ANSWERS, ()))


def give(letters: str) -> None:
    """Answer the open batch."""
    st.session_state[ANSWERS] = (*answers_so_far(), letters)
    st.session_state.pop(MISSED, None)


def begin_anew() -> None:
    """Forget all answers of this session."""
    for name in (ANSWERS, MISSED):
        st.session_state.pop(name, None)


def draw(here: PageState) -> None:
    """The loop after the answers of this session, worked out in the pool."""
    answers = answers_so_far()

    def show(loop: Loop | None, done: bool) -> None:
        if done and loop is not None:
            draw_loop(here, answers, loop)

    call = functools.partial(feedback.after, answers)
    work.panel(here, "align-feedback", call, show, key=("align-feedback", answers))


def claim_of(here: PageState, loop: Loop) -> str:
    """What the answers were worth."""
    first, now = loop.points[0], loop.points[-1]
    if not loop.asked:
        return here.t("align.feedback.claim_none", left=first.left, wrong=first.wrong, first=f"{first.recall:.2f}")
    return here.t(
        "align.feedback.claim",
        n=sum(map(len, loop.asked)), right=loop.right, recall=f"{now.recall:.2f}", twin=f"{now.twin:.2f}",
        wrong=now.wrong, left=now.left, before=first.wrong,
    )  # fmt: skip


def table(answers: tuple[str, ...], loop: Loop) -> str:
    """Every answer and the scores after its batch, as CSV."""
    rows: list[list[object]] = [
        ["batch", "picture", "caption", "cosine", "belongs", "answer", "recall_1", "recall_1_twin", "left", "wrong"]
    ]
    for turn, (cards, letters) in enumerate(zip(loop.asked, answers, strict=False), 1):
        point = loop.points[turn]
        after = [point.recall, point.twin, point.left, point.wrong]
        rows += [
            [turn, card.picture, card.caption, card.cosine, int(card.true), letter, *after]
            for card, letter in zip(cards, letters, strict=True)
        ]
    return focal_scene.csv(rows)


def draw_loop(here: PageState, answers: tuple[str, ...], loop: Loop) -> None:
    """The card: the course so far, and the open batch."""
    with figure.card(
        here,
        "feedback",
        claim=claim_of(here, loop),
        guide=tuple(here.t(f"align.feedback.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("feedback.csv", lambda: table(answers, loop)),),
        code=lambda: source.snippet(
            feedback.after,
            f"loop = after({answers!r})\nfor point in loop.points:\n    print(point)\nprint(honest(loop.cards))",
            (feedback.honest,),
        ),
    ):
        if loop.asked:
            draw_course(here, loop)
        if len(loop.asked) >= ROUNDS or not loop.cards:
            frame.notice(here.t("align.feedback.full"))
        else:
            draw_cards(here, len(answers), loop)
        st.button(
            here.t("align.feedback.anew"), key="align-feedback-anew", on_click=begin_anew, disabled=not loop.asked
        )


def draw_course(here: PageState, loop: Loop) -> None:
    """Held-out recall with and without answers, and how much of the training set is wrong."""
    counts = [0]
    for cards in loop.asked:
        counts.append(counts[-1] + len(cards))
    values = {
        "recall": [point.recall for point in loop.points],
        "twin": [point.twin for point in loop.points],
        "wrong": [point.wrong / max(1, point.left) for point in loop.points],
    }
    series = []
    for place, name in enumerate(LINES):
        light, dark = align_scene.SERIES[(0, 4, 1)[place]]
        mean = [round(value, 4) for value in values[name]]
        series.append(
            {"name": here.t(f"align.feedback.line_{name}"), "color": light, "dark": dark, "dash": place}
            | {"x": counts, "mean": mean, "low": mean, "high": mean, "single": True}
        )
    align_scene.lines(
        here,
        "align-feedback-course",
        series,
        x=here.t("align.feedback.x"),
        y=here.t("align.feedback.y"),
        chance=align_scene.luck(1).mean,
        percent=False,
    )


def draw_card(here: PageState, card: Card, key: str) -> str | None:
    """One pair and what the reader says of it."""
    scene = training.data()[0].train[card.caption]
    words = html.escape(captions.caption(scene, align_scene.language_of(here)))
    sure = html.escape(here.t("align.feedback.cosine", cosine=f"{card.cosine:.2f}".replace("-", "−")))
    picture, name = picture_of(card.picture), html.escape(here.t("align.feedback.picture"))
    st.html(
        f'<img src="{picture}" alt="{name}" width="96" height="96" style="display:block">'
        f'<p style="margin:6px 0 0"><strong>{words}</strong><br><small>{sure}</small></p>'
    )
    return st.radio(
        words, LETTERS, index=None, key=key, horizontal=True, label_visibility="collapsed",
        format_func=lambda letter: here.t(f"align.feedback.answer_{letter}"),
    )  # fmt: skip


def draw_cards(here: PageState, turn: int, loop: Loop) -> None:
    """The open batch, to be answered as a whole."""
    keys = [f"align-feedback-{turn}-{place}" for place in range(len(loop.cards))]

    def answer() -> None:
        letters = [st.session_state.get(key) for key in keys]
        if all(letter in LETTERS for letter in letters):
            give("".join(map(str, letters)))
        else:
            st.session_state[MISSED] = turn

    with st.form("align-feedback-form", border=False):
        with st.container(horizontal=True, gap="medium"):
            for card, key in zip(loop.cards, keys, strict=True):
                with st.container(width=176):
                    draw_card(here, card, key)
        st.form_submit_button(here.t("align.feedback.send"), type="primary", key="align-feedback-send", on_click=answer)
    if st.session_state.get(MISSED) == turn:
        frame.notice(here.t("align.feedback.missed"))
    st.html(f'<p class="notice">{html.escape(here.t("align.feedback.truth"))}</p>')
    st.button(
        here.t("align.feedback.honest"), key="align-feedback-honest", on_click=give,
        args=(feedback.honest(loop.cards),),
    )  # fmt: skip
