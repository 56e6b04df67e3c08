"""One number in every format, as bits: the browser flips them, Python says what each format makes of the number."""

from __future__ import annotations

import math

from explainers.quantization import formats
from pages.parts import quant_charts, quant_scene
from ui import components, figure, frame, source, widgets
from ui.state import PageState


def number_of(here: PageState) -> tuple[float, str]:
    """The number asked for and its spelling; the default, with a word to the reader, where the address holds none."""
    try:
        return formats.parse(here.text("number")), here.text("number").strip()
    except formats.FormatError as error:
        frame.notice(here.t(f"error.{error.code}", **error.details))
        text = str(here.table["number"].default)
        return formats.parse(text), text


def told(value: float) -> str:
    """A number as the claim writes it."""
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "∞" if value > 0 else "−∞"
    return f"{value:.5g}".replace("-", "−")


def draw(here: PageState) -> None:
    """The card of the formats."""
    value, text = number_of(here)
    found = {one.form.name: one for one in formats.write_all(value)}
    rows = [
        (name, format(one.code, f"0{one.form.bits}b"), one.value, one.step, one.form.smallest, one.form.largest)
        for name, one in found.items()
    ]
    with figure.card(
        here,
        "number",
        claim=here.t(
            "quant.number.claim", number=text, **{name: told(found[name].value) for name in ("fp16", "bf16", "e4m3")}
        ),
        guide=tuple(here.t(f"quant.number.{line}") for line in ("look", "try", "hides")),
        exports=(
            figure.Export(
                "formats.csv",
                lambda: quant_charts.csv(("format", "bits", "value", "spacing", "smallest", "largest"), rows),
            ),
        ),
        code=lambda: source.snippet(
            formats.encode,
            f"for one in write_all(parse({text!r})):\n    print(one.form.name, bin(one.code), one.value, one.step)",
            (formats.write_all, formats.parse),
        ),
    ):
        components.mount(
            "quantbits",
            "quant-bits",
            {"labels": here.t.group("quantbits"), **quant_scene.for_script(here, ("number",), number=text)},
        )
        widgets.draw_reset(here)
