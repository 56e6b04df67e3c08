"""Fusion: early, late, attention and bilinear on the same modalities, and what noise on one of them does to each."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explainers.alignment import fusing, fusion
from explainers.alignment.fusing import Question
from pages.parts import align_scene, focal_scene
from ui import figure, frame, source, widgets
from ui.state import PageState


def question_of(here: PageState) -> Question:
    """What the controls ask."""
    task = next(one for one in fusing.TASKS if one == here.text("task"))
    noised = next(one for one in fusing.SIDES if one == here.text("noised"))
    return Question(task, noised, here.flag("hardened"))


def draw(here: PageState) -> None:
    """The card of fusion."""
    with st.container(horizontal=True, key="align-fusion-first", gap="medium", vertical_alignment="bottom"):
        for name in ("task", "noised", "hardened"):
            widgets.draw(here, name)
    question = question_of(here)
    found = fusing.shipped()[question]
    frame.notice(here.t("align.fusion.shipped", seeds=found.accuracy.shape[1]))
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
        series = [
            align_scene.spread_line(names[method], place, found.levels, found.accuracy[place].T.tolist())
            for place, method in enumerate(found.methods)
        ]
        align_scene.lines(
            here,
            "align-fusion",
            series,
            x=here.t(f"align.fusion.x_{question.noised}"),
            y=here.t(f"align.fusion.y_{question.task}"),
            chance=1 / 6 if question.task == "shape" else 1 / 2,
        )
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
