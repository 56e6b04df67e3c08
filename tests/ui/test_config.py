"""Settings that the product depends on and that are easy to lose."""

from __future__ import annotations

import tomllib
from pathlib import Path

import pytest

CONFIG = tomllib.loads((Path(__file__).resolve().parents[2] / ".streamlit" / "config.toml").read_text("utf-8"))


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
