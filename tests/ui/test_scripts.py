"""Streamlit's scripts from memory: the same bytes as from the disk."""

from __future__ import annotations

import pytest
import streamlit as st
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.testclient import TestClient

from ui import scripts
from ui.http import PageHeaders

CLIENT = TestClient(Starlette(middleware=[Middleware(PageHeaders), Middleware(scripts.FromMemory)]))


def test_a_page_loses_only_the_unused_typeface() -> None:
    page = (scripts.ROOT / "index.html").read_bytes()
    made = scripts.spared(page)
    assert b"SourceSans" in page, "this version no longer asks for the typeface: take the rule away"
    assert b"SourceSans" not in made
    assert made.count(b"<script") == page.count(b"<script")
    assert made.count(b"<link") == page.count(b"<link") - 1


def test_a_script_comes_as_it_is_on_the_disk_with_the_headers_of_the_house() -> None:
    name = next(path.name for path in scripts.SCRIPTS.glob("Slider.*.js"))
    answer = CLIENT.get(f"/static/js/{name}")
    assert answer.content == (scripts.SCRIPTS / name).read_bytes()
    assert answer.headers["cache-control"].startswith("public, immutable")
    assert "default-src 'self'" in answer.headers["content-security-policy"]
    assert answer.headers["x-content-type-options"] == "nosniff"


@pytest.mark.parametrize(
    "path", ["/static/js/../index.html", "/static/js/%2e%2e/index.html", "/static/js/none.js", "/static/js/", "/x"]
)
def test_anything_else_is_left_to_streamlit(path: str) -> None:
    assert CLIENT.get(path).status_code == 404


def test_a_part_of_a_script_is_left_to_streamlit() -> None:
    name = next(path.name for path in scripts.SCRIPTS.glob("Slider.*.js"))
    assert CLIENT.get(f"/static/js/{name}", headers={"range": "bytes=0-9"}).status_code == 404


def test_this_version_is_the_one_that_was_measured() -> None:
    assert st.__version__ == "1.67.0"
