"""Whole tables of controls: what is written into an address is read back, and a slip in a table is named."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from ui import controls
from ui.controls import BadValueError, Control, Table

OPTIONS = ("lines", "matrix", "zh-Hant", "12")
TEXT = Control("a", "text", "x", max_length=20)
INTEGER = Control("n", "integer", 3, minimum=-5, maximum=40, options=("100", "-7"))
NUMBER = Control("x", "number", 0.5, minimum=-2, maximum=2)
CHOICE = Control("c", "choice", "lines", options=OPTIONS)
FLAG = Control("f", "flag", False)
NAMES = Control("h", "names", "", options=OPTIONS)
ALL = Table("t", (TEXT, INTEGER, NUMBER, CHOICE, FLAG, NAMES))


def values() -> st.SearchStrategy[tuple[Control, controls.Value]]:
    return st.one_of(
        st.tuples(st.just(TEXT), st.text(max_size=20)),
        st.tuples(st.just(INTEGER), st.integers(-5, 40) | st.sampled_from([100, -7])),
        st.tuples(st.just(NUMBER), st.integers(-200, 200).map(lambda n: n / 100)),
        st.tuples(st.just(CHOICE), st.sampled_from(OPTIONS)),
        st.tuples(st.just(FLAG), st.booleans()),
        st.tuples(st.just(NAMES), st.lists(st.sampled_from(OPTIONS)).map(",".join)),
    )


@given(st.lists(values(), max_size=6))
def test_a_table_reads_what_it_wrote(cases: list[tuple[Control, controls.Value]]) -> None:
    chosen = {control.name: control.default for control in ALL} | {control.name: value for control, value in cases}
    assert ALL.read(ALL.write(chosen)) == (chosen, ())


@given(st.sampled_from(ALL.controls), st.text())
def test_any_text_in_an_address_is_read_or_refused(control: Control, raw: str) -> None:
    found, refused = ALL.read({control.name: raw})
    if refused:
        assert refused == (control.name,)
        assert found[control.name] == control.default
    else:
        assert control.check(found[control.name]) == found[control.name]
    assert {name: value for name, value in found.items() if name != control.name} == {
        other.name: other.default for other in ALL if other.name != control.name
    }


@pytest.mark.parametrize(
    ("row", "message"),
    [
        ('name = "x"\nkind = "colour"\ndefault = "red"', "unknown kind"),
        ('name = "x"\nkind = "integer"\nmin = 1\nmax = 3\ndefault = 4', "x: 4"),
        ('name = "lang"\nkind = "flag"\ndefault = false', "twice"),
    ],
)
def test_a_slip_in_a_table_is_named(row: str, message: str, tmp_path, monkeypatch) -> None:
    (tmp_path / "house.toml").write_bytes((controls.TABLES / "house.toml").read_bytes())
    (tmp_path / "broken.toml").write_text(f"[[control]]\n{row}\n", "utf-8")
    monkeypatch.setattr(controls, "TABLES", tmp_path)
    controls.load.cache_clear()
    with pytest.raises(BadValueError, match=message):
        controls.load("broken")
    controls.load.cache_clear()
