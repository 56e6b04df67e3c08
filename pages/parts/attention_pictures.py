"""The large head of one text or several beside each other, without the overview of all heads."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st

from explainers import attention, models
from explainers.attention import uses
from pages.parts import attention_canvas
from pages.parts.attention_words import say_merged, view_of
from pages.parts.scene import Scene, controls
from ui import figure, frame, source


def beside(
    scene: Scene, pictures: tuple[tuple[str, attention.View], ...], *, view: str = "", key: str = "side-by-side"
) -> None:
    """`pictures` (name, view) in a row. view: "lines" or "matrix"; "" for what the reader chose."""
    here = scene.here
    with st.container(horizontal=True, key=key):
        for name, text in pictures:
            with st.container(key=f"side-{name}"):
                data = {
                    "view": view or here.text("view"),
                    "alone": True,
                    "title": here.t(f"lens.side.{name.replace('-', '_')}"),
                }
                attention_canvas.mount(here, name, text, data, f"{name}-picture")


def draw_compare(scene: Scene) -> None:
    """Two sentences side by side under the same head."""
    here = scene.here
    b = scene.b
    if not b.strip() and scene.a == here.table["a"].default:
        # The sentence that the page begins with has a well-known partner; there is something to see without typing.
        b = here.t("lens.compare.pair")
        frame.notice(here.t("lens.compare.pair_shown", pair=b))
    if not (scene.a.strip() and b.strip()):
        frame.notice(here.t("lens.compare.need_b"))
        return
    alone = (replace(scene.asked, b=""), replace(scene.asked, a=b, b=""))
    first, second = (view_of(here, asked) for asked in alone)
    value = uses.similarity(first.trace.sentence_vector, second.trace.sentence_vector)
    with figure.card(
        here,
        "compare",
        claim=here.t("lens.compare.claim", value=f"{value:.3f}"),
        guide=scene.guide("compare"),
        exports=(figure.Export("compare.csv", lambda: both_csv(scene, first, second)),),
        code=lambda: source.snippet(
            attention.forward,
            f"loaded = load_encoder({scene.source!r})\n"
            f"texts = ({scene.a!r}, {b!r})\n"
            f"traces = [trace(text, ''{scene.rest}) for text in texts]\n"
            "first, second = [forward(loaded, one.tokens).sentence_vector for one in traces]\n"
            "print(float(first @ second))",
            (attention.trace, models.load_encoder, models.ModelSource),
        ),
    ):
        beside(scene, (("compare-a", first), ("compare-b", second)))
        for asked, view in zip(alone, (first, second), strict=True):
            say_merged(here, asked, view)
        controls(scene, "layer", "head", "view", "merge", "aside")


def both_csv(scene: Scene, first: attention.View, second: attention.View) -> str:
    """The head of both sentences, one line a weight, as `attention.to_csv` gives it."""
    a, b = (attention.to_csv(view.shown, *scene.head).splitlines() for view in (first, second))
    return "\n".join([f"sentence,{a[0]}", *(f"a,{line}" for line in a[1:]), *(f"b,{line}" for line in b[1:]), ""])
