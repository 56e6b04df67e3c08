"""The quantization page as its tests open it, and what it says."""

from __future__ import annotations

from any_page import ROOT, claims, open_page, said
from streamlit.testing.v1 import AppTest

from ui.pool import POOL

__all__ = ["ROOT", "claims", "opened", "said", "settled"]


def opened(lang: str = "en", **query: str) -> AppTest:
    return open_page("quantization.py", lang, **query)


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
