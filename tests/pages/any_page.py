"""A page as Streamlit runs it, and what it says: the ground that the helpers of single pages build on."""

from __future__ import annotations

import html
import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

from ui import language

ROOT = Path(__file__).resolve().parents[2]


def open_page(script: str, lang: str = "en", **query: str) -> AppTest:
    """The page of this script under pages/ at this address, as its first run leaves it."""
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.run()
    for name, value in {"lang": lang, **query}.items():
        app.query_params[name] = value
    return app.switch_page(f"pages/{script}").run()


def said(app: AppTest, *failures: str) -> str:
    """All HTML the page wrote; fails where the page did, or where it says one of the texts `failures`."""
    assert not app.exception
    page = "\n".join(str(node.proto.body) for node in app.get("html"))
    for lang in language.LANGUAGES:
        for failure in ("house.failed", *failures):
            assert language.load(lang)(failure) not in page
    return page


def claims(app: AppTest) -> list[str]:
    """The claims of the cards, as a reader reads them."""
    return [html.unescape(claim) for claim in re.findall(r'<h2 class="claim">(.*?)</h2>', said(app))]
