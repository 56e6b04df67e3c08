"""The token table: what a reader typed is text in it, in HTML, SVG and CSV alike."""

from __future__ import annotations

import csv
import io
import xml.etree.ElementTree as ElementTree
from dataclasses import dataclass

from ui import tokentable

LABELS = {"piece": "token", "id": "id", "segment": "segment", "position": "position", "caption": "<tokens>"}


@dataclass(frozen=True)
class Token:
    piece: str
    id: int = 7
    segment: int = 0
    position: int = 0
    special: bool = False


HOSTILE = (Token("<script>"), Token("=1+1"), Token("a&b"), Token("[SEP]", special=True))


def test_html_shows_markup_as_text() -> None:
    table = tokentable.html(HOSTILE, LABELS)
    assert "<script>" not in table
    assert "&lt;script&gt;" in table
    assert table.count("class=special") == len(tokentable.ROWS)


def test_svg_is_well_formed_and_holds_every_token() -> None:
    picture = ElementTree.fromstring(tokentable.svg(HOSTILE, LABELS))
    texts = [node.text for node in picture.iter("{http://www.w3.org/2000/svg}text")]
    assert {token.piece for token in HOSTILE} <= set(texts)


def test_csv_holds_one_line_per_token_and_no_formula() -> None:
    rows = list(csv.reader(io.StringIO(tokentable.csv(HOSTILE))))
    assert rows[0] == list(tokentable.ROWS)
    assert [row[0] for row in rows[1:]] == ["<script>", "'=1+1", "a&b", "[SEP]"]
