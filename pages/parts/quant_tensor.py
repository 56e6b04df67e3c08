"""One weight matrix of the live model: how wide each output channel is, and what one scale for all must stretch for."""

from __future__ import annotations

import numpy as np

from explainers.quantization import weights
from pages.parts import quant_scene
from ui import components, figure, source, widgets
from ui.state import PageState

CONTROLS = ("block", "part")


def csv(tensor: weights.Tensor) -> str:
    """The width of every output channel as CSV."""
    rows = [f"{channel},{float(width)!r}" for channel, width in enumerate(tensor.widths)]
    return "\n".join(["channel,largest_absolute_weight", *rows]) + "\n"


def draw(here: PageState) -> None:
    """The card of the matrix."""
    tensor = weights.tensor(quant_scene.name_of(here))
    claim = here.t(
        "quant.tensor.claim",
        channel=tensor.widest,
        times=quant_scene.short(tensor.times_median),
        middle=quant_scene.short(float(np.median(tensor.widths))),
        widest=quant_scene.short(float(tensor.widths.max())),
    )
    with figure.card(
        here,
        "tensor",
        claim=claim,
        guide=tuple(here.t(f"quant.tensor.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("channels.csv", lambda: csv(tensor)),),
        code=lambda: source.snippet(
            weights.tensor,
            f"found = tensor({tensor.name!r})\nprint(found.widest, found.times_median)",
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
        widgets.draw(here, "block")
        widgets.draw(here, "part")
        widgets.draw_reset(here)
