"""The table of dots: values stand where their numbers say, and whatever a name holds is text."""

from __future__ import annotations

import re
import xml.etree.ElementTree as ElementTree

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import dotstrips
from ui.dotstrips import Row, Strip

ROWS = [
    Row("one", "#123456", ("30 : 3", Strip((0.0, 0.5), "0.25"))),
    Row("two", "#654321", ("1 : 1", Strip((1.0, 1.0), "1.00"))),
]


def test_a_column_has_one_scale() -> None:
    assert dotstrips.scale(ROWS, 1) == (0.0, 1.0)
    assert dotstrips.scale([ROWS[1]], 1) == (0.5, 1.5)


def test_dots_and_bar_stand_where_the_values_are() -> None:
    page = dotstrips.html(["a", "b", "c"], ROWS, "all")
    places = [float(left) for left in re.findall(r"left:([\d.]+)%", page)]
    assert places == pytest.approx([4, 50, 27, 96, 96, 96])  # two dots and their mean, twice
    assert page.count('scope="row"') == 2
    assert page.count('scope="col"') == 3


def test_the_picture_is_valid_and_holds_the_numbers() -> None:
    picture = dotstrips.svg(["a", "b", "c"], ROWS)
    ElementTree.fromstring(picture)
    assert picture.count("<circle") == 4
    assert "0.25" in picture


@given(st.text())
def test_names_are_text(name: str) -> None:
    row = Row(name, "#000000", (name, Strip((0.0, 1.0), name)))
    page = dotstrips.html([name, name, name], [row], name)
    assert "<" not in re.sub(r"</?(div|table|caption|thead|tbody|tr|th|td|span|i|b)\b[^<>]*>", "", page)


@pytest.mark.parametrize(
    ("low", "high", "said"),
    [(0.54, 0.71, ("0.54", "0.71")), (0.9985, 0.9998, ("0.9985", "0.9998")), (0.0, 1.0, ("0", "1"))],
)
def test_the_ends_of_a_scale_are_told_apart(low: float, high: float, said: tuple[str, str]) -> None:
    assert dotstrips.ends(low, high) == said
    page = dotstrips.html(["a", "b", "c"], [Row("one", "#123456", ("", Strip((low, high), "")))], "all")
    assert f"<span>{said[0]}</span><span>{said[1]}</span>" in page
