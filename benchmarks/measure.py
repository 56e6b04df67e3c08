"""Figures and what becomes of them: medians and 95th percentiles, the printed table, results.json."""

from __future__ import annotations

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass
from pathlib import Path

TARGETS: dict[str, tuple[str, float | None]] = {
    "house.serving": ("s", 3.0),
    "house.home_cold": ("s", 1.5),
    "house.control_websocket": ("ms", 60.0),
    "house.control_websocket_p95": ("ms", None),
    "house.control_painted": ("ms", 120.0),
    "house.control_painted_p95": ("ms", None),
    "attention.first_picture_cold": ("s", 4.0),
    "attention.first_picture_warm": ("s", 1.0),
    "attention.first_picture_empty_browser": ("s", None),
    "attention.answers_cold": ("s", None),
    "attention.answers_warm": ("s", None),
    "attention.answers_empty_browser": ("s", None),
    "attention.hover_p95": ("ms", 16.0),
    "attention.hover_late_p95": ("ms", 16.0),
    "attention.hover_leave_p95": ("ms", 16.0),
    "attention.divider_p95": ("ms", 16.0),
    "attention.divider_late_p95": ("ms", 16.0),
    "attention.hover_32_p95": ("ms", 16.0),
    "attention.hover_32_late_p95": ("ms", 16.0),
    "attention.hover_512_p95": ("ms", 16.0),
    "attention.hover_512_late_p95": ("ms", 16.0),
    "attention.matrix_512_p95": ("ms", 16.0),
    "attention.pin_512_p95": ("ms", 16.0),
    "attention.scroll_512_p95": ("ms", 16.0),
    "attention.sort_512": ("ms", None),
    "attention.sort_512_p95": ("ms", None),
    "attention.temperature_512_p95": ("ms", 16.0),
    "attention.temperature_512_late_p95": ("ms", 16.0),
    "attention.head_32": ("ms", None),
    "attention.head_128": ("ms", None),
    "attention.head_512": ("ms", None),
    "attention.overview_32": ("s", None),
    "attention.overview_32_sent": ("MB", None),
    "attention.overview_128": ("s", 0.6),
    "attention.overview_128_sent": ("MB", 1.5),
    "attention.overview_512": ("s", None),
    "attention.overview_512_sent": ("MB", None),
    "attention.forward_20": ("ms", 150.0),
    "attention.forward_20_p95": ("ms", None),
    "attention.forward_512": ("ms", None),
    "attention.forward_512_p95": ("ms", None),
    "quantization.first_picture_warm": ("s", None),
    "quantization.scale_tensor_p95": ("ms", 16.0),
    "quantization.scale_channel_p95": ("ms", 16.0),
    "quantization.scale_group_p95": ("ms", 16.0),
    "quantization.bits_p95": ("ms", 16.0),
    "quantization.bits_least_squares_p95": ("ms", 16.0),
    "quantization.percentile_p95": ("ms", 16.0),
    "quantization.zero_point_p95": ("ms", 16.0),
    "focal.first_picture_warm": ("s", None),
    "focal.curves_drag_p95": ("ms", 16.0),
    "focal.curves_late_p95": ("ms", 16.0),
    "focal.budget_drag_p95": ("ms", 30.0),
    "focal.budget_late_p95": ("ms", 30.0),
    "focal.batch_drag_p95": ("ms", 30.0),
    "focal.cumulative_drag_p95": ("ms", 30.0),
    "focal.key_painted": ("ms", 60.0),
    "focal.key_painted_p95": ("ms", None),
    "embeddings.first_picture_warm": ("s", 1.5),
    "embeddings.slider_p95": ("ms", 16.0),
    "embeddings.slider_late_p95": ("ms", 16.0),
    "embeddings.pan_fps": ("fps", 50.0),
    "embeddings.zoom_fps": ("fps", 50.0),
    "embeddings.neighbours": ("ms", 20.0),
    "embeddings.neighbours_p95": ("ms", None),
    "embeddings.live_map_first": ("s", None),
    "embeddings.live_map": ("s", 10.0),
    "embeddings.memory": ("MB", 1000.0),
    "alignment.first_picture_warm": ("s", 1.5),
    "alignment.temperature_64_p95": ("ms", 16.0),
    "alignment.temperature_64_late_p95": ("ms", 16.0),
    "alignment.carry_64_p95": ("ms", 16.0),
    "alignment.carry_64_late_p95": ("ms", 16.0),
    "alignment.train_first": ("s", 1.0),
    "alignment.train_good": ("s", 20.0),
    "alignment.train_done": ("s", None),
    "alignment.typed": ("ms", 50.0),
    "alignment.typed_p95": ("ms", 50.0),
    "search.top1": ("%", 85.0),
    "search.top3": ("%", 95.0),
    "search.top1_unseen": ("%", None),
    "search.top3_unseen": ("%", None),
    "search.median_ms": ("ms", 50.0),
    "search.p95_ms": ("ms", 50.0),
    "search.painted": ("ms", None),
    "search.painted_p95": ("ms", None),
    "focal.key_painted_notebook": ("ms", 60.0),
    "focal.key_painted_notebook_p95": ("ms", None),
    "focal.plane_first": ("s", 0.5),
    "focal.plane_done": ("s", 10.0),
    "focal.reviews_vectors": ("s", None),
    "focal.reviews_done": ("s", 20.0),
    "focal.sentences_vectors": ("s", None),
    "focal.sentences_done": ("s", 20.0),
    "quantization.first_variant": ("s", 3.0),
    "quantization.all_variants": ("s", 60.0),
    "quantization.best_int8": ("x", 2.5),
    "quantization.best_int8_cosine": ("cosine", 0.995),
}
"""Unit of every figure and the value it must not exceed; None: reported, not judged."""
AT_LEAST = frozenset(
    {
        "search.top1",
        "search.top3",
        "embeddings.pan_fps",
        "embeddings.zoom_fps",
        "quantization.best_int8",
        "quantization.best_int8_cosine",
    }
)
"""Figures whose target is what they must reach."""
MORE_IS_BETTER = frozenset({"%", "fps", "x", "cosine"})


@dataclass(frozen=True)
class Row:
    """One figure. `ratio` is peer_value / value: how many times less the product takes than its peer."""

    id: str
    page: str
    value: float
    unit: str
    target: float | None
    holds: bool | None
    peer: str | None
    peer_value: float | None
    ratio: float | None
    runs: int
    peer_runs: int | None


@dataclass(frozen=True)
class Peer:
    """What stands beside a figure: its name and its own runs, in the figure's unit."""

    name: str
    values: Sequence[float]


def p95(values: Sequence[float]) -> float:
    """The value that 95 of 100 runs do not exceed (nearest rank)."""
    ordered = sorted(values)
    return ordered[max(0, math.ceil(0.95 * len(ordered)) - 1)]


def row(name: str, values: Sequence[float], peer: Peer | None = None) -> Row:
    """The figure `name` from its runs: their median, or their 95th percentile for a name that ends in _p95 or .p95_ms.
    Of a share and of frames a second, `ratio` is how many times the peer's it is."""
    unit, target = TARGETS[name]
    middle = p95 if name.endswith(("_p95", ".p95_ms")) else statistics.median
    value = middle(values)
    other = middle(peer.values) if peer is not None and peer.values else None
    return Row(
        id=name,
        page=name.split(".")[0],
        value=round(value, 4),
        unit=unit,
        target=target,
        holds=None if target is None else value >= target if name in AT_LEAST else value <= target,
        peer=peer.name if peer is not None and other is not None else None,
        peer_value=None if other is None else round(other, 4),
        ratio=None if not other or value <= 0 else round(value / other if unit in MORE_IS_BETTER else other / value, 2),
        runs=len(values),
        peer_runs=len(peer.values) if peer is not None and other is not None else None,
    )


def with_p95(name: str, values: Sequence[float], peer: Peer | None = None) -> list[Row]:
    """The median row `name` and its `_p95` row."""
    return [row(name, values, peer), row(f"{name}_p95", values, peer)]


def table(rows: Sequence[Row]) -> str:
    """All figures as text, one line each."""
    head = ("figure", "value", "target", "", "peer", "ratio", "runs", "beside")
    lines = [head, *(_cells(each) for each in rows)]
    widths = [max(len(line[column]) for line in lines) for column in range(len(head))]
    left = {0, 3, 7}
    return "\n".join(
        "  ".join(
            cell.ljust(width) if column in left else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(line, widths, strict=True))
        ).rstrip()
        for line in lines
    )


def _cells(each: Row) -> tuple[str, ...]:
    return (
        each.id,
        f"{_number(each.value)} {each.unit:2}",
        "" if each.target is None else f"{each.target:g} {each.unit:2}",
        {True: "holds", False: "MISSED", None: ""}[each.holds],
        "" if each.peer_value is None else f"{_number(each.peer_value)} {each.unit:2}",
        "" if each.ratio is None else f"{each.ratio:g}x",
        f"{each.runs}" if each.peer_runs is None else f"{each.runs}/{each.peer_runs}",
        each.peer or "",
    )


def _number(value: float) -> str:
    return f"{value:.0f}" if abs(value) >= 100 else f"{value:.3g}"


def save(rows: Sequence[Row], path: Path) -> None:
    """Write results.json. Figures of another run that this one did not measure stay as they were."""
    kept: list[dict[str, object]] = []
    if path.exists():
        fresh = {each.id for each in rows}
        kept = [old for old in json.loads(path.read_text("utf-8")) if old["id"] not in fresh]
    everything = [*kept, *(asdict(each) for each in rows)]
    order = list(TARGETS)
    everything.sort(key=lambda one: order.index(str(one["id"])) if one["id"] in order else len(order))
    path.write_text(json.dumps(everything, indent=1, ensure_ascii=False) + "\n", "utf-8")
