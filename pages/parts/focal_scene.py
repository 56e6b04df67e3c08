"""What the views of the focal-loss page share: the controls a script needs, the batch's draws, numbers as words."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from explainers.focal_loss import budget
from ui import components, controls
from ui.controls import Value
from ui.state import PageState

DRAWS = f"focal-draws-{budget.SEED}-{budget.SIZE}"


def for_script(here: PageState, names: Sequence[str], **changed: Value) -> dict[str, object]:
    """Values and defaults of the controls `names` for a component, and those of them that the URL hides.

    changed: values that the script gets in place of the page's own, where these cannot be drawn.
    """
    return {
        "state": {name: changed.get(name, here[name]) for name in names},
        "defaults": {name: here.table[name].default for name in names},
        "hide": [name for name in names if here.hidden(name)],
    }


def send_draws() -> str:
    """Send the batch's draws to the browser once; the id by which a component finds them."""
    components.send("focal-draws-payload", DRAWS, budget.payload())
    return DRAWS


def alpha_of(here: PageState) -> float | None:
    """The class weight in force, None where the classes are not weighted."""
    return float(here["alpha"]) if here.flag("balance") else None


def short(value: float, count: int = 3) -> str:
    """A number with as many digits as it deserves, as the scripts write it."""
    if value == float("inf"):
        return "∞"
    if value == 0:
        return "0"
    if abs(value) >= 1e7 or abs(value) < 1e-4:
        head, power = f"{value:.{count - 1}e}".split("e")
        return f"{head}·10^{int(power)}"
    return f"{value:,.0f}" if abs(value) >= 100 else f"{value:.{count}g}"


def percent(value: float) -> str:
    """A share of a whole."""
    if 0 < value < 0.001:
        return "< 0.1 %"
    return f"{value:.1%}".replace("%", " %") if 0 < value < 0.1 else f"{value:.0%}".replace("%", " %")


def csv(rows: Sequence[Sequence[object]]) -> str:
    """Rows as CSV; floats with all digits that distinguish them."""
    return (
        "\n".join(",".join(f"{cell!r}" if isinstance(cell, float) else str(cell) for cell in row) for row in rows)
        + "\n"
    )


def defaults(page: str) -> Mapping[str, Value]:
    """Default of every control of the page."""
    return {control.name: control.default for control in controls.load(page)}
