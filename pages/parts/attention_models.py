"""A reader's own model on the attention page: who may open which folder, what the model is, what it puts into a gap.

A path that somebody types is looked up on the server's disk, so it is taken only from a reader who sits at that
machine, or from anybody where it lies under the folder that the environment variable NOTES_MODELS names; a refusal is
the same whether or not something is there. Nothing here draws a chart, so the first picture does not wait for one.
"""

from __future__ import annotations

import html
import ipaddress
import os
from collections.abc import Mapping
from dataclasses import replace
from pathlib import Path

import streamlit as st

from explainers.attention import guesses
from explainers.attention.facts import ModelFacts, facts
from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource
from ui import frame, widgets
from ui.state import PageState, widget_key

FOLDER = "NOTES_MODELS"
HUB = "hub:"
GUESSES = 10
CLIPPED = 200  # characters of a detail that a sentence repeats
# What a proxy adds: behind one, everybody seems to sit at the server's own machine.
FORWARDED = ("forwarded", "x-forwarded-for", "x-forwarded-host", "x-real-ip", "via")


class NotAllowedError(ExplainerError):
    """Code "folder-not-here": a path from a reader elsewhere; "folder-outside": not under the folder that the server
    reads models from; "hub-not-here": a hub id where only folders are read."""


def admitted(text: str, *, same_machine: bool, shared: str | None) -> ModelSource:
    """The model that a reader asks for with `text`: a path, "hub:owner/name", or "" for the bundled one.

    same_machine: the reader sits at the server. shared: the folder that models are read from, whoever asks, or None.
    Raises NotAllowedError.
    """
    text = text.strip()
    if not text:
        return BUNDLED_BERT
    if text.startswith(HUB):
        if shared is not None or not same_machine:
            raise NotAllowedError("hub-not-here")
        return ModelSource("hub", text.removeprefix(HUB).strip())
    if shared is not None:
        return ModelSource("folder", str(_inside(Path(shared), text)))
    if not same_machine:
        raise NotAllowedError("folder-not-here")
    return ModelSource("folder", os.path.expanduser(text))  # noqa: PTH111  Path's raises for an unknown "~name"


def _inside(root: Path, text: str) -> Path:
    """`text` as a path under `root`, symbolic links followed. What lies elsewhere is refused without a look at it."""
    try:
        spelt = Path(os.path.normpath(root.absolute() / text))
        if spelt.is_relative_to(os.path.normpath(root.absolute())):
            found = spelt.resolve()
            if found.is_relative_to(root.resolve()):
                return found
    except (OSError, ValueError, RuntimeError):  # no path at all, or links that go in circles
        pass
    raise NotAllowedError("folder-outside")


def at_this_machine(address: str | None, headers: Mapping[str, str]) -> bool:
    """True when the browser at `address` (None: this machine) came straight here, through no proxy."""
    if any(name in headers for name in FORWARDED):
        return False
    try:
        return address is None or ipaddress.ip_address(address).is_loopback
    except ValueError:
        return False


def asked(here: PageState) -> ModelSource:
    """The model that the page's control names. Raises NotAllowedError."""
    headers = {name.lower(): value for name, value in st.context.headers.items()}
    near = at_this_machine(st.context.ip_address, headers)
    return admitted(here.text("model"), same_machine=near, shared=os.environ.get(FOLDER) or None)


def draw_choice(here: PageState) -> None:
    """Where a reader names a model of their own."""
    if here.hidden("model"):
        return
    own = bool(here.text("model").strip())
    with st.popover(here.t("models.own" if own else "models.bundled"), key="attention-models"):
        widgets.draw(here, "model")
        st.html(f'<p class="notice">{html.escape(here.t("models.rules", variable=FOLDER))}</p>')


def narrowed(here: PageState, layers: int, heads: int, tokens: int) -> PageState:
    """The same page with layer, head, held token and cut in the range that this model and text have.

    The table allows for the largest models; a value from an address that this one does not have is brought in, said,
    and put right in the address with the next change.
    """
    table, values = here.table, dict(here.values)
    bounds = (("layer", layers, layers), ("head", heads, heads), ("pin", tokens - 1, -1), ("cut", tokens - 1, 0))
    for name, most, otherwise in bounds:
        control = replace(table[name], maximum=most)
        table = replace(table, controls=tuple(control if known.name == name else known for known in table.controls))
        if here.integer(name) > most:
            values[name] = otherwise
            st.session_state[widget_key(here.page, name)] = otherwise
    if here.integer("layer") > layers:
        frame.notice(here.t("models.no_layer", asked=here.integer("layer"), most=layers))
    if here.integer("head") > heads:
        frame.notice(here.t("models.no_heads", asked=here.integer("head"), most=heads))
    return replace(here, table=table, values=values)


def draw_facts(here: PageState, source: ModelSource) -> None:
    """What the model is, read off its files."""
    st.html(_table(_fact_rows(here, source, facts(source))))


def _fact_rows(here: PageState, source: ModelSource, known: ModelFacts) -> list[tuple[str, str]]:
    yes, no = here.t("models.yes"), here.t("models.no")
    return [
        (here.t("models.where"), here.t("models.bundled_name") if source == BUNDLED_BERT else source.location),
        (
            here.t("models.family"),
            {"bert": "BERT", "distilbert": "DistilBERT", "roberta": "RoBERTa"}.get(known.family, "ALBERT"),
        ),
        (
            here.t("models.size"),
            here.t("models.size_value", layers=known.layers, heads=known.heads, hidden=known.hidden),
        ),
        (here.t("models.parameters"), f"{known.parameters:,}"),
        (here.t("models.positions"), f"{known.max_positions:,}"),
        (
            here.t("models.vocabulary"),
            here.t("models.vocabulary_value", pieces=f"{known.vocabulary:,}", chinese=f"{known.chinese:,}"),
        ),
        (here.t("models.segments"), yes if known.segments > 1 else no),
        (here.t("models.guesses"), yes if known.guesses else no),
    ]


def _table(rows: list[tuple[str, str]]) -> str:
    cells = "".join(
        f"<tr><th scope=row>{html.escape(name)}</th><td>{html.escape(value)}</td></tr>" for name, value in rows
    )
    return f'<div class="tokens facts"><table>{cells}</table></div>'


def guesses_for(source: ModelSource, text: str, count: int = GUESSES) -> tuple[guesses.Gap, ...]:
    """`guesses.top_k_masked`. Raises GuessError and ModelUnavailableError."""
    return guesses.top_k_masked(source, text, count)


def why_not(here: PageState, error: ExplainerError) -> str:
    """The sentence for a failure; the bundled model's missing head has one of its own. A detail as long as a book,
    such as a path that is none, is clipped."""
    if error.code == "no-mlm-head" and error.details.get("location") == BUNDLED_BERT.location:
        return here.t("models.no_head")
    details = {name: value if len(value) <= CLIPPED else f"{value[:CLIPPED]}…" for name, value in error.details.items()}
    return here.t(f"error.{error.code}", **details)
