"""What a training is worth: calibration beside it, every remedy in one table, and metrics under imbalance."""

from __future__ import annotations

from collections.abc import Sequence

import streamlit as st

from explainers.focal_loss import evaluation, remedies
from explainers.focal_loss.datasets import Float64
from explainers.focal_loss.experiment import Experiment
from explainers.focal_loss.remedies import Remedy, difference, find, spread
from pages.parts import focal_runs, focal_scene
from ui import components, dotstrips, figure, frame, source
from ui.dotstrips import Row, Strip
from ui.state import PageState

# Okabe and Ito's, with the meanings of the house; two have a darker tone that shows on white and on black.
COLORS = {
    "ce": "#7F7F7F",
    "weighted": "#56B4E9",
    "focal": "#D55E00",
    "alpha_focal": "#D55E00",
    "over": "#009E73",
    "under": "#E69F00",
    "smote": "#CC79A7",
}
HELPS = {"better": "remedies.helps_better", "worse": "remedies.helps_worse", "noise": "remedies.helps_noise"}
AGAINST = {"better": "remedies.better", "worse": "remedies.worse", "noise": "remedies.noise"}
STYLE = """<style>
.st-key-focal-record-payload, .st-key-focal-run-scores-payload { position: absolute; }
.st-key-focal-loss-gamma { min-width: 11rem; }
.texts td:first-child { min-width: 16rem; line-height: 1.6; }
</style>"""


def quiet_payloads() -> None:
    """What only carries data takes no room; how the tables of these views look."""
    st.html(dotstrips.STYLE + STYLE)


def mount_metrics(here: PageState, name: str, result: Experiment, panels: Sequence[str]) -> None:
    """Curves and figures of any variant at a movable threshold."""
    components.send("focal-run-scores-payload", result.scores_id, result.scores)
    components.mount(
        "lossmetrics",
        f"focal-metrics-{name}",
        {
            "payload": result.scores_id,
            "panels": list(panels),
            "labels": here.t.group("lossmetrics"),
            "names": focal_runs.names(here),
            **focal_scene.for_script(here, ("variant", "threshold")),
        },
    )


def scores_csv(result: Experiment, variant: str) -> str:
    """Label and logit of every test example of every seed for one variant."""
    place = result.last.variants.index(variant)
    rows: list[tuple[object, ...]] = [("seed", "rare", "logit")]
    for seed in range(result.labels.shape[0]):
        pairs = zip(result.labels[seed], result.test[place, seed], strict=True)
        rows += [(seed + 1, int(rare), float(logit)) for rare, logit in pairs]
    return focal_scene.csv(rows)


WEIGHTS = (
    "rare, prevalence = result.labels[0], result.counts.prevalence\n"
    "weight = np.where(rare, prevalence / rare.sum(), (1 - prevalence) / (~rare).sum())\n"
)


def draw_calibration(here: PageState, result: Experiment) -> None:
    """The precision-recall curve, the reliability curve and the confusion matrix beside a training."""
    focal, plain = (find(result.table, name, moved=False).ece for name in ("focal", "ce"))
    kind = focal_runs.kind_of(here)
    variant = here.text("variant")
    lines, needs = focal_runs.lines_of(here, kind)
    with figure.card(
        here,
        "calibration",
        claim=here.t(
            "calibration.claim",
            gamma=f"{float(here['gamma']):g}",
            ce=f"{plain.mean():.3f} ± {spread(plain):.3f}",
            focal=f"{focal.mean():.3f} ± {spread(focal):.3f}",
        ),
        guide=(here.t("calibration.look"), here.t("calibration.try"), here.t("calibration.hides")),
        exports=(figure.Export(f"scores-{variant}.csv", lambda: scores_csv(result, variant)),),
        code=lambda: source.snippet(
            evaluation.reliability,
            lines + f"place = result.last.variants.index({variant!r})\n{WEIGHTS}"
            "print(reliability(rare, sigmoid(result.test[place, 0]), weight))",
            (evaluation.sigmoid, *needs),
        ),
    ):
        mount_metrics(here, "calibration", result, ("pr", "trust", "lines"))


# ---------------------------------------------------------------- every remedy in one table


def remedies_csv(table: Sequence[Remedy]) -> str:
    """All figures of all remedies, a line for each seed."""
    rows: list[tuple[object, ...]] = [("variant", "moved", "seed", "threshold", *remedies.FIGURES)]
    for row in table:
        for seed in range(row.f1.size):
            figures = (float(getattr(row, name)[seed]) for name in ("threshold", *remedies.FIGURES))
            rows.append((row.variant, int(row.moved), seed + 1, *figures))
    return focal_scene.csv(rows)


def _strip(values: Float64, digits: int = 2) -> Strip:
    return Strip(tuple(float(value) for value in values), f"{values.mean():.{digits}f} ± {spread(values):.{digits}f}")


def signed(value: float) -> str:
    """A difference with its sign; none where nothing is left after rounding."""
    text = f"{value:+.2f}".replace("-", "−")
    return "0.00" if text[1:] == "0.00" else text


def table_of(here: PageState, result: Experiment) -> tuple[list[str], list[Row]]:
    """Columns and rows of the table: a line for each variant."""
    t = here.t
    columns = [t("remedies.remedy"), t("remedies.rows"), t("remedies.pr_auc"), t("remedies.f1_half")]
    columns += [t("remedies.f1_moved"), t("remedies.ece"), t("remedies.against")]
    base = find(result.table, "ce", moved=True)
    rows = []
    for variant in result.last.variants:
        half, moved = (find(result.table, variant, moved=one) for one in (False, True))
        gap = difference(moved.f1, base.f1)
        said = t(AGAINST[gap.verdict], gap=signed(gap.mean), spread=f"{gap.spread:.2f}") if variant != "ce" else "–"
        counted = t("remedies.counted", rare=f"{half.rows[0]:,.0f}", common=f"{half.rows[1]:,.0f}")
        cells = (counted, _strip(half.pr_auc), _strip(half.f1), _strip(moved.f1), _strip(half.ece, 3), said)
        rows.append(Row(focal_runs.names(here)[variant], COLORS[variant], cells))
    return columns, rows


def draw_remedies(here: PageState) -> None:
    """Losses, resampling and moved thresholds side by side."""
    quiet_payloads()
    kind = focal_runs.kind_of(here)
    focal_runs.draw_controls(here, kind)

    def draw(result: Experiment) -> None:
        columns, rows = table_of(here, result)
        lines, needs = focal_runs.lines_of(here, kind)
        plain, moved = (find(result.table, "ce", moved=one).f1 for one in (False, True))
        focal = find(result.table, "focal", moved=True).f1
        gap = difference(focal, moved)
        with figure.card(
            here,
            "remedies",
            claim=here.t(
                "remedies.claim",
                before=f"{plain.mean():.2f}",
                after=f"{moved.mean():.2f} ± {spread(moved):.2f}",
                focal=f"{focal.mean():.2f} ± {spread(focal):.2f}",
                verdict=here.t(HELPS[gap.verdict], gap=f"{abs(gap.mean):.2f}", spread=f"{gap.spread:.2f}"),
            ),
            guide=(here.t("remedies.look"), here.t("remedies.try"), here.t("remedies.hides")),
            exports=(
                figure.Export("remedies.svg", lambda: dotstrips.svg(columns, rows), "svg"),
                figure.Export("remedies.csv", lambda: remedies_csv(result.table)),
            ),
            code=lambda: source.snippet(
                remedies.difference,
                lines
                + 'base = find(result.table, "ce", moved=True)\n'
                + "for row in result.table:\n"
                + "    print(row.variant, row.moved, row.f1.mean().round(3), difference(row.f1, base.f1))",
                (remedies.find, *needs),
            ),
        ):
            st.html(dotstrips.html(columns, rows, here.t("remedies.caption", seeds=result.chosen.shape[1])))
            frame.notice(here.t("remedies.rule"))

    focal_runs.draw_run(here, kind, draw)


# ---------------------------------------------------------------- metrics under imbalance


def draw_metrics(here: PageState) -> None:
    """ROC and precision-recall at one threshold, and what accuracy hides."""
    quiet_payloads()
    kind = focal_runs.kind_of(here)
    focal_runs.draw_controls(here, kind)

    def draw(result: Experiment) -> None:
        variant = here.text("variant")
        row = find(result.table, variant, moved=False)
        lines, needs = focal_runs.lines_of(here, kind)
        with figure.card(
            here,
            "metrics",
            claim=here.t(
                "metrics.claim",
                ratio=f"1:{result.counts.ratio:.0f}",
                lazy=f"{1 - result.counts.prevalence:.1%}".replace("%", " %"),
                name=focal_runs.names(here)[variant],
                roc=f"{row.roc_auc.mean():.2f}",
                pr=f"{row.pr_auc.mean():.2f}",
            ),
            guide=(here.t("metrics.look"), here.t("metrics.try"), here.t("metrics.hides")),
            exports=(figure.Export(f"scores-{variant}.csv", lambda: scores_csv(result, variant)),),
            code=lambda: source.snippet(
                evaluation.confusion,
                lines + f"place = result.last.variants.index({variant!r})\n{WEIGHTS}"
                f"at = confusion(rare, sigmoid(result.test[place, 0]), {float(here['threshold'])!r}, weight)\n"
                "print(at.accuracy, at.precision, at.recall, at.f1)",
                (evaluation.sigmoid, *needs),
            ),
        ):
            mount_metrics(here, "metrics", result, ("pr", "roc", "lines"))

    focal_runs.draw_run(here, kind, draw)
