"""What a page shows before Streamlit's scripts have started, as part of its HTML (`ui/early.py`).

Only the attention page's first view, and only where its picture costs nothing: the text's weights are in memory, or it
is the sentence whose result is shipped, which the page shows anyway until the model is loaded, and says so.
"""

from __future__ import annotations

import functools
import html
from collections.abc import Mapping

from explainers import attention, models
from explainers.models import BUNDLED_BERT
from pages.parts import attention_canvas
from study import catalogue
from ui import early, frame, passage, state
from ui.state import PageState

PAGE = "attention"
MOST_TOKENS = 512
MOST_BYTES = 200_000
KEPT = 16


def look(path: str, query: Mapping[str, str], spoken: str) -> str:
    """HTML for the end of the page at this address, "" where it has no early look. spoken: the browser's language."""
    if path.strip("/") != PAGE:
        return ""
    here = state.unopened(PAGE, query, spoken, catalogue.load().concept(PAGE).questions)
    if here.refused or here.text("lens") != "heads" or here.integer("pane") == 100:
        return ""
    if here.text("model") or here.text("merge") != here.table["merge"].default:
        return ""
    live = _kept(here)
    if live is None and not _is_shipped(here):
        return ""
    return _html(tuple(here.table.write(here.values, always=("lang",)).items()), live.payload_id if live else "")


def _kept(here: PageState) -> attention.View | None:
    """The text's view if it is in memory and small."""
    asked = (here.text("a"), here.text("b"))
    aside = here.flag("aside")
    if not models.is_loaded(BUNDLED_BERT) or not attention.is_kept(*asked, aside=aside, max_tokens=MOST_TOKENS):
        return None
    view = attention.view(*asked, aside=aside, max_tokens=MOST_TOKENS)
    return view if len(view.payload) <= MOST_BYTES else None


def _is_shipped(here: PageState) -> bool:
    return not models.is_loaded(BUNDLED_BERT) and attention_canvas.is_shipped(here)


@functools.lru_cache(maxsize=KEPT)
def _html(query: tuple[tuple[str, str], ...], payload_id: str) -> str:
    """The look of an address. payload_id: of the text's view, "" for the shipped result."""
    concept = catalogue.load().concept(PAGE)
    here = state.unopened(PAGE, dict(query), "en", concept.questions)
    view = _kept(here) if payload_id else None
    if payload_id and view is None:
        return ""  # it has just made room for another text; the shipped result would be another sentence's
    payload = view.payload if view else attention_canvas.SHIPPED.read_bytes()
    heads = view.trace.layers * view.trace.heads if view else attention_canvas.SHIPPED_HEADS
    texts = passage.of_concept(concept.id, here.t.code)
    payload_name = attention.name_of(payload)
    picture = {**attention_canvas.state_of(here, payload_name), **attention_canvas.overview(here, heads)}
    parts = [
        early.Part("topbar", "topbar", frame.topbar_data(here)),
        early.Part("picture", "attention", picture),
    ]
    if share := here.integer("pane"):
        parts.append(early.Part("document", "passage", frame.passage_data(here, concept)))
    claim = f"<h2>{html.escape(attention_canvas.claim(here, view))}</h2>{early.tabs(here)}" if view else ""
    note = "" if view else f'<p class="early-note">{html.escape(here.t("attention.shipped"))}</p>'
    document = f'<div class="early-doc" style="--doc-share:{share}%" data-place="document"></div>' if share else ""
    line = '<div class="early-line"></div>' if share and not here.flag("present") else ""
    page_html = (
        f'<div class="early-page"><div data-place="topbar"></div><div class="early-panes">{document}{line}'
        f'<div class="early-picture">{early.radios(here, "lens")}{early.fields(here, "a", "b")}{note}{claim}'
        '<div data-place="picture"></div></div></div></div>'
    )
    payloads = {payload_name: payload, **({texts.payload_id: texts.payload} if share else {})}
    return early.fragment(page_html, tuple(parts), payloads)
