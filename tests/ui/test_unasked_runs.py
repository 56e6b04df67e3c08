"""A run that no reader asked for, as when work in the background is done, may carry an address that they have left: it
must not take them back there. The back button must."""

from __future__ import annotations

from pathlib import Path

import pytest
from streamlit.testing.v1 import AppTest

ROOT = Path(__file__).resolve().parents[2]


def at(app: AppTest, **query: str) -> AppTest:
    app.query_params.clear()
    for name, value in {"lang": "en", **query}.items():
        app.query_params[name] = value
    app.run()
    assert not app.exception
    return app


def shown(app: AppTest) -> tuple[str, ...]:
    return tuple(app.query_params.get("number", ()))


@pytest.mark.parametrize(("unasked", "stays"), [(True, "7"), (False, "3")])
def test_only_a_reader_goes_back(unasked: bool, stays: str) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.run()
    app.switch_page("pages/quantization.py")
    at(app, lens="number", number="3")
    at(app, lens="number", number="7")
    if unasked:
        app.session_state["_unasked"] = True
    at(app, lens="number", number="3")
    assert app.session_state["quantization-number"] == stays
    assert shown(app) == (stays,)


def test_a_new_address_counts_even_then() -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=60)
    app.run()
    app.switch_page("pages/quantization.py")
    at(app, lens="number", number="3")
    app.session_state["_unasked"] = True
    at(app, lens="number", number="9")
    assert app.session_state["quantization-number"] == "9"
    assert "_unasked" not in app.session_state
