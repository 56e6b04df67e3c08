"""Tokens as a table: one column per token, one row for each thing the model is told about it."""

from __future__ import annotations

import csv as csv_writer
import html as html_escape
import io
from collections.abc import Mapping, Sequence
from typing import Protocol

ROWS = ("piece", "id", "segment", "position")


class TokenLike(Protocol):
    """What a token must tell: its word piece, vocabulary id, segment (0 or 1), position, and whether it is special."""

    @property
    def piece(self) -> str: ...
    @property
    def id(self) -> int: ...
    @property
    def segment(self) -> int: ...
    @property
    def position(self) -> int: ...
    @property
    def special(self) -> bool: ...


def html(tokens: Sequence[TokenLike], labels: Mapping[str, str]) -> str:
    """The table as HTML; everything that comes from the reader is escaped."""
    rows = []
    for name in ROWS:
        cells = "".join(
            f"<td{' class=special' if token.special else ''}>{html_escape.escape(str(getattr(token, name)))}</td>"
            for token in tokens
        )
        rows.append(f"<tr><th scope=row>{html_escape.escape(labels[name])}</th>{cells}</tr>")
    caption = html_escape.escape(labels["caption"])
    return f'<div class="tokens" tabindex="0" role="region" aria-label="{caption}"><table>{"".join(rows)}</table></div>'


def csv(tokens: Sequence[TokenLike]) -> str:
    """The table as CSV, one line per token; a piece that a spreadsheet would take for a formula gets a quote."""
    out = io.StringIO()
    writer = csv_writer.writer(out, lineterminator="\n")
    writer.writerow(ROWS)
    for token in tokens:
        piece = f"'{token.piece}" if token.piece[:1] in "=+-@\t\r" else token.piece
        writer.writerow([piece, token.id, token.segment, token.position])
    return out.getvalue()


def svg(tokens: Sequence[TokenLike], labels: Mapping[str, str]) -> str:
    """The table as a picture that any slide takes: black on white, one column per token."""
    widths = [max(40, 16 + 9 * max(len(token.piece), len(str(token.id)))) for token in tokens]
    first, height = 100, 28
    total = first + sum(widths) + 1
    cells = []
    for row, name in enumerate(ROWS):
        y = row * height
        cells.append(_cell(0, y, first, height, labels[name], bold=True))
        x = first
        for token, width in zip(tokens, widths, strict=True):
            cells.append(_cell(x, y, width, height, str(getattr(token, name))))
            x += width
    size = f'width="{total}" height="{height * len(ROWS) + 1}"'
    return (
        f'<svg xmlns="http://www.w3.org/2000/svg" {size} font-family="sans-serif" font-size="14">{"".join(cells)}</svg>'
    )


def _cell(x: int, y: int, width: int, height: int, text: str, *, bold: bool = False) -> str:
    weight = ' font-weight="bold"' if bold else ""
    return (
        f'<rect x="{x + 0.5}" y="{y + 0.5}" width="{width}" height="{height}" fill="white" stroke="#7f7f7f"/>'
        f'<text x="{x + width / 2}" y="{y + 19}" text-anchor="middle"{weight}>{html_escape.escape(text)}</text>'
    )
