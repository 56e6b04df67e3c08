"""The similarity matrix of a batch: temperature, two softmaxes, the loss of each pair, captions that change places."""

from __future__ import annotations

import csv
import io
from collections.abc import Sequence

import numpy as np
import streamlit as st

from explainers.alignment import batch, matrix
from explainers.alignment.batch import Batch, World
from explainers.alignment.captions import Language
from pages.parts import focal_scene
from ui import components, figure, source, widgets
from ui.state import PageState

FORMULA = ("=", "+", "-", "@", "\t", "\r")
CONTROLS = ("batch", "scale", "cells", "swaps", "cell")


def language_of(here: PageState) -> Language:
    """The language that captions are shown in: the reader's."""
    return "zh-Hant" if here.t.code == "zh-Hant" else "en"


def order_of(swaps: str, many: int) -> list[int]:
    """Which caption stands at which picture after the swaps of the address; what makes no sense is passed over."""
    order = list(range(many))
    for part in swaps.split(","):
        ends = part.split("-")
        if len(ends) == 2 and all(end.isascii() and end.isdigit() and 1 <= int(end) <= many for end in ends):
            a, b = (int(end) - 1 for end in ends)
            order[a], order[b] = order[b], order[a]
    return order


def cut(whole: Batch, many: int) -> Batch:
    """The first pairs of a batch."""
    return Batch(whole.pictures[:many], whole.captions[:many], whole.images[:many], whole.texts[:many], whole.scale)


def sheet(rows: Sequence[Sequence[object]]) -> str:
    """Rows as CSV; a caption that a spreadsheet would take for a formula gets a quote (OWASP, "CSV Injection")."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in rows:
        writer.writerow([f"'{cell}" if isinstance(cell, str) and cell[:1] in FORMULA else cell for cell in row])
    return out.getvalue()


def table(shown: Batch, scale: float) -> str:
    """All cells as CSV: cosine, logit, both shares."""
    found = matrix.directions(shown.cosines, scale)
    rows: list[list[object]] = [["picture", "caption", "words", "cosine", "logit", "of_row", "of_column"]]
    for (i, j), cosine in np.ndenumerate(shown.cosines):
        shares = float(found.rows[i, j]), float(found.columns[i, j])
        rows.append([i + 1, j + 1, shown.captions[j], float(cosine), float(cosine) * scale, *shares])
    return sheet(rows)


def send(whole: Batch, name: str) -> str:
    """Send a batch to the browser once; the id by which the component finds it."""
    payload_id = f"align-batch-{name}"
    components.send("align-batch-payload", payload_id, batch.payload(whole))
    return payload_id


def claim_of(here: PageState, many: int, wrong: int, scale: float, losses: tuple[float, float]) -> str:
    """What the matrix shows: a lone pair, captions that were moved, or the batch as it is."""
    before, after = (focal_scene.short(loss, 2) for loss in losses)
    if many == 1:
        return here.t("align.matrix.claim_lone")
    if wrong:
        return here.t("align.matrix.claim_moved", wrong=wrong, before=before, after=after)
    others = many * many - many
    return here.t("align.matrix.claim", n=many, others=others, loss=before, scale=f"{scale:.1f}")


def draw_batch(here: PageState, whole: Batch, name: str, *, guide: str, made: str) -> None:
    """The card of a batch's matrix. name: of its payload; guide: whose texts stand below; made: code that makes it."""
    many = min(here.integer("batch"), len(whole.captions))
    order = order_of(here.text("swaps"), many)
    scale = float(here["scale"]) or whole.scale
    straight = cut(whole, many)
    shown = batch.moved(straight, order)
    before, after = (matrix.directions(one.cosines, scale).loss for one in (straight, shown))
    wrong = sum(place != own for place, own in enumerate(order))
    with figure.card(
        here,
        "matrix",
        claim=claim_of(here, many, wrong, scale, (before, after)),
        guide=tuple(here.t(f"align.{guide}.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("matrix.csv", lambda: table(shown, scale)),),
        code=lambda: source.snippet(
            matrix.directions,
            f"{made}\n"
            f"order = {order}  # which caption stands at which picture\n"
            f"found = directions(whole.cosines[:{many}][:, order], {scale!r})\n"
            "print(found.loss, found.per_pair.round(3))",
        ),
    ):
        components.mount(
            "alignmatrix",
            "align-matrix",
            {
                "payload": send(whole, name),
                "labels": here.t.group("alignmatrix"),
                **focal_scene.for_script(here, CONTROLS),
            },
        )


def draw(here: PageState) -> None:
    """The matrix of rendered scenes."""
    world: World = next(one for one in batch.WORLDS if one == here.text("world"))
    language, number = language_of(here), here.integer("draw")
    whole = batch.make_batch(world, batch.MOST, number, language)
    made = (
        "from explainers.alignment.batch import make_batch\n"
        f'whole = make_batch("{world}", {batch.MOST}, {number}, "{language}")'
    )
    draw_batch(here, whole, f"{world}-{number}-{language}", guide="matrix", made=made)
    with st.container(horizontal=True, gap="medium", key="align-matrix-more"):
        widgets.draw(here, "world")
        widgets.draw(here, "draw")
        widgets.draw_reset(here)
