"""What the views of the alignment page share: the reader's language for captions, records, luck, a chart of lines."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np

from explainers.alignment import training
from explainers.alignment.captions import Language
from explainers.alignment.retrieval import Chance
from ui import components
from ui.state import PageState

# Okabe and Ito, on light and on dark ground; each series also has a dash of its own.
SERIES = (
    ("#0072b2", "#5aa9e6"), ("#d55e00", "#ff7b29"), ("#007a58", "#33c79b"), ("#a34d7f", "#dfa0c2"),
    ("#6b7280", "#a9b0ba"), ("#9a6700", "#f0b840"),
)  # fmt: skip


def language_of(here: PageState) -> Language:
    """The language that captions are shown in: the reader's."""
    return "zh-Hant" if here.t.code == "zh-Hant" else "en"


def send_course(record_id: str, record: bytes) -> str:
    """Send a training's record to the browser once; the id by which a component finds it."""
    components.send("align-course-payload", record_id, record)
    return record_id


def luck(k: int) -> Chance:
    """Recall at k among the held-out pairs where the pairs are drawn at random."""
    return training.lucky(k)


def plus_minus(values: Sequence[float], digits: int = 2) -> str:
    """Mean and standard deviation over seeds."""
    return f"{np.mean(values):.{digits}f} ± {np.std(values, ddof=1):.{digits}f}"


def spread_line(name: str, place: int, x: Sequence[float], values: Sequence[Sequence[float]]) -> dict[str, object]:
    """A series of `lines`: means over seeds at each x, and their range."""
    light, dark = SERIES[place % len(SERIES)]
    return {
        "name": name,
        "color": light,
        "dark": dark,
        "dash": place,
        "x": list(x),
        "mean": [round(float(np.mean(one)), 4) for one in values],
        "low": [round(float(min(one)), 4) for one in values],
        "high": [round(float(max(one)), 4) for one in values],
    }


def lines(
    here: PageState,
    key: str,
    series: Sequence[dict[str, object]],
    *,
    x: str,
    y: str,
    chance: float | None = None,
    top: float = 1.0,
    percent: bool = True,
) -> None:
    """A chart of series with their spread; `chance`: where guessing would be. percent: x is a share of a whole."""
    data = {"series": list(series), "x": x, "y": y, "chance": chance, "top": top, "percent": percent}
    components.mount("alignlines", key, {**data, "labels": here.t.group("alignlines")})
