"""The maps: three spaces side by side, one space laid out in several ways, and what a map does to the truth."""

from __future__ import annotations

import html
from collections.abc import Sequence
from dataclasses import replace

import streamlit as st

from explainers.embeddings import faithful, layouts, project, spaces
from explainers.embeddings.layouts import Layout, Maps, Setting
from explainers.embeddings.space import neighbours
from pages.parts import embedding_scene
from ui import components, figure, frame, source, widgets
from ui.state import PageState

COMMAND = "python -m tools.maps"
CONTROLS = {
    "method": "method",
    "n_neighbors": "n_neighbors",
    "min_dist": "min_dist",
    "metric": "metric",
    "seed": "map_seed",
    "dims": "map_dims",
    "colour": "colour",
}
"""What the picture calls a control, and what the page does."""


def draw(here: PageState) -> None:
    """The lens: which words, then the maps of them."""
    shown, language = here.text("shown"), here.text("corpus")
    if shown == "own":
        from pages.parts import embedding_own

        embedding_own.draw(here, language)
        return
    maps = layouts.shipped(language, shown)
    name = f"{language}-{shown}-{maps.digest}"
    first, *others = _ids(maps, name, here.integer("map_dims"))
    _send_shipped(language, shown, [first])
    _draw_maps(here, maps, setting_of(here), name)
    _send_shipped(language, shown, others)
    if shown == "some":
        draw_methods(here, language, maps)
    draw_strangers(here, maps, maps.strangers(setting_of(here)), setting_of(here))


def setting_of(here: PageState) -> Setting:
    """The setting that the page's controls ask for."""
    method, metric = here.text("method"), here.text("metric")
    seed, dims = here.integer("map_seed"), here.integer("map_dims")
    return Setting(method, here.integer("n_neighbors"), float(here["min_dist"]), metric, seed, dims)


def _ids(maps: Maps, name: str, dims: int) -> list[str]:
    return [f"{name}-{kind}" for kind in (("first", "2") if dims == 2 else ("first", "2", "3"))]


def _send_shipped(language: str, shown: str, ids: Sequence[str]) -> None:
    """The words with the first map, which is small; behind its picture the grid; what has three directions only when it
    is asked for."""
    for payload_id in ids:
        kind = payload_id.rpartition("-")[2]
        components.send(f"embeddings-map-{kind}-payload", payload_id, layouts.payload(language, shown, kind))


def panel(
    here: PageState, at: int, title: str = "", setting: dict[str, object] | None = None, space: int | None = None
) -> dict[str, object]:
    """What the picture is told of one map. at: place of its model; space: its place among the maps, where another."""
    model = spaces.MODELS[at]
    colour = embedding_scene.COLOURS[model]
    return {
        "title": title or here.t(f"spaces.{model}"),
        "color": colour,
        "space": at if space is None else space,
        "setting": setting,
    }


def mount(
    here: PageState, key: str, name: str, ids: Sequence[str], panels: Sequence[object], own: bool = False
) -> None:
    """Put the linked maps on the page. own: the words are the reader's, so that one setting alone is there."""
    table = here.table
    components.mount(
        "wordmap",
        key,
        {
            "set": name,
            "payloads": list(ids),
            "panels": list(panels),
            "controls": key == "embeddings-maps" and not own,
            "state": {script: here[page] for script, page in CONTROLS.items()},
            "defaults": {
                **{script: table[page].default for script, page in CONTROLS.items()},
                "dims3": not own,
            },
            "address": CONTROLS,
            "word": spaces.shipped(spaces.MODELS[0], here.text("corpus")).folded(here.text("word")),
            "shown": here.text("shown"),
            "tells": True,
            "labels": here.t.group("wordmap"),
        },
    )


# ---------------------------------------------------------------- three spaces side by side


def in_all(maps: Maps, word: str) -> int | None:
    """How many of a word's nearest, over the whole vocabulary, are the same in all spaces; None where the corpus does
    not have the word."""
    opened = [spaces.shipped(model, maps.language) for model in spaces.MODELS]
    if not opened[0].has(word):
        return None
    return len(set.intersection(*({one.word for one in neighbours(space, word, faithful.NEAR)} for space in opened)))


def claim_of(here: PageState, maps: Maps, layout: Layout) -> str:
    """On how much of the word's neighbourhood the spaces agree, and how much of any word's the maps keep."""
    kept = [row[0] for row in layout.quality]
    low, high = embedding_scene.percent(min(kept)), embedding_scene.percent(max(kept))
    share = low if low == high else f"{low[:-2]}–{high}"
    same, counted = in_all(maps, here.text("word")), min(faithful.NEAR, (len(maps.words) - 1) // 2)
    if same is None:
        return here.t("maps.claim_all", share=share, near=counted)
    return here.t("maps.claim", word=here.text("word"), ten=faithful.NEAR, same=same, share=share, near=counted)


def export(maps: Maps, layout: Layout) -> str:
    """Every word's place on every map, and the share of its neighbours that the map keeps."""
    axes = "xyz"[: layout.setting.dims]
    rows = [
        (model, word, *(f"{value:.4f}" for value in layout.points[at, place]), f"{layout.kept[at, place]:.1f}")
        for at, model in enumerate(spaces.MODELS)
        for place, word in enumerate(maps.words)
    ]
    return embedding_scene.table(("model", "word", *axes, "neighbours_kept"), rows)


def snippet_of(maps: Maps, setting: Setting) -> str:
    """The code that lays out the first few of these words."""
    count = min(400, len(maps.words))
    return source.snippet(
        project.umap,
        f"rows = {[int(row) for row in maps.rows[:count]]}\n"
        f'vectors = [shipped(model, {maps.language!r}).rows(rows) for model in ("word2vec", "glove", "fasttext")]\n'
        f"start = meeting_place(vectors, {setting.n_neighbors}, {setting.min_dist}, {setting.seed}, {setting.dims})\n"
        f"graphs = [fuzzy_graph(nearest(one, {setting.n_neighbors}, {setting.metric!r})) for one in vectors]\n"
        f"maps = aligned(umap(graphs, start, {setting.min_dist}, {setting.seed}), start)\n"
        "for one, points in zip(vectors, maps):\n"
        "    found = measure(one, points)\n"
        "    print(found.mean_kept, found.trustworthiness, found.continuity)",
        (
            spaces.shipped,
            project.meeting_place,
            project.nearest,
            project.fuzzy_graph,
            project.aligned,
            faithful.measure,
        ),
    )


def _draw_maps(here: PageState, maps: Maps, setting: Setting, name: str) -> None:
    layout = maps.layout(setting)
    hides = "maps.hides_all" if here.text("shown") == "all" else "maps.hides"
    with figure.card(
        here,
        "maps",
        claim=claim_of(here, maps, layout),
        guide=(
            here.t("maps.look", n=f"{len(maps.words):,}", near=maps.near.shape[2]),
            here.t("maps.try"),
            here.t(hides, command=COMMAND),
        ),
        exports=(figure.Export("word-maps.csv", lambda: export(maps, layout)),),
        code=lambda: snippet_of(maps, layout.setting),
    ):
        panels = [panel(here, at) for at in range(len(spaces.MODELS))]
        mount(here, "embeddings-maps", name, _ids(maps, name, here.integer("map_dims")), panels)
        word = here.text("word")
        if word and maps.index(spaces.shipped(spaces.MODELS[0], maps.language).folded(word)) < 0:
            known = spaces.shipped(spaces.MODELS[0], maps.language).has(word)
            frame.notice(here.t("maps.not_shown" if known else "maps.no_such_word", word=word))
        widgets.draw_reset(here)


# ---------------------------------------------------------------- one space, several ways


def _ways(here: PageState, maps: Maps) -> list[tuple[str, Setting]]:
    """The settings that stand beside one another: this one, the same with the other seed, t-SNE, PCA."""
    asked = setting_of(here)
    wanted = [
        ("methods.seed", replace(asked, method="umap", seed=1)),
        ("methods.seed", replace(asked, method="umap", seed=2)),
        ("methods.tsne", Setting("tsne", dims=asked.dims)),
        ("methods.pca", Setting("pca", dims=asked.dims)),
    ]
    # A second seed is not there for every setting; what is found twice is shown once.
    found = {maps.find(setting): title for title, setting in reversed(wanted)}
    return [(title, setting) for setting, title in reversed(found.items())]


def draw_methods(here: PageState, language: str, maps: Maps) -> None:
    """The same space by UMAP with two seeds, by t-SNE and by PCA."""
    at = spaces.MODELS.index(here.text("map_model"))
    ways = _ways(here, maps)
    layouts_of = [maps.layout(setting) for _, setting in ways]
    kept = [embedding_scene.percent(layout.quality[at][0]) for layout in layouts_of]
    two_seeds = len(ways) == 4
    same = layouts.agreement(language, spaces.MODELS[at], ways[0][1], ways[1][1]) if two_seeds else 0.0
    titles = [here.t(title, seed=setting.seed) for title, setting in ways]

    def rows() -> str:
        found = [
            (title, spaces.MODELS[at], *(f"{value:.4f}" for value in layout.quality[at]))
            for title, layout in zip(titles, layouts_of, strict=True)
        ]
        return embedding_scene.table(("map", "model", "neighbours_kept", "trustworthiness", "continuity"), found)

    with figure.card(
        here,
        "methods",
        claim=here.t(
            "methods.claim" if two_seeds else "methods.claim_one_seed",
            name=here.t(f"spaces.{spaces.MODELS[at]}"), umap=kept[0], tsne=kept[-2], pca=kept[-1],
            same=embedding_scene.percent(same),
        ),
        guide=(here.t("methods.look"), here.t("methods.try"), here.t("methods.hides", command=COMMAND)),
        exports=(figure.Export("map-methods.csv", rows),),
        code=lambda: _methods_code(maps, at),
    ):  # fmt: skip
        widgets.draw(here, "map_model")
        panels = [
            panel(here, at, title, {"method": s.method, "n_neighbors": s.n_neighbors, "min_dist": s.min_dist,
                                     "metric": s.metric, "seed": s.seed})
            for title, (_, s) in zip(titles, ways, strict=True)
        ]  # fmt: skip
        name = f"{language}-some-{maps.digest}"
        mount(here, "embeddings-methods", name, _ids(maps, name, here.integer("map_dims")), panels)


def _methods_code(maps: Maps, at: int) -> str:
    return source.snippet(
        faithful.measure,
        f"rows = {[int(row) for row in maps.rows[:400]]}\n"
        f"vectors = shipped({spaces.MODELS[at]!r}, {maps.language!r}).rows(rows)\n"
        "start = components(vectors, 2)\n"
        'for points in (start, tsne(vectors, start, 30, "cosine", 1), plain_umap(vectors, 15, 0.1, "cosine", 1, 2)):\n'
        "    found = measure(vectors, points)\n"
        "    print(found.mean_kept, found.trustworthiness, found.continuity)",
        (spaces.shipped, project.components, project.tsne, project.plain_umap),
    )


# ---------------------------------------------------------------- near on the map, far in the space


def draw_strangers(
    here: PageState, maps: Maps, found: tuple[tuple[faithful.Strangers, ...], ...], setting: Setting
) -> None:
    """Pairs that the maps put side by side although the spaces keep them apart."""
    if not found or not all(found):
        return
    worst_at = max(range(len(found)), key=lambda at: found[at][0].true_rank)
    worst = found[worst_at][0]
    layout = maps.layout(setting)

    def rows() -> str:
        listed = [
            (model, maps.words[one.first], maps.words[one.second], one.map_rank, one.true_rank, f"{one.cosine:.4f}")
            for model, pairs in zip(spaces.MODELS, found, strict=True)
            for one in pairs
        ]
        return embedding_scene.table(("model", "first", "second", "map_rank", "true_rank", "cosine"), listed)

    with figure.card(
        here,
        "strangers",
        claim=here.t(
            "strangers.claim",
            first=maps.words[worst.first], second=maps.words[worst.second], rank=f"{worst.true_rank:,}",
            name=here.t(f"spaces.{spaces.MODELS[worst_at]}"), n=f"{len(maps.words) - 1:,}",
        ),
        guide=(here.t("strangers.look"), here.t("strangers.try"), here.t("strangers.hides")),
        exports=(figure.Export("near-but-far.csv", rows),),
        code=lambda: source.snippet(
            faithful.near_but_far,
            f"rows = {[int(row) for row in maps.rows[:400]]}\n"
            f"space = shipped({spaces.MODELS[worst_at]!r}, {maps.language!r})\n"
            "vectors = space.rows(rows)\n"
            "for pair in near_but_far(vectors, components(vectors, 2)):\n"
            "    print(space.words[rows[pair.first]], space.words[rows[pair.second]], pair.true_rank)",
            (spaces.shipped, project.components),
        ),
    ):  # fmt: skip
        tables = [_pairs(here, maps, at, pairs) for at, pairs in enumerate(found)]
        st.html(f'<div class="strangers">{"".join(tables)}</div>{_measures(here, layout)}')


def _pairs(here: PageState, maps: Maps, at: int, pairs: Sequence[faithful.Strangers]) -> str:
    name = html.escape(here.t(f"spaces.{spaces.MODELS[at]}"))
    columns = (here.t("strangers.pair"), here.t("strangers.rank"), here.t("strangers.cosine"))
    head = "".join(f'<th scope="col">{html.escape(column)}</th>' for column in columns)
    rows = "".join(
        f"<tr><td>{html.escape(maps.words[one.first])} · {html.escape(maps.words[one.second])}</td>"
        f"<td>{one.true_rank:,}</td><td>{one.cosine:.2f}</td></tr>"
        for one in pairs
    )
    table = f"<table><caption>{name}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="tokens" role="region" tabindex="0" aria-label="{name}">{table}</div>'


def _measures(here: PageState, layout: Layout) -> str:
    """The three measures of the maps shown."""
    columns = ("measures.model", "measures.kept", "measures.trust", "measures.continuity")
    head = "".join(f'<th scope="col">{html.escape(here.t(column))}</th>' for column in columns)
    rows = "".join(
        f"<tr><th scope='row'>{html.escape(here.t(f'spaces.{model}'))}</th><td>{embedding_scene.percent(kept)}</td>"
        f"<td>{trust:.3f}</td><td>{continuity:.3f}</td></tr>"
        for model, (kept, trust, continuity) in zip(spaces.MODELS, layout.quality, strict=True)
    )
    caption = html.escape(here.t("measures.caption"))
    table = f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"
    return f'<div class="tokens" role="region" tabindex="0" aria-label="{caption}">{table}</div>'
