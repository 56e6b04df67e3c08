"""Arithmetic: a - b + c with its parallelogram, an axis between two words, and a test of association along one."""

from __future__ import annotations

import streamlit as st

from explainers.embeddings import analogies, lists
from explainers.embeddings.analogies import Arithmetic, Weat
from explainers.embeddings.space import Space
from explainers.errors import ExplainerError
from pages.parts import embedding_scene as scene
from ui import components, figure, frame, source, widgets
from ui.state import PageState

COUNT = 10
DARK = {"word2vec": "#4ba3dc", "glove": "#33c79b", "fasttext": "#f0b840", "other": "#a3a9b1"}
TERMS = ("plus", "minus", "add")
Three = tuple[str, str, str]


def draw(here: PageState) -> None:
    """The three cards; what cannot be drawn says so in its place, and the others stand."""
    opened = scene.all_spaces(here)
    for part in (draw_sum, draw_axis, draw_weat):
        try:
            part(here, opened)
        except ExplainerError as error:
            frame.trouble(scene.sentence(here, error))


# ---------------------------------------------------------------- a - b + c


def draw_sum(here: PageState, opened: tuple[Space, ...]) -> None:
    """The three words, the results of every space, and the plane of the chosen one."""
    with st.container(horizontal=True, key="embeddings-sum", gap="small"):
        for name in TERMS:
            widgets.draw(here, name)
    words = (here.text("plus").strip(), here.text("minus").strip(), here.text("add").strip())
    space = scene.chosen(here)
    found = analogies.arithmetic(space, *words, COUNT)
    with figure.card(
        here,
        "sum",
        claim=claim_of(here, space, found),
        guide=scene.guide(here, "sum"),
        exports=(figure.Export("arithmetic.csv", lambda: sum_table(here, opened, words)),),
        code=lambda: source.snippet(
            analogies.arithmetic,
            f"{scene.lines_for(space)}\nfound = arithmetic(space, *{words!r})\n"
            "for one in found.results:\n    print(one.word, round(one.cosine, 3))\nprint(found.barred)",
            (scene.opener(space),),
        ),
    ):
        components.mount(
            "wordplane",
            "embeddings-plane",
            {
                "words": list(words),
                "points": [{"word": one.word, "x": one.x, "y": one.y, "off": one.off} for one in found.points],
                "corner": list(found.corner),
                "colour": scene.colour_of(space),
                "dark": DARK[scene.kind_of(space)],
                "said": here.t("embed.sum.said", words=here.t.listed(words), results=first_words(here, found)),
                "labels": here.t.group("wordplane"),
            },
        )
        draw_results(here, opened, words)


def first_words(here: PageState, found: Arithmetic) -> str:
    return here.t.listed([one.word for one in found.results[:3]])


def claim_of(here: PageState, space: Space, found: Arithmetic) -> str:
    """What comes nearest, and whether that is only because the words put in are left out."""
    first = max(found.barred, key=lambda one: one[1], default=None)
    own = first is not None and first[1] > found.results[0].cosine
    return here.t(
        "embed.sum.claim_own" if own else "embed.sum.claim",
        a=found.a,
        b=found.b,
        c=found.c,
        space=scene.name_of(here, space),
        result=found.results[0].word,
        cosine=f"{found.results[0].cosine:.2f}",
        itself=first[0] if first else "",
        its=f"{first[1]:.2f}" if first else "",
    )


def draw_results(here: PageState, opened: tuple[Space, ...], words: Three) -> None:
    """The nearest words of every space, and where the words put in would have come."""
    rows: list[list[object]] = []
    for space in opened:
        try:
            found = analogies.arithmetic(space, *words, COUNT)
        except ExplainerError as error:
            rows.append([scene.name_of(here, space), scene.sentence(here, error), ""])
            continue
        near = {"words": [one.word for one in found.results], "set": "word", "also": {"lens": "neighbours"}}
        barred = here.t.listed([f"{word} {place}" for word, _, place in found.barred])
        rows.append([scene.name_of(here, space), near, barred])
    columns = [here.t("embed.lists.column_space"), here.t("embed.sum.nearest"), here.t("embed.sum.barred")]
    components.mount(
        "wordtable",
        "embeddings-results",
        {"caption": "", "columns": columns, "rows": rows, "labels": here.t.group("wordtable")},
    )


def sum_table(here: PageState, opened: tuple[Space, ...], words: Three) -> str:
    """The results of every space as CSV."""
    rows: list[tuple[object, ...]] = []
    for space in opened:
        try:
            found = analogies.arithmetic(space, *words, COUNT)
        except ExplainerError:
            continue
        name = scene.name_of(here, space)
        rows += [(name, place, one.word, f"{one.cosine:.6f}") for place, one in enumerate(found.results, 1)]
    return scene.table(("space", "rank", "word", "cosine"), rows)


# ---------------------------------------------------------------- an axis


def draw_axis(here: PageState, opened: tuple[Space, ...]) -> None:
    """The reader's words between two poles, a line for each space."""
    with st.container(horizontal=True, key="embeddings-axis-fields", gap="small"):
        widgets.draw(here, "poles")
        widgets.draw(here, "laid")
    poles = scene.listed(here.text("poles"))
    if len(poles) != 2:
        raise ExplainerError("axis_two_poles", {"found": str(len(poles))})
    words = scene.listed(here.text("laid"))[:60]
    axes = []
    for space in opened:
        if scene.known(space, poles[0]) and scene.known(space, poles[1]):
            axes.append((space, analogies.axis(space, *poles, words)))
    if not axes:
        raise ExplainerError("embedding_unknown", {"word": " / ".join(poles), "space": "Word2Vec, GloVe, FastText"})
    if not any(found.placed for _, found in axes):
        raise ExplainerError("axis_no_words")
    space, found = axes[0]
    first, last = (found.placed or axes[-1][1].placed)[0], (found.placed or axes[-1][1].placed)[-1]
    missing = list(dict.fromkeys(word for _, one in axes for word in one.missing))
    with figure.card(
        here,
        "axis",
        claim=here.t(
            "embed.axis.claim",
            space=scene.name_of(here, space),
            low=poles[0],
            high=poles[1],
            first=first.word,
            last=last.word,
            apart=f"{found.apart:.2f}",
        ),
        guide=scene.guide(here, "axis"),
        exports=(
            figure.Export(
                "axis.csv",
                lambda: scene.table(
                    ("space", "word", "cosine with the axis", "along"),
                    [
                        (scene.name_of(here, space), one.word, f"{one.cosine:.6f}", f"{one.along:.6f}")
                        for space, found in axes
                        for one in found.placed
                    ],
                ),
            ),
        ),
        code=lambda: source.snippet(
            analogies.axis,
            f"{scene.lines_for(space)}\nfound = axis(space, {poles[0]!r}, {poles[1]!r}, {list(words)!r})\n"
            "for one in found.placed:\n    print(one.word, round(one.cosine, 3))",
            (scene.opener(space),),
        ),
    ):
        bands = [
            band(here, space, scene.name_of(here, space), [(one.word, one.cosine) for one in found.placed])
            for space, found in axes
        ]
        mount_axis(here, "embeddings-axis", poles, here.t("embed.axis.x"), bands)
        if missing:
            frame.notice(here.t("embed.axis.missing", words=here.t.listed(missing[:12])))


def band(here: PageState, space: Space, name: str, points: list[tuple[str, float]]) -> dict[str, object]:
    """One band of the axis picture, in the space's colour."""
    return {
        "name": name,
        "colour": scene.colour_of(space),
        "dark": DARK[scene.kind_of(space)],
        "points": [{"word": word, "at": value} for word, value in points],
    }


def mount_axis(here: PageState, key: str, poles: tuple[str, ...], axis: str, bands: list[dict[str, object]]) -> None:
    """The axis picture."""
    components.mount(
        "wordaxis",
        key,
        {
            "low": poles[0],
            "high": poles[1],
            "axis": axis,
            "bands": bands,
            "said": here.t("embed.axis.said", low=poles[0], high=poles[1]),
            "labels": here.t.group("wordaxis"),
        },
    )


# ---------------------------------------------------------------- WEAT


def sets_of(here: PageState) -> lists.Sets:
    """The four lists: a ready test's, or those that the reader typed. Raises ExplainerError."""
    if here.text("weat") != "own":
        return lists.ready(here.text("weat"), here.text("corpus"))
    parts = []
    for name in ("targets", "attributes"):
        halves = [half for half in here.text(name).replace("／", "/").split("/") if half.strip()]
        if len(halves) != 2:
            raise ExplainerError("weat_halves", {"field": here.t(f"control.embeddings.{name}.label")})
        parts += [scene.listed(half)[:40] for half in halves]
    return lists.Sets(*parts)


def draw_weat(here: PageState, opened: tuple[Space, ...]) -> None:
    """The test in the chosen space: every word's leaning, the effect size, and how often chance does as much."""
    with st.container(horizontal=True, key="embeddings-weat-fields", gap="small"):
        widgets.draw(here, "weat")
        if here.text("weat") == "own":
            widgets.draw(here, "targets")
            widgets.draw(here, "attributes")
    sets, space = sets_of(here), scene.chosen(here)
    found = weat_of(space, sets)
    x, y, a, b = set_names(here, sets)
    with figure.card(
        here,
        "weat",
        claim=here.t(
            "embed.weat.claim" if found.p < 0.05 else "embed.weat.claim_none",
            x=x,
            y=y,
            a=a,
            b=b,
            space=scene.name_of(here, space),
            effect=f"{found.effect:.2f}".replace("-", "−"),
            p=chance(found),
        ),
        guide=scene.guide(here, "weat"),
        exports=(
            figure.Export(
                "weat.csv",
                lambda: scene.table(
                    ("set", "word", "leaning"),
                    [(name, w, f"{v:.6f}") for name, part in (("x", found.x), ("y", found.y)) for w, v in part],
                ),
            ),
        ),
        code=lambda: source.snippet(
            analogies.weat,
            f"{scene.lines_for(space)}\n"
            f"found = weat(space, {sets.x!r},\n    {sets.y!r},\n    {sets.a!r},\n    {sets.b!r})\n"
            "print(found.effect, found.p, found.partitions, found.exact)",
            (scene.opener(space),),
        ),
    ):
        bands = [band(here, space, x, list(found.x)), {**band(here, space, y, list(found.y)), "colour": "#7F7F7F"}]
        bands[1]["dark"] = "#a3a9b1"
        mount_axis(here, "embeddings-weat-axis", (b, a), here.t("embed.weat.x", a=a, b=b), bands)
        draw_all_weats(here, opened, sets)
        said = "embed.weat.exact" if found.exact else "embed.weat.sampled"
        frame.notice(here.t(said, n=f"{found.partitions:,}"))
        if found.missing:
            frame.notice(here.t("embed.axis.missing", words=here.t.listed(found.missing[:12])))


def weat_of(space: Space, sets: lists.Sets) -> Weat:
    """The test in a space; kept for the shipped ones."""
    if scene.kind_of(space) != "other":
        return lists.shipped_weat(space.name, space.language, sets)
    return analogies.weat(space, sets.x, sets.y, sets.a, sets.b)


def set_names(here: PageState, sets: lists.Sets) -> tuple[str, str, str, str]:
    """What the four lists are called: a ready test's names, else their first words."""
    kind = here.text("weat")
    if kind == "own":
        x, y, a, b = (f"{part[0]}…" for part in (sets.x, sets.y, sets.a, sets.b))
        return x, y, a, b
    x, y, a, b = (here.t(f"embed.weat.{kind}_{side}") for side in ("x", "y", "a", "b"))
    return x, y, a, b


def chance(found: Weat) -> str:
    """The p value as it is said: never 0 where only samples were drawn."""
    if found.p == 0:
        return "0" if found.exact else f"< {1 / found.partitions:.5f}"
    return f"{found.p:.2g}" if found.p >= 1e-4 else f"{found.p:.5f}"  # no powers of ten: not everybody reads them


def draw_all_weats(here: PageState, opened: tuple[Space, ...], sets: lists.Sets) -> None:
    """Effect and p in every open space."""
    rows: list[list[object]] = []
    for space in opened:
        try:
            found = weat_of(space, sets)
        except ExplainerError as error:
            rows.append([scene.name_of(here, space), scene.sentence(here, error), ""])
            continue
        effect = {
            "share": found.effect / 2,
            "text": f"{found.effect:+.2f}".replace("-", "−"),
            "colour": scene.colour_of(space),
        }
        rows.append([scene.name_of(here, space), effect, chance(found)])
    columns = [here.t("embed.lists.column_space"), here.t("embed.weat.effect"), here.t("embed.weat.p")]
    components.mount(
        "wordtable",
        "embeddings-weats",
        {"caption": "", "columns": columns, "rows": rows, "labels": here.t.group("wordtable")},
    )
