"""Opening the attention page as Streamlit runs it, and what it says; shared by the tests of its views."""

from __future__ import annotations

import html
import re
import time

from any_page import ROOT, claims, open_page, said
from streamlit.testing.v1 import AppTest

__all__ = ["ROOT", "claims", "notices", "opened", "said", "settled"]
PATIENCE_S = 90.0


def opened(lang: str = "en", **query: str) -> AppTest:
    """The page at this address, when its long work is done."""
    return settled(open_page("attention.py", lang, **query))


def settled(app: AppTest) -> AppTest:
    """The page after the work that runs in the background: nobody polls in a test, so it is run again."""
    ends = time.monotonic() + PATIENCE_S
    while any(str(button.key).endswith("-cancel") for button in app.button):
        assert time.monotonic() < ends, "long work did not end"
        time.sleep(0.1)
        app.run()
    return app


def notices(app: AppTest) -> list[str]:
    """The quiet lines and the loud ones."""
    return [html.unescape(text) for text in re.findall(r'<p class="(?:notice|trouble)"[^>]*>(.*?)</p>', said(app))]
