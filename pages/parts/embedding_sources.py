"""A space beside the three: GloVe 6B as Stanford published it, a file of the reader's, a model of gensim's downloader.

A path is looked up on the server's disk, so it is taken as on the attention page: from a reader at that machine, or
from anybody where it lies under the folder that NOTES_MODELS names. An uploaded file is the reader's own business.
"""

from __future__ import annotations

import functools
import hashlib
import html
import tempfile
from pathlib import Path
from typing import cast

import streamlit as st

from explainers.embeddings import opened, spaces
from explainers.embeddings.space import Space
from explainers.errors import ExplainerError
from pages.parts import embedding_scene as scene
from pages.parts import own_model
from ui import frame, widgets, work
from ui.state import PageState, set_values

UPLOAD = "upload"
GIVEN = "embeddings-upload"  # session key: (digest, name, path) of the file that a reader uploaded
SUFFIXES = ("txt", "vec", "bin", "kv", "gz")


def draw_choice(here: PageState) -> None:
    """Where a reader opens another space."""
    if here.hidden("source"):
        return
    source = here.text("source").strip()
    label = "spaces.beside_none" if not source else "spaces.beside"
    with st.popover(here.t(label, name=shown_name(here)) if source else here.t(label), key="embeddings-beside"):
        with st.container(horizontal=True, key="embeddings-beside-ready"):
            for value, text in (("", "spaces.none"), (scene.OFFICIAL, "spaces.official")):
                st.button(
                    here.t(text),
                    key=f"embeddings-beside-{value or 'none'}",
                    type="primary" if source == value else "secondary",
                    on_click=set_values,
                    args=(here.page, {"source": value}),
                )
        widgets.draw(here, "source")
        st.html(f'<p class="notice">{html.escape(here.t("spaces.rules", variable=own_model.FOLDER))}</p>')
        given = st.file_uploader(here.t("spaces.upload"), key="embeddings-beside-file", help=here.t("spaces.formats"))
        if given is not None:
            keep_upload(given.getvalue(), given.name)
            if source != UPLOAD:
                st.button(
                    here.t("spaces.use_upload", name=given.name),
                    key="embeddings-beside-use",
                    on_click=set_values,
                    args=(here.page, {"source": UPLOAD}),
                )
        draw_catalogue(here)


def draw_catalogue(here: PageState) -> None:
    """The models of gensim's downloader, with their sizes: what the field takes behind "hub:"."""
    rows = "".join(
        f"<tr><th scope=row>hub:{html.escape(one.name)}</th><td>{one.megabytes:,.0f} MB</td>"
        f"<td>{one.words:,}</td><td>{one.dims}</td></tr>"
        for one in spaces.downloads()
    )
    head = "".join(f"<th>{html.escape(here.t(f'spaces.{name}'))}</th>" for name in ("model", "size", "words", "dims"))
    st.html(f'<div class="tokens"><table><thead><tr>{head}</tr></thead>{rows}</table></div>')


def shown_name(here: PageState) -> str:
    """The space's name on its button."""
    source = here.text("source").strip()
    if source == scene.OFFICIAL:
        return here.t("spaces.official")
    if source == UPLOAD:
        given = st.session_state.get(GIVEN)
        return given[1] if given else "?"
    return Path(source.removeprefix(scene.HUB)).name[: scene.CLIPPED // 2]


def keep_upload(data: bytes, name: str) -> None:
    """Write an uploaded file where the readers of files can open it; once for each content."""
    digest = hashlib.sha256(data).hexdigest()
    known = st.session_state.get(GIVEN)
    if known and known[0] == digest and Path(known[2]).exists():
        return
    folder = Path(tempfile.gettempdir()) / "illustrated-notes"
    folder.mkdir(mode=0o700, exist_ok=True)
    ends = "".join(Path(name).suffixes[-2:])[:16]
    path = folder / f"{digest}{ends if all(sign.isalnum() or sign == '.' for sign in ends) else ''}"
    if not path.exists():
        path.write_bytes(data)
    st.session_state[GIVEN] = (digest, name, str(path))


def asked(here: PageState) -> tuple[str, str | None] | None:
    """(What `spaces.load` takes, the reader's name for it) or None. Raises ExplainerError."""
    source = here.text("source").strip()
    if not source:
        return None
    if source == scene.OFFICIAL:
        return source, None
    if source == UPLOAD:
        given = st.session_state.get(GIVEN)
        if given is None:
            raise ExplainerError("embedding_upload_gone")
        return cast("str", given[2]), cast("str", given[1])
    found = own_model.asked(source)
    return (source, None) if found.kind == "hub" else (found.location, Path(found.location).name)


def loaded(here: PageState) -> Space | None:
    """The space beside the three; None where none is asked for or it is not there yet, which the page then says."""
    try:
        wanted = asked(here)
    except ExplainerError as error:
        frame.trouble(scene.sentence(here, error))
        return None
    if wanted is None:
        return None
    source, name = wanted
    if source == scene.OFFICIAL:
        return spaces.official()
    key = opened.key_of(source)
    there = opened.held(key)
    if there is not None:
        return there
    work.panel(
        here,
        "embeddings-source",
        functools.partial(opened.hold, key, source, name),
        lambda _, done: None,
        key=("embeddings-source", key),
        wait=source.startswith(scene.HUB),
    )
    return opened.held(key)
