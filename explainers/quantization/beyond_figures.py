"""Charts of the three kinds, of pruning, distillation, mixed precision and latency, each named for what it claims. They
compute nothing: measurements come in, a figure goes out; `labels` holds the words of the reader's language."""

from __future__ import annotations

import math
from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go

from explainers.quantization.distillation import Distilled
from explainers.quantization.kinds import BITS, KINDS, Float64, Kinds
from explainers.quantization.latency import Latencies, Point
from explainers.quantization.mixed import LOWEST, SMALLEST_NORMAL, Mixed
from explainers.quantization.model_figures import COLOURS, Labels, calm, clear_sides
from explainers.quantization.pruning import Pruning
from explainers.quantization.together import Together

BY_KIND = {"dynamic": "#56B4E9", "static": "#CC79A7", "aware": "#D55E00"}
DASH = {"dynamic": "dot", "static": "dash", "aware": "solid"}
SYMBOLS = {"dynamic": "circle", "static": "square", "aware": "diamond"}
GREY = "#7F7F7F"
WAYS = {"magnitude": ("#E69F00", "triangle-up"), "structured": ("#009E73", "square"), "student": ("#0072B2", "star")}
PX_PER_DECADE, PX_PER_WHOLE = 175.0, 700.0  # about, where everything is on one plot: of time, and of agreement
FP16_SMALLEST = -24  # power of two of the smallest number that FP16 knows


def spread(values: Float64) -> float:
    return float(values.std(ddof=1)) if len(values) > 1 else 0.0


def training_with_rounding_holds_on_longer(found: Kinds, labels: Labels) -> go.Figure:
    """Accuracy against bits, one line a kind; bars: standard deviation over seeds."""
    figure = go.Figure()
    plain = float(found.plain.mean())
    figure.add_hline(y=plain, line={"color": GREY, "dash": "dash"}, annotation_text=f"FP32 {plain:.3f}")
    for kind in KINDS:
        values = [found.accuracy[kind, bits] for bits in BITS]
        figure.add_scatter(
            x=[str(bits) for bits in BITS],
            y=[float(one.mean()) for one in values],
            error_y={"type": "data", "array": [spread(one) for one in values], "thickness": 1},
            name=labels[kind],
            mode="lines+markers",
            line={"color": BY_KIND[kind], "dash": DASH[kind]},
            marker={"symbol": SYMBOLS[kind], "size": 10},
        )
    figure.update_xaxes(title=labels["x_bits"], type="category")
    figure.update_yaxes(title=labels["y_accuracy"])
    return calm(figure, 380)


def it_learns_to_live_with_the_grid(found: Kinds, bits: int, every: int, labels: Labels) -> go.Figure:
    """Accuracy during quantization-aware training, one thin line a seed, the mean thick."""
    course = found.course[bits]
    steps = [every * look for look in range(len(course))]
    figure = go.Figure()
    for seed in range(course.shape[1]):
        figure.add_scatter(
            x=steps,
            y=course[:, seed],
            mode="lines",
            line={"color": BY_KIND["aware"], "width": 1},
            opacity=0.45,
            name=labels["one_seed"],
            showlegend=seed == 0,
        )
    figure.add_scatter(
        x=steps, y=course.mean(axis=1), mode="lines", line={"color": BY_KIND["aware"], "width": 3}, name=labels["mean"]
    )
    figure.update_xaxes(title=labels["x_steps"])
    figure.update_yaxes(title=labels["y_accuracy"])
    return calm(figure, 300)


def zeros_do_not_speed_a_dense_kernel(found: Pruning, labels: Labels) -> go.Figure:
    """One matrix: dense, dense with zeros, sparse; and the whole model: full, scattered zeros, units removed."""
    timings = {one.kind: one.timing for one in found.results}
    names = ("dense", "zeros", "sparse")
    colours = (GREY, WAYS["magnitude"][0], "#CC79A7")
    figure = go.Figure()
    figure.add_bar(
        x=[labels[name] for name in names],
        y=[found.dense_ms, found.zeros_ms, found.sparse_ms],
        marker_color=colours,
        name=labels["one_matrix"],
        xaxis="x",
        yaxis="y",
        showlegend=False,
        text=[f"{value:.2f}" for value in (found.dense_ms, found.zeros_ms, found.sparse_ms)],
    )
    kinds = ("full", "magnitude", "structured")
    figure.add_bar(
        x=[labels[kind] for kind in kinds],
        y=[timings[kind].median_ms for kind in kinds],
        error_y={
            "type": "data",
            "array": [timings[kind].p95_ms - timings[kind].median_ms for kind in kinds],
            "arrayminus": [timings[kind].median_ms - timings[kind].low_ms for kind in kinds],
            "symmetric": False,
        },
        marker_color=[GREY, WAYS["magnitude"][0], WAYS["structured"][0]],
        xaxis="x2",
        yaxis="y2",
        showlegend=False,
    )
    figure.update_layout(
        xaxis={"domain": [0, 0.44], "title": labels["one_matrix"]},
        xaxis2={"domain": [0.56, 1], "anchor": "y2", "title": labels["whole_model"]},
        yaxis={"title": labels["y_ms"]},
        yaxis2={"title": labels["y_ms"], "anchor": "x2"},
    )
    return calm(figure, 340)


def soft_labels_say_more(found: Distilled, place: int, labels: Labels) -> go.Figure:
    """The teacher's probabilities for one sentence, at temperature 1 and at T."""
    figure = go.Figure()
    for values, name, colour in (
        (found.plain, labels["at_one"], GREY),
        (found.tempered, f"T = {found.temperature:g}", "#D55E00"),
    ):
        figure.add_bar(y=list(found.titles), x=values[place], orientation="h", name=name, marker_color=colour)
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title=labels["x_probability"], range=[0, 1])
    return calm(figure, 360)


def everything_on_one_plot(found: Together, labels: Labels) -> go.Figure:
    """Milliseconds against agreement, numbered as in the legend; the marker's size says the bytes."""
    figure = go.Figure()
    sides = clear_sides([(PX_PER_DECADE * math.log10(one.ms), PX_PER_WHOLE * one.agreement) for one in found.ways])
    for number, (one, side) in enumerate(zip(found.ways, sides, strict=True), 1):
        if one.way == "variant":
            form = one.name.split("-")[1]
            colour, shape, name = COLOURS[form], "circle", labels[one.name]
        else:
            colour, shape = WAYS[one.way]
            share = "" if one.way == "student" else f" {float(one.name):.0%}"
            name = f"{labels[one.way]}{share}"
        figure.add_scatter(
            x=[one.ms],
            y=[one.agreement],
            mode="markers+text",
            text=[str(number)],
            textposition=side,
            name=f"{number} · {name} · {one.file_bytes / 1e6:.1f} MB",
            marker={
                "color": colour,
                "symbol": shape,
                "size": 6 + 1.2 * (one.file_bytes / 1e6) ** 0.5,
                "line": {"width": 1},
            },
            hovertemplate=f"{name}<br>%{{x:.2f}} ms<br>%{{y:.1%}}<br>{one.file_bytes / 1e6:.1f} MB<extra></extra>",
        )
    figure.update_xaxes(title=labels["x_sixteen"], type="log")
    least = min(one.agreement for one in found.ways)
    figure.update_yaxes(title=labels["y_agreement"], tickformat=".0%", range=[least - 0.04, 1.04])
    shown = calm(figure, 500)
    shown.update_layout(legend={"orientation": "h", "y": -0.2, "yanchor": "top"})
    return shown


def small_gradients_vanish(found: Mixed, power: int, labels: Labels) -> go.Figure:
    """The histogram of gradients, shifted by the loss scale, over what FP16 can hold."""
    powers = np.arange(LOWEST, LOWEST + len(found.counts)) + power
    colours = [
        "#D55E00"
        if place < FP16_SMALLEST
        else "#E69F00"
        if 2.0**place < SMALLEST_NORMAL
        else "#56B4E9"
        if place < 16
        else "#000000"
        for place in powers
    ]
    figure = go.Figure()
    figure.add_bar(
        x=powers,
        y=found.counts / found.total,
        marker_color=colours,
        showlegend=False,
        hovertemplate="2^%{x}<br>%{y:.2%}<extra></extra>",
    )
    for name, colour in (("vanish", "#D55E00"), ("coarse", "#E69F00"), ("exact", "#56B4E9"), ("overflow", "#000000")):
        figure.add_bar(x=[None], y=[None], marker_color=colour, name=labels[name])
    for place in (FP16_SMALLEST, -14, 16):
        figure.add_vline(x=place - 0.5, line={"dash": "dot", "color": GREY}, annotation_text=f"2^{place}")
    figure.update_xaxes(title=labels["x_power"], range=[-52, 22])
    figure.update_yaxes(title=labels["y_gradients"], tickformat=".0%")
    return calm(figure, 380)


def _timed(figure: go.Figure, points: Sequence[Point], name: str, axes: tuple[str, str], colour: str) -> None:
    figure.add_scatter(
        x=[point.at for point in points],
        y=[point.timing.median_ms for point in points],
        error_y={
            "type": "data",
            "symmetric": False,
            "array": [point.timing.p95_ms - point.timing.median_ms for point in points],
            "arrayminus": [point.timing.median_ms - point.timing.low_ms for point in points],
            "thickness": 1,
        },
        mode="lines+markers",
        name=name,
        line={"color": colour},
        xaxis=axes[0],
        yaxis=axes[1],
    )


def a_larger_batch_makes_everybody_wait(found: Latencies, labels: Labels) -> go.Figure:
    """Batch size against milliseconds (left axis) and sentences per second (right axis)."""
    figure = go.Figure()
    _timed(figure, found.batches, labels["latency"], ("x", "y"), "#D55E00")
    figure.add_scatter(
        x=[point.at for point in found.batches],
        y=[point.timing.per_second for point in found.batches],
        mode="lines+markers",
        name=labels["throughput"],
        line={"color": "#0072B2", "dash": "dash"},
        marker={"symbol": "square"},
        yaxis="y2",
    )
    figure.update_layout(
        xaxis={
            "title": labels["x_batch"],
            "type": "log",
            "tickvals": [point.at for point in found.batches],
        },
        yaxis={"title": labels["y_ms"], "rangemode": "tozero"},
        yaxis2={
            "title": labels["y_per_second"],
            "overlaying": "y",
            "side": "right",
            "rangemode": "tozero",
            "tickformat": ".0f",
            "tickmode": "auto",
            "showgrid": False,
        },
    )
    return calm(figure, 380)


def length_and_threads(found: Latencies, labels: Labels) -> go.Figure:
    """Tokens per sentence against milliseconds, and threads against milliseconds for sixteen sentences."""
    figure = go.Figure()
    _timed(figure, found.lengths, labels["one_sentence"], ("x", "y"), "#009E73")
    _timed(figure, found.threads, labels["sixteen"], ("x2", "y2"), "#0072B2")
    figure.update_layout(
        xaxis={"domain": [0, 0.44], "title": labels["x_length"]},
        yaxis={"title": labels["y_short"], "rangemode": "tozero"},
        xaxis2={"domain": [0.56, 1], "anchor": "y2", "title": labels["x_threads"], "dtick": 1},
        yaxis2={"title": labels["y_short"], "anchor": "x2", "rangemode": "tozero"},
    )
    return calm(figure, 340)


def padding_is_computed_too(found: Latencies, labels: Labels) -> go.Figure:
    """Sixteen texts of different lengths in three ways."""
    figure = go.Figure()
    if found.padding is not None:
        ways = (found.padding.together_ms, found.padding.sorted_ms, found.padding.alone_ms)
        wasted = (found.padding.together_waste, found.padding.sorted_waste, 0.0)
        figure.add_bar(
            y=[labels[name] for name in ("together", "sorted", "alone")],
            x=ways,
            orientation="h",
            marker_color=["#D55E00", "#0072B2", GREY],
            text=[f"{ms:.0f} ms · {labels['padding']} {share:.0%}" for ms, share in zip(ways, wasted, strict=True)],
        )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title=labels["x_all_sixteen"])
    return calm(figure, 240)
