"""The shared space: both modalities in one plane, the gap between them, and the forces on a chosen point."""

from __future__ import annotations

import numpy as np

from explainers.alignment import captions, contrastive, scenes, training
from explainers.alignment.training import RUNS, Course, Trained
from pages.parts import align_broken, align_scene, focal_scene
from ui import components, figure, frame, source
from ui.pool import POOL
from ui.state import PageState

CONTROLS = ("run", "at", "slide", "point", "side")


def training_of(here: PageState) -> Trained:
    """The training with the settings of the view of broken pairs, where it has been run; else the shipped one."""
    setup = align_broken.setup_of(here)
    job = POOL.find(("align-broken", setup))
    if job is not None and isinstance(job.result, Trained):
        return job.result
    return training.shipped()


def points_csv(course: Course) -> str:
    """The last step's points in each run's own plane."""
    basis, _ = training.planes(course.embeddings[-1])
    rows: list[list[object]] = [["run", "pair", "modality", "x", "y"]]
    for place, run in enumerate(RUNS):
        for modality, cloud in zip(("picture", "caption"), course.embeddings[-1][place], strict=True):
            flat = (contrastive.unit(cloud.astype(np.float64)) - basis[place, 0]) @ basis[place, 1:].T
            rows += [[run, i + 1, modality, float(x), float(y)] for i, (x, y) in enumerate(flat)]
    return focal_scene.csv(rows)


def draw(here: PageState) -> None:
    """The card of the space."""
    done = training_of(here)
    course = done.course
    first, last = course.frames[0][0], course.last("aligned")
    held_out = training.data()[0].held_out
    language = align_scene.language_of(here)
    frame.notice(
        here.t("align.space.shipped" if done is training.shipped() else "align.space.live", step=course.setup.steps)
    )
    with figure.card(
        here,
        "space",
        claim=here.t(
            "align.space.claim",
            before=f"{first.gap:.2f}",
            after=f"{last.gap:.2f}",
            alignment=f"{last.alignment:.2f}",
            broken=f"{course.last('broken').alignment:.2f}",
        ),
        guide=tuple(here.t(f"align.space.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("space.csv", lambda: points_csv(course)),),
        code=lambda: source.snippet(
            contrastive.forces,
            "pictures, texts = unit(shipped().course.embeddings[-1][0].astype(float))\n"
            f"print('gap', np.linalg.norm(gap(pictures, texts)), 'alignment', alignment(pictures, texts))\n"
            "print('uniformity', uniformity(pictures), uniformity(texts))\n"
            f"found = forces(pictures, texts, {last.scale:.1f}, {here.integer('point') - 1})\n"
            "print(found.pull @ found.pull, found.shares.round(3))",
            (contrastive.unit, contrastive.gap, contrastive.alignment, contrastive.uniformity, training.shipped),
        ),
    ):
        components.mount(
            "alignspace",
            "align-space",
            {
                "payload": align_scene.send_course(done.record_id, done.record),
                "labels": here.t.group("alignspace"),
                "captions": [captions.caption(scene, language) for scene in held_out],
                "colours": [scene.colour for scene in held_out],
                "tints": {name: f"rgb({r},{g},{b})" for name, (r, g, b) in scenes.COLOURS.items()},
                **focal_scene.for_script(here, CONTROLS),
            },
        )
