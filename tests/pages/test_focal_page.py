"""The focal-loss page's curves, hand calculation and budget as Streamlit runs them: languages, addresses, presets,
bound states, and the code tabs in a fresh process."""

from __future__ import annotations

import re

import pytest
from any_page import ROOT, claims, open_page, said
from pasted import printed
from streamlit.testing.v1 import AppTest

from explainers.focal_loss import budget, losses
from pages.parts import focal_presets, focal_scene
from study import bindings
from ui import controls, language

TABLE = controls.load("focal-loss")
LENSES = ("curves", "hand", "budget")
CARDS = {"curves": ("curves",), "hand": ("hand",), "budget": ("budget", "cumulative")}


def opened(lang: str = "en", **query: str) -> AppTest:
    return open_page("focal_loss.py", lang, **query)


@pytest.mark.parametrize("lens", LENSES)
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_every_view_makes_a_claim_with_its_numbers(lens: str, lang: str) -> None:
    found = claims(opened(lang, lens=lens))
    assert len(found) == len(CARDS[lens])
    assert all(re.search(r"\d", claim) and "{" not in claim for claim in found)


def test_the_first_view_shows_the_surprise() -> None:
    (claim,) = claims(opened())
    assert "counts an example 100 times less" in claim
    assert "from 94 % to 34 %" in claim


def test_the_claim_is_of_the_first_curve_and_the_point() -> None:
    (claim,) = claims(opened(gammas="5,2", at="0.5"))
    assert "γ = 5" in claim
    assert f"{losses.read(0.5, 5).times_less:.0f} times less" in claim


def test_the_class_weight_counts_too() -> None:
    (claim,) = claims(opened(gammas="0", balance="1", alpha="1", at="0.3"))
    assert "1 times less" in claim
    (claim,) = claims(opened("en", gammas="0", balance="1", alpha="0", at="0.3"))
    assert "∞ times less" in claim


def test_the_budget_names_the_mistakes_where_there_are_any() -> None:
    batch = budget.make_batch(100, 3.0, 0.05)
    owned = budget.split(batch, 3.0).loss_of("mislabelled")
    claim = claims(opened(lens="budget", ratio="100", difficulty="3", noise="0.05", gamma="3"))[0]
    assert f"{batch.count('mislabelled')} wrong labels" in claim
    assert focal_scene.percent(owned) in claim


@pytest.mark.parametrize("gammas", ["", "a", "9", "1,2,3,4,5", "<b>x</b>"])
def test_curves_that_cannot_be_drawn_are_said_and_the_usual_ones_drawn(gammas: str) -> None:
    page = said(opened(gammas=gammas))
    assert "The usual curves are shown" in page
    assert "γ = 2" in page
    assert "<b>x" not in page


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"pairs": "1.2>1"}, "1.2 is no probability"),
        ({"pairs": "half>1"}, "“half” is no number"),
        ({"pairs": ""}, "The table has 0 rows"),
        ({"pairs": "0.5>7"}, "“7” is no class"),
        ({"weights": "-1,1"}, "“-1” cannot be taken"),
        ({"kind": "classes", "logits": "1,2>0"}, "has 2 numbers"),
        ({"kind": "classes", "logits": "99,2,1>0"}, "99 is outside -50 to 50"),
        ({"pairs": "<img src=x onerror=alert(1)>1"}, "is no number"),
    ],
)
def test_a_wrong_table_in_the_address_is_named_by_its_cell(query: dict[str, str], sentence: str) -> None:
    app = opened(lens="hand", **query)
    page = said(app)
    assert sentence in page
    assert "<img src=x" not in page
    assert claims(app) == [language.load("en")("focal.hand.claim_wrong")]


@pytest.mark.parametrize(
    ("name", "value"), [("gamma", "5.1"), ("at", "1"), ("ratio", "0"), ("noise", "0.3"), ("also", "zzz"), ("row", "9")]
)
def test_a_value_out_of_range_falls_back_and_says_so(name: str, value: str) -> None:
    assert language.load("en")("house.refused", names=name) in said(opened(**{name: value}))


@pytest.mark.parametrize("lens", LENSES)
def test_hidden_controls_stay_in_force(lens: str) -> None:
    hidden = ",".join(control.name for control in TABLE if control.hideable)
    said(opened(lens=lens, hide=hidden))


# ---------------------------------------------------------------- presets and bound sentences


@pytest.mark.parametrize("preset", focal_presets.PRESETS, ids=lambda preset: preset.name)
def test_a_preset_is_a_state_of_the_page_and_says_why(preset: focal_presets.Preset) -> None:
    values = focal_presets.values_of(preset, TABLE)
    for name, value in values.items():
        assert TABLE[name].check(value) == value
    assert set(preset.state) <= set(focal_presets.DECIDED)
    for lang in language.LANGUAGES:
        assert language.load(lang)(f"focal.preset.{preset.name}.why")
    query = TABLE.write({**focal_scene.defaults("focal-loss"), **values})
    assert claims(opened(**query))


def test_presets_are_good_and_bad_and_none_is_another() -> None:
    assert {preset.good for preset in focal_presets.PRESETS} == {True, False}
    states = [tuple(focal_presets.values_of(preset, TABLE).values()) for preset in focal_presets.PRESETS]
    assert len(set(states)) == len(states)


def test_enough_is_bound_and_every_view_is_reached_by_a_sentence() -> None:
    bound = bindings.load("focal-loss")
    assert len(bound) >= 10
    assert {binding.state["lens"] for binding in bound} == set(TABLE["lens"].options)


# ---------------------------------------------------------------- code tabs


@pytest.mark.parametrize(
    "query",
    [
        {"lens": "curves"},
        {"lens": "curves", "gammas": "0.35", "at": "0.123"},
        {"lens": "hand"},
        {"lens": "hand", "kind": "classes", "class_weights": "2,0,1", "gamma": "3.5"},
        {"lens": "hand", "pairs": "oops"},
        {"lens": "budget", "noise": "0.01", "balance": "1"},
    ],
)
def test_what_the_code_tabs_show_runs_in_a_fresh_process(query: dict[str, str]) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=90)
    app.switch_page("pages/focal_loss.py")
    for name, value in {"lang": "en", **query}.items():
        app.query_params[name] = value
    for card in CARDS[query["lens"]]:
        app.session_state[f"{card}-tabs"] = language.load("en")("card.code")
    app.run()
    assert not app.exception
    snippets = [block.value for block in app.code]
    assert len(snippets) == len(CARDS[query["lens"]])
    assert all(re.search(r"\d", said) for said in printed(snippets))
