"""The early look: what stands in a page's HTML is what the page will show, and nothing a reader typed escapes in it."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator

import pytest
from starlette.applications import Starlette
from starlette.middleware import Middleware
from starlette.responses import HTMLResponse
from starlette.routing import Route
from starlette.testclient import TestClient

import early
from explainers import attention, models
from pages.parts import attention_canvas
from ui.http import PageHeaders

HOSTILE = "</script><script>alert(1)</script> <img src=x onerror=alert(1)>"


@pytest.fixture
def unloaded(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(models, "is_loaded", lambda source: False)
    early._html.cache_clear()
    yield
    early._html.cache_clear()


def data_of(look: str) -> dict[str, object]:
    found = re.search(r'<script type="application/json" id="early-data">(.*?)</script>', look, re.S)
    assert found
    return json.loads(found[1])


def part(look: str, component: str) -> dict[str, object]:
    (found,) = (one["data"] for one in data_of(look)["parts"] if one["component"] == component)
    return found


def test_before_the_model_is_there_it_is_the_shipped_result_and_says_so(unloaded: None) -> None:
    look = early.look("/attention", {"lang": "en", "layer": "3"}, "zh-Hant")
    picture = part(look, "attention")
    assert picture["payload"] == attention.name_of(attention_canvas.SHIPPED.read_bytes())
    assert picture["layer"] == 3
    assert part(look, "topbar")["lang"] == "en"
    assert 'class="early-note"' in look
    assert "<h2>" not in look


def test_with_the_text_in_memory_it_is_the_live_one(unloaded: None, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.undo()
    query = {"a": "A bird in the hand", "lang": "en"}
    assert early.look("/attention", query, "en") == ""
    view = attention.view("A bird in the hand", max_tokens=512)
    look = early.look("/attention", query, "en")
    assert part(look, "attention")["payload"] == view.payload_id
    assert 'class="early-note"' not in look
    assert f"{view.measures.sink.mean():.0%}" in re.search("<h2>(.*?)</h2>", look)[1]


def test_a_text_that_has_just_left_the_memory_gets_no_other_texts_picture(unloaded: None) -> None:
    query = (("a", "A bird in the hand"), ("lang", "en"))
    assert early._html(query, "of-a-view-that-is-gone") == ""


def test_what_a_reader_typed_stays_text() -> None:
    attention.view(HOSTILE, max_tokens=512)
    look = early.look("/attention", {"a": HOSTILE, "lang": "zh-Hant"}, "en")
    assert look
    assert "alert(1)</script>" not in look
    assert "<img src=x" not in look
    assert look.count("</script>") == look.count("<script")


@pytest.mark.parametrize(
    "query",
    [
        {"lens": "rnn"},
        {"layer": "99"},
        {"pane": "100"},
        {"merge": "words"},
        {"model": "/somewhere"},
        {"a": "never asked before"},
    ],
)
def test_other_states_have_none(unloaded: None, query: dict[str, str]) -> None:
    assert early.look("/attention", query, "en") == ""


def test_other_pages_have_none(unloaded: None) -> None:
    assert {early.look(path, {}, "en") for path in ("/", "/reader", "/attention/x", "/_stcore/health")} == {""}


def served(look) -> str:
    async def page(request) -> HTMLResponse:
        return HTMLResponse("<html><head></head><body><div id=root></div></body></html>")

    middleware = [Middleware(PageHeaders, look=look)]
    client = TestClient(Starlette(routes=[Route("/attention", page)], middleware=middleware))
    return client.get("/attention?a=%E8%B2%93&b=", headers={"accept-language": "zh-TW,zh;q=0.9"}).text


def test_the_page_carries_it_and_the_address_arrives_decoded() -> None:
    page = served(lambda path, query, spoken: f"<p>{path} {sorted(query.items())} {spoken}</p>")
    assert page.endswith("<p>/attention [('a', '貓'), ('b', '')] zh-Hant</p></body></html>")


def test_a_look_that_fails_leaves_the_page_as_it_is() -> None:
    def broken(path, query, spoken) -> str:
        raise OSError

    assert served(broken).endswith("<div id=root></div></body></html>")
