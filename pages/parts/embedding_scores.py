"""Scores: WordSim-353, SimLex-999 and Google's analogies, computed now for every open space: table, plot, coverage."""

from __future__ import annotations

import functools
from typing import cast

import plotly.graph_objects as go
import streamlit as st

from explainers.embeddings import scores, spaces
from explainers.embeddings.scores import AnalogyScore, PairScore, PairTest
from explainers.embeddings.space import Space
from explainers.errors import ExplainerError
from pages.parts import embedding_scene as scene
from ui import components, figure, frame, source, widgets, work
from ui.state import PageState

LARGE = 100_000  # words: with more, the analogies take a minute and wait for a button


def draw(here: PageState) -> None:
    """The English spaces: there is no Chinese test among those that the packages carry."""
    if here.text("corpus") != "en":
        frame.notice(here.t("embed.pairs.english"))
    opened = tuple(spaces.shipped(model, "en") for model in spaces.MODELS)
    beside = scene.all_spaces(here)[len(spaces.MODELS) :]
    draw_pairs(here, (*opened, *beside))
    draw_analogies(here, (*opened, *beside))


def scored(space: Space) -> dict[PairTest, PairScore | None]:
    """Both tests; None where the space has none of its words."""
    made: dict[PairTest, PairScore | None] = {}
    for test in scores.PAIR_TESTS:
        try:
            made[test] = scores.score_pairs(space, test)
        except ExplainerError:
            made[test] = None
    return made


def draw_pairs(here: PageState, opened: tuple[Space, ...]) -> None:
    """Two tests of similarity: rank correlation with people, coverage, and every pair as a point."""
    found = {scene.name_of(here, space): scored(space) for space in opened}
    colours = {scene.name_of(here, space): scene.colour_of(space) for space in opened}
    ranked = sorted(
        ((one.spearman, name) for name, tests in found.items() if (one := tests["wordsim353"])), reverse=True
    )
    alike = sorted(((one.spearman, name) for name, tests in found.items() if (one := tests["simlex999"])), reverse=True)
    test = cast("PairTest", here.text("test"))

    def export() -> str:
        rows = [
            (name, test, pair.a, pair.b, pair.human, f"{pair.cosine:.6f}")
            for name, tests in found.items()
            for test, one in tests.items()
            if one
            for pair in one.pairs
        ]
        return scene.table(("space", "test", "a", "b", "people", "cosine"), rows)

    with figure.card(
        here,
        "pairs",
        claim=here.t(
            "embed.pairs.claim",
            best=ranked[0][1],
            score=f"{ranked[0][0]:.2f}",
            other=alike[0][1],
            simlex=f"{alike[0][0]:.2f}",
        ),
        guide=scene.guide(here, "pairs"),
        exports=(figure.Export("pairs.csv", export),),
        code=lambda: source.snippet(
            scores.score_pairs,
            "\n".join(
                f"{scene.lines_for(space)}\n"
                f"for test in {scores.PAIR_TESTS!r}:\n"
                f"    found = score_pairs(space, test)\n"
                f"    print(space.name, test, round(found.spearman, 4), round(found.coverage, 3))"
                for space in opened
            ),
            tuple(dict.fromkeys(scene.opener(space) for space in opened)),
        ),
    ):
        rows: list[list[object]] = []
        for name, tests in found.items():
            row: list[object] = [name]
            for one in tests.values():
                if one is None:
                    row += [here.t("embed.pairs.none"), ""]
                    continue
                row.append({"share": max(0.0, one.spearman), "text": f"{one.spearman:.3f}", "colour": colours[name]})
                row.append(here.t("embed.pairs.coverage", n=len(one.pairs), all=one.asked))
            rows.append(row)
        columns = [
            here.t(f"embed.pairs.column_{column}") for column in ("space", "wordsim", "pairs", "simlex", "pairs")
        ]
        components.mount(
            "wordtable",
            "embeddings-pairs",
            {"caption": "", "columns": columns, "rows": rows, "labels": here.t.group("wordtable")},
        )
        with st.container(horizontal=True, key="embeddings-plot-fields", gap="medium"):
            widgets.draw(here, "test")
            widgets.draw(here, "space")
        draw_plot(here, test, opened)


def draw_plot(here: PageState, test: PairTest, opened: tuple[Space, ...]) -> None:
    """People's judgement against the cosine, a point for each pair."""
    by_kind = {scene.kind_of(space): space for space in opened}
    space = by_kind.get(here.text("space"))
    if space is None:
        raise ExplainerError("embedding_no_other")
    one = scored(space)[test]
    if one is None:
        raise ExplainerError("embedding_no_coverage", {"space": space.name, "test": test})
    picture = go.Figure(
        go.Scatter(
            x=[pair.human for pair in one.pairs],
            y=[pair.cosine for pair in one.pairs],
            text=[f"{pair.a} – {pair.b}" for pair in one.pairs],
            mode="markers",
            marker={"color": scene.colour_of(space), "size": 7, "opacity": 0.65},
            hovertemplate="%{text}<br>%{x:.1f} · %{y:.2f}<extra></extra>",
        )
    )
    picture.update_layout(
        height=360,
        margin={"l": 60, "r": 10, "t": 10, "b": 50},
        xaxis_title=here.t("embed.pairs.x"),
        yaxis_title=here.t("embed.pairs.y", space=scene.name_of(here, space)),
    )
    scene.chart("embeddings-pairs", picture)


def draw_analogies(here: PageState, opened: tuple[Space, ...]) -> None:
    """Google's questions: each space is asked in the background; the table grows as they come in."""
    found: dict[str, AnalogyScore] = {}
    for space in opened:
        name = scene.name_of(here, space)

        def keep(result: object, done: bool, name: str = name) -> None:
            found[name] = cast("AnalogyScore", result)

        large = len(space) > LARGE
        if large:
            frame.notice(here.t("embed.google.large", space=name, words=f"{len(space):,}"))
        work.panel(
            here,
            f"embeddings-google-{scene.kind_of(space)}",
            functools.partial(scores.score_analogies, space),
            keep,
            key=("embeddings-google", space.name, space.language, len(space), id(space) if large else 0),
            wait=large,
        )
    if found:
        draw_google(here, opened, found)


def draw_google(here: PageState, opened: tuple[Space, ...], found: dict[str, AnalogyScore]) -> None:
    """All sections, a column for each space."""
    colours = {scene.name_of(here, space): scene.colour_of(space) for space in opened}
    names = list(found)
    best = {
        kind: max(
            ((getattr(one, kind).right / max(1, getattr(one, kind).answered)), name) for name, one in found.items()
        )
        for kind in ("semantic", "syntactic")
    }
    sections = max((one.sections for one in found.values()), key=len)

    def cell(name: str, section: scores.Section | None) -> object:
        if section is None or not section.answered:
            return here.t("embed.google.unanswered")
        share = section.right / section.answered
        return {
            "share": share,
            "text": here.t("embed.google.share", share=scene.percent(share), n=f"{section.answered:,}"),
            "colour": colours[name],
        }

    rows: list[list[object]] = []
    for kind in ("total", "semantic", "syntactic"):
        rows.append([here.t(f"embed.google.{kind}"), *(cell(name, getattr(found[name], kind)) for name in names)])
    for place, section in enumerate(sections):
        parts = [one.sections[place] if place < len(one.sections) else None for one in found.values()]
        rows.append([section.name, *(cell(name, part) for name, part in zip(names, parts, strict=True))])
    with figure.card(
        here,
        "google",
        claim=here.t(
            "embed.google.claim",
            semantic=best["semantic"][1],
            meaning=scene.percent(best["semantic"][0]),
            syntactic=best["syntactic"][1],
            grammar=scene.percent(best["syntactic"][0]),
        ),
        guide=scene.guide(here, "google"),
        exports=(
            figure.Export(
                "analogies.csv",
                lambda: scene.table(
                    ("space", "section", "right", "answered", "asked"),
                    [(n, s.name, s.right, s.answered, s.asked) for n, one in found.items() for s in one.sections],
                ),
            ),
        ),
        code=lambda: source.snippet(
            scores.score_analogies,
            f"{scene.lines_for(opened[0])}\nfound = score_analogies(space, only=['family', 'currency'])\n"
            "for section in found.sections:\n    print(section)",
            (scene.opener(opened[0]),),
        ),
    ):
        columns = [here.t("embed.google.section"), *names]
        components.mount(
            "wordtable",
            "embeddings-google",
            {"caption": "", "columns": columns, "rows": rows, "labels": here.t.group("wordtable")},
        )
