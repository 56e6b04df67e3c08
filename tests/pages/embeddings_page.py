"""Opening the embeddings page as Streamlit runs it, and what it says; shared by the tests of its views."""

from __future__ import annotations

import html
import re
import time

from any_page import ROOT, claims, open_page, said
from streamlit.testing.v1 import AppTest

__all__ = ["CARDS", "ROOT", "claims", "notices", "opened", "said", "settled", "troubles"]
PATIENCE_S = 240.0
# Cards of each view besides the map: what stands before any button is pressed.
CARDS = {
    "neighbours": ("lists", "partings"),
    "unseen": ("unseen",),
    "arithmetic": ("sum", "axis", "weat"),
    "learn": ("skipgram",),
    "context": ("context",),
    "scores": ("pairs", "google"),
    "live": (),
}


def opened(lang: str = "en", *, wait: bool = True, **query: str) -> AppTest:
    """The page at this address; when its long work is done, if `wait`."""
    app = open_page("embeddings.py", lang, **query)
    return settled(app) if wait else app


def settled(app: AppTest) -> AppTest:
    """The page after the work that runs in the background: nobody polls in a test, so it is run again."""
    ends = time.monotonic() + PATIENCE_S
    while any(str(button.key).endswith("-cancel") for button in app.button):
        assert time.monotonic() < ends, "long work did not end"
        time.sleep(0.2)
        app.run()
    return app


def notices(app: AppTest) -> list[str]:
    """The quiet lines and the loud ones."""
    return [html.unescape(text) for text in re.findall(r'<p class="(?:notice|trouble)"[^>]*>(.*?)</p>', said(app))]


def troubles(app: AppTest) -> list[str]:
    """The loud lines."""
    return [html.unescape(text) for text in re.findall(r'<p class="trouble"[^>]*>(.*?)</p>', said(app))]
