"""The reader's own pictures and captions, in the small encoder or in a real CLIP from a folder or a hub."""

from __future__ import annotations

import functools
import hashlib
import html

import streamlit as st

from explainers.alignment import clip, own, pictures
from explainers.alignment.batch import Batch
from explainers.alignment.contrastive import BatchError
from explainers.alignment.pictures import Picture, PictureError
from explainers.models import ModelSource
from pages.parts import align_matrix, own_model
from ui import frame, widgets, work
from ui.state import PageState

MOST_FILES = 16
KEPT = 128  # pictures of all readers; less than a megabyte each
_opened: dict[str, Picture] = {}
# How the code tab gets at pictures: the product's photographs stand for the reader's.
MADE = 'from explainers.alignment.pictures import shipped\nshown = [shipped("china"), shipped("flower")]\n'
SHIPPED: tuple[pictures.Shipped, ...] = ("china", "flower")


def opened(data: bytes) -> Picture:
    """`pictures.open_picture`, once per file and not once per run; what is kept is the small picture, not the file."""
    name = hashlib.sha256(data).hexdigest()
    found = _opened.pop(name, None) or pictures.open_picture(data)
    _opened[name] = found
    while len(_opened) > KEPT:
        _opened.pop(next(iter(_opened)), None)
    return found


def source_of(here: PageState) -> ModelSource | None:
    """The CLIP that the page's control names, None for the small encoder. Raises NotAllowedError."""
    text = here.text("clip").strip()
    if not text:
        return None
    return own_model.asked(text)


def given(here: PageState) -> tuple[list[Picture], bool]:
    """The reader's pictures, or the two photographs that the product has; true where they are the reader's."""
    files = st.file_uploader(
        here.t("align.own.upload"), key="align-own", accept_multiple_files=True, help=here.t("align.own.upload_help")
    )
    found: list[Picture] = []
    for file in (files or [])[:MOST_FILES]:
        try:
            one = opened(file.getvalue())
        except PictureError as error:
            frame.trouble(
                here.t("align.own.refused", name=file.name, why=here.t(f"error.{error.code}", **error.details))
            )
            continue
        found.append(one)
        for done in one.done:
            frame.notice(here.t(f"align.own.{done}", name=file.name))
    if files and len(files) > MOST_FILES:
        frame.notice(here.t("align.own.many", most=MOST_FILES))
    return (found, True) if files else ([pictures.shipped(name) for name in SHIPPED], False)


def texts_of(here: PageState, own_pictures: bool) -> list[str]:
    """One caption a line; for the product's photographs those that were written for them."""
    typed = here.text("words").strip()
    if not typed and not own_pictures:
        return [here.t(f"align.own.{name}") for name in SHIPPED]
    return [line.strip() for line in typed.splitlines() if line.strip()]


def draw_small(here: PageState, shown: list[Picture], texts: list[str]) -> None:
    """The pairs in the small encoder."""
    found = own.embed(shown, texts)
    if found.unknown:
        frame.notice(here.t("align.own.unknown", words=here.t.listed(found.unknown[:20])))
    if found.cut:
        frame.notice(here.t("align.own.cut", lines=here.t.listed(found.cut)))
    made = "from explainers.alignment import own\n" + MADE + f"whole = own.embed(shown, {texts!r}).batch"
    draw_matrix(here, found.batch, made)


def draw_matrix(here: PageState, whole: Batch, made: str) -> None:
    """The matrix of the pairs."""
    name = hashlib.sha256(repr(whole.captions).encode() + whole.images.tobytes()).hexdigest()[:16]
    align_matrix.draw_batch(here, whole, f"own-{name}", guide="own", made=made)


def draw(here: PageState) -> None:
    """Pictures, captions, model, and the matrix of the pairs."""
    rules = own_model.rules(here)
    st.html(f'<p class="notice">{html.escape(here.t("align.own.lead"))} {html.escape(rules)}</p>')
    left, right = st.columns(2)
    with left:
        shown, theirs = given(here)
    with right:
        widgets.draw(here, "words", lines=2)
        widgets.draw(here, "clip")
    texts = texts_of(here, theirs)
    try:
        clip.check_pairs(shown, texts)
        source = source_of(here)
        if source is None:
            draw_small(here, shown, texts)
            return
    except BatchError as error:
        frame.trouble(here.t(f"error.{error.code}", **error.details))
        return
    digest = hashlib.sha256(b"".join(one.pixels.tobytes() for one in shown)).hexdigest()

    def drawn(result: Batch, done: bool) -> None:
        made = "from explainers.alignment import clip\nfrom explainers.models import ModelSource\n" + MADE
        draw_matrix(here, result, made + f"whole = clip.embed({source!r}, shown, {texts!r})")

    work.panel(
        here,
        "align-clip",
        functools.partial(clip.embed, source, shown, texts),
        drawn,
        key=("align-clip", source, digest, tuple(texts)),
    )
