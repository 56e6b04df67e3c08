"""Latency: batch size, threads, length, and padding, measured with the models of this page."""

from __future__ import annotations

import functools
import html

import streamlit as st

from explainers.quantization import beyond_figures, latency, shipped
from explainers.quantization.latency import Latencies
from pages.parts import quant_work
from pages.parts.scene import chart, table
from ui import figure, source, widgets
from ui.state import PageState


def draw(here: PageState) -> None:
    """The shipped measurement, or the reader's own."""
    widgets.draw(here, "timed")
    variant, count = here.text("timed").replace("_", "-"), quant_work.fresh("latency")
    ready = variant == shipped.VARIANT and count == 0
    call = functools.partial(latency.measure, variant)
    found = quant_work.long(here, "latency", call, (variant, count), wait=ready)
    if found.result is None and not ready:
        return
    shown: Latencies = found.result or shipped.latencies()
    best, last = shown.best_batch, shown.batches[-1]
    labels = here.t.group("quantlatency")
    with (
        found.above,
        figure.card(
            here,
            "latency",
            claim=here.t(
                "quantlatency.claim",
                batch=best.at,
                per_second=f"{best.timing.per_second:,.0f}",
                ms=f"{best.timing.median_ms:.0f}",
                last=last.at,
                last_ms=f"{last.timing.median_ms:.0f}",
                last_per_second=f"{last.timing.per_second:,.0f}",
            ),
            guide=tuple(here.t(f"quant.latency.{line}") for line in ("look", "try", "hides")),
            exports=(figure.Export("latency.csv", lambda: _csv(shown)),),
            code=lambda: source.snippet(latency.measure, f"found = measure({variant!r})\nprint(found)"),
        ),
    ):
        st.html(f'<p class="notice">{html.escape(quant_work.origin(here, found))}</p>')
        chart("latency-batch", beyond_figures.a_larger_batch_makes_everybody_wait(shown, labels))
        chart("latency-length", beyond_figures.length_and_threads(shown, labels))
        chart("latency-padding", beyond_figures.padding_is_computed_too(shown, labels))
    quant_work.again(here, "latency", found)


def _csv(shown: Latencies) -> str:
    rows: list[tuple[object, ...]] = []
    for name in ("batches", "lengths", "threads"):
        for point in getattr(shown, name):
            rows.append((name, point.at, point.timing.median_ms, point.timing.p95_ms, point.timing.runs))
    return table(("varied", "at", "median_ms", "p95_ms", "runs"), rows)
