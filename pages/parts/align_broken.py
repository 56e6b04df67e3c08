"""Break the pairs: two dual encoders side by side, one on true captions, one on captions that changed hands."""

from __future__ import annotations

import functools
import html

import streamlit as st

from explainers.alignment import breaking, captions, training
from explainers.alignment.training import RUNS, Course, Moment, Setup, Trained
from pages.parts import align_doses, align_scene, focal_scene
from ui import components, figure, frame, source, widgets, work
from ui.state import PageState, run_again


def setup_of(here: PageState) -> Setup:
    """What the controls ask for."""
    swap = next(one for one in breaking.SWAPS if one == here.text("swap"))
    return Setup(share=here.integer("share") / 100, swap=swap, seed=here.integer("seed"))


def claim_of(here: PageState, course: Course) -> str:
    """What the two runs show, as measured."""
    first, last = course.frames[0], course.frames[-1]
    values = {
        "share": f"{course.setup.share:.0%}".replace("%", " %"),
        "start": f"{first[1].loss:.1f}",
        "aligned": f"{last[0].loss:.2f}",
        "broken": f"{last[1].loss:.2f}",
        "good": f"{last[0].found.recall_1:.2f}",
        "bad": f"{last[1].found.recall_1:.2f}",
        "colour": f"{last[1].parts[0]:.0%}".replace("%", " %"),
        "high": f"{align_scene.luck(1).high:.2f}",
    }
    if course.setup.share == 0:
        return here.t("align.broken.claim_none", **values)
    if course.setup.swap == "same_colour":
        return here.t("align.broken.claim_colour", **values)
    lucky = last[1].found.recall_1 <= align_scene.luck(1).high
    return here.t("align.broken.claim_luck" if lucky else "align.broken.claim_part", **values)


def course_csv(course: Course) -> str:
    """Every figure of both runs at every kept step."""
    names = ("image_to_text_1", "image_to_text_5", "text_to_image_1", "text_to_image_5")
    head = ["step", "run", "training_loss", *names, "recall_1_of_given_pairs", *breaking.PARTS, "scale", "alignment"]
    rows: list[list[object]] = [[*head, "uniformity_pictures", "uniformity_captions", "gap"]]
    for step, both in zip(course.steps, course.frames, strict=True):
        for run, one in zip(RUNS, both, strict=True):
            found = [getattr(one.found, name) for name in names]
            rows.append(
                [step, run, one.loss, *found, one.own, *one.parts, one.scale, one.alignment, *one.uniformity, one.gap]
            )
    return focal_scene.csv(rows)


def mount(here: PageState, record_id: str, record: bytes) -> None:
    """The picture of a training, running or done."""
    language = align_scene.language_of(here)
    held_out = training.data()[0].held_out
    order = sorted(range(len(held_out)), key=lambda i: (held_out[i].colour, held_out[i].shape, held_out[i].place))
    components.mount(
        "alignbroken",
        "align-broken",
        {
            "payload": align_scene.send_course(record_id, record),
            "labels": here.t.group("alignbroken"),
            "captions": [captions.caption(scene, language) for scene in held_out],
            "order": order,
        },
    )


def draw_done(here: PageState, done: Trained) -> None:
    """The card of a finished training."""
    setup = done.course.setup
    with figure.card(
        here,
        "broken",
        claim=claim_of(here, done.course),
        guide=tuple(here.t(f"align.broken.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("broken-pairs.csv", lambda: course_csv(done.course)),),
        code=lambda: source.snippet(
            training.train,
            f"done = train({setup!r})\n"
            "for step, (aligned, broken) in zip(done.course.steps, done.course.frames):\n"
            "    print(step, aligned.loss, aligned.found.recall_1, broken.loss, broken.found.recall_1)",
        ),
    ):
        mount(here, done.record_id, done.record)


def draw(here: PageState) -> None:
    """The view: controls, live training, its picture; before that, the training that is shipped."""
    with st.container(horizontal=True, key="align-broken-first", gap="medium", vertical_alignment="bottom"):
        for name in ("share", "swap", "seed"):
            widgets.draw(here, name)
    setup = setup_of(here)
    live = {"drawn": False, "whole": True}

    def show(result: Trained | Moment, done: bool) -> None:
        if not live["drawn"] and not live["whole"]:
            run_again()  # the shipped picture gives way to this one
        live["drawn"] = True
        if isinstance(result, Trained):
            draw_done(here, result)
        else:
            mount(here, result.record_id, result.record)

    call = functools.partial(training.train, setup)
    work.panel(here, "align-broken", call, show, key=("align-broken", setup), process=True, wait=True)
    live["whole"] = False
    if not live["drawn"]:
        shipped = training.shipped()
        same = setup == shipped.course.setup
        if same:  # what the page opens with is said on it, and announced to nobody
            st.html(f'<p class="notice">{html.escape(here.t("align.broken.shipped"))}</p>')
        else:
            frame.notice(here.t("align.broken.shipped_other"))
        draw_done(here, shipped)
    align_doses.draw(here)
