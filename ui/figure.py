"""The figure card: a claim as its title, the picture, what to look at, the export of its data, and its code."""

from __future__ import annotations

import html
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Literal

import streamlit as st

from ui.state import PageState


@dataclass(frozen=True)
class Export:
    """A figure or its data as a file. `make` runs only when the reader asks for the file; `kind`: csv or svg."""

    file_name: str
    make: Callable[[], str]
    kind: Literal["csv", "svg"] = "csv"


MIME = {"csv": "text/csv", "svg": "image/svg+xml"}


@contextmanager
def card(
    here: PageState,
    name: str,
    *,
    claim: str,
    guide: tuple[str, ...],
    exports: tuple[Export, ...],
    code: Callable[[], str],
) -> Iterator[None]:
    """Draw a card; the caller draws the picture inside. `guide`: look at, try, what it hides (texts already made)."""
    t = here.t
    with st.container(key=f"card-{name}"):
        st.html(f'<h2 class="claim">{html.escape(claim)}</h2>')
        figure, source = st.tabs([t("card.figure"), t("card.code")], key=f"{name}-tabs", on_change="rerun")
        with figure:
            yield
            lines = zip(("look", "try", "hides"), guide, strict=False)
            rows = "".join(f"<dt>{t(f'card.{kind}')}</dt><dd>{html.escape(text)}</dd>" for kind, text in lines)
            st.html(f'<dl class="guide">{rows}</dl>')
            with st.container(horizontal=True, key=f"{name}-exports"):
                for export in exports:
                    st.download_button(
                        t(f"card.{export.kind}"),
                        export.make,
                        file_name=export.file_name,
                        mime=MIME[export.kind],
                        key=f"{name}-{export.kind}",
                        on_click="ignore",
                    )
        # The highlighter is 1.5 MB of script: it comes when the code is asked for.
        if source.open:
            with source:
                st.html(f'<p class="notice">{html.escape(t("card.code_note"))}</p>')
                st.code(code(), language="python", height=480)
