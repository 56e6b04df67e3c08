"""Other losses: InfoNCE, sigmoid, triplets and supervised contrastive on the same batch, and smaller batches."""

from __future__ import annotations

import numpy as np

from explainers.alignment import batch, contrastive
from explainers.alignment.batch import World
from explainers.alignment.contrastive import Settings
from pages.parts import align_matrix, align_scene, focal_scene
from ui import components, figure, source, widgets
from ui.state import PageState

CONTROLS = ("batch", "scale", "margin", "bias", "label")


def top_share(gradient: contrastive.Float64) -> float:
    """The part of all pushing that the hardest tenth of the negatives does; 0 where nothing pushes."""
    off = gradient[~np.eye(len(gradient), dtype=bool)].clip(0)
    return float(np.sort(off)[::-1][: -(-len(off) // 10)].sum() / off.sum()) if off.sum() > 0 else 0.0


def draw(here: PageState) -> None:
    """The card of the losses."""
    world: World = next(one for one in batch.WORLDS if one == here.text("world"))
    language = align_scene.language_of(here)
    number = here.integer("draw")
    whole = batch.make_batch(world, batch.MOST, number, language)
    drawn = batch.draw_scenes(world, batch.MOST, number)
    classes = {part: [getattr(scene, part) for scene in drawn] for part in ("colour", "shape")}
    many = here.integer("batch")
    cosines = whole.cosines[:many, :many]
    settings = Settings(float(here["scale"]) or whole.scale, float(here["bias"]), float(here["margin"]))
    labels = classes[here.text("label")][:many]
    found = {kind: contrastive.batch_loss(kind, cosines, settings, labels) for kind in contrastive.KINDS}
    pushing = {kind: focal_scene.percent(top_share(one.gradient)) for kind, one in found.items()}

    def table() -> str:
        rows: list[list[object]] = [["loss", "picture", "caption", "cosine", "value", "gradient"]]
        for kind, one in found.items():
            rows += [
                [kind, i + 1, j + 1, float(cosines[i, j]), one.loss, float(one.gradient[i, j])]
                for i in range(many)
                for j in range(many)
            ]
        return focal_scene.csv(rows)

    with figure.card(
        here,
        "losses",
        claim=here.t("align.losses.claim_lone")
        if many == 1
        else here.t(
            "align.losses.claim",
            n=many,
            infonce=pushing["infonce"],
            sigmoid=pushing["sigmoid"],
            triplet=pushing["triplet"],
            hardest=pushing["hardest"],
        ),
        guide=tuple(here.t(f"align.losses.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("losses.csv", table),),
        code=lambda: source.snippet(
            contrastive.batch_loss,
            f'batch = make_batch("{world}", {batch.MOST}, {number}, "{language}")\n'
            f"cosines = batch.cosines[:{many}, :{many}]\n"
            f"labels = {labels!r}\n"
            f'for kind in ("infonce", "sigmoid", "triplet", "hardest", "supervised"):\n'
            f"    print(kind, batch_loss(kind, cosines, {settings!r}, labels).loss)\n"
            "print([smaller_batches(batch.cosines, size, batch.scale).loss for size in (1, 2, 4, 8, 16, 32)])",
            (batch.make_batch, contrastive.smaller_batches),
        ),
    ):
        components.mount(
            "alignlosses",
            "align-losses",
            {
                "payload": align_matrix.send(whole, f"{world}-{number}-{language}"),
                "labels": here.t.group("alignlosses"),
                "classes": classes,
                **focal_scene.for_script(here, CONTROLS),
            },
        )
        widgets.draw(here, "world")
        widgets.draw(here, "draw")
        widgets.draw_reset(here)
