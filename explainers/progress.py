"""How long work tells its caller where it stands, and how a caller calls it off."""

from __future__ import annotations

from collections.abc import Callable

Report = Callable[[float, object], None]
"""`report(fraction, partial)`: the part done (0 to 1) and the latest picture of the result, or None where there is
none yet. Long work calls it at least three times a second where it can. It may raise in order to call the work off:
let that pass."""


def silent(fraction: float, partial: object = None) -> None:
    """A report that nobody reads: the default of every long function."""
