"""A table whose cells show the values of several seeds as dots on one scale, their mean as a bar, and the numbers.

`html` is for the page, `svg` for a file. It knows nothing of what is measured.
"""

from __future__ import annotations

import html as escaping
from collections.abc import Sequence
from dataclasses import dataclass

WIDTH = 120
CLOSE_ENOUGH = 0.03  # how far off, in parts of the scale, its ends may be said
STYLE = """<style>
.strips { overflow-x: auto; }
.strips table { border-collapse: collapse; font-size: 0.875rem; margin-bottom: 8px; }
.strips td { font-variant-numeric: tabular-nums; }
.strips caption { text-align: left; font-weight: 600; padding: 2px 0 4px; }
.strips caption > span { position: sticky; left: 0; display: inline-block; max-width: calc(100vw - 3rem); }
.strips .ends { display: flex; justify-content: space-between; font-weight: 400; white-space: nowrap; }
.strips :is(th, td) { padding: 4px 10px 4px 0; text-align: left; vertical-align: top; }
.strips :is(th, td) { border: 0; border-bottom: 1px solid color-mix(in srgb, currentColor 25%, transparent); }
.strips th { font-weight: 600; }
.strips td:has(.strip) { white-space: nowrap; min-width: 7rem; }
.strip { position: relative; display: block; height: 1.25rem; }
.strip::before { content: ""; position: absolute; inset: 50% 0 auto; border-top: 1px solid currentColor; opacity: 0.3; }
.strip i { position: absolute; top: 50%; width: 7px; height: 7px; margin: -3.5px; border-radius: 50%; opacity: 0.65; }
.strip b { position: absolute; top: 2px; bottom: 2px; width: 3px; margin-left: -1.5px; background: currentColor; }
</style>"""
"""How the table looks; a page that shows one sends it."""


@dataclass(frozen=True)
class Strip:
    """One cell: values of all seeds and what stands beside the dots."""

    values: tuple[float, ...]
    text: str


@dataclass(frozen=True)
class Row:
    """One line of the table. cells: plain text, or values to be drawn on the scale of their column."""

    name: str
    color: str
    cells: tuple[str | Strip, ...]


def scale(rows: Sequence[Row], column: int) -> tuple[float, float]:
    """The least and the largest value of a column, apart from each other."""
    values = [
        value for row in rows for cell in (row.cells[column],) if isinstance(cell, Strip) for value in cell.values
    ]
    low, high = min(values), max(values)
    return (low, high) if high > low else (low - 0.5, high + 0.5)


def _places(strip: Strip, low: float, high: float) -> tuple[list[float], float]:
    """Where the dots and the bar stand, as parts of the width."""
    values = [*strip.values, sum(strip.values) / len(strip.values)]
    *dots, mean = [0.04 + 0.92 * (value - low) / (high - low) for value in values]
    return dots, mean


def ends(low: float, high: float) -> tuple[str, str]:
    """Both ends of a column's scale, with as many digits as it takes to tell where they are."""
    for digits in range(2, 7):
        said = f"{low:.{digits}g}", f"{high:.{digits}g}"
        if max(abs(float(said[0]) - low), abs(float(said[1]) - high)) <= CLOSE_ENOUGH * (high - low):
            break
    return said


def _ends(low: float, high: float) -> str:
    """The same over the places where they lie."""
    left, right = ends(low, high)
    return f'<span class="ends" aria-hidden="true"><span>{left}</span><span>{right}</span></span>'


def html(columns: Sequence[str], rows: Sequence[Row], caption: str) -> str:
    """The table as HTML (class `strips`). `columns` names the first column and then every cell of a row."""
    scales = {i: scale(rows, i) for i, cell in enumerate(rows[0].cells) if isinstance(cell, Strip)}
    head = "".join(
        f'<th scope="col">{escaping.escape(name)}{_ends(*scales[i - 1]) if i - 1 in scales else ""}</th>'
        for i, name in enumerate(columns)
    )
    body = ""
    for row in rows:
        body += f'<tr><th scope="row">{escaping.escape(row.name)}</th>'
        for i, cell in enumerate(row.cells):
            if isinstance(cell, Strip):
                dots, mean = _places(cell, *scales[i])
                marks = "".join(f'<i style="left:{100 * at:.1f}%;background:{row.color}"></i>' for at in dots)
                drawn = f'<span class="strip" aria-hidden="true">{marks}<b style="left:{100 * mean:.1f}%"></b></span>'
                body += f"<td>{drawn}{escaping.escape(cell.text)}</td>"
            else:
                body += f"<td>{escaping.escape(cell)}</td>"
        body += "</tr>"
    return (
        f'<div class="strips" role="region" tabindex="0" aria-label="{escaping.escape(caption)}">'
        f"<table><caption><span>{escaping.escape(caption)}</span></caption>"
        f"<thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _drawn(strip: Strip, color: str, low: float, high: float) -> str:
    dots, mean = _places(strip, low, high)
    style = f'cy="10" r="3.5" fill="{color}" fill-opacity="0.6"'
    circles = "".join(f'<circle cx="{WIDTH * at:.1f}" {style}/>' for at in dots)
    line = f'<line x1="0" x2="{WIDTH}" y1="10" y2="10" stroke="#000000" stroke-opacity="0.3"/>'
    return f'{line}{circles}<rect x="{WIDTH * mean - 1.5:.1f}" y="2" width="3" height="16"/>'


def svg(columns: Sequence[str], rows: Sequence[Row]) -> str:
    """The same table as a picture."""
    wide, high, head = [190] + [190] * (len(columns) - 1), 46, 50
    parts = []
    for i, name in enumerate(columns):
        left = sum(wide[:i]) + 8
        parts.append(f'<text x="{left}" y="20" font-weight="600">{escaping.escape(name)}</text>')
        if i and isinstance(rows[0].cells[i - 1], Strip):
            for at, said in zip((0.04, 0.96), ends(*scale(rows, i - 1)), strict=True):
                parts.append(f'<text x="{left + WIDTH * at:.1f}" y="38" text-anchor="middle">{said}</text>')
    for line, row in enumerate(rows):
        top = head + high * line
        parts.append(f'<text x="8" y="{top + 18}" font-weight="600">{escaping.escape(row.name)}</text>')
        for i, cell in enumerate(row.cells):
            left = sum(wide[: i + 1]) + 8
            text = cell.text if isinstance(cell, Strip) else cell
            if isinstance(cell, Strip):
                dots = _drawn(cell, row.color, *scale(rows, i))
                parts.append(f'<g transform="translate({left} {top})">{dots}</g>')
            parts.append(
                f'<text x="{left}" y="{top + (34 if isinstance(cell, Strip) else 18)}">{escaping.escape(text)}</text>'
            )
    width, height = sum(wide), head + 6 + high * len(rows)
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" width="{width}" height="{height}" viewBox="0 0 {width} {height}" '
        f'font-family="sans-serif" font-size="13"><rect width="{width}" height="{height}" fill="#ffffff"/>'
        f"{''.join(parts)}</svg>"
    )
