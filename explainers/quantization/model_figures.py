"""Charts of measured models, each named for what it claims. They compute nothing: measurements come in, a figure goes
out; `labels` holds the words of the reader's language.

Colour says the format (FP32 grey, BF16 and FP16 sky, INT8 purple, INT4 vermilion), the marker's shape says the engine.
"""

from __future__ import annotations

import math
from collections.abc import Mapping, Sequence

import plotly.graph_objects as go

from explainers.quantization.measure import Measured

Labels = Mapping[str, str]

COLOURS = {"fp32": "#7F7F7F", "bf16": "#56B4E9", "fp16": "#56B4E9", "int8": "#CC79A7", "int4": "#D55E00"}
SHAPES = {"torch": "circle", "torchao": "square", "onnxruntime": "diamond"}
SMALLEST = 1e-6  # a cosine this near to 1 is drawn here: the axis is logarithmic, and float32 knows no better
TICKS_MS = (1, 2, 5, 10, 20, 50, 100, 200, 500, 1000, 2000, 5000)
LEAST_PX, PX_PER_ROOT_MB = 8.0, 2.0
PX_PER_DECADE = (450.0, 45.0)  # about, on a laptop's screen: of time and of what moved
SIDES = {"top center": (0, 17), "middle right": (19, 0), "bottom center": (0, -17), "middle left": (-19, 0)}
CLEAR_PX = 15.0


def calm(figure: go.Figure, height: int) -> go.Figure:
    """The house's margins and sizes."""
    figure.update_layout(
        height=height,
        margin={"l": 10, "r": 10, "t": 10, "b": 10},
        font_size=14,
        dragmode=False,
        legend={"orientation": "h", "yanchor": "bottom", "y": 1.01, "x": 0},
    )
    return figure


def _moved(one: Measured) -> float:
    return max(SMALLEST, 1 - one.lowest)


def clear_sides(markers: Sequence[tuple[float, float]]) -> list[str]:
    """On which side of its marker each number stands, so that those of neighbours stay legible: the first side that is
    clear of all markers and of the numbers so far, else the clearest. markers: right and up, in pixels."""
    taken = list(markers)
    found: list[str] = []
    for marker in markers:
        spots = {side: (marker[0] + right, marker[1] + up) for side, (right, up) in SIDES.items()}
        room = {side: min(math.dist(spot, other) for other in taken) for side, spot in spots.items()}
        best = next((side for side in SIDES if room[side] >= CLEAR_PX), max(room, key=lambda side: room[side]))
        found.append(best)
        taken.append(spots[best])
    return found


def faster_and_as_faithful(results: Sequence[Measured], batch: int, labels: Labels, least: float) -> go.Figure:
    """Each variant by its time for a batch and by how far its worst sentence vector moved; numbered as in the table.

    results: those that ran. least: the cosine below which an answer is not called faithful any more (a line).
    """
    figure = go.Figure()
    right, up = PX_PER_DECADE
    sides = clear_sides(
        [(right * math.log10(one.at(batch).median_ms), -up * math.log10(_moved(one))) for one in results]
    )
    for engine, shape in SHAPES.items():
        for form in COLOURS:
            chosen = [
                (place, one)
                for place, one in enumerate(results, 1)
                if one.variant.engine == engine and one.variant.format == form
            ]
            if not chosen:
                continue
            times = [one.at(batch) for _, one in chosen]
            figure.add_scatter(
                x=[time.median_ms for time in times],
                y=[_moved(one) for _, one in chosen],
                error_x={
                    "type": "data",
                    "symmetric": False,
                    "array": [time.p95_ms - time.median_ms for time in times],
                    "arrayminus": [time.median_ms - time.low_ms for time in times],
                    "thickness": 1,
                    "width": 0,
                },
                mode="markers+text",
                text=[str(place) for place, _ in chosen],
                textposition=[sides[place - 1] for place, _ in chosen],
                name=f"{labels[form]} · {labels[engine]}",
                marker={
                    "color": COLOURS[form],
                    "symbol": shape,
                    "size": [LEAST_PX + PX_PER_ROOT_MB * (one.disk_bytes / 1e6) ** 0.5 / 2 for _, one in chosen],
                    "line": {"width": 1, "color": "rgba(128,128,128,0.9)"},
                },
                customdata=[
                    (labels[one.name], one.disk_bytes / 1e6, one.lowest, time.p95_ms)
                    for (_, one), time in zip(chosen, times, strict=True)
                ],
                hovertemplate=(
                    "%{customdata[0]}<br>%{x:.1f} ms (p95 %{customdata[3]:.1f})<br>"
                    f"{labels['cosine_lowest']} %{{customdata[2]:.4f}}<br>%{{customdata[1]:.1f}} MB<extra></extra>"
                ),
            )
    figure.add_hline(y=1 - least, line={"dash": "dot", "color": "#7F7F7F"})
    figure.update_xaxes(title=labels["x_time"], type="log", tickvals=TICKS_MS)
    figure.update_yaxes(
        title=labels["y_moved"], type="log", autorange="reversed", tickformat=".0e", dtick=1, exponentformat="power"
    )
    return calm(figure, 430)
