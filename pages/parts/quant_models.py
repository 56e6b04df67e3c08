"""The whole model, for real: every variant built and run, its bytes, its milliseconds, how far its answers moved."""

from __future__ import annotations

import functools
import html
from typing import Any

import streamlit as st

from explainers.quantization import calibration, measure, model_figures, reference
from explainers.quantization.machine import Machine
from explainers.quantization.measure import Measured, Measurement
from explainers.quantization.weights import fingerprint
from pages.parts import own_model, quant_scene
from pages.parts.quant_work import Found, again, fresh, long
from pages.parts.scene import chart, table
from ui import figure, frame, source, widgets
from ui.state import PageState

LEAST = 0.995
"""From this cosine on, of the sentence that moved most, an answer is called faithful."""
BATCH = 16
FLAGS = ("avx512", "vnni", "bf16", "amx")


def draw(here: PageState) -> None:
    """The shipped measurement, or the reader's own where there is one; and what makes one."""
    sentences = calibration.shipped("sentences")
    chosen = calibration.parse(here.text("calibration"))
    count, origin = fresh("models"), quant_scene.source_of(here)
    mark = fingerprint(origin)
    own = measure.kept(sentences, chosen, source=origin) if count == 0 else None
    found = Found(None, own)
    if own is None:
        call = functools.partial(measure.measure, sentences, chosen, again=count > 0, source=origin)
        part = functools.partial(_so_far, here)
        found = long(here, "models", call, (chosen, count, mark), so_far=part, wait=count == 0)
    shown = found.result or (None if quant_scene.is_own(here) else reference.measurement())
    with found.above or st.container():
        if shown is None:
            frame.notice(here.t("quantmodel.unmeasured"))
        else:
            _card(here, shown, shipped=found.result is None)
    again(here, "models", found)
    with st.expander(here.t("quantmodel.calibration")):
        widgets.draw(here, "calibration", lines=8)


def _so_far(here: PageState, part: Measurement) -> None:
    """What there is while it is being measured."""
    st.html(_table(here, part))


def _card(here: PageState, shown: Measurement, *, shipped: bool) -> None:
    model = own_model.spelt(quant_scene.source_of(here))
    with figure.card(
        here,
        "models",
        claim=_claim(here, shown),
        guide=tuple(here.t(f"quant.models.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("models.csv", lambda: _csv(shown)),),
        code=lambda: source.snippet(
            measure.measure,
            f"found = measure(shipped('sentences'), shipped('calibration'){model.argument})\n"
            "for one in found.ran:\n"
            "    print(one.name, one.disk_bytes, one.at(16).median_ms, one.lowest)",
            (calibration.shipped, *model.needs),
        ),
    ):
        st.html(f'<p class="notice">{html.escape(_origin(here, shown, shipped))}</p>')
        chart("models", model_figures.faster_and_as_faithful(shown.ran, BATCH, here.t.group("quantmodel"), LEAST))
        st.html(_table(here, shown))
        st.html(f"<p>{html.escape(_hardware(here, shown.machine))}</p>")


def _claim(here: PageState, shown: Measurement) -> str:
    best = shown.best(LEAST)
    if best is None:
        return here.t("quantmodel.claim_none", least=LEAST)
    return here.t(
        "quantmodel.claim",
        name=here.t(f"quantmodel.{best.name}"),
        times=f"{shown.speedup(best) or 0:.1f}",
        lowest=f"{best.lowest:.4f}",
        mb=f"{best.disk_bytes / 1e6:.0f}",
    )


def _origin(here: PageState, shown: Measurement, shipped: bool) -> str:
    said = here.t("quantmodel.shipped") if shipped else here.t("quantmodel.own")
    tokens = sum(shown.tokens) / len(shown.tokens)
    about = here.t(
        "quantmodel.about",
        processor=shown.machine.processor,
        n=len(shown.tokens),
        tokens=f"{tokens:.0f}",
        threads=shown.threads,
        versions=here.t.listed(f"{name} {version}" for name, version in shown.machine.versions),
    )
    return f"{said} {about}"


def _hardware(here: PageState, machine: Machine) -> str:
    has = [here.t(f"quantmodel.{flag}") for flag in FLAGS if flag in machine.flags]
    lacks = [here.t(f"quantmodel.{flag}") for flag in FLAGS if flag not in machine.flags]
    none = here.t("quantmodel.nothing")
    return here.t("quantmodel.hardware", has=here.t.listed(has) or none, lacks=here.t.listed(lacks) or none)


def _table(here: PageState, shown: Measurement) -> str:
    t = here.t
    names = ("number", "variant", "disk", "memory", "one", "sixteen", "per_second", "times", "cosine")
    head = "".join(f"<th scope=col>{html.escape(t(f'quantmodel.column_{name}'))}</th>" for name in names)
    best = shown.best(LEAST)
    rows = [_row(here, shown, place, one, one is best) for place, one in enumerate(shown.ran, 1)]
    for one in shown.results:
        if one.refused:
            why = html.escape(t(f"error.{one.refused}", **dict(one.details)))
            rows.append(f"<tr><td>–</td><th scope=row>{html.escape(t(f'quantmodel.{one.name}'))}</th>")
            rows.append(f"<td colspan=7>{why}</td></tr>")
    caption = html.escape(t("quantmodel.caption"))
    return (
        f'<div class="tokens wide" tabindex="0" role="region" aria-label="{caption}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _row(here: PageState, shown: Measurement, place: int, one: Measured, best: bool) -> str:
    single, batch = one.at(1), one.at(BATCH)
    speed = shown.speedup(one)
    cells = (
        f"{one.disk_bytes / 1e6:.1f}",
        f"{one.memory_bytes / 1e6:.1f}",
        f"{single.median_ms:.1f} ({single.p95_ms:.1f})",
        f"{batch.median_ms:.0f} ({batch.p95_ms:.0f})",
        f"{batch.per_second:,.0f}",
        "–" if speed is None else f"{speed:.2f}",
        f"{one.lowest:.4f} ({one.mean:.4f})",
    )
    name = html.escape(here.t(f"quantmodel.{one.name}"))
    lit = ' style="background:color-mix(in srgb, #CC79A7 22%, transparent)"' if best else ""
    return f"<tr{lit}><td>{place}</td><th scope=row>{name}</th>{''.join(f'<td>{cell}</td>' for cell in cells)}</tr>"


def _csv(shown: Measurement) -> str:
    columns = ("variant", "engine", "disk_bytes", "memory_bytes", "batch", "median_ms", "low_ms", "high_ms", "p95_ms")
    rows: list[tuple[Any, ...]] = []
    for one in shown.ran:
        for timing in one.timings:
            spread = (timing.median_ms, timing.low_ms, timing.high_ms, timing.p95_ms)
            times = tuple(f"{value:.3f}" for value in spread)
            known = (one.name, one.variant.engine, one.disk_bytes, one.memory_bytes, timing.batch)
            rows.append((*known, *times, timing.runs, f"{one.lowest:.6f}", f"{one.mean:.6f}"))
    return table((*columns, "runs", "lowest_cosine", "mean_cosine"), rows)
