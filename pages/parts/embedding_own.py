"""The reader's own words on the maps: three spaces side by side, then one by two seeds, t-SNE and PCA; laid out now."""

from __future__ import annotations

import functools
import hashlib
import html

import streamlit as st

from explainers.embeddings import faithful, livemaps, spaces
from explainers.embeddings.layouts import Maps, Setting
from pages.parts import embedding_map, embedding_scene
from ui import components, figure, frame, source, widgets, work
from ui.state import PageState

AT_ONCE = 400  # words whose map is made four ways unasked; with more it takes many seconds and waits for a button
CHINESE_LIST = "國王 皇帝 總統 總理 主席 部長, 學校 老師 學生 大學 教育, 醫院 醫生 病人 健康, 北京 上海 香港 廣州 深圳, 書 作者 故事 小說 文章, 酒店 房間 服務 早餐 前台, 電腦 手機 螢幕 軟體 網路"  # noqa: E501


def draw(here: PageState, language: str) -> None:
    """Words that the reader brings, laid out while they wait."""
    text = here.text("mine")
    widgets.draw(here, "shown")
    if language == "zh" and text == here.table["mine"].default:
        text = CHINESE_LIST
        st.html(f'<p class="notice">{html.escape(here.t("own.sample", words=text))}</p>')
    widgets.draw(here, "mine", lines=3)
    with st.container(horizontal=True, key="map-own", gap="medium"):
        for name in ("n_neighbors", "min_dist", "metric", "map_seed", "map_dims"):
            widgets.draw(here, name)
        given = st.file_uploader(here.t("own.file"), type=["txt"], key="embeddings-own-words")
    if given is not None:
        text = given.getvalue().decode("utf-8", errors="replace")
    words = livemaps.words_of(text, language)
    known = spaces.shipped(spaces.MODELS[0], language)
    missing = [word for word in words if not known.has(word)]
    if missing:
        named = here.t.listed(missing[:12]) + ("…" if len(missing) > 12 else "")
        frame.notice(here.t("own.missing", n=len(missing), words=named))
    wanted = embedding_map.setting_of(here)
    setting = Setting("umap", wanted.n_neighbors, wanted.min_dist, wanted.metric, wanted.seed, wanted.dims)

    def drawn(maps: Maps, done: bool) -> None:
        name = f"own-{hashlib.sha256(repr((language, maps.words, setting.dims)).encode()).hexdigest()[:12]}"
        data = maps.payload(maps.settings)
        payload_id = f"{name}-{hashlib.sha256(data).hexdigest()[:12]}"
        components.send("embeddings-map-own-payload", payload_id, data)
        if not done:
            panels = [embedding_map.panel(here, at) for at in range(len(spaces.MODELS))]
            embedding_map.mount(here, "embeddings-maps", name, [payload_id], panels, own=True)
            return
        _draw_maps(here, maps, name, payload_id)

    work.panel(
        here,
        "own-map",
        functools.partial(livemaps.lay_out, language, words, setting),
        drawn,
        key=("own-map", language, words, setting),
        process=True,
    )
    if sum(known.has(word) for word in words) >= livemaps.FEWEST:
        _draw_ways(here, language, words, setting)


def _draw_maps(here: PageState, maps: Maps, name: str, payload_id: str) -> None:
    (setting,) = maps.settings
    layout = maps.layout(setting)
    with figure.card(
        here,
        "maps",
        claim=embedding_map.claim_of(here, maps, layout),
        guide=(
            here.t("maps.look", n=f"{len(maps.words):,}", near=maps.near.shape[2]),
            here.t("maps.try"),
            here.t("maps.hides_own"),
        ),
        exports=(figure.Export("word-maps.csv", lambda: embedding_map.export(maps, layout)),),
        code=lambda: embedding_map.snippet_of(maps, setting),
    ):
        panels = [embedding_map.panel(here, at) for at in range(len(spaces.MODELS))]
        embedding_map.mount(here, "embeddings-maps", name, [payload_id], panels, own=True)
    opened = [spaces.shipped(model, maps.language).rows(maps.rows) for model in spaces.MODELS]
    found = tuple(faithful.near_but_far(rows, one, 8) for rows, one in zip(opened, layout.points, strict=True))
    embedding_map.draw_strangers(here, maps, found, setting)


def _draw_ways(here: PageState, language: str, words: tuple[str, ...], setting: Setting) -> None:
    """One space by UMAP with this seed and the next, by t-SNE and by PCA."""
    model = here.text("map_model")
    widgets.draw(here, "map_model")
    large = len(words) > AT_ONCE
    if large:
        frame.notice(here.t("own.ways", n=f"{len(words):,}"))
    work.panel(
        here,
        "own-ways",
        functools.partial(livemaps.ways, language, words, setting, model),
        lambda maps, _: _draw_four(here, maps, model),
        key=("own-ways", language, words, setting, model),
        process=True,
        wait=large,
    )


def _draw_four(here: PageState, maps: Maps, model: str) -> None:
    found = [maps.layout(setting) for setting in maps.settings]
    kept = [embedding_scene.percent(layout.quality[0][0]) for layout in found]
    near = min(faithful.NEAR, (len(maps.words) - 1) // 2)
    same = float(faithful.shared(found[0].points[0], found[1].points[0], near).mean())
    names = {"umap": "methods.seed", "tsne": "methods.tsne", "pca": "methods.pca"}
    titles = [here.t(names[one.method], seed=one.seed) for one in maps.settings]

    def rows() -> str:
        listed = [
            (title, model, *(f"{value:.4f}" for value in layout.quality[0]))
            for title, layout in zip(titles, found, strict=True)
        ]
        return embedding_scene.table(("map", "model", "neighbours_kept", "trustworthiness", "continuity"), listed)

    with figure.card(
        here,
        "methods",
        claim=here.t(
            "methods.claim_own",
            name=here.t(f"spaces.{model}"), near=near, umap=kept[0], tsne=kept[2], pca=kept[3],
            same=embedding_scene.percent(same),
        ),
        guide=(here.t("methods.look_own"), here.t("methods.try"), here.t("methods.hides_own")),
        exports=(figure.Export("map-methods.csv", rows),),
        code=lambda: _code(maps, model),
    ):  # fmt: skip
        at = spaces.MODELS.index(model)
        panels = [
            embedding_map.panel(here, at, title, {"method": s.method, "n_neighbors": s.n_neighbors,
                                                  "min_dist": s.min_dist, "metric": s.metric, "seed": s.seed}, space=0)
            for title, s in zip(titles, maps.settings, strict=True)
        ]  # fmt: skip
        data = maps.payload(maps.settings)
        payload_id = f"own-ways-{hashlib.sha256(data).hexdigest()[:12]}"
        components.send("embeddings-map-ways-payload", payload_id, data)
        embedding_map.mount(here, "embeddings-methods", payload_id, [payload_id], panels, own=True)


def _code(maps: Maps, model: str) -> str:
    return source.snippet(
        livemaps.ways,
        f"words = {list(maps.words)!r}\n"
        f"maps = ways({maps.language!r}, words, {maps.settings[0]!r}, {model!r})\n"
        "for setting in maps.settings:\n"
        "    print(setting.key, maps.layout(setting).quality[0])",
        (Setting,),
    )
