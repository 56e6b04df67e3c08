"""The table of controls: what a URL may say, how it is spelt, and what happens to what it may not say."""

from __future__ import annotations

import math
from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from study import catalogue
from ui import controls
from ui.controls import BadValueError, Control

PAGES = [path.stem for path in controls.TABLES.glob("*.toml") if path.stem != "house"]

LAYER = Control("layer", "integer", 1, minimum=1, maximum=6)
GAMMA = Control("gamma", "number", 2.0, minimum=0, maximum=5)
VIEW = Control("view", "choice", "lines", options=("lines", "matrix"))
TEXT = Control("a", "text", "", max_length=20)
FLAG = Control("aside", "flag", False)
HIDE = Control("hide", "names", "", options=("layer", "head"))
PANE = Control("pane", "integer", 38, minimum=30, maximum=50, options=("0", "100"))


@given(st.integers(1, 6))
def test_integers_survive_the_address(value: int) -> None:
    assert LAYER.parse(LAYER.spell(value)) == value


@given(st.floats(0, 5))
def test_numbers_survive_the_address_to_the_digits_shown(value: float) -> None:
    assert GAMMA.parse(GAMMA.spell(value)) == pytest.approx(value, rel=1e-5, abs=1e-9)


@given(st.text(max_size=20))
def test_texts_survive_the_address(value: str) -> None:
    assert TEXT.parse(TEXT.spell(value)) == value


@given(st.text(min_size=21, max_size=60))
def test_a_long_text_is_cut_for_the_address_and_refused_from_it(value: str) -> None:
    assert TEXT.parse(TEXT.spell(value)) == value[:20]
    with pytest.raises(BadValueError):
        TEXT.parse(value)


@pytest.mark.parametrize("value", [True, False])
def test_flags_survive_the_address(value: bool) -> None:
    assert FLAG.parse(FLAG.spell(value)) is value


@pytest.mark.parametrize(
    ("control", "raw"),
    [
        (LAYER, "0"),
        (LAYER, "7"),
        (LAYER, "two"),
        (LAYER, "1.5"),
        (LAYER, ""),
        (GAMMA, "nan"),
        (GAMMA, "inf"),
        (GAMMA, "5.01"),
        (VIEW, "circles"),
        (FLAG, "yes"),
        (HIDE, "layer,teacher"),
        (PANE, "29"),
        (PANE, "51"),
        (PANE, "99"),
    ],
)
def test_what_a_control_cannot_take_is_refused(control: Control, raw: str) -> None:
    with pytest.raises(BadValueError):
        control.parse(raw)


@pytest.mark.parametrize("raw", ["0", "30", "50", "100"])
def test_a_range_may_allow_single_values_besides(raw: str) -> None:
    assert PANE.parse(raw) == int(raw)


@pytest.mark.parametrize("value", [True, "3", math.nan, 2.5])
def test_values_of_another_kind_are_refused(value: controls.Value) -> None:
    with pytest.raises(BadValueError):
        LAYER.check(value)


@given(st.dictionaries(st.sampled_from(["layer", "view", "pin", "zzz", "a"]), st.text(max_size=8)))
def test_reading_any_address_gives_values_that_the_controls_can_take(query: dict[str, str]) -> None:
    table = controls.load("attention")
    values, refused = table.read(query)
    for control in table:
        if control.name != "q":
            assert control.check(values[control.name]) == values[control.name]
    for name in refused:
        assert values[name] == table[name].default


@pytest.mark.parametrize("page", PAGES)
def test_every_table_loads_and_its_defaults_leave_the_address_empty(page: str) -> None:
    table = controls.load(page)
    assert table.write({control.name: control.default for control in table}) == {}


def test_every_open_concept_has_a_table_and_every_table_a_page() -> None:
    concepts = {concept.page for concept in catalogue.load().concepts if concept.ready}
    assert concepts <= set(PAGES)
    assert set(PAGES) <= {path.stem.replace("_", "-") for path in Path("pages").glob("*.py")}


def test_an_unknown_control_is_named() -> None:
    with pytest.raises(KeyError, match="no control 'zzz'"):
        controls.load("attention")["zzz"]
