"""What the code tabs of a page show runs as it stands, in a fresh process, whatever the reader typed."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

from ui import language

ROOT = Path(__file__).resolve().parents[2]


def shown_by_the_page(**query: str) -> list[str]:
    """The snippets of the attention page's code tabs."""
    at = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    at.switch_page("pages/attention.py")
    for name, value in query.items():
        at.query_params[name] = value
    for card in ("explorer", "tokens"):  # the code comes when its tab is opened
        at.session_state[f"{card}-tabs"] = language.load(query.get("lang", "en"))("card.code")
    at.run()
    assert not at.exception
    return [block.value for block in at.code]


@pytest.mark.parametrize(
    "query",
    [
        {"a": 'It\'s a "quoted" \\ sentence.', "b": "Second.", "layer": "2", "head": "9"},
        {"a": "word " * 190, "lang": "en"},
        {"aside": "1"},
    ],
)
def test_what_the_page_shows_runs_in_a_fresh_process(query: dict[str, str]) -> None:
    snippets = shown_by_the_page(**query)
    assert len(snippets) == 2
    for text, wanted in zip(snippets, ("[[", "101 [CLS]"), strict=True):
        done = subprocess.run([sys.executable, "-c", text], cwd=ROOT, capture_output=True, text=True, timeout=120)
        assert done.returncode == 0, done.stderr
        assert wanted in done.stdout, done.stdout
