"""The maps of the embeddings page as Streamlit runs them: claims with their numbers, settings, own words, code tabs."""

from __future__ import annotations

import re
import time
from typing import Any

import pytest
from any_page import ROOT, claims, said
from pasted import printed
from streamlit.testing.v1 import AppTest

from explainers.embeddings import layouts, spaces
from explainers.embeddings.layouts import Setting
from explainers.embeddings.space import neighbours
from pages.parts import embedding_own, embedding_scene
from ui import components, language

LIST = "king queen prince emperor throne dog cat horse wolf lion london paris berlin rome doctor nurse teacher soldier"


def opened(lang: str = "en", tabs: tuple[str, ...] = (), **query: str) -> AppTest:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90)
    app.switch_page("pages/embeddings.py")
    for name, value in {"lang": lang, **query}.items():
        app.query_params[name] = value
    for card in tabs:
        app.session_state[f"{card}-tabs"] = language.load(lang)("card.code")
    return app.run()


def settled(app: AppTest) -> AppTest:
    """Run again until what is laid out is there."""
    for _ in range(60):
        if any('<h2 class="claim">' in str(node.proto.body) for node in app.get("html")):
            return app
        time.sleep(0.5)
        app.run()
    raise AssertionError("the maps did not come")


@pytest.mark.parametrize("corpus", spaces.LANGUAGES)
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_every_card_makes_a_claim_with_its_numbers(lang: str, corpus: str) -> None:
    found = claims(opened(lang, corpus=corpus))
    assert len(found) == 3
    assert all(re.search(r"\d", claim) and "{" not in claim for claim in found)


def test_the_claim_says_on_what_the_spaces_agree_and_what_the_maps_keep() -> None:
    claim = claims(opened())[0]
    nearest = [{one.word for one in neighbours(spaces.shipped(model), "king", 10)} for model in spaces.MODELS]
    assert f"“king”, {len(nearest[0] & nearest[1] & nearest[2])} are the same" in claim
    kept = [round(100 * row[0]) for row in layouts.shipped("en", "some").layout(Setting()).quality]
    sign = "\N{NO-BREAK SPACE}%"
    assert f"{min(kept)}–{max(kept)}{sign}" in claim or f"{min(kept)}{sign}" in claim


def test_another_setting_is_another_claim() -> None:
    setting = {"n_neighbors": "120", "min_dist": "0.8", "metric": "euclidean"}
    layout = layouts.shipped("en", "some").layout(Setting("umap", 120, 0.8, "euclidean"))
    assert embedding_scene.percent(min(row[0] for row in layout.quality)).split()[0] in claims(opened(**setting))[0]


def test_the_whole_vocabulary_has_two_cards() -> None:
    page = said(opened(shown="all"))
    assert page.count('<h2 class="claim">') == 2
    assert f"{len(spaces.shipped('glove').words):,}" in page


@pytest.mark.parametrize("word", ["", "qqqzzz", "<img src=x onerror=alert(1)>", "皇帝", "😀"])
def test_a_word_that_is_not_there_is_said_and_the_maps_stay(word: str) -> None:
    page = said(opened(word=word))
    assert "these maps keep" in page
    assert "<img src=x" not in page
    assert ("is not in this corpus" in page) == bool(word)


def test_a_rare_word_is_pointed_to_the_whole_vocabulary() -> None:
    rare = spaces.shipped("glove").words[-1]
    assert "The whole vocabulary has it" in said(opened(word=rare))


def test_strangers_are_side_by_side_and_far_apart() -> None:
    claim = claims(opened())[2]
    rank = int(re.search(r"at place ([\d,]+) of", claim).group(1).replace(",", ""))
    assert rank > 1000


# ---------------------------------------------------------------- the reader's own words


def test_own_words_are_laid_out_in_the_background() -> None:
    app = settled(opened(shown="own", mine=f"{LIST} qqqzzz <b>x</b>"))
    page = said(app)
    assert "(1): qqqzzz" in page
    assert "<b>x" not in page
    assert len(claims(app)) >= 2


@pytest.mark.parametrize(("mine", "sentence"), [("king queen", "a map needs 12"), ("", "a map needs 12")])
def test_too_few_words_are_refused_in_a_sentence(mine: str, sentence: str) -> None:
    app = opened(shown="own", mine=mine)
    for _ in range(40):
        if sentence in said(app):
            return
        time.sleep(0.5)
        app.run()
    raise AssertionError(said(app))


def test_the_chinese_sample_is_known_to_the_chinese_corpus() -> None:
    from explainers.embeddings import livemaps

    known = spaces.shipped("glove", "zh")
    found = livemaps.words_of(embedding_own.CHINESE_LIST, "zh")
    assert sum(known.has(word) for word in found) >= 30


# ---------------------------------------------------------------- code


@pytest.mark.parametrize("query", [{}, {"corpus": "zh", "map_dims": "3", "word": "國王"}])
def test_what_the_code_tabs_show_runs_in_a_fresh_process(query: dict[str, str]) -> None:
    app = opened("en", ("maps", "methods", "strangers"), **query)
    assert not app.exception
    snippets = [block.value for block in app.code]
    assert len(snippets) == 3
    assert all(re.search(r"\d", said) for said in printed(snippets))


def test_the_first_maps_do_not_wait_for_the_grid(monkeypatch: pytest.MonkeyPatch) -> None:
    sent: list[str] = []
    send, mount = components.send, components.mount

    def sending(key: str, payload_id: str, data: bytes) -> None:
        sent.append(payload_id.rpartition("-")[2])
        send(key, payload_id, data)

    def mounting(name: str, key: str, data: Any, **more: Any) -> None:
        sent.append(key)
        mount(name, key, data, **more)

    monkeypatch.setattr(components, "send", sending)
    monkeypatch.setattr(components, "mount", mounting)
    opened()
    assert sent.index("first") < sent.index("embeddings-maps") < sent.index("2")


def test_own_words_are_also_laid_out_four_ways() -> None:
    app = opened("en", ("methods",), shown="own", mine=LIST)
    ends = time.monotonic() + 120
    while len(claims(app)) < 3 and time.monotonic() < ends:
        time.sleep(0.5)
        app.run()
    assert re.search(r"UMAP keeps \d+.*t-SNE \d+.*PCA \d+.*the next seed", claims(app)[-1])
    (snippet,) = [block.value for block in app.code]
    assert printed([snippet])[0].count("(") == 4
