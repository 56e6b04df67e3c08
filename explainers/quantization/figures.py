"""Charts of the quantization page. They compute nothing: numbers come in, a figure goes out; `labels` holds the words
of the reader's language. Colours: cividis for amounts, blue-white-vermilion for signed differences, white at zero.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import numpy.typing as npt
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explainers.quantization.sensitivity import Inputs, Layers, Plan, Search

Labels = Mapping[str, str]
Matrix = npt.NDArray[np.floating]

SIGNED = [[0.0, "#0072B2"], [0.5, "#FFFFFF"], [1.0, "#D55E00"]]
FP32, INT8, INT4, SKY, BLUE = "#7F7F7F", "#CC79A7", "#D55E00", "#56B4E9", "#0072B2"


def calm(figure: go.Figure, height: int, top: int = 36) -> go.Figure:
    """The look of the house: no drag, small margins, 13 px."""
    figure.update_layout(height=height, margin={"l": 8, "r": 8, "t": top, "b": 8}, font_size=13, dragmode=False)
    return figure


def before_after_difference(
    before: Matrix, after: Matrix, names: Sequence[str], labels: Labels, *, height: int = 330, low: float = 0.0
) -> go.Figure:
    """Three matrices side by side: under the full model, under the quantized one, and the second less the first.

    labels: before, after, difference, row, column. low: where the colours of the first two begin; they end at 1.
    """
    gap = after - before
    most = float(np.abs(gap).max()) or 1e-9
    figure = make_subplots(1, 3, subplot_titles=[labels["before"], labels["after"], labels["difference"]])
    for place, domain in enumerate(((0, 0.28), (0.31, 0.59), (0.7, 0.98)), start=1):
        figure.update_xaxes(domain=domain, col=place)
        figure.layout.annotations[place - 1].x = sum(domain) / 2
    bars = ({"x": 0.595, "len": 0.94, "thickness": 8}, None, {"x": 0.985, "len": 0.94, "thickness": 8})
    for place, (values, bar) in enumerate(zip((before, after, gap), bars, strict=True), start=1):
        signed = place == 3
        figure.add_trace(
            go.Heatmap(
                z=values,
                x=list(names),
                y=list(names),
                colorscale=SIGNED if signed else "Cividis",
                zmin=-most if signed else low,
                zmax=most if signed else 1.0,
                showscale=bar is not None,
                colorbar=bar,
                hovertemplate=f"{labels['row']} %{{y}}<br>{labels['column']} %{{x}}<br>%{{z:.3f}}<extra></extra>",
            ),
            1,
            place,
        )
    figure.update_yaxes(autorange="reversed", title=labels["row"], col=1)
    figure.update_yaxes(autorange="reversed", showticklabels=False, col=2)
    figure.update_yaxes(autorange="reversed", showticklabels=False, col=3)
    figure.update_xaxes(title=labels["column"])
    return calm(figure, height)


def layers_that_hurt(found: Layers, names: Sequence[str], wide: Sequence[bool], labels: Labels) -> go.Figure:
    """Above, the loss of each layer by itself; below, the cosine left when it and all before it are quantized.

    names: of the layers on the page. wide: those with an outlier channel, which get a colour of their own.
    """
    figure = make_subplots(2, 1, shared_xaxes=True, vertical_spacing=0.12, row_heights=[0.55, 0.45])
    for flag, color, name, pattern in ((False, FP32, "ordinary", ""), (True, INT4, "wide", "/")):
        places = [place for place, one in enumerate(wide) if one == flag]
        figure.add_trace(
            go.Bar(
                x=[names[place] for place in places],
                y=[max(1 - found.alone[place], 1e-7) for place in places],
                marker={"color": color, "pattern": {"shape": pattern}},
                name=labels[name],
                hovertemplate="%{x}<br>%{y:.2e}<extra></extra>",
            ),
            1,
            1,
        )
    line = go.Scatter(
        x=list(names),
        y=list(found.together),
        mode="lines+markers",
        line={"color": INT8, "width": 2},
        name=labels["together"],
        hovertemplate="%{x}<br>%{y:.4f}<extra></extra>",
    )
    figure.add_trace(line, 2, 1)
    figure.update_yaxes(type="log", title=labels["alone_axis"], exponentformat="power", row=1)
    figure.update_yaxes(title=labels["together_axis"], row=2)
    figure.update_xaxes(categoryorder="array", categoryarray=list(names), tickangle=-60, tickfont_size=10)
    figure.update_layout(legend={"orientation": "h", "y": 1.12, "x": 0})
    return calm(figure, 430, top=40)


def features_that_stick_out(found: Inputs, labels: Labels) -> go.Figure:
    """Largest absolute value of every input feature of a layer; outliers in vermilion."""
    outliers = set(found.outliers)
    colors = [INT4 if place in outliers else FP32 for place in range(len(found.widths))]
    bars = go.Bar(
        x=list(range(len(found.widths))),
        y=found.widths.tolist(),
        marker={"color": colors, "line": {"width": 0}},
        hovertemplate=f"{labels['feature']} %{{x}}<br>%{{y:.3g}}<extra></extra>",
    )
    figure = go.Figure(bars)
    figure.update_xaxes(title=labels["feature"])
    figure.update_yaxes(title=labels["width"])
    figure.update_layout(bargap=0)
    return calm(figure, 240, top=12)


def size_against_agreement(found: Search, chosen: Plan, budget: float, labels: Labels) -> go.Figure:
    """Plans by bytes and cosine: the greedy way, the uniform ones, the chosen one, and the budget as a line.

    Every point carries its plan as `customdata`, so that a click can set it.
    """
    figure = go.Figure()
    kinds = (
        ("greedy", found.greedy, {"color": SKY, "size": 9, "symbol": "circle"}, "lines+markers"),
        ("uniform", found.uniform, {"color": INT8, "size": 12, "symbol": "diamond"}, "markers+text"),
        ("chosen", (chosen,), {"color": INT4, "size": 16, "symbol": "circle-open", "line": {"width": 3}}, "markers"),
    )
    for name, plans, marker, mode in kinds:
        figure.add_trace(
            go.Scatter(
                x=[plan.bytes / 2**20 for plan in plans],
                y=[plan.cosine for plan in plans],
                customdata=[",".join(map(str, plan.bits.values())) for plan in plans],
                text=[f"{next(iter(plan.bits.values()))} {labels['bits']}" for plan in plans]
                if "text" in mode
                else None,
                textposition="bottom center",
                mode=mode,
                marker=marker,
                name=labels[name],
                hovertemplate="%{x:.2f} MiB<br>%{y:.4f}<extra></extra>",
            )
        )
    figure.add_vline(x=budget, line={"color": FP32, "dash": "dash"}, annotation_text=labels["budget"])
    figure.update_xaxes(title=labels["size_axis"])
    figure.update_yaxes(title=labels["cosine_axis"])
    figure.update_layout(legend={"orientation": "h", "y": 1.15, "x": 0}, clickmode="event+select")
    return calm(figure, 340, top=40)


def bits_of_each_layer(plan: Plan, rows: Sequence[str], columns: Sequence[str], labels: Labels) -> go.Figure:
    """A plan as a table of cells, block by matrix; `customdata` is the layer's place in the plan."""
    colors = {16: FP32, 8: INT8, 4: INT4, 3: "#7A3500"}
    bits = list(plan.bits.values())
    cells = go.Scatter(
        x=[columns[place % len(columns)] for place in range(len(bits))],
        y=[rows[place // len(columns)] for place in range(len(bits))],
        customdata=list(range(len(bits))),
        text=[str(many) for many in bits],
        mode="markers+text",
        textfont={"color": "#FFFFFF", "size": 14},
        marker={"symbol": "square", "size": 30, "color": [colors.get(many, BLUE) for many in bits]},
        hovertemplate=f"{labels['block']} %{{y}}, %{{x}}: %{{text}} {labels['bits']}<extra></extra>",
    )
    figure = go.Figure(cells)
    figure.update_yaxes(autorange="reversed", title=labels["block"], type="category", showgrid=False)
    figure.update_xaxes(type="category", showgrid=False)
    figure.update_layout(clickmode="event+select", showlegend=False)
    return calm(figure, 60 + 38 * len(rows), top=30)
