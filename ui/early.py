"""A first look at a page inside its HTML: the page's own components, drawn by their own scripts from the data they will
get again, while Streamlit's scripts still load (over a second on a slow machine).

It is a picture only, out of reach for pointer, keyboard and screen reader, and it goes when the page has painted the
same (`early.js`). What a page shows early is decided in `early.py` at the root.
"""

from __future__ import annotations

import base64
import functools
import html
import json
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from ui import components
from ui.state import PageState

FOLDER = Path(__file__).resolve().parent
CONFIG = FOLDER.parent / ".streamlit" / "config.toml"
# Streamlit's names for the colours that components use, by the name of the theme's setting.
COLORS = {
    "primaryColor": "--st-primary-color",
    "backgroundColor": "--st-background-color",
    "secondaryBackgroundColor": "--st-secondary-background-color",
    "textColor": "--st-text-color",
    "linkColor": "--st-link-color",
    "borderColor": "--st-border-color",
}


@dataclass(frozen=True)
class Part:
    """A component as it will stand on the page: the place in `page_html` it fills, its name, its data."""

    place: str
    component: str
    data: Mapping[str, object]


def fragment(page_html: str, parts: tuple[Part, ...], payloads: Mapping[str, bytes]) -> str:
    """HTML to put at the end of a page's body. page_html: safe HTML with an element `data-place=...` for each part."""
    given = {
        "parts": [{"place": part.place, "component": part.component, "data": part.data} for part in parts],
        "payloads": {name: base64.b64encode(payload).decode("ascii") for name, payload in payloads.items()},
        "sheets": {part.component: components.sources(part.component)[1] for part in parts},
        "themes": _themes(),
    }
    # Readers' sentences are in here; "<" is what could end the script around it.
    data = json.dumps(given, ensure_ascii=False).replace("<", "\\u003c")
    scripts = "".join(_script(name) for name in sorted({part.component for part in parts}))
    style, drawing = ((FOLDER / name).read_text("utf-8") for name in ("early.css", "early.js"))
    return (
        f'<div id="early" inert aria-hidden="true"><style>{style}</style>{page_html}</div>'
        f'<script type="application/json" id="early-data">{data}</script>'
        f"<script>window.earlyParts = {{}};</script>{scripts}<script>{drawing}</script>"
    )


@functools.cache
def _script(name: str) -> str:
    """A component's script as a function under `earlyParts`, each in a scope of its own as modules have it."""
    body = components.sources(name)[0].replace("export default function", "return function").replace("</", "<\\/")
    return f"<script>window.earlyParts[{json.dumps(name)}] = (() => {{\n{body}\n}})();</script>"


@functools.cache
def _themes() -> dict[str, dict[str, str]]:
    """Style properties of the light and the dark theme, as Streamlit will set them."""
    theme = tomllib.loads(CONFIG.read_text("utf-8"))["theme"]
    fonts = {"--st-font": theme["font"], "--st-code-font": theme["codeFont"]}
    return {
        name: {**fonts, **{prop: theme[name][setting] for setting, prop in COLORS.items()}}
        for name in ("light", "dark")
    }


def radios(here: PageState, name: str) -> str:
    """The look of a choice as `widgets.draw` will draw it."""
    if here.hidden(name):
        return ""
    options = "".join(
        f'<span class="{"on" if option == here[name] else ""}">'
        f"{html.escape(here.t(f'control.{here.page}.{name}.option.{option}'))}</span>"
        for option in here.table[name].options
    )
    return f'<div class="early-radios">{options}</div>'


def tabs(here: PageState) -> str:
    """The look of a card's tabs (`figure.card`), the first one open."""
    names = (html.escape(here.t(key)) for key in ("card.figure", "card.code"))
    return f'<div class="early-tabs">{"".join(f"<span>{name}</span>" for name in names)}</div>'


def fields(here: PageState, *names: str) -> str:
    """The look of text fields side by side."""
    shown = "".join(
        f"<div><label>{html.escape(here.t(f'control.{here.page}.{name}.label'))}</label>"
        f"<p>{html.escape(here.text(name))}</p></div>"
        for name in names
        if not here.hidden(name)
    )
    return f'<div class="early-fields">{shown}</div>'
