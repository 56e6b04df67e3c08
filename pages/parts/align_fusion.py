"""Fusion: early, late, attention and bilinear on the same modalities, and what noise on one of them does to each."""

from __future__ import annotations

import functools

import numpy as np
import streamlit as st

from explainers.alignment import captions, fusing, fusion, packing, scenes
from explainers.alignment.fusing import Question
from explainers.alignment.fusion import Graceful
from pages.parts import align_scene, focal_scene
from ui import components, figure, frame, source, widgets, work
from ui.state import PageState


def question_of(here: PageState) -> Question:
    """What the controls ask."""
    task = next(one for one in fusing.TASKS if one == here.text("task"))
    noised = next(one for one in fusing.SIDES if one == here.text("noised"))
    return Question(task, noised, here.flag("hardened"))


def send_sample(here: PageState, question: Question) -> str:
    """Send the examples of a task to the browser once; the id by which the component finds them."""
    language, sample = align_scene.language_of(here), fusing.sample(question.task)
    names, words = captions.grammar().names, captions.grammar().words

    def truth(label: int) -> str:
        if question.task == "match":
            return here.t("align.fusion.truth_yes") if label else here.t("align.fusion.truth_no")
        return here.t("align.fusion.truth_shape", shape=words[scenes.SHAPES[label]][language])

    examples = []
    for ids, drawn, others, label in zip(sample.ids, sample.drawn, sample.others, sample.labels, strict=True):
        many = int((ids != captions.PAD).sum())
        told, instead = ([words[names[i]][language] for i in row[:many]] for row in (ids, others))
        examples.append({"words": told, "others": instead, "drawn": drawn[:many].tolist(), "truth": truth(int(label))})
    payload_id = f"align-fusion-{question.task}-{language}"
    parts = (sample.pictures.tobytes(), packing.floats(sample.noise))
    components.send(
        "align-fusion-payload", payload_id, packing.pack({"side": scenes.SIDE, "examples": examples}, parts)
    )
    return payload_id


def mount(here: PageState, question: Question, found: Graceful, own: Graceful | None) -> None:
    """The chart with its level of noise and the examples; own: a run of the reader's own, drawn over it."""
    series = []
    for place, method in enumerate(found.methods):
        line = align_scene.spread_line(
            here.t(f"align.fusion.method_{method}"), place, found.levels, found.accuracy[place].T.tolist()
        )
        if own is not None:
            line["live"] = own.accuracy[own.methods.index(method), 0].round(4).tolist()
        series.append(line)
    components.mount(
        "alignfusion",
        "align-fusion",
        {
            "payload": send_sample(here, question),
            "labels": here.t.group("alignfusion"),
            "series": series,
            "seed": 0 if own is None else here.integer("trial"),
            "noised": question.noised,
            "x": here.t(f"align.fusion.x_{question.noised}"),
            "y": here.t(f"align.fusion.y_{question.task}"),
            "chance": 1 / 6 if question.task == "shape" else 1 / 2,
            "top": 1.0,
            "percent": True,
            **focal_scene.for_script(here, ("noise",)),
        },
    )


def run_live(here: PageState, question: Question) -> Graceful | None:
    """All heads trained with the reader's seed, where the reader has asked for it and they are done."""
    made: list[Graceful] = []

    def keep(result: Graceful, done: bool) -> None:
        if done:
            made.append(result)

    widgets.draw(here, "trial")
    seed = here.integer("trial")
    call = functools.partial(fusing.ask, question, seeds=1, first=seed - 1)
    work.panel(here, "align-fusion", call, keep, key=("align-fusion", question, seed), process=True, wait=True)
    return made[-1] if made else None


def draw(here: PageState) -> None:
    """The view: controls, the card, and below it a run of the reader's own."""
    with st.container(horizontal=True, key="align-fusion-first", gap="medium", vertical_alignment="bottom"):
        for name in ("task", "noised", "hardened"):
            widgets.draw(here, name)
    question = question_of(here)
    found = fusing.shipped()[question]
    frame.notice(here.t("align.fusion.shipped", seeds=found.accuracy.shape[1]))
    picture = st.container()  # stands above the controls of the run that it draws
    own = run_live(here, question)
    with picture:
        draw_card(here, question, found, own)


def draw_card(here: PageState, question: Question, found: Graceful, own: Graceful | None) -> None:
    """The chart with its claim; own: the reader's run, where there is one."""
    names = {method: here.t(f"align.fusion.method_{method}") for method in found.methods}
    at_end = {method: found.accuracy[found.methods.index(method), :, -1].tolist() for method in fusion.FUSIONS}
    best, worst = (pick(at_end, key=lambda one: sum(at_end[one])) for pick in (max, min))
    clean = found.accuracy[: len(fusion.FUSIONS), :, 0].mean(axis=1)

    def table() -> str:
        rows: list[list[object]] = [["method", "seed", "noise", "accuracy"]]
        rows += [
            [method, seed + 1, level, float(found.accuracy[m, seed, k])]
            for m, method in enumerate(found.methods)
            for seed in range(found.accuracy.shape[1])
            for k, level in enumerate(found.levels)
        ]
        return focal_scene.csv(rows)

    with figure.card(
        here,
        "fusion",
        claim=here.t(
            f"align.fusion.claim_{question.task}",
            low=f"{clean.min():.2f}",
            high=f"{clean.max():.2f}",
            late=align_scene.plus_minus(found.accuracy[found.methods.index("late"), :, 0].tolist()),
            best=names[best],
            best_value=align_scene.plus_minus(at_end[best]),
            worst=names[worst],
            worst_value=align_scene.plus_minus(at_end[worst]),
        ),
        guide=tuple(here.t(f"align.fusion.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("fusion.csv", table),),
        code=lambda: source.snippet(
            fusing.ask,
            f"found = ask({question!r}, seeds=2)\n"
            "for method, accuracy in zip(found.methods, found.accuracy):\n"
            "    print(method, accuracy.mean(axis=0).round(3))",
        ),
    ):
        mount(here, question, found, own)
        weight = found.attention.mean(axis=0)
        if question.noised == "text":
            weight = 1 - weight
        frame.notice(
            here.t(
                "align.fusion.attention", before=f"{weight[0]:.2f}", after=f"{weight[-1]:.2f}",
                spread=f"{float(np.std(found.attention[:, -1], ddof=1)):.2f}",
            )
        )  # fmt: skip
        widgets.draw_reset(here)
