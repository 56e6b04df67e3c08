"""Settings that the product depends on and that are easy to lose."""

from __future__ import annotations

import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parents[2]
CONFIG = tomllib.loads((ROOT / ".streamlit" / "config.toml").read_text("utf-8"))


@pytest.mark.parametrize(
    ("section", "name", "value"),
    [
        ("browser", "gatherUsageStats", False),  # nothing leaves the machine
        ("runner", "postScriptGC", False),  # 200-340 ms after every run otherwise
        ("client", "showErrorDetails", "none"),  # no traceback on screen
        ("client", "showErrorLinks", False),  # no links to search engines in an error
        ("server", "showEmailPrompt", False),  # the first start asks nothing
    ],
)
def test_a_setting_is_there(section: str, name: str, value: object) -> None:
    assert CONFIG[section][name] == value


def test_the_first_reader_of_a_process_gets_the_pages_of_the_catalogue() -> None:
    """Streamlit would first take the files of pages/ for the pages, whose names hold no hyphen."""
    lines = "import server\nfrom streamlit.runtime.pages_manager import PagesManager as P\n"
    lines += "print(P('app.py').uses_pages_directory)"
    done = subprocess.run([sys.executable, "-c", lines], cwd=ROOT, capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"
