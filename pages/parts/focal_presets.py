"""Settings worth seeing, good and bad: each is a link to a state of the page and a sentence on why to look."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

from ui import components
from ui.controls import Table, Value
from ui.state import PageState

# What a preset decides. A control that it does not name goes back to its default, so that each looks the same to all.
DECIDED = ("lens", "gammas", "also", "balance", "alpha", "side", "scale", "gamma", "ratio", "difficulty", "noise")


@dataclass(frozen=True)
class Preset:
    """`good`: works as hoped; otherwise it is shown because it goes wrong. Texts: focal.preset.<name>.*"""

    name: str
    good: bool
    state: Mapping[str, Value]


def _preset(name: str, good: bool, **state: Value) -> Preset:
    return Preset(name, good, MappingProxyType(state))


PRESETS = (
    _preset("zero", True, lens="curves", gammas="0,2"),
    _preset("paper", True, lens="curves", gammas="2", balance=True, alpha=0.25),
    _preset("balanced", False, lens="budget", gamma=5.0, ratio=1, difficulty=0.0),
    _preset("alpha", False, lens="budget", gamma=0.0, balance=True, alpha=0.75),
    _preset("noise", False, lens="budget", gamma=2.0, noise=0.01),
)


def values_of(preset: Preset, table: Table) -> dict[str, Value]:
    """Every control that the preset decides."""
    return {name: preset.state.get(name, table[name].default) for name in DECIDED}


def draw(here: PageState) -> None:
    """The row of presets; the sentence of the one whose state the page is in."""
    rows = []
    for preset in PRESETS:
        values = values_of(preset, here.table)
        rows.append(
            {
                "name": here.t(f"focal.preset.{preset.name}.name"),
                "why": here.t(f"focal.preset.{preset.name}.why"),
                "good": preset.good,
                "on": all(here[name] == value for name, value in values.items()),
                "set": {
                    name: None if value == here.table[name].default else here.table[name].spell(value)
                    for name, value in values.items()
                },
            }
        )
    components.mount("losspresets", "focal-presets", {"presets": rows, "labels": here.t.group("losspresets")})
