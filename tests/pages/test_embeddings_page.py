"""The views of the embeddings page as Streamlit runs them: both languages, both corpora, bad input in every field,
bound states, another space beside the three, and the code tabs in a fresh process."""

from __future__ import annotations

import re
from pathlib import Path

import numpy as np
import pytest
from embeddings_page import CARDS, ROOT, claims, notices, opened, said, settled, troubles
from pasted import printed
from streamlit.testing.v1 import AppTest

from explainers.embeddings import analogies, compare, scores, spaces, windows
from explainers.embeddings import opened as held_spaces
from explainers.embeddings.space import neighbours
from pages.parts import embedding_live, embedding_sources
from study import bindings
from ui import controls, language

TABLE = controls.load("embeddings")
LENSES = tuple(CARDS)


@pytest.mark.parametrize("lens", [lens for lens in LENSES if CARDS[lens]])
@pytest.mark.parametrize(("lang", "corpus"), [("en", "en"), ("zh-Hant", "zh")])
def test_every_view_makes_claims_with_numbers(lens: str, lang: str, corpus: str) -> None:
    app = opened(lang, lens=lens, corpus=corpus)
    found = claims(app)
    assert len(found) == len(CARDS[lens])
    assert all(re.search(r"\d", claim) and "{" not in claim for claim in found)
    assert troubles(app) == []


@pytest.mark.parametrize("how", ["skipgram", "glove", "ngrams"])
@pytest.mark.parametrize("lang", language.LANGUAGES)
def test_each_way_of_learning_has_its_card(how: str, lang: str) -> None:
    (claim,) = claims(opened(lang, lens="learn", how=how))
    assert re.search(r"\d", claim)


def test_the_other_corpus_brings_its_own_words_and_keeps_those_that_were_typed() -> None:
    app = opened("en", lens="unseen", corpus="zh")
    assert app.text_input(key="embeddings-word").value == "早餐"
    assert app.text_input(key="embeddings-unseen").value == "早餐店"
    app.radio(key="embeddings-corpus").set_value("en").run()
    assert app.text_input(key="embeddings-word").value == "king"
    app = opened("en", lens="learn", how="ngrams", word="國王")
    assert app.text_input(key="embeddings-word").value == "國王"
    app = opened("en", lens="unseen", corpus="zh", word="經濟")
    assert app.text_input(key="embeddings-word").value == "經濟"


def test_the_lists_are_those_of_the_explainer() -> None:
    word2vec, glove, fasttext = (spaces.shipped(model) for model in spaces.MODELS)
    found = compare.compare([word2vec, glove, fasttext], "queen")
    claim = claims(opened(lens="neighbours", word="queen"))[0]
    assert "“queen”" in claim
    assert f"Word2Vec and FastText share {found.shared[0, 2]}" in claim


def test_a_word_that_two_spaces_lack_says_so() -> None:
    assert "no vector in Word2Vec, GloVe" in claims(opened(lens="neighbours", word="kinglike"))[0]


def test_an_unseen_word_lies_where_the_explainer_says() -> None:
    fasttext = spaces.shipped("fasttext")
    (claim,) = claims(opened(lens="unseen", unseen="queenlike", word="queen"))
    assert f"next to “{neighbours(fasttext, 'queenlike', 1)[0].word}”" in claim
    assert f"cosine {fasttext.similarity('queenlike', 'queen'):.2f}" in claim
    assert "is a known word" in claims(opened(lens="unseen", unseen="queen"))[0]


def test_the_sum_says_when_a_word_put_in_comes_first() -> None:
    space = spaces.shipped("word2vec")
    found = analogies.arithmetic(space, "king", "man", "woman")
    first = max(found.barred, key=lambda one: one[1])
    claim = claims(opened(lens="arithmetic"))[0]
    assert f"“{found.results[0].word}”" in claim
    assert (f"“{first[0]}” itself" in claim) == (first[1] > found.results[0].cosine)


def test_the_table_of_counts_is_that_of_the_explainer() -> None:
    names, table = windows.cooccurrence(windows.cut("the cat saw the dog"), 2)
    (claim,) = claims(opened(lens="learn", how="glove", sentence="the cat saw the dog"))
    assert f"{len(names)} words leave {(table > 0).sum()} of {table.size} cells" in claim
    assert f"X = {table.max():g}" in claim


# ---------------------------------------------------------------- bad input

WRONG = {
    "empty": "",
    "blank": "   ",
    "chinese": "量子糾纏態",
    "emoji": "😀🎉",
    "arabic": "ملك الملوك",
    "long": "word " * 5000,
    "markup": "<img src=x onerror=alert(1)>",
    "signs": "'\"\\{}%s",
    "nothing": "\u200b\u200d",
}
FIELDS = {
    "neighbours": ("word",),
    "unseen": ("unseen", "word"),
    "arithmetic": ("plus", "minus", "add", "poles", "laid", "targets", "attributes"),
    "learn": ("sentence",),
    "context": ("focus", "lines"),
    "live": ("word",),
}


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize(("lens", "field"), [(lens, field) for lens, fields in FIELDS.items() for field in fields])
def test_whatever_stands_in_a_field_the_page_answers_in_sentences(lens: str, field: str, kind: str) -> None:
    query = {"weat": "own"} if field in ("targets", "attributes") else {}
    app = opened(lens=lens, wait=False, **query)
    widgets = [*app.text_input, *app.text_area]
    (widget,) = (one for one in widgets if one.key == f"embeddings-{field}")
    widget.set_value(WRONG[kind][: TABLE[field].max_length] if kind == "long" else WRONG[kind])
    page = said(app.run())
    assert "<img src=x" not in page
    assert all("{" not in text or kind == "signs" for text in [*claims(app), *notices(app)])


@pytest.mark.parametrize("kind", WRONG)
@pytest.mark.parametrize("how", ["skipgram", "glove", "ngrams"])
def test_whatever_is_learnt_from_the_page_answers(how: str, kind: str) -> None:
    text = WRONG[kind]
    fields = {"word": text[:80], "unseen": text[:60]} if how == "ngrams" else {"sentence": text[:1000]}
    app = opened(lens="learn", how=how, **fields)
    assert claims(app) or troubles(app)


def test_a_word_of_none_of_the_spaces_is_refused_in_one_sentence() -> None:
    app = opened(lens="arithmetic", plus="zzzqqq")
    assert len(troubles(app)) == 1
    assert "zzzqqq" in troubles(app)[0]
    assert len(claims(app)) == 2  # the other cards stand


# ---------------------------------------------------------------- another space


@pytest.fixture
def vectors(tmp_path: Path) -> Path:
    rng = np.random.default_rng(3)
    lines = [f"{word} {' '.join(f'{x:.4f}' for x in rng.normal(size=4))}" for word in ("king", "queen", "man", "woman")]
    path = tmp_path / "own.vec"
    path.write_text(f"{len(lines)} 4\n" + "\n".join(lines) + "\n", "utf-8")
    return path


def test_the_official_space_stands_beside_the_three() -> None:
    app = opened(lens="neighbours", source="glove-6b")
    assert claims(app)
    four = {"Word2Vec": "word2vec", "GloVe": "glove", "FastText": "fasttext"}
    found = {name: scores.score_pairs(spaces.shipped(model), "wordsim353").spearman for name, model in four.items()}
    found["GloVe 6B"] = scores.score_pairs(spaces.official(), "wordsim353").spearman
    best = max(found, key=lambda name: found[name])
    text = claims(opened(lens="scores", source="glove-6b", wait=False))[0]
    assert f"{best} agrees most with people (rank correlation {found[best]:.2f})" in text


def test_a_readers_own_file_stands_beside_the_three(vectors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_sources.own_model, "at_this_machine", lambda *_: True)
    app = opened(lens="arithmetic", source=str(vectors), space="other")
    assert "in own.vec" in claims(app)[0]
    assert held_spaces.held(held_spaces.key_of(str(vectors))) is not None


def test_a_path_of_a_stranger_is_refused_and_the_page_lives_on(vectors: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(embedding_sources.own_model, "at_this_machine", lambda *_: False)
    app = opened(lens="neighbours", source=str(vectors))
    assert len(troubles(app)) == 1
    assert len(claims(app)) == 2


@pytest.mark.parametrize("name", ["missing.vec", "broken.vec", "lies.vec", "latin.vec", "model.pkl", "empty.txt"])
def test_a_bad_file_is_refused_in_one_sentence(
    name: str, vectors: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(embedding_sources.own_model, "at_this_machine", lambda *_: True)
    good = vectors.read_text("utf-8")
    content = {
        "broken.vec": good.replace("\nman ", "\nman 1.0 ").encode(),
        "lies.vec": good.replace("4 4", "40000 4", 1).encode(),
        "latin.vec": good.encode().replace(b"queen", b"qu\xe9\xe9n"),
        "model.pkl": b"\x80\x04\x95\x00",
        "empty.txt": b"",
    }
    path = tmp_path / name
    if name in content:
        path.write_bytes(content[name])
    app = opened(lens="neighbours", source=str(path))
    assert len(troubles(app)) == 1
    assert name in troubles(app)[0]
    assert claims(app)


# ---------------------------------------------------------------- training


def test_a_training_waits_for_its_button_runs_and_shows_what_came_of_it() -> None:
    app = opened(lens="live", epochs="2", dims="10")
    assert claims(app) == []
    app.button(key="embeddings-live-start").click().run()
    (claim,) = claims(settled(app))
    assert claim.startswith("2 epochs over ")


def test_too_short_a_text_is_said() -> None:
    app = opened(lens="live", train_on="own")
    app.text_area(key=f"{embedding_live.OWN}-field").set_value("much too short").run()
    app.button(key="embeddings-live-start").click().run()
    (text,) = troubles(settled(app))
    assert "200" in text


@pytest.mark.parametrize(
    ("data", "code"),
    [(b"\xff\x00\x00", "live_not_text"), (b"a\0b", "live_not_text"), (b"x" * 4_000_001, "live_too_long")],
)
def test_a_file_that_is_no_text_is_refused(data: bytes, code: str) -> None:
    with pytest.raises(embedding_live.ExplainerError) as caught:
        embedding_live.decoded(data, "f.txt")
    assert caught.value.code == code


def test_texts_are_read_as_people_save_them() -> None:
    for encoding in ("utf-8", "utf-8-sig", "utf-16"):
        assert embedding_live.decoded("國王".encode(encoding), "f.txt") == "國王"


# ---------------------------------------------------------------- bound sentences


def test_enough_is_bound_and_every_view_is_reached_by_a_sentence() -> None:
    bound = bindings.load("embeddings")
    assert len(bound) >= 10
    assert {binding.state["lens"] for binding in bound} == set(TABLE["lens"].options)


@pytest.mark.parametrize("binding", bindings.load("embeddings"), ids=lambda binding: binding.id)
def test_a_bound_state_draws_its_view_without_trouble(binding: bindings.Binding) -> None:
    query = {name: TABLE[name].spell(value) for name, value in binding.state.items()}
    app = opened(wait=False, **query)
    assert troubles(app) == []


def test_hidden_controls_stay_in_force() -> None:
    hidden = ",".join(control.name for control in TABLE if control.hideable)
    for lens in LENSES:
        said(opened(lens=lens, hide=hidden, wait=False))


# ---------------------------------------------------------------- code tabs


@pytest.mark.parametrize(
    ("lens", "query"),
    [
        ("neighbours", {}),
        ("neighbours", {"source": "glove-6b", "word": 'o"k'}),
        ("unseen", {"unseen": "it's \\ a"}),
        ("arithmetic", {"space": "fasttext"}),
        ("learn", {"how": "skipgram"}),
        ("learn", {"how": "glove"}),
        ("learn", {"how": "ngrams"}),
        ("context", {}),
        ("scores", {}),
    ],
)
def test_what_the_code_tabs_show_runs_in_a_fresh_process(lens: str, query: dict[str, str]) -> None:
    app = AppTest.from_file(str(ROOT / "app.py"), default_timeout=120)
    app.switch_page("pages/embeddings.py")
    for name, value in {"lang": "en", "lens": lens, **query}.items():
        app.query_params[name] = value
    cards = (query["how"],) if "how" in query else CARDS[lens]
    for card in cards:
        app.session_state[f"{card}-tabs"] = language.load("en")("card.code")
    settled(app.run())
    snippets = [block.value for block in app.code]
    assert len(snippets) == len(cards)
    assert all(re.search(r"\d", said) for said in printed(snippets))
