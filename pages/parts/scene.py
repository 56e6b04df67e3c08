"""What every view of the attention page shares: the scene it looks at, a chart, its numbers as CSV, its controls."""

from __future__ import annotations

import io
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from explainers import attention
from ui import frame, widgets
from ui.state import PageState

SLOW_TOKENS = 48  # a view that runs the model once per token or head waits longer than a reader for more than this


@dataclass(frozen=True)
class Scene:
    """What a view looks at: the page's state, the text's view, the two sentences, and the token held (or the first)."""

    here: PageState
    text: attention.View
    a: str
    b: str

    @property
    def tokens(self) -> tuple[attention.Token, ...]:
        return self.text.trace.tokens

    @property
    def token(self) -> int:
        pinned = self.here.integer("pin")
        return pinned if 0 <= pinned < len(self.tokens) else min(1, len(self.tokens) - 1)

    @property
    def head(self) -> tuple[int, int]:
        """Layer and head, from 0."""
        return self.here.integer("layer") - 1, self.here.integer("head") - 1

    def guide(self, lens: str) -> tuple[str, ...]:
        return tuple(self.here.t(f"lens.{lens}.{line}") for line in ("look", "try", "hides"))

    def labels(self) -> dict[str, str]:
        return self.here.t.group("chart")


def chart(name: str, picture: go.Figure) -> None:
    """A chart with its own button that saves it as SVG."""
    config = {
        "displaylogo": False,
        "toImageButtonOptions": {"format": "svg", "filename": name},
        "modeBarButtons": [["toImage"]],
        "displayModeBar": True,
    }
    st.plotly_chart(picture, key=f"chart-{name}", config=config)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Numbers of a chart as CSV."""
    out = io.StringIO()
    out.write(",".join(columns) + "\n")
    for row in rows:
        out.write(",".join(f'"{value}"' if isinstance(value, str) else f"{value}" for value in row) + "\n")
    return out.getvalue()


def grid_csv(values: np.ndarray) -> str:
    return table(
        ("layer", "head", "value"),
        [(layer + 1, head + 1, f"{values[layer, head]:.6f}") for layer, head in np.ndindex(values.shape)],
    )


def controls(scene: Scene, *names: str) -> None:
    with st.container(horizontal=True, key="lens-controls", gap="medium"):
        for name in names:
            widgets.draw(scene.here, name)
        widgets.draw_reset(scene.here)


def too_long(scene: Scene) -> bool:
    """Say so, and say what to do, where a text is too long for a view that runs the model for every token or head."""
    if len(scene.tokens) <= SLOW_TOKENS:
        return False
    frame.notice(scene.here.t("lens.too_long", tokens=len(scene.tokens), most=SLOW_TOKENS))
    return True
