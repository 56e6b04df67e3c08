"""Use the model: pictures for a sentence, sentences for a picture, classes by name; and where it breaks."""

from __future__ import annotations

import functools
import html

import streamlit as st

from explainers.alignment import captions, packing, use
from explainers.alignment.captions import CaptionError
from explainers.alignment.use import Found, Probe
from pages.parts import align_scene, focal_scene
from ui import components, figure, frame, source, widgets
from ui.state import PageState

SHEET = "align-gallery"
COLUMNS = 12


@functools.cache
def sheet() -> bytes:
    """All pictures of the gallery as one piece."""
    pictures = use.gallery().pictures
    head = {"n": len(pictures), "side": pictures.shape[1], "columns": COLUMNS}
    return packing.pack(head, [packing.webp(pictures, COLUMNS)])


def asked(here: PageState) -> tuple[str, Found]:
    """The reader's sentence and what it finds; one that cannot be read is said, and the default takes its place."""
    default = here.t("align.use.sentence")
    given = here.text("sentence").strip() or default
    try:
        return given, use.pictures_for(given)
    except CaptionError as error:
        frame.trouble(here.t(f"error.{error.code}", **error.details))
        return default, use.pictures_for(default)


def named(here: PageState, picture: int) -> tuple[tuple[str, ...], list[float]]:
    """The reader's classes and the chosen picture's share of each; the same for classes that cannot be read."""
    vector = use.gallery().vectors[picture]
    default = use.class_names(here.t("align.use.classes"))
    names = default
    try:
        names = use.class_names(here.text("classes") or here.t("align.use.classes"))
        shares, unknown = use.classify(vector, names)
    except CaptionError as error:
        frame.trouble(here.t(f"error.{error.code}", **error.details))
        names = default
        shares, unknown = use.classify(vector, names)
    if unknown:
        frame.notice(here.t("align.use.unknown", words=here.t("align.use.comma").join(unknown)))
    return names, [float(one) for one in shares]


def draw(here: PageState) -> None:
    """The card of retrieval, then that of the probes."""
    with st.container(horizontal=True, key="align-use-first", gap="medium"):
        widgets.draw(here, "sentence")
        widgets.draw(here, "classes")
    language = align_scene.language_of(here)
    sentence, found = asked(here)
    if found.unknown:
        frame.notice(here.t("align.use.unknown", words=here.t("align.use.comma").join(found.unknown)))
    whole = use.gallery()
    chosen = here.integer("shown") - 1 if here.integer("shown") else found.hits[0].place
    names, shares = named(here, chosen)
    texts, _ = use.sentences(language)
    about = use.sentences_for(whole.vectors[chosen], language)
    told = [captions.caption(scene, language) for scene in whole.scenes]

    def table() -> str:
        rows: list[list[object]] = [["picture", "caption", "cosine"]]
        rows += [[hit.place + 1, told[hit.place], hit.cosine] for hit in found.hits]
        return focal_scene.csv(rows)

    first = found.hits[0]
    with figure.card(
        here,
        "use",
        claim=here.t(
            "align.use.claim", sentence=sentence, caption=told[first.place], cosine=f"{first.cosine:.2f}", n=len(told)
        ),
        guide=tuple(here.t(f"align.use.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("found.csv", table),),
        code=lambda: source.snippet(
            use.pictures_for,
            f"found = pictures_for({sentence!r})\n"
            "for hit in found.hits:\n"
            "    print(gallery().scenes[hit.place], round(hit.cosine, 2))\n"
            f"print(found.unknown, classify(gallery().vectors[{chosen}], {list(names)!r}))",
            (use.classify,),
        ),
    ):
        components.send("align-gallery-payload", SHEET, sheet())
        components.mount(
            "aligngallery",
            "align-gallery",
            {
                "payload": SHEET,
                "labels": here.t.group("aligngallery"),
                "hits": [[hit.place, round(hit.cosine, 4)] for hit in found.hits],
                "chosen": chosen,
                "otherwise": 0,
                "captions": told,
                "sentences": [[texts[hit.place], round(hit.cosine, 4)] for hit in about.hits],
                "classes": sorted(
                    ([name, round(part, 4)] for name, part in zip(names, shares, strict=True)),
                    key=lambda row: -float(row[1]),
                ),
            },
        )
    draw_probes(here)


def draw_probes(here: PageState) -> None:
    """Where it breaks: one thing of a caption changed, on held-out scenes."""
    language = align_scene.language_of(here)
    found = use.probes(language)
    by_name = {one.name: one for one in found}

    def export() -> str:
        rows: list[list[object]] = [
            ["changed", "right", "of", "true_caption", "changed_caption", "cosine", "cosine_changed"]
        ]
        rows += [[one.name, one.right, one.total, one.truth, one.changed, *one.cosines] for one in found]
        return focal_scene.csv(rows)

    with figure.card(
        here,
        "probes",
        claim=here.t(
            "align.probes.claim",
            colour=part_of(by_name["colour"]),
            count=part_of(by_name["count"]),
            relation=part_of(by_name["relation"]),
            negation=part_of(by_name["negation"]),
        ),
        guide=tuple(here.t(f"align.probes.{line}") for line in ("look", "try", "hides")),
        exports=(figure.Export("probes.csv", export),),
        code=lambda: source.snippet(
            use.probe,
            f'for name in PROBES:\n    found = probe(name, "{language}")\n    print(name, found.right, found.total)',
        ),
    ):
        st.html(probes_table(here, found))


def part_of(one: Probe) -> str:
    """How many were right, as a share."""
    return f"{one.right / one.total:.0%}".replace("%", " %")


def probes_table(here: PageState, found: tuple[Probe, ...]) -> str:
    """The probes as a table: what was changed, how often the model noticed, and the pair it tells apart worst."""
    t = here.t
    head = "".join(
        f'<th scope="col">{html.escape(t(f"align.probes.column_{name}"))}</th>'
        for name in ("what", "right", "truth", "changed")
    )
    rows = []
    for one in found:
        share = f"{part_of(one)} ({one.right}/{one.total})"
        truth, changed = (
            f"{html.escape(text)} <small>{value:.2f}</small>"
            for text, value in zip((one.truth, one.changed), one.cosines, strict=True)
        )
        cells = f"<td>{html.escape(share)}</td><td>{truth}</td><td>{changed}</td>"
        rows.append(f'<tr><th scope="row">{html.escape(t(f"align.probes.name_{one.name}"))}</th>{cells}</tr>')
    label = html.escape(t("align.probes.caption"))
    table = f"<caption>{label}</caption><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody>"
    return f'<div class="strips texts" role="region" tabindex="0" aria-label="{label}"><table>{table}</table></div>'
