"""More charts of the attention page (see `figures`): where attention sinks, how long a signal's way is, what moved.

They compute nothing: numbers come in, a figure goes out; `labels` holds the words of the reader's language.
"""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
import plotly.graph_objects as go
from plotly.subplots import make_subplots

from explainers.attention.figures import BLUE, ROW_PX, VERMILION, Labels, names
from explainers.attention.readings import SinkByLayer
from explainers.attention.recurrent import PathLength
from explainers.attention.trace import Float32, Token

GREY = "#7F7F7F"
ROWS = 48
LOUD = 1e-4  # a token whose vector moved less than this is written as not moved


def attention_sinks_layer_by_layer(shares: SinkByLayer, labels: Labels) -> go.Figure:
    """The share of each layer's attention that rests on [CLS], on [SEP] and on everything else; bars add up to 1."""
    layers = [f"{labels['layer']} {number}" for number in range(1, len(shares.cls) + 1)]
    figure = go.Figure()
    striped = {"shape": "/", "bgcolor": "#D9D9D9", "fgcolor": GREY}
    for name, values, color, pattern in (
        ("[CLS]", shares.cls, GREY, {}),
        ("[SEP]", shares.sep, GREY, striped),
        (labels["words"], 1 - shares.cls - shares.sep, BLUE, {}),
    ):
        figure.add_trace(
            go.Bar(
                x=values,
                y=layers,
                name=name,
                orientation="h",
                marker={"color": color, "pattern": pattern},
                hovertemplate=f"%{{y}}<br>{name} %{{x:.1%}}<extra></extra>",
            )
        )
    figure.update_layout(barmode="stack", legend={"orientation": "h", "y": 1.3, "traceorder": "normal"})
    figure.update_yaxes(autorange="reversed")
    figure.update_xaxes(title=labels["share_of_attention"], tickformat=".0%", range=[0, 1])
    return _calm(figure, 130 + 26 * len(layers), 50)


def a_chain_is_long_and_a_sum_is_one_step(paths: Sequence[PathLength], here: int, labels: Labels) -> go.Figure:
    """Left, the steps a signal takes between two tokens; right, the steps that must wait for the one before.

    paths: of texts of 1, 2, 3 ... tokens. here: the tokens of the reader's own text, marked by a line.
    """
    lengths = np.arange(1, len(paths) + 1)
    figure = make_subplots(
        cols=2, horizontal_spacing=0.14, subplot_titles=[labels["path_length"], labels["sequential_steps"]]
    )
    columns = (
        (lengths - 1, [path.recurrent for path in paths], [path.attention for path in paths], labels["apart"]),
        (
            lengths,
            [path.sequential_recurrent for path in paths],
            [path.sequential_attention for path in paths],
            labels["length"],
        ),
    )
    for column, (across, chain, attention, axis) in enumerate(columns, 1):
        for name, values, color, dash in (
            (labels["rnn"], chain, VERMILION, "dash"),
            (labels["attention"], attention, BLUE, "solid"),
        ):
            line = go.Scatter(
                x=across,
                y=values,
                name=name,
                mode="lines",
                line={"color": color, "dash": dash, "width": 3},
                showlegend=column == 1,
            )
            figure.add_trace(line, row=1, col=column)
        figure.update_xaxes(title=axis, row=1, col=column)
        figure.update_yaxes(title=labels["steps"], rangemode="tozero", row=1, col=column)
    for column, place in ((1, here - 1), (2, here)):
        figure.add_vline(x=place, line={"color": GREY, "dash": "dot"}, row=1, col=column)
    figure.update_layout(legend={"orientation": "h", "y": 1.28})
    return _calm(figure, 340, 70)


def what_moved(change: Float32, tokens: Sequence[Token], labels: Labels) -> go.Figure:
    """How far each token's last vector moved, 1 - cosine: Float[token]; of a long text the ROWS that moved most."""
    rows = np.sort(np.argsort(-change, kind="stable")[:ROWS])
    change, tokens = change[rows], [tokens[row] for row in rows]
    said = [f"{value:.3f}" if value >= LOUD else "0" for value in change]
    figure = go.Figure(
        go.Bar(
            x=change,
            y=names(tokens),
            orientation="h",
            marker_color=[GREY if token.special else BLUE for token in tokens],
            text=said,
            textposition="outside",
            cliponaxis=False,
            hovertemplate="%{y}: %{x:.4f}<extra></extra>",
        )
    )
    figure.update_yaxes(autorange="reversed", type="category")
    figure.update_xaxes(title=labels["moved"], range=[0, max(0.01, 1.15 * float(change.max()))])
    return _calm(figure, 90 + ROW_PX * len(tokens))


def _calm(figure: go.Figure, height: int, top: int = 30) -> go.Figure:
    figure.update_layout(height=height, margin={"l": 10, "r": 10, "t": top, "b": 10}, font_size=14, dragmode=False)
    return figure
