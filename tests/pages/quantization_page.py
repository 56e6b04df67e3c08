"""The quantization page as its tests open it, and what it says."""

from __future__ import annotations

import re
from pathlib import Path

from streamlit.testing.v1 import AppTest

from ui import language
from ui.pool import POOL

ROOT = Path(__file__).resolve().parents[2]


def opened(lang: str = "en", **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.run()
    for name, value in {"lang": lang, **query}.items():
        app.query_params[name] = value
    return app.switch_page("pages/quantization.py").run()


def settled(app: AppTest) -> AppTest:
    """Run again until the work that the page asked for has been drawn."""
    for _ in range(60):
        jobs = [job for job in list(POOL._jobs.values()) if job.active]
        if not jobs:
            break
        for job in jobs:
            with job.changed:
                job.changed.wait_for(lambda job=job: not job.active, 60)
        app.run()
    return app


def said(app: AppTest) -> str:
    assert not app.exception
    page = "\n".join(str(node.proto.body) for node in app.get("html"))
    for lang in language.LANGUAGES:
        assert language.load(lang)("house.failed") not in page
    return page


def claims(app: AppTest) -> list[str]:
    return re.findall(r'<h2 class="claim">(.*?)</h2>', said(app))
