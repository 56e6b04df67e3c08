"""Beyond quantization: everything on one plot, pruning, distillation, and mixed precision."""

from __future__ import annotations

import functools
import html

import streamlit as st

from explainers.quantization import (
    beyond_figures,
    calibration,
    distillation,
    mixed,
    pruning,
    shipped,
    together,
)
from pages.parts import quant_work
from pages.parts.scene import chart, table
from ui import figure, source, widgets
from ui.state import PageState

NOISE = 2.0  # a mean difference within so many standard deviations over seeds is called noise


def draw(here: PageState) -> None:
    """The part that the control asks for."""
    widgets.draw(here, "beyond")
    {"together": draw_together, "pruning": draw_pruning, "distillation": draw_distillation, "mixed": draw_mixed}[
        here.text("beyond")
    ](here)


def _guide(here: PageState, name: str) -> tuple[str, ...]:
    return tuple(here.t(f"quant.{name}.{line}") for line in ("look", "try", "hides"))


def _notice(here: PageState, found: quant_work.Found) -> None:
    st.html(f'<p class="notice">{html.escape(quant_work.origin(here, found))}</p>')


def draw_together(here: PageState) -> None:
    """Bytes, milliseconds and agreement of every way."""
    count = quant_work.fresh("together")
    known = shipped.all_together()
    ready = count == 0 and known is not None
    found = quant_work.long(here, "together", functools.partial(together.measure), count, wait=ready)
    shown: together.Together | None = found.result or (known if ready else None)
    if shown is None:
        return
    small = min(shown.ways, key=lambda one: one.file_bytes)
    faithful = [one for one in shown.ways if one.name == "onnx-int8-token"]
    with (
        found.above,
        figure.card(
            here,
            "together",
            claim=here.t(
                "quantbeyond.claim_together",
                student=f"{small.agreement:.1%}",
                times=f"{shown.ways[0].file_bytes / small.file_bytes:.0f}",
                int8=f"{faithful[0].agreement:.1%}" if faithful else "–",
            ),
            guide=_guide(here, "together"),
            exports=(figure.Export("together.csv", lambda: _together_csv(shown)),),
            code=lambda: source.snippet(
                together.measure,
                "for one in measure().ways:\n    print(one.way, one.name, one.file_bytes, one.ms, one.agreement)",
            ),
        ),
    ):
        _notice(here, found)
        labels = here.t.group("quantbeyond") | here.t.group("quantmodel")
        chart("together", beyond_figures.everything_on_one_plot(shown, labels))
    quant_work.again(here, "together", found)


def _together_csv(shown: together.Together) -> str:
    rows = [(one.way, one.name, one.file_bytes, one.ms, one.agreement, one.accuracy) for one in shown.ways]
    return table(("way", "name", "file_bytes", "ms_16", "agreement", "accuracy"), rows)


def draw_pruning(here: PageState) -> None:
    """Zeros, and units taken out."""
    widgets.draw(here, "sparsity")
    share, count = float(here["sparsity"]), quant_work.fresh("pruning")
    pruning.check(share)
    ready = share == shipped.SHARE and count == 0
    sentences = calibration.shipped("sentences")
    call = functools.partial(pruning.compare, sentences, share)
    found = quant_work.long(here, "pruning", call, (share, count), wait=ready)
    if found.result is None and not ready:
        return
    shown: pruning.Pruning = found.result or shipped.pruned()
    full, zeros, units = (shown.find(kind) for kind in ("full", "magnitude", "structured"))
    with (
        found.above,
        figure.card(
            here,
            "pruning",
            claim=here.t(
                "quantbeyond.claim_pruning",
                share=f"{share:.0%}",
                dense=f"{shown.dense_ms:.1f}",
                zeros=f"{shown.zeros_ms:.1f}",
                sparse=f"{shown.sparse_ms:.1f}",
            ),
            guide=_guide(here, "pruning"),
            exports=(figure.Export("pruning.csv", lambda: _pruning_csv(shown)),),
            code=lambda: source.snippet(
                pruning.compare, f"found = compare(shipped('sentences'), {share})\nprint(found)", (calibration.shipped,)
            ),
        ),
    ):
        _notice(here, found)
        chart("pruning", beyond_figures.zeros_do_not_speed_a_dense_kernel(shown, here.t.group("quantbeyond")))
        lines = [
            here.t(
                "quantbeyond.pruned_line",
                name=here.t(f"quantbeyond.{one.kind}"),
                zeros=f"{one.zeros:.0%}",
                mb=f"{one.file_bytes / 1e6:.0f}",
                packed=f"{one.packed_bytes / 1e6:.0f}",
                cosine=f"{one.mean:.3f}",
            )
            for one in (full, zeros, units)
        ]
        st.html("<ul>" + "".join(f"<li>{html.escape(line)}</li>" for line in lines) + "</ul>")
    quant_work.again(here, "pruning", found)


def _pruning_csv(shown: pruning.Pruning) -> str:
    rows: list[tuple[object, ...]] = []
    for one in shown.results:
        rows.append((one.kind, one.share, one.zeros, one.file_bytes, one.packed_bytes, one.timing.median_ms, one.mean))
    return table(("kind", "share", "zeros", "file_bytes", "packed_bytes", "ms_16", "mean_cosine"), rows)


def draw_distillation(here: PageState) -> None:
    """A student of the live model."""
    widgets.draw(here, "temperature")
    hot, count = float(here["temperature"]), quant_work.fresh("distillation")
    ready = hot == shipped.TEMPERATURE and count == 0
    call = functools.partial(distillation.distil, hot)
    found = quant_work.long(here, "distillation", call, (hot, count), wait=ready)
    if found.result is None and not ready:
        return
    shown: distillation.Distilled = found.result or shipped.distilled()
    gain = shown.gain
    noise = abs(float(gain.mean())) <= NOISE * float(gain.std(ddof=1)) / len(gain) ** 0.5
    with (
        found.above,
        figure.card(
            here,
            "distillation",
            claim=here.t(
                "quantbeyond.claim_noise" if noise else "quantbeyond.claim_distilled",
                times=f"{shown.teacher_bytes / shown.student_bytes:.0f}",
                soft=f"{shown.soft.mean():.2f} ± {shown.soft.std(ddof=1):.2f}",
                hard=f"{shown.hard.mean():.2f} ± {shown.hard.std(ddof=1):.2f}",
                teacher=f"{shown.teacher:.2f}",
            ),
            guide=_guide(here, "distillation"),
            exports=(figure.Export("distillation.csv", lambda: _distillation_csv(shown)),),
            code=lambda: source.snippet(distillation.distil, f"found = distil({hot})\nprint(found.hard, found.soft)"),
        ),
    ):
        _notice(here, found)
        place = min(here.integer("example"), len(shown.shown)) - 1
        st.html(f"<blockquote>{html.escape(shown.shown[place])}</blockquote>")
        st.html(f"<p>{html.escape(here.t('quantbeyond.truth', title=shown.truths[place]))}</p>")
        chart("distillation", beyond_figures.soft_labels_say_more(shown, place, here.t.group("quantbeyond")))
        widgets.draw(here, "example")
        said = here.t(
            "quantbeyond.sizes",
            teacher_mb=f"{shown.teacher_bytes / 1e6:.0f}",
            student_mb=f"{shown.student_bytes / 1e6:.1f}",
            teacher_ms=f"{shown.teacher_ms:.0f}",
            student_ms=f"{shown.student_ms:.2f}",
        )
        st.html(f"<p>{html.escape(said)}</p>")
    quant_work.again(here, "distillation", found)


def _distillation_csv(shown: distillation.Distilled) -> str:
    rows = [
        (seed + 1, float(hard), float(soft))
        for seed, (hard, soft) in enumerate(zip(shown.hard, shown.soft, strict=True))
    ]
    return table(("seed", "accuracy_hard", "accuracy_soft"), rows)


def draw_mixed(here: PageState) -> None:
    """Small gradients in FP16, and what the loss scale does for them."""
    count = quant_work.fresh("mixed")
    call = functools.partial(mixed.measure, calibration.shipped("sentences"))
    found = quant_work.long(here, "mixed", call, count, wait=count == 0)
    shown: mixed.Mixed = found.result or shipped.gradients()
    power = here.integer("loss_power")
    here_now, without = shown.points[power], shown.points[0]
    with (
        found.above,
        figure.card(
            here,
            "mixed",
            claim=here.t(
                "quantbeyond.claim_mixed",
                lost=f"{without.lost:.0%}",
                power=power,
                now=f"{here_now.lost:.2%}",
                over=f"{here_now.overflown:.2%}",
            ),
            guide=tuple(here.t(f"quant.mixed.{line}", best=shown.best.power) for line in ("look", "try", "hides")),
            exports=(figure.Export("gradients.csv", lambda: _mixed_csv(shown)),),
            code=lambda: source.snippet(
                mixed.measure,
                "for point in measure(shipped('sentences')).points:\n    print(point)",
                (calibration.shipped,),
            ),
        ),
    ):
        _notice(here, found)
        chart("mixed", beyond_figures.small_gradients_vanish(shown, power, here.t.group("quantbeyond")))
        widgets.draw(here, "loss_power")
    quant_work.again(here, "mixed", found)


def _mixed_csv(shown: mixed.Mixed) -> str:
    rows = [(point.power, point.lost, point.coarse, point.overflown) for point in shown.points]
    return table(("loss_scale_power", "lost", "coarse", "overflown"), rows)
