"""The budget: who owns the loss of a batch of 10,000, and the paper's cumulative curves from a real detector."""

from __future__ import annotations

import functools
from pathlib import Path

from explainers.focal_loss import budget, scores
from pages.parts import focal_scene
from ui import components, figure, source, widgets
from ui.state import PageState

SCORES = Path(__file__).resolve().parents[2] / "assets" / "focal-loss" / "names.bin"
SCORES_ID = "focal-scores-names"
CONTROLS = ("gamma", "ratio", "difficulty", "noise", "alpha", "balance")


@functools.cache
def detector() -> tuple[bytes, scores.Scores]:
    """The shipped margins of the detector, as sent and as read: 92 kB, read once."""
    data = SCORES.read_bytes()
    return data, scores.unpack(data)


def draw(here: PageState) -> None:
    """Both cards of the view."""
    draw_budget(here)
    draw_cumulative(here)


def claim_of(here: PageState, batch: budget.Batch, plain: budget.Budget, focal: budget.Budget) -> str:
    """One sentence on whoever the picture is about: the mistakes where there are any, else the easy negatives."""
    noisy = batch.count("mislabelled") > 0
    owner = "mislabelled" if noisy else "easy_negative"
    return here.t(
        "focal.budget.claim_noise" if noisy else "focal.budget.claim",
        ratio=here.integer("ratio"),
        gamma=f"{focal.gamma:g}",
        n=f"{batch.count(owner):,}",
        before=focal_scene.percent(plain.loss_of(owner)),
        after=focal_scene.percent(focal.loss_of(owner)),
        positives=focal_scene.percent(focal.loss_of("positive")),
        many=batch.count("positive"),
    )


def table(plain: budget.Budget, focal: budget.Budget) -> str:
    """Both budgets as CSV: one row per decile and owner."""
    rows: list[tuple[object, ...]] = [("decile", "owner", "ce_loss", "ce_gradient", "focal_loss", "focal_gradient")]
    for decile in range(budget.DECILES):
        for at, owner in enumerate(budget.OWNERS):
            shares = (float(of[decile, at]) for of in (plain.loss, plain.gradient, focal.loss, focal.gradient))
            rows.append((decile + 1, owner, *shares))
    return focal_scene.csv(rows)


def draw_budget(here: PageState) -> None:
    """Who owns the loss and the gradient of the drawn batch."""
    gamma, alpha = float(here["gamma"]), focal_scene.alpha_of(here)
    setting = (here.integer("ratio"), float(here["difficulty"]), float(here["noise"]))
    batch = budget.make_batch(*setting)
    plain, focal = budget.split(batch, 0.0), budget.split(batch, gamma, alpha)
    with figure.card(
        here,
        "budget",
        claim=claim_of(here, batch, plain, focal),
        guide=tuple(here.t(f"focal.budget.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("budget.csv", lambda: table(plain, focal)),),
        code=lambda: source.snippet(
            budget.split,
            f"batch = make_batch{setting!r}  # negatives per positive, difficulty, share of wrong labels\n"
            f"focal = split(batch, {gamma!r}, {alpha!r})\n"
            "for owner in OWNERS:\n"
            "    print(owner, batch.count(owner), focal.loss_of(owner), focal.gradient_of(owner))",
            (budget.make_batch,),
        ),
    ):
        components.mount(
            "lossbudget",
            "focal-budget",
            {
                "payload": focal_scene.send_draws(),
                "labels": here.t.group("lossbudget"),
                **focal_scene.for_script(here, CONTROLS),
            },
        )
        widgets.draw_reset(here)


def draw_cumulative(here: PageState) -> None:
    """The cumulative loss of a real detector's held-out outputs, by class."""
    gamma = float(here["gamma"])
    data, found = detector()
    before, after = (budget.cumulative(found.negatives, one).hardest(0.01) for one in (0.0, gamma))

    def export() -> str:
        curves = [
            budget.cumulative(margins, one) for margins in (found.positives, found.negatives) for one in (0.0, gamma)
        ]
        head = ("easiest", "positive_ce", "positive_focal", "negative_ce", "negative_focal")
        return focal_scene.csv(
            [head, *zip(curves[0].fraction.tolist(), *(c.share.tolist() for c in curves), strict=True)]
        )

    with figure.card(
        here,
        "cumulative",
        claim=here.t(
            "focal.cumulative.claim",
            gamma=f"{gamma:g}",
            before=focal_scene.percent(before),
            after=focal_scene.percent(after),
        ),
        guide=tuple(
            here.t(
                f"focal.cumulative.{line}",
                positives=f"{len(found.positives):,}",
                negatives=f"{found.all_negatives:,}",
                shown=f"{len(found.negatives):,}",
                precision=f"{found.average_precision:.3f}",
            )
            for line in ("look", "try", "hides")
        ),
        exports=(figure.Export("cumulative-loss.csv", export),),
        code=lambda: source.snippet(
            budget.cumulative,
            'found = unpack(Path("assets/focal-loss/names.bin").read_bytes())\n'
            f"print(cumulative(found.negatives, {gamma!r}).hardest(0.01))",
            (scores.unpack, Path),
        ),
    ):
        components.send("focal-scores-payload", SCORES_ID, data)
        components.mount(
            "losscdf",
            "focal-cumulative",
            {"payload": SCORES_ID, "labels": here.t.group("losscdf"), **focal_scene.for_script(here, ("gamma",))},
        )
