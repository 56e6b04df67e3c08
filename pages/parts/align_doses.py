"""What every dose of breaking costs: three ways to swap, three shares, three seeds; `make assets` measured it."""

from __future__ import annotations

from explainers.alignment import breaking, training
from pages.parts import align_scene, focal_scene
from ui import figure, source
from ui.state import PageState


def draw(here: PageState) -> None:
    """What every dose of breaking costs, measured once."""
    doses = training.doses()
    shares = sorted({dose.share for dose in doses})
    series = []
    for place, swap in enumerate(breaking.SWAPS):
        values = [
            [d.recall_1 for d in doses if d.share == share and (d.swap == swap or share == 0)] for share in shares
        ]
        series.append(align_scene.spread_line(here.t(f"control.alignment.swap.option.{swap}"), place, shares, values))
    colour = sum(d.parts[0] for d in doses if d.swap == "same_colour" and d.share == 1.0) / 3
    half = [d.recall_1 for d in doses if d.swap == "any" and d.share == 0.5]
    whole = [d.recall_1 for d in doses if d.share == 0.0]
    with figure.card(
        here,
        "doses",
        claim=here.t(
            "align.doses.claim",
            whole=align_scene.plus_minus(whole),
            half=align_scene.plus_minus(half),
            loss=align_scene.plus_minus([dose.loss for dose in doses]),
        ),
        guide=(
            here.t("align.doses.look"),
            here.t("align.doses.try", colour=f"{colour:.2f}"),
            here.t("align.doses.hides"),
        ),
        exports=(figure.Export("doses.csv", doses_csv),),
        code=lambda: source.snippet(
            training.finish,
            "for share in (0, 0.5, 1):\n"
            '    done = finish(Setup(share, "any"))\n'
            "    print(share, done.loss, done.found.recall_1, done.own)",
        ),
    ):
        align_scene.lines(
            here,
            "align-doses",
            series,
            x=here.t("align.doses.x"),
            y=here.t("align.doses.y"),
            chance=align_scene.luck(1).mean,
        )


def doses_csv() -> str:
    """All doses as CSV."""
    rows: list[list[object]] = [
        ["swap", "share", "seed", "loss", "recall_1", "recall_1_of_given_pairs", *breaking.PARTS]
    ]
    rows += [[d.swap, d.share, d.seed, d.loss, d.recall_1, d.own, *d.parts] for d in training.doses()]
    return focal_scene.csv(rows)
