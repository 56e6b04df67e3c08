"""Neighbours: one word's nearest words in every open space as aligned lists; the words over which two models part."""

from __future__ import annotations

import functools
from typing import cast

from explainers.embeddings import compare, spaces
from explainers.embeddings.compare import Comparison, Partings
from explainers.embeddings.space import Space
from pages.parts import embedding_scene as scene
from ui import components, figure, source, widgets, work
from ui.state import PageState

COUNT = 10
SEARCHED = 5000  # words whose neighbours are compared: rarer ones have too few occurrences to be told from noise
SHOWN = 14  # partings in the table


def draw(here: PageState) -> None:
    """Both cards."""
    found = scene.all_spaces(here)
    draw_lists(here, found)
    draw_partings(here)


def claim_of(here: PageState, found: Comparison, opened: tuple[Space, ...]) -> str:
    """How many neighbours the first two lists share; who has no vector where one is missing."""
    lacking = [scene.name_of(here, space) for space, one in zip(opened, found.lists, strict=True) if not one]
    if lacking:
        return here.t("embed.lists.claim_missing", word=found.word, spaces=here.t.listed(lacking))
    many = len(set.intersection(*({one.word for one in part} for part in found.lists)))
    return here.t(
        "embed.lists.claim",
        word=found.word,
        count=COUNT,
        all=many,
        first=scene.name_of(here, opened[0]),
        third=scene.name_of(here, opened[2]),
        shared=int(found.shared[0, 2]),
    )


def draw_lists(here: PageState, opened: tuple[Space, ...]) -> None:
    """The aligned lists, and what the neighbours have in common with the word."""
    word = here.text("word").strip()
    found = compare.compare(opened, word, COUNT)
    names = [scene.name_of(here, space) for space in opened]

    def export() -> str:
        rows = [
            (name, place, one.word, f"{one.cosine:.6f}", *found.ranks[one.word])
            for name, part in zip(names, found.lists, strict=True)
            for place, one in enumerate(part, 1)
        ]
        return scene.table(("space", "rank", "word", "cosine", *(f"rank in {name}" for name in names)), rows)

    with figure.card(
        here,
        "lists",
        claim=claim_of(here, found, opened),
        guide=scene.guide(here, "lists"),
        exports=(figure.Export("neighbours.csv", export),),
        code=lambda: source.snippet(
            compare.compare,
            "\n".join(scene.lines_for(space, f"space{at}") for at, space in enumerate(opened))
            + f"\nfound = compare([{', '.join(f'space{at}' for at in range(len(opened)))}], {word!r}, {COUNT})\n"
            "for name, neighbours in zip(found.names, found.lists):\n"
            "    print(name, [(one.word, round(one.cosine, 3)) for one in neighbours])",
            tuple(dict.fromkeys(scene.opener(space) for space in opened)),
        ),
    ):
        components.mount(
            "neighbourlists",
            "embeddings-lists",
            {
                "word": found.word,
                "spaces": [
                    {"name": name, "colour": scene.colour_of(space)} for name, space in zip(names, opened, strict=True)
                ],
                "lists": [[{"word": one.word, "cosine": one.cosine} for one in part] for part in found.lists],
                "ranks": {other: list(ranks) for other, ranks in found.ranks.items()},
                "labels": here.t.group("neighbourlists"),
            },
        )
        draw_leanings(here, found, opened)


def draw_leanings(here: PageState, found: Comparison, opened: tuple[Space, ...]) -> None:
    """Letters and topic shared with the word, a line for each space that has it; no topics where none are known."""
    topics = scene.topics(here.text("corpus"))
    by_name = {space.name: space for space in opened}
    rows = []
    for one in compare.leanings(found, topics):
        space = by_name[one.name]
        colour = scene.colour_of(space)
        topic: object = here.t("embed.lists.no_topic")
        if one.topic is not None:
            topic = {"share": one.topic, "text": scene.percent(one.topic), "colour": colour}
        letters = {"share": one.spelling, "text": scene.percent(one.spelling), "colour": colour}
        rows.append([scene.name_of(here, space), letters, *([topic] if topics else [])])
    columns = _columns(here, bool(topics))
    components.mount(
        "wordtable",
        "embeddings-leanings",
        {"caption": "", "columns": columns, "rows": rows, "labels": here.t.group("wordtable")},
    )


def _columns(here: PageState, topics: bool) -> list[str]:
    names = ("space", "letters", "topic") if topics else ("space", "letters")
    return [here.t(f"embed.lists.column_{name}") for name in names]


def draw_partings(here: PageState) -> None:
    """The search over the vocabulary, as it goes on."""
    widgets.draw(here, "pair")
    first, second = here.text("pair").split("_")
    language = here.text("corpus")
    call = functools.partial(
        compare.shipped_partings, first, second, language, dict(scene.topics(language)), among=SEARCHED
    )
    work.panel(
        here,
        "embeddings-partings",
        call,
        lambda result, done: _draw_partings(here, cast("Partings", result), done),
        key=("embeddings-partings", first, second, language),
        process=True,
    )


def _draw_partings(here: PageState, found: Partings, done: bool) -> None:
    first, second = (here.t(f"spaces.{name}") for name in found.names)
    furthest = found.most[0]
    claim = here.t(
        "embed.partings.claim" if done else "embed.partings.claim_so_far",
        first=first,
        second=second,
        searched=f"{found.searched:,}",
        shared=f"{found.mean_shared:.1f}",
        count=COUNT,
        word=furthest.word,
        none=scene.percent(float(found.counts[0]) / found.searched),
    )

    def export() -> str:
        rows = [
            (one.word, one.shared, f"{one.apart:.4f}", " ".join(one.first), " ".join(one.second)) for one in found.most
        ]
        return scene.table(("word", "shared", "mean log10 rank", found.names[0], found.names[1]), rows)

    with figure.card(
        here,
        "partings",
        claim=claim,
        guide=scene.guide(here, "partings"),
        exports=(figure.Export("partings.csv", export),),
        code=lambda: source.snippet(
            compare.partings,
            f"first = shipped({found.names[0]!r}, {here.text('corpus')!r})\n"
            f"second = shipped({found.names[1]!r}, {here.text('corpus')!r})\n"
            "found = partings(first, second, among=500)\n"
            "print(found.searched, found.mean_shared, found.spelling)\n"
            "for one in found.most[:10]:\n    print(one.word, one.shared, one.first[:4], one.second[:4])",
            (spaces.shipped,),
        ),
    ):
        _draw_tables(here, found, (first, second))


def _draw_tables(here: PageState, found: Partings, names: tuple[str, str]) -> None:
    labels = here.t.group("wordtable")
    leanings = []
    for side, name in enumerate(names):
        colour = scene.COLOURS[found.names[side]]
        letters = {"share": found.spelling[side], "text": f"{found.spelling[side]:.1%}", "colour": colour}
        line: list[object] = [name, letters]
        if found.topic:
            line.append({"share": found.topic[side], "text": f"{found.topic[side]:.1%}", "colour": colour})
        leanings.append(line)
    columns = _columns(here, found.topic is not None)
    caption = here.t("embed.partings.leanings", searched=f"{found.searched:,}")
    components.mount(
        "wordtable",
        "embeddings-partings-leanings",
        {"caption": caption, "columns": columns, "rows": leanings, "labels": labels},
    )
    rows = [
        [
            {"words": [one.word], "set": "word"},
            {"words": one.first[:5], "set": "word"},
            {"words": one.second[:5], "set": "word"},
            f"{one.shared}",
            here.t("embed.partings.about", rank=f"{10**one.apart:,.0f}"),
        ]
        for one in found.most[:SHOWN]
    ]
    components.mount(
        "wordtable",
        "embeddings-partings-words",
        {
            "caption": here.t("embed.partings.caption"),
            "columns": [
                here.t("embed.partings.word"),
                *names,
                here.t("embed.partings.shared"),
                here.t("embed.partings.apart"),
            ],
            "rows": rows,
            "labels": labels,
        },
    )
