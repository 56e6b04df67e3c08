"""Longest match against the tokenizer itself; the sum of embeddings against the model's own embedding output."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers import models
from explainers.attention import (
    MatchStep,
    NotWordPieceError,
    TokenLimitError,
    build_input,
    longest_match,
    match_words,
    position_similarity,
    trace,
    vocabulary,
)
from explainers.models import BUNDLED_BERT, ModelSource, load_bert
from tests.explainers.encoders import FAMILIES, POSITIONS, save_encoder

TEXT = """playing embeddings unaffable tokenization antidisestablishmentarianism transformer transformers gpu gpus
qwerty zzzz xylophonists pneumonoultramicroscopicsilico 2024 3.14159 don't state-of-the-art émigré straße İstanbul
ｆｕｌｌ ﬁne naïve coöperate 注意力 圖解 機器學習 こんにちは 한국어 السلام עברית ελληνικά русский ไทย 😀 👨‍👩‍👧 ∑∫√
e̊tude covid19 chatgpt llama3 iphone15 http://example.org a@b.c #hash $5.00 C++ C# .NET x² H₂O ½ … “quoted” —dash–"""
WORDS = TEXT.split()


def test_worked_by_hand() -> None:
    # Devlin et al.'s own example of the greedy algorithm: unaffable -> un ##aff ##able.
    steps = longest_match("unaffable", {"un", "##aff", "##able", "u", "##a"})
    assert steps == (
        MatchStep(0, ("unaffable", "unaffabl", "unaffab", "unaffa", "unaff", "unaf", "una", "un"), "un"),
        MatchStep(2, ("##affable", "##affabl", "##affab", "##affa", "##aff"), "##aff"),
        MatchStep(5, ("##able",), "##able"),
    )
    # Greedy never goes back: "ab" + "##cd" would have done, but "abc" was taken and nothing spells the rest.
    assert [step.accepted for step in longest_match("abcd", {"abc", "ab", "##cd"})] == ["abc", None]
    assert longest_match("", {"a"}) == ()
    assert longest_match("a" * 101, {"a", "##a"}) == (MatchStep(0, (), None),)
    assert len(longest_match("a" * 100, {"a", "##a"})) == 100


@pytest.mark.parametrize("text", [*WORDS, "a" * 100, "a" * 101, "aq" * 49, " ".join(WORDS)])
def test_the_pieces_are_the_tokenizers(text: str) -> None:
    tokenizer = load_bert().tokenizer
    found = match_words(text)
    assert [piece for word in found for piece in word.pieces] == tokenizer.tokenize(text)


@settings(max_examples=60, deadline=None)
@given(st.text(st.characters(exclude_characters="[]\ufffd", exclude_categories=["Cs"]), max_size=40))
def test_any_text_gives_the_tokenizers_pieces(text: str) -> None:
    known = vocabulary()
    found = match_words(text)
    assert [piece for word in found for piece in word.pieces] == load_bert().tokenizer.tokenize(text)
    for word in found:
        for step in word.steps:
            assert all(piece not in known for piece in step.tried[:-1])
            assert [len(piece) for piece in step.tried] == sorted(map(len, step.tried), reverse=True)
            assert step.accepted is None or step.accepted == step.tried[-1]


def test_what_is_no_character_is_not_read() -> None:
    assert [word.word for word in match_words("a\ud800b \ufffd c")] == ["ab", "c"]
    assert [word.word for word in match_words("one two three", words=2)] == ["one", "two"]


@pytest.mark.parametrize("pair", [("Playing embeddings", ""), ("He sat on the bank.", "She opened an account.")])
def test_the_sum_is_the_models_own_input(pair: tuple[str, str]) -> None:
    import torch

    found = trace(*pair)
    built = build_input(found)
    embeddings = load_bert().model.embeddings
    ids = torch.tensor([[token.id for token in found.tokens]])
    segments = torch.tensor([[token.segment for token in found.tokens]])
    with torch.no_grad():
        output = embeddings(input_ids=ids, token_type_ids=segments)[0].numpy()
        words = embeddings.word_embeddings(ids)[0].numpy()
    np.testing.assert_allclose(built.normed, output, atol=1e-5)
    np.testing.assert_allclose(built.normed, found.hidden[0], atol=1e-5)
    np.testing.assert_array_equal(built.token, words)
    np.testing.assert_allclose(built.total, built.token + built.segment + built.position, atol=1e-7)
    assert len(np.unique(built.segment, axis=0)) == len({token.segment for token in found.tokens})
    np.testing.assert_array_equal(build_input(found.tokens).normed, built.normed)
    with pytest.raises(ValueError, match="read-only"):
        built.normed[...] = 0


def test_positions_against_scikit_learn() -> None:
    from sklearn.metrics.pairwise import cosine_similarity

    table = load_bert().model.embeddings.position_embeddings.weight.detach().numpy()
    np.testing.assert_allclose(position_similarity(n=40), cosine_similarity(table[:40]), atol=1e-5)
    np.testing.assert_allclose(np.diag(position_similarity(n=512)), 1, atol=1e-6)
    for n in (0, 513):
        with pytest.raises(TokenLimitError) as caught:
            position_similarity(n=n)
        assert dict(caught.value.details) == {"asked": str(n), "min": "1", "max": "512"}


@pytest.mark.parametrize("family", FAMILIES)
def test_other_families_add_up_too(tmp_path: Path, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_loaded", {})
    source = ModelSource("folder", str(save_encoder(tmp_path, family)))
    found = trace("the cat sat.", "the dog ran", max_tokens=20, source=source)
    built = build_input(found, source)
    loaded = models.load_encoder(source)
    if family == "albert":  # eight wide, then projected to the sixteen of the layers
        project = loaded.model.encoder.embedding_hidden_mapping_in
        first = built.normed @ project.weight.detach().numpy().T + project.bias.detach().numpy()
    else:
        first = built.normed
    np.testing.assert_allclose(first, found.hidden[0], atol=1e-5)
    assert position_similarity(source, POSITIONS).shape == (POSITIONS, POSITIONS)


def test_a_tokenizer_of_another_kind_is_refused(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    import json

    monkeypatch.setattr(models, "_loaded", {})
    save_encoder(tmp_path, "bert")
    file = tmp_path / "tokenizer.json"
    settings_of_it = json.loads(file.read_text(encoding="utf-8"))
    settings_of_it["model"] = {
        "type": "WordLevel",
        "vocab": settings_of_it["model"]["vocab"],
        "unk_token": "[UNK]",
    }
    file.write_text(json.dumps(settings_of_it), encoding="utf-8")
    with pytest.raises(NotWordPieceError) as caught:
        match_words("the cat", ModelSource("folder", str(tmp_path)))
    assert dict(caught.value.details) == {"found": "WordLevel"}
    assert "playing" in vocabulary(BUNDLED_BERT)
