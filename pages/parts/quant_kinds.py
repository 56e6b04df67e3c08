"""Three kinds of quantization on a classifier head: dynamic, static, and training with the rounding in place."""

from __future__ import annotations

import functools
import html

import streamlit as st

from explainers.quantization import beyond_figures, kinds, shipped
from explainers.quantization.kinds import BITS, EVERY, KINDS, Kinds
from pages.parts import quant_work
from pages.parts.scene import chart, table
from ui import figure, source, widgets
from ui.state import PageState


def draw(here: PageState) -> None:
    """The shipped comparison, or the one trained just now."""
    count = quant_work.fresh("kinds")
    found = quant_work.long(here, "kinds", functools.partial(kinds.compare), count, wait=count == 0)
    shown: Kinds = found.result or shipped.three_kinds()
    low = int(here.text("head_bits"))
    gain, spread = shown.gain(low), beyond_figures.spread(shown.gain(low))
    claim = "claim" if abs(float(gain.mean())) > 2 * spread else "claim_noise"
    with (
        found.above,
        figure.card(
            here,
            "kinds",
            claim=here.t(
                f"quantkind.{claim}",
                bits=low,
                static=f"{shown.accuracy['static', low].mean():.2f}",
                aware=f"{shown.accuracy['aware', low].mean():.2f}",
                plain=f"{shown.plain.mean():.2f}",
            ),
            guide=tuple(here.t(f"quant.kinds.{line}", n=shown.tested) for line in ("look", "try", "hides")),
            exports=(figure.Export("kinds.csv", lambda: _csv(shown)),),
            code=lambda: source.snippet(
                kinds.compare,
                "found = compare()\nfor how, values in found.accuracy.items():\n    print(how, values.round(3))",
            ),
        ),
    ):
        st.html(f'<p class="notice">{html.escape(quant_work.origin(here, found))}</p>')
        labels = here.t.group("quantkind")
        chart("kinds", beyond_figures.training_with_rounding_holds_on_longer(shown, labels))
        widgets.draw(here, "head_bits")
        chart("kinds-course", beyond_figures.it_learns_to_live_with_the_grid(shown, low, EVERY, labels))
    quant_work.again(here, "kinds", found)


def _csv(shown: Kinds) -> str:
    rows: list[tuple[object, ...]] = [("fp32", 32, seed + 1, float(value)) for seed, value in enumerate(shown.plain)]
    for kind in KINDS:
        for bits in BITS:
            values = shown.accuracy[kind, bits]
            rows += [(kind, bits, seed + 1, float(value)) for seed, value in enumerate(values)]
    return table(("kind", "bits", "seed", "accuracy"), rows)
