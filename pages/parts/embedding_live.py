"""Live: train all three on the reader's own text in a worker process, and watch losses, maps and neighbours change."""

from __future__ import annotations

import functools
import hashlib
from typing import cast

import streamlit as st

from explainers.embeddings import course, live
from explainers.embeddings.live import Learnt, Settings
from explainers.errors import ExplainerError
from pages.parts import embedding_scene as scene
from ui import components, figure, frame, source, widgets, work
from ui.state import PageState

OWN = "embeddings-own-text"  # session key: a text can be longer than an address
MOST_CHARACTERS = 4_000_000
BEGINS = 240  # characters of the sample that are shown


def settings_of(here: PageState) -> Settings:
    """How the reader wants to train. A range of n-grams that is upside down is put right."""
    shortest, longest = sorted((here.integer("nmin"), here.integer("nmax")))
    return Settings(
        dims=here.integer("dims"),
        window=here.integer("window"),
        negatives=here.integer("negatives"),
        epochs=here.integer("epochs"),
        shortest=shortest,
        longest=longest,
    )


def text_of(here: PageState) -> str:
    """The text that is trained on; "" while the reader has given none. Raises ExplainerError."""
    if here.text("train_on") == "sample":
        return live.sample_text(here.text("corpus"))
    typed = st.text_area(
        here.t("embed.live.paste"), key=f"{OWN}-field", height=120, help=here.t("embed.live.paste_help")
    )
    given = st.file_uploader(here.t("embed.live.upload"), key=f"{OWN}-file", help=here.t("embed.live.upload_help"))
    if given is not None:
        try:
            st.session_state[OWN] = decoded(given.getvalue(), given.name)
        except ExplainerError as error:
            st.session_state.pop(OWN, None)
            frame.trouble(scene.sentence(here, error))
    elif typed.strip():
        st.session_state[OWN] = typed
    text = str(st.session_state.get(OWN, ""))
    if not text.strip():
        frame.notice(here.t("embed.live.wait"))
    return text


def decoded(data: bytes, name: str) -> str:
    """A file's text. Raises ExplainerError: "live_not_text", "live_too_long"."""
    if len(data) > MOST_CHARACTERS:
        raise ExplainerError("live_too_long", {"name": name, "size": f"{len(data) / 1e6:.1f}", "most": "4"})
    if data[:2] in (b"\xff\xfe", b"\xfe\xff"):
        try:
            return data.decode("utf-16")
        except UnicodeDecodeError as error:
            raise ExplainerError("live_not_text", {"name": name}) from error
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise ExplainerError("live_not_text", {"name": name}) from error
    if "\0" in text:
        raise ExplainerError("live_not_text", {"name": name})
    return text


def draw(here: PageState) -> None:
    """The text, the settings, and the training."""
    text = text_of(here)
    with st.container(horizontal=True, key="embeddings-live-settings", gap="medium"):
        for name in ("dims", "window", "negatives", "epochs", "nmin", "nmax"):
            widgets.draw(here, name)
    widgets.draw_reset(here)
    if not text.strip():
        return
    if here.text("train_on") == "sample":
        frame.notice(
            here.t("embed.live.sample", words=f"{len(text.split()):,}", begins=" ".join(text[:BEGINS].split()))
        )
    settings = settings_of(here)
    digest = hashlib.sha256(text.encode("utf-8", "surrogatepass")).hexdigest()
    work.panel(
        here,
        "embeddings-live",
        functools.partial(live.train, text, settings),
        lambda result, done: draw_course(here, cast("Learnt", result), done),
        key=("embeddings-live", digest, settings),
        process=True,
        wait=True,
    )


def draw_course(here: PageState, learnt: Learnt, done: bool) -> None:
    """A training as it stands."""
    word = here.text("word").strip()
    now = course.moment(learnt, word)
    vocabulary = len(next(iter(learnt.spaces.values())))
    shown = {name: [one.word for one in near] for name, near in now.near.items()}
    seconds = sum(learnt.seconds.values())
    claim = here.t(
        "embed.live.claim" if done else "embed.live.claim_running",
        epoch=now.epoch,
        epochs=now.epochs,
        running=f"{learnt.running:,}",
        words=f"{vocabulary:,}",
        seconds=f"{seconds:.1f}",
    )

    def export() -> str:
        rows = [
            (name, epoch, f"{loss:.6f}") for name, values in now.losses.items() for epoch, loss in enumerate(values)
        ]
        return scene.table(("model", "measurement", "loss"), rows)

    def run() -> None:
        components.mount(
            "wordcourse",
            "embeddings-course",
            {
                "epoch": now.epoch,
                "epochs": now.epochs,
                "losses": {name: list(values) for name, values in now.losses.items()},
                "words": list(now.words),
                "maps": {name: places.round(4).tolist() for name, places in now.maps.items()},
                "near": shown,
                "asked": now.asked,
                "names": {name: here.t(f"spaces.{name}") for name in now.maps},
                "labels": here.t.group("wordcourse"),
            },
        )

    if not done:  # a card's buttons would be built anew several times a second
        frame.notice(claim)
        run()
        return
    with figure.card(
        here,
        "live",
        claim=claim,
        guide=scene.guide(here, "live"),
        exports=(figure.Export("losses.csv", export),),
        code=lambda: code(here, learnt),
    ):
        run()


def code(here: PageState, learnt: Learnt) -> str:
    """The same training in a notebook."""
    own = here.text("train_on") == "own"
    text = "Path('text.txt').read_text('utf-8')" if own else f"sample_text({here.text('corpus')!r})"
    lines = ("from pathlib import Path\n" if own else "") + f"result = train({text}, {learnt.settings!r})\n"
    return source.snippet(
        live.train,
        lines + "for model, losses in result.losses.items():\n    print(model, [round(loss, 3) for loss in losses])",
        (Settings,) if own else (Settings, live.sample_text),
    )
