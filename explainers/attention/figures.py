"""Charts of the attention page, each named for what it claims. They compute nothing: numbers come in, a figure goes
out; `labels` holds the words of the reader's language.

Colours: cividis for amounts (0 dark), blue-white-vermilion for signed values, white at zero; Okabe and Ito's for lines.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence

import numpy as np
import plotly.graph_objects as go

from explainers.attention.inputs import InputBuild
from explainers.attention.readings import NAMES, Comparison
from explainers.attention.recurrent import GradientReach, Timings
from explainers.attention.trace import Float32, Token

Labels = Mapping[str, str]

SIGNED = [[0.0, "#0072B2"], [0.5, "#FFFFFF"], [1.0, "#D55E00"]]
BLUE, VERMILION, GREEN = "#0072B2", "#D55E00", "#009E73"
ROW_PX = 24
FAINTEST = 1e-16
"""Of gradients: fainter ones are not drawn."""


def names(tokens: Sequence[Token]) -> list[str]:
    """Axis names of tokens: position and piece, so that a piece that occurs twice keeps two places."""
    return [f"{token.index} {token.piece}" for token in tokens]


def _calm(figure: go.Figure, height: int, top: int = 30) -> go.Figure:
    figure.update_layout(height=height, margin={"l": 10, "r": 10, "t": top, "b": 10}, font_size=14, dragmode=False)
    return figure


def input_is_a_sum_of_three(build: InputBuild, token: int, labels: Labels) -> go.Figure:
    """Five strips of one token: token, segment and position embedding, their sum, and the sum after layer norm."""
    stages = ("token", "segment", "position", "total", "normed")
    rows = np.stack([getattr(build, stage)[token] for stage in stages])
    # Layer norm makes numbers ten times larger: each strip has its own scale, the hover tells the number itself.
    scaled = rows / np.maximum(np.abs(rows).max(axis=1, keepdims=True), 1e-12)
    shown = [labels["position_embedding" if stage == "position" else stage] for stage in stages]
    strips = go.Heatmap(
        z=scaled,
        y=shown,
        x=list(range(rows.shape[1])),
        customdata=rows,
        colorscale=SIGNED,
        zmin=-1,
        zmax=1,
        showscale=False,
        hovertemplate=f"%{{y}}<br>{labels['dimension']} %{{x}}<br>%{{customdata:.3f}}<extra></extra>",
    )
    figure = go.Figure(strips)
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title=labels["dimension"])
    return _calm(figure, 300)


def near_positions_are_alike(similarity: Float32, labels: Labels) -> go.Figure:
    """Cosine between the position embeddings of every two places."""
    figure = go.Figure(
        go.Heatmap(
            z=similarity,
            colorscale="Cividis",
            zmin=0,
            zmax=1,
            hovertemplate=f"%{{y}} · %{{x}}<br>{labels['cosine']} %{{z:.2f}}<extra></extra>",
            colorbar={"title": labels["cosine"]},
        )
    )
    figure.update_yaxes(autorange="reversed", title=labels["position"], scaleanchor="x", constrain="domain")
    figure.update_xaxes(title=labels["position"], constrain="domain")
    return _calm(figure, 420)


def five_readings_disagree(comparison: Comparison, tokens: Sequence[Token], labels: Labels) -> go.Figure:
    """Five ways to say which token matters, each scaled to its own largest value."""
    rows = comparison.rows
    # A token left out says nothing of itself: its own cell is empty (nan).
    largest = np.nanmax(np.abs(rows), axis=1, keepdims=True)
    shown = np.divide(rows, largest, out=np.zeros_like(rows), where=largest > 0)
    readings = [labels[name] for name in NAMES]
    figure = go.Figure(
        go.Heatmap(
            z=shown,
            y=readings,
            x=names(tokens),
            customdata=rows,
            colorscale="Cividis",
            zmin=0,
            zmax=1,
            colorbar={"title": labels["share"]},
            hovertemplate="%{y}<br>%{x}<br>%{customdata:.4f}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(tickangle=-60, type="category")
    return _calm(figure, 330)


def their_ranks_agree_little(comparison: Comparison, labels: Labels) -> go.Figure:
    """Spearman's rank correlation between the five readings, over the words."""
    readings = [labels[name] for name in NAMES]
    said = [["–" if np.isnan(value) else f"{value:.2f}" for value in row] for row in comparison.correlations]
    figure = go.Figure(
        go.Heatmap(
            z=comparison.correlations,
            x=readings,
            y=readings,
            text=said,
            texttemplate="%{text}",
            colorscale=SIGNED,
            zmin=-1,
            zmax=1,
            colorbar={"title": labels["rank"]},
            hovertemplate="%{y} · %{x}: %{text}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed")
    return _calm(figure, 360)


def heads_as_a_grid(values: Float32, chosen: tuple[int, int], labels: Labels, *, digits: int = 2) -> go.Figure:
    """One number per head, layer by layer; the chosen head framed. `values`: Float[layer, head], nan where unknown."""
    layers, heads = values.shape
    said = [["–" if np.isnan(value) else f"{value:.{digits}f}" for value in row] for row in values]
    figure = go.Figure(
        go.Heatmap(
            z=values,
            x=list(range(1, heads + 1)),
            y=list(range(1, layers + 1)),
            text=said,
            texttemplate="%{text}",
            colorscale="Cividis",
            hovertemplate=f"{labels['layer']} %{{y}}, {labels['head']} %{{x}}: %{{text}}<extra></extra>",
            colorbar={"title": labels["value"]},
        )
    )
    layer, head = chosen
    frame = {"x0": head + 0.5, "x1": head + 1.5, "y0": layer + 0.5, "y1": layer + 1.5}
    figure.add_shape(type="rect", line={"color": VERMILION, "width": 4}, **frame)
    figure.update_yaxes(autorange="reversed", title=labels["layer"], dtick=1)
    figure.update_xaxes(title=labels["head"], dtick=1)
    return _calm(figure, 330)


def attention_waits_for_nobody(timings: Timings, labels: Labels) -> go.Figure:
    """Milliseconds of one GRU layer and one self-attention layer against the length of the sequence, measured here."""
    lengths = [time.length for time in timings.times]
    figure = go.Figure()
    for name, color, symbol, seconds in (
        ("gru", VERMILION, "circle", [time.gru_seconds for time in timings.times]),
        ("attention", BLUE, "square", [time.attention_seconds for time in timings.times]),
    ):
        milliseconds = [1000 * value for value in seconds]
        figure.add_trace(
            go.Scatter(
                x=lengths,
                y=milliseconds,
                name=labels[name],
                line_color=color,
                marker_symbol=symbol,
                mode="lines+markers",
            )
        )
    figure.update_xaxes(title=labels["length"], type="log", tickvals=lengths)
    figure.update_yaxes(title=labels["milliseconds"], type="log")
    figure.update_layout(legend={"orientation": "h", "y": 1.12})
    return _calm(figure, 360)


def gradients_fade_in_a_chain(reaches: Sequence[GradientReach], labels: Labels) -> go.Figure:
    """How strongly the last output still feels an input k steps back, relative to the last input itself."""
    colors = {"gru": (VERMILION, "circle"), "tanh_rnn": (GREEN, "diamond"), "attention": (BLUE, "square")}
    figure = go.Figure()
    for reach in reaches:
        color, symbol = colors[reach.kind]
        figure.add_trace(
            go.Scatter(
                x=list(range(len(reach.relative))),
                y=np.where(reach.relative >= FAINTEST, reach.relative, np.nan),
                name=labels[reach.kind],
                line_color=color,
                marker_symbol=symbol,
                mode="lines",
            )
        )
    figure.update_xaxes(title=labels["steps_back"])
    figure.update_yaxes(title=labels["relative"], type="log", exponentformat="power")
    figure.update_layout(legend={"orientation": "h", "y": 1.12})
    return _calm(figure, 360)
