"""bertviz's own views on the attention page, for readers who know them; our own canvas views are the default."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explainers import attention
from explainers.attention.bertviz_pages import MOST_TOKENS, BertvizView, bertviz_page
from explainers.errors import ExplainerError
from pages.parts.scene import Scene, controls, table
from ui import components, figure, frame, source


def draw_bertviz(scene: Scene) -> None:
    """The head view or the model view, as bertviz's own script draws it; a sentence where it cannot."""
    here, trace = scene.here, scene.text.trace
    view: BertvizView = "model" if here.text("bertviz") == "model" else "head"
    layer = here.integer("layer")
    labels = {**here.t.group("bertviz"), "lang": here.t.code}
    try:
        page = bertviz_page(trace, view, labels, layer=layer)
    except ExplainerError as error:
        frame.trouble(here.t(f"error.{error.code}", **error.details))
        controls(scene, "bertviz")
        return
    n, layers, heads = len(trace.tokens), trace.layers, trace.heads
    said = {"tokens": n, "heads": heads}
    if view == "head":
        claim = here.t("lens.bertviz.claim_head", lines=f"{n * n * heads:,}", **said)
    else:
        claim = here.t("lens.bertviz.claim_model", lines=f"{n * n * heads * layers:,}", layers=layers, **said)
    with figure.card(
        here,
        "bertviz",
        claim=claim,
        guide=scene.guide(f"bertviz_{view}", **MOST_TOKENS),
        exports=(figure.Export("attention-every-head.csv", lambda: _csv(trace)),),
        code=lambda: source.snippet(
            bertviz_page,
            f"labels = {labels!r}\n"
            f"page = bertviz_page(trace({scene.call}), {view!r}, labels, layer={layer})\n"
            f'with open("bertviz-{view}.html", "w", encoding="utf-8") as file:  # opens in any browser, offline\n'
            "    print(file.write(page.html))",
            scene.needs(attention.trace),
        ),
    ):
        controls(scene, "bertviz")
        scripts = page.scripts.encode("utf-8")
        components.send("bertviz-payload", attention.name_of(scripts), scripts)
        components.mount(
            "bertviz",
            "bertviz-picture",
            {"frame": page.frame, "scripts": attention.name_of(scripts), "view": view, "labels": labels},
        )
        st.download_button(
            here.t("bertviz.keep"),
            lambda: page.html,
            file_name=f"bertviz-{view}.html",
            mime="text/html",
            key="bertviz-html",
            on_click="ignore",
        )


def _csv(trace: attention.AttentionTrace) -> str:
    """Every weight that bertviz can be asked to draw, unrounded to bytes: which layer it shows is its own affair."""
    pieces = [token.piece for token in trace.tokens]
    return table(
        ("layer", "head", "query_index", "query", "key_index", "key", "weight"),
        [
            (layer + 1, head + 1, query, pieces[query], key, pieces[key], f"{weight:.6f}")
            for (layer, head, query, key), weight in np.ndenumerate(trace.attention)
        ],
    )
