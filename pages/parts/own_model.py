"""A reader's own model on any page: who may open which folder, and the field where it is named.

A path that somebody types is looked up on the server's disk, so it is taken only from a reader who sits at that
machine, or from anybody where it lies under the folder that the environment variable NOTES_MODELS names; a refusal is
the same whether or not something is there.
"""

from __future__ import annotations

import ipaddress
import os
from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from pathlib import Path

import streamlit as st

from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource
from ui import frame, widgets
from ui.state import PageState, widget_key

FOLDER = "NOTES_MODELS"
HUB = "hub:"
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


def asked(text: str) -> ModelSource:
    """The model that the reader of this page asks for with `text`. Raises NotAllowedError."""
    headers = {name.lower(): value for name, value in st.context.headers.items()}
    near = at_this_machine(st.context.ip_address, headers)
    return admitted(text, same_machine=near, shared=os.environ.get(FOLDER) or None)


def draw_choice(here: PageState, key: str) -> None:
    """Where a reader names a model of their own, with the control `model` of the page."""
    if here.hidden("model"):
        return
    own = bool(here.text("model").strip())
    with st.popover(here.t("models.own" if own else "models.bundled"), key=key):
        widgets.draw(here, "model")
        frame.notice(rules(here))


@dataclass(frozen=True)
class Bound:
    """What this model leaves of a control's range: at most `most`, at least `least` where that is not the table's; and
    the value instead of one that lies beyond."""

    name: str
    most: float
    otherwise: float
    least: float | None = None


def narrowed(here: PageState, *bounds: Bound) -> PageState:
    """The same page with some controls in the range that the model at hand has.

    The table allows for the largest models; a value from an address that this one does not have is brought in, and put
    right in the address with the next change.
    """
    table, values = here.table, dict(here.values)
    for bound in bounds:
        control = table[bound.name]
        least = control.minimum if bound.least is None else bound.least
        narrow = replace(control, minimum=least, maximum=bound.most)
        table = replace(table, controls=tuple(narrow if one.name == bound.name else one for one in table.controls))
        value = float(here[bound.name])
        if value > bound.most or (least is not None and value < least):
            values[bound.name] = bound.otherwise
            st.session_state[widget_key(here.page, bound.name)] = bound.otherwise
    return replace(here, table=table, values=values)


def say_beyond(here: PageState, sentence: str, name: str, most: int) -> None:
    """Say that a control asks for more than the model has."""
    if here.integer(name) > most:
        frame.notice(here.t(sentence, asked=here.integer(name), most=most))


@dataclass(frozen=True)
class Spelt:
    """A model in a code tab: the argument that names it and what has to be imported for it. Both empty for the bundled
    one, which every function takes by itself."""

    argument: str = ""
    needs: tuple[Callable[..., object], ...] = ()


def spelt(source: ModelSource) -> Spelt:
    """How code says `source`."""
    if source == BUNDLED_BERT:
        return Spelt()
    return Spelt(f", source=ModelSource({source.kind!r}, {source.location!r})", (ModelSource,))


def rules(here: PageState) -> str:
    """Who may open what, in the reader's words."""
    return here.t("models.rules", variable=FOLDER)


def why_not(here: PageState, error: ExplainerError) -> str:
    """The sentence for a failure. A detail as long as a book, such as a path that is none, is clipped."""
    details = {name: value if len(value) <= CLIPPED else f"{value[:CLIPPED]}…" for name, value in error.details.items()}
    return here.t(f"error.{error.code}", **details)
