"""Live training on the focal-loss page: the plane where boundaries are seen moving, and real texts.

`VIEWS` draws the lenses that look at a training; those of remedies and metrics are in `focal_metrics`.
"""

from __future__ import annotations

import html
from collections.abc import Callable

import streamlit as st

from explainers.focal_loss import compare, texts, training, vectors
from explainers.focal_loss.compare import Found
from explainers.focal_loss.datasets import Float64
from explainers.focal_loss.experiment import Experiment, Moment
from explainers.focal_loss.remedies import difference, find, spread
from explainers.focal_loss.texts import Corpus
from pages.parts import focal_metrics, focal_runs, focal_scene
from ui import components, figure, frame, source
from ui.state import PageState

SHOWN_TEXTS = 3  # texts of each kind that are read out
VERDICTS = {"better": "train.claim_better", "worse": "train.claim_worse", "noise": "train.claim_noise"}
SMALL = 0.02  # a smaller difference is written with three digits
RATIO_SLACK = 1.05  # a ratio this near to the one asked for needs no explaining


def plus_minus(values: Float64, digits: int = 2) -> str:
    """Mean and spread over seeds."""
    return f"{values.mean():.{digits}f} ± {spread(values):.{digits}f}"


def ratio_of(result: Experiment) -> str:
    """The imbalance that came out, as people write it."""
    return f"1:{result.counts.ratio:.0f}"


def mount_course(here: PageState, kind: str, record_id: str, record: bytes) -> None:
    """The picture of a training, running or done."""
    components.send("focal-record-payload", record_id, record)
    components.mount(
        "losstrain",
        f"focal-course-{kind}",
        {"payload": record_id, "kind": kind, "labels": here.t.group("losstrain"), "names": focal_runs.names(here)},
    )


def watching(here: PageState, kind: str) -> Callable[[Moment], None]:
    """Draws a training that still runs."""

    def draw(moment: Moment) -> None:
        mount_course(here, kind, moment.record_id, moment.record)

    return draw


def course_csv(result: Experiment) -> str:
    """Loss and average precision of every network at every kept step."""
    rows: list[tuple[object, ...]] = [("step", "variant", "seed", "training_loss", "test_average_precision", "taken")]
    for frame_at, step in enumerate(result.last.steps):
        for place, variant in enumerate(result.last.variants):
            for seed in range(result.chosen.shape[1]):
                loss = float(result.last.loss[frame_at, place, seed])
                precision = float(result.last.precision[frame_at, place, seed])
                taken = int(result.chosen[place, seed] == frame_at)
                rows.append((int(step), variant, seed + 1, loss, precision, taken))
    return focal_scene.csv(rows)


def claim_of(here: PageState, result: Experiment) -> str:
    """Whether focal loss is ahead of cross-entropy, and whether that is more than the seeds differ."""
    focal, plain = (find(result.table, name, moved=False).pr_auc for name in ("focal", "ce"))
    gap = difference(focal, plain)
    digits = 2 if abs(gap.mean) >= SMALL else 3
    return here.t(
        VERDICTS[gap.verdict],
        ratio=ratio_of(result),
        focal=plus_minus(focal, digits),
        ce=plus_minus(plain, digits),
        gap=f"{abs(gap.mean):.{digits}f}",
        spread=f"{gap.spread:.{digits}f}",
        gamma=f"{float(here['gamma']):g}",
    )


def explain_counts(here: PageState, result: Experiment, asked: int) -> None:
    """Say so where the texts or the plane could not be thinned to what was asked."""
    if not asked / RATIO_SLACK <= result.counts.ratio <= asked * RATIO_SLACK:
        frame.notice(
            here.t(
                "train.thinned_otherwise",
                asked=f"1:{asked}",
                ratio=ratio_of(result),
                rare=result.counts.rare,
                common=f"{result.counts.common:,}",
            )
        )


def draw_train(here: PageState) -> None:
    """The plane."""
    focal_metrics.quiet_payloads()
    focal_runs.draw_controls(here, "plane")

    def draw(result: Experiment) -> None:
        lines, needs = focal_runs.lines_of(here, "plane")
        assert result.ideal is not None
        with figure.card(
            here,
            "course",
            claim=claim_of(here, result),
            guide=(
                here.t("train.look", rare=result.counts.rare, common=f"{result.counts.common:,}"),
                here.t("train.try"),
                here.t("train.hides", ideal=f"{result.ideal.pr_auc:.2f}"),
            ),
            exports=(figure.Export("training.csv", lambda: course_csv(result)),),
            code=lambda: source.snippet(
                training.focal_objective,
                lines
                + "for row in result.table:\n"
                + "    print(row.variant, row.moved, row.pr_auc.round(3), row.f1.round(3))",
                needs,
            ),
        ):
            mount_course(here, "plane", result.record_id, result.record)
        focal_metrics.draw_calibration(here, result)

    focal_runs.draw_run(here, "plane", draw, watching(here, "plane"))


def about(here: PageState, corpus: Corpus) -> str:
    """What the texts are and how they become vectors."""
    known = {"reviews": "text.about_reviews", "sentences": "text.about_sentences"}
    way = here.t(f"text.by_{vectors.way_of(corpus)}")
    said = here.t(
        known.get(corpus.name, "text.about_own"),
        n=f"{len(corpus.texts):,}",
        repeats=f"{corpus.repeats:,}",
        rare=corpus.rare_label,
        common=corpus.common_label,
    )
    return f"{said} {way}"


def draw_text(here: PageState) -> None:
    """Real texts."""
    focal_metrics.quiet_payloads()
    focal_runs.draw_controls(here, "text")
    corpus = focal_runs.corpus_of(here)
    if corpus is None:
        return
    frame.notice(about(here, corpus))

    def draw(result: Experiment) -> None:
        explain_counts(here, result, int(here.text("thinned")))
        make = vectors.WAYS[vectors.way_of(corpus)]
        lines, needs = focal_runs.lines_of(here, "text")
        with figure.card(
            here,
            "course",
            claim=claim_of(here, result),
            guide=(
                here.t("text.look", rare=result.counts.rare, common=f"{result.counts.common:,}"),
                here.t("text.try"),
                here.t("text.hides"),
            ),
            exports=(figure.Export("training.csv", lambda: course_csv(result)),),
            code=lambda: source.snippet(
                make,
                lines
                + "for row in result.table:\n"
                + "    print(row.variant, row.moved, row.pr_auc.round(3), row.f1.round(3))",
                tuple(need for need in needs if need is not make),
            ),
        ):
            mount_course(here, "text", result.record_id, result.record)
        draw_who_finds(here, result, corpus)
        focal_metrics.draw_calibration(here, result)

    focal_runs.draw_run(here, "text", draw, watching(here, "text"))


def draw_who_finds(here: PageState, result: Experiment, corpus: Corpus) -> None:
    """Texts that one loss finds and the other does not: the differences behind equal figures."""
    found = compare.overlap(result, "ce", "focal")
    lines, needs = focal_runs.lines_of(here, "text")
    parts = (
        ("found.first_only", found.first_only),
        ("found.second_only", found.second_only),
        ("found.neither", found.neither),
    )

    def export() -> str:
        rows: list[tuple[object, ...]] = [("part", "place", "p_ce", "p_focal")]
        every = (("both", found.both), ("ce_only", found.first_only), ("focal_only", found.second_only))
        for name, part in (*every, ("neither", found.neither)):
            rows += [(name, one.place, one.first, one.second) for one in part]
        return focal_scene.csv(rows)

    with figure.card(
        here,
        "found",
        claim=here.t(
            "found.claim",
            n=int(result.labels[0].sum()),
            both=len(found.both),
            first=len(found.first_only),
            second=len(found.second_only),
            neither=len(found.neither),
        ),
        guide=(here.t("found.look"), here.t("found.try"), here.t("found.hides")),
        exports=(figure.Export("found.csv", export),),
        code=lambda: source.snippet(
            compare.overlap,
            lines + 'found = overlap(result, "ce", "focal")\n'
            "print(len(found.both), len(found.first_only), len(found.second_only), len(found.neither))",
            needs,
        ),
    ):
        tables = [_texts_table(here, corpus, here.t(title), part) for title, part in parts if part]
        if tables:
            st.html("".join(tables))
        else:
            frame.notice(here.t("found.all_found"))


def _texts_table(here: PageState, corpus: Corpus, title: str, part: tuple[Found, ...]) -> str:
    shown = [(texts.to_traditional(corpus.texts[one.place]), one) for one in part[:SHOWN_TEXTS]]
    columns = (here.t("found.text"), here.t("found.p_ce"), here.t("found.p_focal"))
    head = "".join(f'<th scope="col">{html.escape(column)}</th>' for column in columns)
    rows = "".join(
        f"<tr><td>{html.escape(text)}</td><td>{one.first:.2f}</td><td>{one.second:.2f}</td></tr>" for text, one in shown
    )
    caption = html.escape(here.t("found.caption", title=title, n=len(part)))
    table = f"<caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody>"
    return f'<div class="strips texts" role="region" tabindex="0" aria-label="{caption}"><table>{table}</table></div>'


VIEWS: dict[str, Callable[[PageState], None]] = {
    "train": draw_train,
    "text": draw_text,
    "remedies": focal_metrics.draw_remedies,
    "metrics": focal_metrics.draw_metrics,
}
