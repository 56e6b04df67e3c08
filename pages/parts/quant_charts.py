"""How the quantization page puts a chart, a table of dots or a table of words on the page."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence

import plotly.graph_objects as go
import streamlit as st

from ui import dotstrips

STYLE = """<style>
.st-key-quant-tensor-payload { position: absolute; }
.st-key-main-picture .strips td { max-width: 17rem; }
</style>"""


def quiet() -> None:
    """What only carries data takes no room; how the tables of this page look."""
    st.html(dotstrips.STYLE + STYLE)


def chart(name: str, picture: go.Figure, clicked: Callable[[object], None] | None = None) -> None:
    """A chart with its own button that saves it as SVG. clicked: called with the `customdata` of a clicked point."""
    config = {
        "displaylogo": False,
        "toImageButtonOptions": {"format": "svg", "filename": name},
        "modeBarButtons": [["toImage"]],
        "displayModeBar": True,
    }
    key = f"chart-{name}"
    if clicked is None:
        st.plotly_chart(picture, key=key, config=config)
        return

    def took() -> None:
        points = st.session_state[key].selection.points
        if points and "customdata" in points[0]:
            found = points[0]["customdata"]
            clicked(found[0] if isinstance(found, list) else found)

    st.plotly_chart(picture, key=key, config=config, on_select=took, selection_mode="points")


def table(columns: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """A table as HTML (class `strips`); every text is escaped. The first cell of a row heads it."""
    head = "".join(f'<th scope="col">{html.escape(name)}</th>' for name in columns)
    body = ""
    for first, *rest in rows:
        cells = "".join(f"<td>{html.escape(cell)}</td>" for cell in rest)
        body += f'<tr><th scope="row">{html.escape(first)}</th>{cells}</tr>'
    label = html.escape(caption)
    return (
        f'<div class="strips" role="region" tabindex="0" aria-label="{label}"><table><caption>{label}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def csv(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """Rows as CSV; a text that a spreadsheet would take for a formula gets a quote."""
    lines = [",".join(columns)]
    for row in rows:
        cells = []
        for cell in row:
            text = repr(cell) if isinstance(cell, float) else str(cell)
            if isinstance(cell, str):
                text = ("'" if cell[:1] in "=+-@\t\r" else "") + cell
                text = '"' + text.replace('"', '""') + '"'
            cells.append(text)
        lines.append(",".join(cells))
    return "\n".join(lines) + "\n"
