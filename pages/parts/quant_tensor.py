"""One weight matrix of the live model on the quantization grid: the browser moves it, Python says what it is worth."""

from __future__ import annotations

import numpy as np
import streamlit as st

from explainers.quantization import quantizers, weights
from pages.parts import quant_scene
from ui import components, figure, source, widgets
from ui.state import PageState

CONTROLS = (
    "bits", "grid", "grain", "clipping", "percentile", "scale_by", "zero_shift", "row", "column", "zoom",
)  # fmt: skip


def csv(tensor: weights.Tensor, spec: quantizers.Spec, by: float, shift: int) -> str:
    """Every output channel as CSV: its range, its scale, the levels it uses and its error."""
    grid = quantizers.fit(tensor.values, spec).moved(by, shift)
    codes, after = quantizers.quantize(tensor.values, grid), quantizers.fake_quantize(tensor.values, grid)
    errors = ((after - tensor.values).astype(np.float64) ** 2).mean(axis=1)
    rows = ["channel,least,most,levels_used,mean_squared_error"]
    for channel, (row, code) in enumerate(zip(tensor.values, codes, strict=True)):
        numbers = (float(row.min()), float(row.max()), len(np.unique(code)), float(errors[channel]))
        rows.append(f"{channel}," + ",".join(map(repr, numbers)))
    return "\n".join(rows) + "\n"


def draw(here: PageState) -> None:
    """The card of the matrix, then what one scale per matrix does to sentences, then the formats."""
    draw_matrix(here)


def claim_of(here: PageState, tensor: weights.Tensor, spec: quantizers.Spec) -> str:
    """How few levels the widest channel leaves to the median one."""
    middle = int(np.argsort(tensor.widths, kind="stable")[len(tensor.widths) // 2])
    low, high = spec.levels
    shared, own = (
        quantizers.levels_used(tensor.values, quantizers.fit(tensor.values, one), middle)
        for one in (
            quantizers.Spec(spec.bits, spec.symmetric),
            quantizers.Spec(spec.bits, spec.symmetric, "channel"),
        )
    )
    return here.t(
        "quant.tensor.claim",
        channel=tensor.widest,
        times=quant_scene.short(tensor.times_median),
        bits=spec.bits,
        middle=middle,
        levels=high - low + 1,
        shared=shared,
        own=own,
    )


def draw_matrix(here: PageState) -> None:
    """The matrix on the grid."""
    tensor = weights.tensor(quant_scene.name_of(here))
    spec = quant_scene.spec_of(here)
    by, shift = float(here["scale_by"]), here.integer("zero_shift")
    with figure.card(
        here,
        "tensor",
        claim=claim_of(here, tensor, spec),
        guide=tuple(here.t(f"quant.tensor.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("channels.csv", lambda: csv(tensor, spec, by, shift)),),
        code=lambda: source.snippet(
            quantizers.fit,
            f"values = tensor({tensor.name!r}).values\n"
            f"grid = fit(values, {spec!r}).moved({by!r}, {shift})\n"
            "print(damage(values, grid))",
            (weights.tensor, quantizers.Spec, quantizers.damage),
        ),
    ):
        components.mount(
            "quanttensor",
            "quant-tensor",
            {
                "payload": quant_scene.send_tensor(tensor),
                "labels": here.t.group("quanttensor"),
                **quant_scene.for_script(here, CONTROLS),
            },
        )
        with st.container(horizontal=True, key="quant-which", gap="medium", vertical_alignment="bottom"):
            widgets.draw(here, "block")
            widgets.draw(here, "part")
            widgets.draw_reset(here)
