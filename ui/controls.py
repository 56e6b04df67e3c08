"""The one table of a page's controls.

A page declares its controls in `assets/controls/<page>.toml`. That table is the URL schema, the list of widgets, what
the reset button restores, what a bound sentence of the document may set and what a presenter may hide. This module
holds the rules of the table and knows no Streamlit; `ui/state.py` keeps the values of a running page.
"""

from __future__ import annotations

import functools
import math
import tomllib
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

TABLES = Path(__file__).resolve().parent.parent / "assets" / "controls"
KINDS = ("text", "integer", "number", "choice", "flag", "names")

Value = str | int | float | bool


class BadValueError(ValueError):
    """A value that a control cannot take."""


@dataclass(frozen=True)
class Control:
    """One control of a page.

    kind: text | integer | number | choice | flag | names (a comma-separated subset of `options`).
    minimum, maximum, step: for integer and number. options: for choice and names; for integer, values allowed
    besides the range. max_length: characters, for text.
    """

    name: str
    kind: str
    default: Value
    minimum: float = -math.inf
    maximum: float = math.inf
    step: float = 1
    options: tuple[str, ...] = ()
    max_length: int = 0
    hideable: bool = True

    def check(self, value: Value) -> Value:
        """`value` in the control's own type. Raises BadValueError when it is out of range or of another kind."""
        if self.kind == "flag":
            if isinstance(value, bool):
                return value
        elif self.kind in ("integer", "number"):
            if isinstance(value, int | float) and not isinstance(value, bool) and math.isfinite(value):
                whole = self.kind == "number" or float(value).is_integer()
                inside = self.minimum <= value <= self.maximum or f"{value:g}" in self.options
                if whole and inside:
                    return int(value) if self.kind == "integer" else float(value)
        elif isinstance(value, str):
            return self._check_text(value)
        raise BadValueError(f"{self.name}: {value!r}")

    def _check_text(self, value: str) -> str:
        if self.kind == "text" and (not self.max_length or len(value) <= self.max_length):
            return value
        if self.kind == "choice" and value in self.options:
            return value
        if self.kind == "names" and all(name in self.options for name in value.split(",") if name):
            return value
        raise BadValueError(f"{self.name}: {value!r}")

    def parse(self, raw: str) -> Value:
        """The value that a URL spells `raw`. Raises BadValueError."""
        if self.kind == "flag":
            if raw not in ("0", "1"):
                raise BadValueError(f"{self.name}: {raw!r}")
            return raw == "1"
        if self.kind in ("integer", "number"):
            try:
                return self.check(int(raw) if self.kind == "integer" else float(raw))
            except ValueError as error:
                raise BadValueError(f"{self.name}: {raw!r}") from error
        return self.check(raw)

    def spell(self, value: Value) -> str:
        """How a URL spells `value`; the inverse of `parse`. Text longer than the control takes is cut."""
        if self.kind == "flag":
            return "1" if value else "0"
        if self.kind == "number":
            return f"{float(value):g}"
        text = str(value)
        return text[: self.max_length] if self.kind == "text" and self.max_length else text


@dataclass(frozen=True)
class Table:
    """The controls of one page, by name and in order."""

    page: str
    controls: tuple[Control, ...]

    def __iter__(self) -> Iterator[Control]:
        return iter(self.controls)

    def __getitem__(self, name: str) -> Control:
        for control in self.controls:
            if control.name == name:
                return control
        raise KeyError(f"page {self.page!r} has no control {name!r}")

    def __contains__(self, name: object) -> bool:
        return any(control.name == name for control in self.controls)

    def with_options(self, name: str, options: Sequence[str], default: str) -> Table:
        """The same table, with the options of a choice that only the running page knows."""
        changed = replace(self[name], options=tuple(options), default=default)
        return replace(self, controls=tuple(changed if c.name == name else c for c in self.controls))

    def read(self, query: Mapping[str, str]) -> tuple[dict[str, Value], tuple[str, ...]]:
        """Values of all controls from a URL's query, and the names of those it spelt wrongly (they take defaults)."""
        values: dict[str, Value] = {}
        refused: list[str] = []
        for control in self.controls:
            values[control.name] = control.default
            if control.name in query:
                try:
                    values[control.name] = control.parse(query[control.name])
                except BadValueError:
                    refused.append(control.name)
        return values, tuple(refused)

    def write(self, values: Mapping[str, Value], always: Sequence[str] = ()) -> dict[str, str]:
        """The query that spells `values`: defaults are left out, except those named in `always`."""
        return {
            control.name: control.spell(values[control.name])
            for control in self.controls
            if control.name in always or values[control.name] != control.default
        }


def _control(page: str, row: Mapping[str, Any]) -> Control:
    options = tuple(row.get("options", ()))
    names = {"min": "minimum", "max": "maximum"}
    values = {names.get(key, key): value for key, value in row.items() if key != "options"}
    control = Control(options=options, **values)
    if control.kind not in KINDS:
        raise BadValueError(f"{page}.{control.name}: unknown kind {control.kind!r}")
    if control.kind not in ("choice", "names") or options:
        control.check(control.default)
    return control


@functools.cache
def load(page: str) -> Table:
    """The table of `page`: the controls every page has (`house`), then the page's own."""
    controls: list[Control] = []
    for name in ("house", page):
        path = TABLES / f"{name}.toml"
        if path.exists():
            with path.open("rb") as file:
                controls.extend(_control(page, row) for row in tomllib.load(file)["control"])
    table = Table(page, tuple(controls))
    names = tuple(control.name for control in controls)
    if len(set(names)) != len(names):
        raise BadValueError(f"page {page!r} declares a control twice")
    return table.with_options("hide", [c.name for c in controls if c.hideable], "")
