"""The six examples of B55, each to play with: three pairs that belong together and three that do not."""

from __future__ import annotations

import numpy as np

from explainers.alignment import examples, media, timing
from explainers.alignment.captions import Language
from explainers.alignment.examples import Texts, Track
from pages.parts import align_matrix, focal_scene
from pages.parts.align_matrix import language_of
from ui import components, figure, source, widgets
from ui.state import PageState

# Which texts a picture is laid against; the other examples are tracks of time.
STILLS: dict[str, Texts] = {"caption": "caption", "random": "caption", "label": "label"}
TRACKS: dict[str, Track] = {"subtitle": "subtitle", "speech": "speech", "foreign": "foreign"}


def guide(here: PageState, kind: str) -> tuple[str, ...]:
    """What to look at, what to try, what the picture hides."""
    return tuple(here.t(f"align.{kind}.{line}") for line in ("look", "try", "hides"))


def draw_still(here: PageState, kind: str) -> None:
    """Picture and caption, picture and any caption, picture and wrong label."""
    language, texts = language_of(here), STILLS[kind]
    one = examples.still(texts, language)
    payload_id = f"align-still-{texts}-{language}"
    components.send("align-still-payload", payload_id, examples.still_payload(texts, language))
    rows: list[list[object]] = [["picture", "text", "cosine"]]
    rows += [[i + 1, one.texts[j], float(value)] for (i, j), value in np.ndenumerate(one.cosines)]
    with figure.card(
        here,
        "pairs",
        claim=here.t(f"align.{kind}.claim", first=one.found, n=len(one.own), texts=len(one.texts)),
        guide=guide(here, kind),
        exports=(figure.Export("cosines.csv", lambda: align_matrix.sheet(rows)),),
        code=lambda: source.snippet(
            examples.still,
            f'one = still("{texts}", "{language}")\n'
            "for own, row in zip(one.own, one.cosines):\n"
            "    print(one.texts[own], row[own].round(2), 'rank', 1 + int((row > row[own]).sum()))",
        ),
    ):
        components.mount(
            "alignstill",
            "align-still",
            {
                "payload": payload_id,
                "kind": kind,
                "labels": here.t.group("alignstill"),
                **focal_scene.for_script(here, ("picture", "given")),
            },
        )


def draw_track(here: PageState, kind: Track) -> None:
    """Film and subtitles, recording and transcript, film and another film's sounds."""
    language = language_of(here)
    found = examples.offsets_of(kind, language)
    own = media.sound_offsets("film") if kind == "foreign" else found
    payload_id = f"align-track-{kind}-{language}"
    components.send("align-track-payload", payload_id, examples.track_payload(kind, language))
    rows = [["offset_s", "similarity"], *np.column_stack([found.seconds, found.similarity]).tolist()]
    best = f"{found.best:+.2f}".replace("-", "−").replace("+0.00", "0")
    with figure.card(
        here,
        "pairs",
        claim=here.t(
            f"align.{kind}.claim", best=best, most=f"{found.similarity.max():.2f}", own=f"{own.similarity.max():.2f}"
        ),
        guide=guide(here, kind),
        exports=(figure.Export("offsets.csv", lambda: align_matrix.sheet(rows)),),
        code=lambda: source.snippet(
            timing.slide if kind == "foreign" else timing.slide_vectors,
            f'found = offsets_of("{kind}", "{language}")\nprint(found.best, found.similarity.max())',
            (examples.offsets_of,),
        ),
    ):
        components.mount(
            "aligntrack",
            "align-track",
            {
                "payload": payload_id,
                "kind": kind,
                "labels": here.t.group("aligntrack"),
                **focal_scene.for_script(here, ("offset",)),
            },
        )
    if kind == "speech":
        draw_warp(here, language)


def draw_warp(here: PageState, language: Language) -> None:
    """Dynamic time warping between two readings of the sentence."""
    found = media.carry(language)
    payload_id = f"align-warp-{language}"
    components.send("align-warp-payload", payload_id, examples.warp_payload(language))
    head = ["word", "plain_s", "slow_s", "by_path_s", "by_even_stretching_s"]
    rows = zip(found.plain.words, found.truth, found.by_warp, found.by_line, strict=True)
    cells = [[word.text, word.start, float(a), float(b), float(c)] for word, a, b, c in rows]
    with figure.card(
        here,
        "warp",
        claim=here.t("align.warp.claim", path=f"{1000 * found.error_warp:.0f}", even=f"{1000 * found.error_line:.0f}"),
        guide=guide(here, "warp"),
        exports=(figure.Export("warp.csv", lambda: align_matrix.sheet([head, *cells])),),
        code=lambda: source.snippet(
            timing.dtw, f'found = carry("{language}")\nprint(found.error_warp, found.error_line)', (media.carry,)
        ),
    ):
        labels = here.t.group("aligndtw")
        components.mount("aligndtw", "align-dtw", {"payload": payload_id, "labels": labels})


def draw(here: PageState) -> None:
    """The example that is chosen."""
    widgets.draw(here, "example")
    kind = here.text("example")
    if kind in STILLS:
        draw_still(here, kind)
    else:
        draw_track(here, TRACKS[kind])
    widgets.draw_reset(here)
