"""The views of the alignment page that look at training and use, as Streamlit runs them: claims in both languages, bad
input. No DOM here."""

from __future__ import annotations

import time

import pytest
from streamlit.testing.v1 import AppTest
from test_alignment_page import claims, opened, said, troubles

from explainers.alignment import feedback
from explainers.progress import silent
from ui import language

CARDS = {"broken": 2, "space": 1, "losses": 1, "use": 2, "fusion": 1}


@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_every_view_says_what_was_measured(lang: str) -> None:
    app = opened(lang, lens="broken")
    for lens, cards in CARDS.items():
        app.radio(key="alignment-lens").set_value(lens).run()
        found = claims(app)
        assert len(found) == cards, lens
        assert all("{" not in claim for claim in found)
        assert troubles(app) == []


def test_the_shipped_training_says_that_it_is_shipped() -> None:
    app = opened(lens="broken")
    assert "shipped result" in said(app)
    assert [button for button in app.button if button.key == "align-broken-start"]
    assert "shipped result" in said(opened(lens="broken", share="40"))
    app = opened(lens="fusion", trial="99", noise="-5")
    assert "shipped result" in said(app)
    assert [button for button in app.button if button.key == "align-fusion-start"]


@pytest.mark.parametrize("sentence", ["😀😀", "<script>alert(1)</script>", "unicorn", "؟مرحبا"])
def test_a_sentence_without_a_known_word_is_refused_in_one(sentence: str) -> None:
    app = opened(lens="use", sentence=sentence, classes="unicorn")
    assert len(troubles(app)) == 2
    assert len(claims(app)) == 2
    assert "<script>" not in said(app)


def test_unknown_words_are_named() -> None:
    assert "unicorn" in said(opened(lens="use", sentence="a red unicorn circle"))


def test_a_batch_of_one_has_nothing_to_push() -> None:
    assert "only the sigmoid" in claims(opened(lens="losses", batch="1"))[0]


def until_claimed(app: AppTest, words: str) -> str:
    end = time.monotonic() + 120
    while not any(words in claim for claim in claims(app)) and time.monotonic() < end:
        time.sleep(0.5)
        app.run()
    return claims(app)[0]


def test_feedback_asks_takes_a_batch_of_answers_and_begins_anew(monkeypatch: pytest.MonkeyPatch) -> None:
    plan = feedback.Plan(first=2, steps=1, batch=8)
    monkeypatch.setattr(feedback.after, "__defaults__", (plan, silent))
    app = opened(lens="feedback")
    assert "150 of 300 captions are wrong" in until_claimed(app, "captions are wrong")
    assert len([radio for radio in app.radio if radio.key.startswith("align-feedback-0-")]) == feedback.CARDS
    app.button(key="align-feedback-send").click().run()
    assert "every card" in said(app)
    app.button(key="align-feedback-honest").click().run()
    assert "12 answers, 12 of them correct" in until_claimed(app, "12 answers")
    assert troubles(app) == []
    app.button(key="align-feedback-anew").click().run()
    assert "captions are wrong" in until_claimed(app, "captions are wrong")
