"""The quantization page as Streamlit runs it: both languages, addresses, bound states, bad input, and the code tabs in
a fresh process."""

from __future__ import annotations

import re

import pytest
from pasted import printed
from quantization_page import ROOT, claims, opened, said, settled
from streamlit.testing.v1 import AppTest

from explainers.quantization import quantizers, sensitivity, tasks, weights
from explainers.quantization.quantizers import Spec
from pages.parts import quant_charts, quant_scene, quant_sensitivity, quant_tensor
from study import bindings
from ui import controls, language
from ui.pool import POOL

TABLE = controls.load("quantization")
OURS = ("tensor", "number", "sentence", "sensitivity")


def test_the_first_view_shows_the_surprise() -> None:
    claim = claims(opened())[0]
    assert "cosine of 0.975; one per channel: 0.9996" in claim
    assert "Channel 99 of this matrix is 42.5 times" in claim
    assert "channel 149 7 of 255 levels instead of 159" in claim


def test_the_readers_own_measurement_takes_the_place_of_the_shipped_one() -> None:
    t = language.load("en")
    app = opened(bits="6")
    page = said(settled(app))
    assert t("quant.surprise.own", n=16) in page
    assert t("quant.surprise.shipped", n=16) not in page


def test_levels_in_the_claim_are_numpys() -> None:
    row = weights.tensor("encoder.layer.0.output.dense").values[149]
    scale = abs(row).max() / 127
    assert len({round(float(value) / scale) for value in row}) == pytest.approx(159, abs=1)
    shared = weights.tensor("encoder.layer.0.output.dense").widths.max() / 127
    assert len({round(float(value / shared)) for value in row}) == 7


@pytest.mark.parametrize("lens", OURS)
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_every_view_makes_a_claim_with_its_numbers(lens: str, lang: str) -> None:
    short = {} if lens == "tensor" else {"sentences": "The cat sat.\nThe dog ran."}
    found = claims(settled(opened(lang, lens=lens, **short)))
    assert len(found) == {"tensor": 2, "number": 1, "sentence": 2, "sensitivity": 2}[lens]
    assert all(re.search(r"\d", claim) and "{" not in claim for claim in found)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("bits", "1"),
        ("bits", "9"),
        ("grain", "g7"),
        ("scale_by", "0"),
        ("part", "x"),
        ("budget", "nan"),
        ("lens", "no"),
    ],
)
def test_a_value_out_of_range_falls_back_and_says_so(name: str, value: str) -> None:
    assert language.load("en")("house.refused", names=name) in said(opened(**{name: value}))


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ({"lens": "number", "number": "<b>x</b>"}, "is no number that can be read here"),
        ({"lens": "number", "number": ""}, "is no number that can be read here"),
        ({"block": "9"}, "This model has 6 layers; layer 9 was asked for"),
        ({"lens": "sensitivity", "plan": "8,7"}, "“7” names no bits for a layer"),
        ({"lens": "sentence", "list": "no label"}, "Line 1 of your list has no label"),
        ({"lens": "sentence", "list": "a: x"}, "Your list has 1 lines"),
    ],
)
def test_what_cannot_be_used_is_said_and_the_page_lives_on(query: dict[str, str], sentence: str) -> None:
    page = said(opened(**query))
    assert sentence in page
    assert "<b>x" not in page


@pytest.mark.parametrize("text", ["<script>alert(1)</script>", "🙂", "مرحبا\nشكرا", "你好，世界。\n再見。", "=1+1\n@x"])
def test_any_sentences_are_compared(text: str) -> None:
    app = settled(opened(lens="sentence", sentences=text))
    assert len(claims(app)) == 2
    assert "<script>alert" not in said(app)


def test_a_single_sentence_has_no_neighbours() -> None:
    assert "The vectors of 1 sentences" in claims(settled(opened(lens="sentence", sentences="The cat sat.")))[0]


@pytest.mark.parametrize("lens", OURS)
def test_hidden_controls_stay_in_force(lens: str) -> None:
    said(opened(lens=lens, hide=",".join(control.name for control in TABLE if control.hideable)))


def test_enough_is_bound_and_every_view_is_reached_by_a_sentence() -> None:
    bound = bindings.load("quantization")
    assert len(bound) >= 12
    assert {binding.state["lens"] for binding in bound} >= set(OURS)
    for binding in bound:
        for name, value in binding.state.items():
            assert TABLE[name].check(value) == value, binding.id


def test_tables_and_files_escape_what_they_hold() -> None:
    table = quant_charts.table(["a", "b"], [("<b>", "&")], "<i>")
    assert "<b>" not in table and "&lt;b&gt;" in table and "<i>" not in table
    assert quant_charts.csv(("a",), [("=1",), ('x"y',), (0.5,)]) == 'a\n"\'=1"\n"x""y"\n0.5\n'


def test_the_channels_file_is_the_quantizers() -> None:
    tensor = weights.tensor("encoder.layer.1.attention.self.query")
    rows = quant_tensor.csv(tensor, Spec(4), 1.0, 0).splitlines()
    assert len(rows) == 385
    channel, low, high, used, error = rows[8].split(",")
    assert (int(channel), float(low), float(high)) == (7, tensor.values[7].min(), tensor.values[7].max())
    grid = quantizers.fit(tensor.values, Spec(4))
    assert int(used) == quantizers.levels_used(tensor.values, grid, 7)
    after = quantizers.fake_quantize(tensor.values, grid)
    assert float(error) == pytest.approx(((after[7] - tensor.values[7]) ** 2).mean(), rel=1e-5)


def test_the_sensitivity_words_name_every_layer() -> None:
    app = opened()
    said(app)
    assert [layer.block for layer in weights.layers()[::6]] == [1, 2, 3, 4, 5, 6]
    found = quant_sensitivity.shipped()
    assert len(found.greedy) >= 10
    best = found.under(5.71 * 2**20)
    four = next(plan for plan in found.uniform if set(plan.bits.values()) == {4})
    assert best is not None and best.bytes <= 5.71 * 2**20 and best.cosine > four.cosine
    assert sensitivity.measure_plan(four.bits, quant_scene.shipped_sentences()).cosine == pytest.approx(
        four.cosine, abs=2e-3
    )


# ---------------------------------------------------------------- tasks


def outcome(name: str, low: float, high: float, flips: int) -> tasks.Outcome:
    from explainers.quantization.agreement import Interval

    one = Interval(0.7, 0.6, 0.8)
    rows = tuple((f"<b>text {i}", "positive", "positive", "negative") for i in range(flips))
    return tasks.Outcome(name, one, one, Interval((low + high) / 2, low, high), 200, rows)


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_noise_is_called_noise(lang: str, monkeypatch: pytest.MonkeyPatch) -> None:
    t = language.load(lang)
    results = [
        (outcome("wordsim", -0.04, -0.01, 0), outcome("polarity", -0.05, 0.02, 9)),
        (outcome("wordsim", -0.01, 0.01, 0), outcome("polarity", -0.05, 0.02, 9)),
    ]
    for found in results:
        monkeypatch.setattr(tasks, "run", lambda *given, found=found, **more: found)
        POOL._jobs.clear()
        app = settled(opened(lang, lens="sentence"))
        app = settled(app.button(key="quant-tasks-start").click().run())
        page = said(app)
        real = not found[0].noise
        wanted = (
            t("quant.tasks.claim", names=t("quant.tasks.short_wordsim"))
            if real
            else t("quant.tasks.claim_noise", flips=9)
        )
        assert wanted in page
        assert page.count(f"<td>{t('quant.tasks.noise')}</td>") == (1 if real else 2)
        assert "<b>text" not in page
    POOL._jobs.clear()


# ---------------------------------------------------------------- code tabs


@pytest.mark.parametrize(
    ("query", "cards"),
    [
        ({"lens": "tensor", "bits": "4", "grain": "g32", "clipping": "mse"}, ("tensor", "surprise")),
        ({"lens": "number", "number": "-1e-7"}, ("number",)),
        ({"lens": "sentence", "sentences": "The cat sat.\nThe dog ran.", "acts": "token"}, ("vectors", "head")),
        ({"lens": "sensitivity", "sentences": "The cat sat."}, ("inputs",)),
    ],
)
def test_what_the_code_tabs_show_runs_in_a_fresh_process(query: dict[str, str], cards: tuple[str, ...]) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/quantization.py")
    for name, value in {"lang": "en", **query}.items():
        app.query_params[name] = value
    for card in cards:
        app.session_state[f"{card}-tabs"] = language.load("en")("card.code")
    app.run()
    settled(app)
    assert not app.exception
    snippets = [block.value for block in app.code]
    assert len(snippets) == len(cards)
    assert all(re.search(r"\d", said) for said in printed(snippets))
