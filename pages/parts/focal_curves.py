"""The curves: loss, modulating factor and pull against p_t, moved in the browser, and what each does to a batch."""

from __future__ import annotations

import numpy as np

from explainers.focal_loss import budget, losses
from pages.parts import focal_scene
from ui import components, figure, frame, source, widgets
from ui.state import PageState

CONTROLS = (
    "gammas", "also", "balance", "alpha", "side", "weight", "smoothing", "what", "scale", "across", "at",
    "ratio", "difficulty", "noise",
)  # fmt: skip


def gammas_of(here: PageState) -> tuple[float, ...]:
    """The curves asked for; the default ones, with a word to the reader, where the address holds something else."""
    try:
        return losses.parse_gammas(here.text("gammas"))
    except losses.LossError as error:
        frame.notice(here.t(f"error.{error.code}", **error.details))
        return losses.parse_gammas(str(here.table["gammas"].default))


def points(here: PageState, gammas: tuple[float, ...]) -> str:
    """All curves on the picture as CSV: one row per p_t, loss and gradient of each."""
    z = losses.margin(np.linspace(0.0025, 0.9975, 400))
    side: losses.Side = "positive" if here.text("side") == "positive" else "negative"
    curves = {
        f"focal_{gamma:g}": losses.curve(z, gamma=gamma, alpha=focal_scene.alpha_of(here), side=side)
        for gamma in gammas
    }
    weight = float(here["weight"]) if side == "positive" else 1.0
    more: dict[str, losses.Curve] = {
        "ce": losses.curve(z, "ce"),
        "weighted": losses.curve(z, "weighted", weight=weight),
        "hinge": losses.curve(z, "hinge"),
        "smoothing": losses.curve(z, "smoothing", epsilon=float(here["smoothing"])),
    }
    curves |= {name: more[name] for name in here.text("also").split(",") if name}
    head = ["p_t", "logit", *(f"{what}_{name}" for name in curves for what in ("loss", "factor", "gradient"))]
    columns = [losses.curve(z, "ce").p_t, z]
    for one in curves.values():
        columns += [one.loss, one.factor, one.gradient]
    return focal_scene.csv([head, *np.column_stack(columns).tolist()])


def draw(here: PageState) -> None:
    """The card of the curves."""
    gammas = gammas_of(here)
    at, first = float(here["at"]), gammas[0]
    side: losses.Side = "positive" if here.text("side") == "positive" else "negative"
    reading = losses.read(at, first, losses.alpha_t(focal_scene.alpha_of(here), side))
    ratio = here.integer("ratio")
    batch = budget.make_batch(ratio, float(here["difficulty"]), float(here["noise"]))
    before = budget.split(batch, 0.0).loss_of("easy_negative")
    after = budget.split(batch, first, focal_scene.alpha_of(here)).loss_of("easy_negative")
    claim = here.t(
        "focal.curves.claim",
        p=f"{at:g}",
        gamma=f"{first:g}",
        times=focal_scene.short(reading.times_less),
        ratio=ratio,
        before=focal_scene.percent(before),
        after=focal_scene.percent(after),
    )
    with figure.card(
        here,
        "curves",
        claim=claim,
        guide=tuple(here.t(f"focal.curves.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("losses.csv", lambda: points(here, gammas)),),
        code=lambda: source.snippet(
            losses.focal_gradient,
            f"z = margin({at!r})  # the logit whose p_t is {at:g}\n"
            f"print(cross_entropy(z), focal_loss(z, {first!r}), focal_gradient(z, {first!r}))\n"
            f"print(read({at!r}, {first!r}))",
            (losses.margin, losses.cross_entropy, losses.focal_loss, losses.read),
        ),
    ):
        components.mount(
            "losscurves",
            "focal-curves",
            {
                "payload": focal_scene.send_draws(),
                "labels": here.t.group("losscurves"),
                **focal_scene.for_script(here, CONTROLS, gammas=losses.spell_gammas(gammas)),
            },
        )
        widgets.draw_reset(here)
