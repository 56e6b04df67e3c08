"""What every view of the attention page shares: the scene it looks at, a chart, its numbers as CSV, its controls, work
that takes longer than a glance."""

from __future__ import annotations

import csv
import functools
import html
import io
from collections.abc import Callable, Hashable, Sequence
from dataclasses import dataclass
from typing import Any

import numpy as np
import plotly.graph_objects as go
import streamlit as st

from explainers import attention
from explainers.attention.memory import Text
from explainers.models import ModelSource
from pages.parts import own_model
from ui import widgets, work
from ui.state import PageState

FORMULA = ("=", "+", "-", "@", "\t", "\r")  # OWASP, "CSV Injection"


@dataclass(frozen=True)
class Scene:
    """What a view looks at: the page's state, the text's view, the text as it is asked for again, and the token held
    (or the first)."""

    here: PageState
    text: attention.View
    asked: Text

    @property
    def a(self) -> str:
        return self.asked.a

    @property
    def b(self) -> str:
        return self.asked.b

    @property
    def source(self) -> ModelSource:
        return self.asked.source

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

    def guide(self, lens: str, **values: object) -> tuple[str, ...]:
        return tuple(self.here.t(f"lens.{lens}.{line}", **values) for line in ("look", "try", "hides"))

    def labels(self) -> dict[str, str]:
        return self.here.t.group("chart")

    @property
    def sentences(self) -> str:
        """The two sentences as code."""
        return f"{self.a!r}, {self.b!r}"

    @property
    def rest(self) -> str:
        """The other arguments of what runs a text again, as code."""
        return self.asked.limits_as_code

    @property
    def call(self) -> str:
        """How code asks for this text: all arguments of `trace`."""
        return self.asked.as_code

    @property
    def from_source(self) -> str:
        """How code names the model: nothing for the bundled one, else the argument that asks for it."""
        return own_model.spelt(self.source).argument

    def needs(self, *functions: Callable[..., object]) -> tuple[Callable[..., object], ...]:
        """What code imports besides the function it shows."""
        return (*functions, *own_model.spelt(self.source).needs)


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
    """Numbers of a chart as CSV; text that a spreadsheet would take for a formula gets a quote."""
    out = io.StringIO()
    writer = csv.writer(out, lineterminator="\n")
    for row in (columns, *rows):
        writer.writerow([f"'{cell}" if isinstance(cell, str) and cell[:1] in FORMULA else cell for cell in row])
    return out.getvalue()


def bars(rows: Sequence[tuple[str, float, str]]) -> str:
    """Bars as HTML, one a line: a name, its length in [0, 1], and the number as it is said."""
    lines = [
        f'<div class="bar" style="--share:{min(1.0, max(0.0, share)):.4f}">'
        f"<span>{html.escape(name)}</span><b>{html.escape(said)}</b></div>"
        for name, share, said in rows
    ]
    return f'<div class="bars">{"".join(lines)}</div>'


def grid_csv(values: np.ndarray) -> str:
    return table(
        ("layer", "head", "value"),
        [(layer + 1, head + 1, f"{values[layer, head]:.6f}") for layer, head in np.ndindex(values.shape)],
    )


def controls(scene: Scene, *names: str, key: str = "lens-controls") -> None:
    """The controls of a card in a row, `key` telling several rows apart; the first row also has the reset button."""
    with st.container(horizontal=True, key=key, gap="medium"):
        for name in names:
            widgets.draw(scene.here, name, words=_held(scene) if name == "pin" else ())
        if key == "lens-controls":
            widgets.draw_reset(scene.here)


def _held(scene: Scene) -> list[str]:
    """The values of the control that holds a token: none, then every token with its position."""
    return [
        scene.here.t("attention.held_none"),
        *(f"{place} {token.piece}" for place, token in enumerate(scene.tokens)),
    ]


def long(
    scene: Scene, name: str, call: functools.partial[Any], *key: Hashable, of_text: bool = True, wait: bool = False
) -> Any:
    """The result of work that is run in the background, or None while it is not there: progress is shown meanwhile.

    key: what the result depends on besides the text (`of_text`). wait: nothing runs before the reader presses start.
    """
    found: list[Any] = []

    def keep(result: Any, done: bool) -> None:
        if done:
            found.append(result)

    work.panel(scene.here, name, call, keep, key=(name, scene.asked if of_text else None, *key), wait=wait)
    return found[0] if found else None
