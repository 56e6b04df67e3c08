"""One weight matrix of the live model on the quantization grid, moved in the browser, and what it does to sentences."""

from __future__ import annotations

import functools
import json
from typing import cast

import numpy as np
import streamlit as st

from explainers.quantization import figures, quantizers, verdict, weights
from explainers.quantization.verdict import Verdict
from pages.parts import own_model, quant_charts, quant_scene
from ui import components, dotstrips, figure, source, widgets, work
from ui.dotstrips import Row, Strip
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


@functools.cache
def shipped() -> dict[int, Verdict]:
    """What tools/quantized.py measured with the shipped sentences, by bits."""
    found = json.loads(quant_scene.SHIPPED.read_text("utf-8"))
    return {
        int(bits): Verdict(int(bits), {way: tuple(values) for way, values in ways.items()})
        for bits, ways in found.items()
    }


def draw(here: PageState) -> None:
    """The card of the matrix, then what one scale per matrix does to sentences."""
    here = quant_scene.narrowed(here)
    source = quant_scene.source_of(here)
    bits, sentences = here.integer("bits"), quant_scene.sentences_of(here)
    call = functools.partial(verdict.verdict, bits, sentences, source)
    key = ("quant-verdict", bits, sentences, weights.fingerprint(source))
    own = cast("Verdict | None", work.quietly("quant-verdict", call, key=key))
    found = own or (None if quant_scene.is_own(here) else shipped()[bits])
    draw_matrix(here, found)
    if found is not None:
        draw_verdict(here, found, own is not None)


def draw_verdict(here: PageState, found: Verdict, own: bool) -> None:
    """Every sentence's cosine under the three ways to share a scale."""
    t = here.t
    means = {way: found.mean(way) for way in verdict.WAYS}
    colors = {"tensor": figures.INT4, "apart": figures.SKY, "channel": figures.INT8}
    rows = [
        Row(
            t(f"quant.surprise.way_{way}"),
            colors[way],
            (Strip(found.cosines[way], f"{mean.value:.4f} [{mean.low:.4f}, {mean.high:.4f}]"),),
        )
        for way, mean in means.items()
    ]
    columns = [t("quant.surprise.column_way"), t("quant.surprise.column_cosine")]
    caption = t("quant.surprise.own" if own else "quant.surprise.shipped", n=len(found.cosines["tensor"]))
    sentences, model = quant_scene.sentences_of(here), own_model.spelt(quant_scene.source_of(here))
    with figure.card(
        here,
        "surprise",
        claim=t("quant.surprise.claim", bits=found.bits, **{way: f"{one.value:.4f}" for way, one in means.items()}),
        guide=tuple(t(f"quant.surprise.{line}") for line in ("look", "try", "hides")),
        exports=(
            figure.Export(
                "cosines.csv",
                lambda: quant_charts.csv(tuple(found.cosines), list(zip(*found.cosines.values(), strict=True))),
            ),
            figure.Export("cosines.svg", lambda: dotstrips.svg(columns, rows), "svg"),
        ),
        code=lambda: source.snippet(
            verdict.verdict,
            f"found = verdict({found.bits}, {list(sentences)!r}{model.argument})\n"
            "for way in WAYS:\n    print(way, found.mean(way))",
            model.needs,
        ),
    ):
        st.html(dotstrips.html(columns, rows, caption))


def claim_of(here: PageState, tensor: weights.Tensor, spec: quantizers.Spec, found: Verdict | None) -> str:
    """What one scale costs the sentences, where that is known, and how few levels the widest channel leaves to the
    median one."""
    middle = int(np.argsort(tensor.widths, kind="stable")[len(tensor.widths) // 2])
    low, high = spec.levels
    shared, own = (
        quantizers.levels_used(tensor.values, quantizers.fit(tensor.values, one), middle)
        for one in (
            quantizers.Spec(spec.bits, spec.symmetric),
            quantizers.Spec(spec.bits, spec.symmetric, "channel"),
        )
    )
    means = {}
    if found is not None:
        means = {"tensor": f"{found.mean('tensor').value:.3f}", "each": f"{found.mean('channel').value:.4f}"}
    return here.t(
        "quant.tensor.claim" if means else "quant.tensor.claim_matrix",
        **means,
        channel=tensor.widest,
        times=quant_scene.short(tensor.times_median),
        bits=spec.bits,
        middle=middle,
        levels=high - low + 1,
        shared=shared,
        own=own,
    )


def draw_matrix(here: PageState, found: Verdict | None) -> None:
    """The matrix on the grid."""
    origin = quant_scene.source_of(here)
    model = own_model.spelt(origin)
    tensor = weights.tensor(quant_scene.layer_of(here).name, origin)
    spec = quant_scene.spec_of(here)
    by, shift = float(here["scale_by"]), here.integer("zero_shift")
    with figure.card(
        here,
        "tensor",
        claim=claim_of(here, tensor, spec, found),
        guide=tuple(here.t(f"quant.tensor.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("channels.csv", lambda: csv(tensor, spec, by, shift)),),
        code=lambda: source.snippet(
            quantizers.fit,
            f"values = tensor({tensor.name!r}{model.argument}).values\n"
            f"grid = fit(values, {spec!r}).moved({by!r}, {shift})\n"
            "print(damage(values, grid))",
            (weights.tensor, quantizers.Spec, quantizers.damage, *model.needs),
        ),
    ):
        components.mount(
            "quanttensor",
            "quant-tensor",
            {
                "payload": quant_scene.send_tensor(tensor, origin),
                "labels": here.t.group("quanttensor"),
                **quant_scene.for_script(here, CONTROLS),
            },
        )
        with st.container(horizontal=True, key="quant-which", gap="medium", vertical_alignment="bottom"):
            widgets.draw(here, "block")
            widgets.draw(here, "part")
            widgets.draw_reset(here)
