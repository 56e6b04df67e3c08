"""A word's vectors in context against the encoder asked by hand; what is refused, and what is honest about Chinese."""

from __future__ import annotations

import numpy as np
import pytest
import torch

from explainers.embeddings import contextual
from explainers.errors import ExplainerError
from explainers.models import load_encoder

BANK = (
    "She sat on the bank of the river and watched the water.",
    "He opened an account at the bank.",
    "The bank raised its interest rates; another bank followed.",
    "No such word here.",
)


def test_each_occurrence_has_the_encoders_own_vector() -> None:
    found = contextual.contexts(BANK, "bank")
    assert [one.sentence for one in found.occurrences] == [0, 1, 2, 2]
    assert found.missing == (3,)
    assert not found.unknown
    encoder = load_encoder()
    for at, one in enumerate(found.occurrences):
        batch = encoder.tokenizer(BANK[one.sentence], return_tensors="pt")
        tokens = encoder.tokenizer.convert_ids_to_tokens(batch["input_ids"][0])
        places = [place for place, token in enumerate(tokens) if token == "bank"]
        place = places[1] if at == 3 else places[0]
        with torch.inference_mode():
            states = encoder.model(**batch, output_hidden_states=True).hidden_states
        for layer, state in enumerate(states):
            np.testing.assert_allclose(found.vectors[layer, at], state[0, place].numpy(), atol=2e-5)
        assert BANK[one.sentence][one.start : one.end] == "bank"
    wanted = torch.nn.functional.cosine_similarity(*(torch.tensor(found.vectors[6, at]) for at in (0, 1)), dim=0)
    assert found.cosines[6, 0, 1] == pytest.approx(float(wanted), abs=1e-5)


def test_money_banks_are_nearer_to_each_other_than_to_the_river() -> None:
    last = contextual.contexts(BANK, "bank").cosines[-1]
    assert last[1:, 1:].min() > last[0, 1:].max()


def test_self_similarity_is_the_mean_of_the_pairs() -> None:
    found = contextual.contexts(BANK, "bank")
    upper = found.cosines[3][np.triu_indices(4, 1)]
    assert found.self_similarity(3) == pytest.approx(float(upper.mean()), abs=1e-6)


def test_the_plane_is_scikit_learns_pca() -> None:
    from sklearn.decomposition import PCA

    found = contextual.contexts(BANK, "bank")
    expected = PCA(2).fit_transform(found.vectors[6])
    for axis in range(2):
        sign = np.sign(found.plane(6)[:, axis] @ expected[:, axis])
        np.testing.assert_allclose(found.plane(6)[:, axis] * sign, expected[:, axis], atol=1e-4)


def test_two_occurrences_make_a_line() -> None:
    plane = contextual.contexts(BANK[:2], "bank").plane(6)
    assert plane.shape == (2, 2)
    assert np.isfinite(plane).all()


@pytest.mark.parametrize(
    ("sentence", "word", "found"),
    [
        ("Bank, bankers, a bank.", "bank", [(0, 4), (17, 21)]),
        ("他走進銀行，銀行關了", "銀行", [(3, 5), (6, 8)]),
        ("我吃蘋果", "蘋果", [(2, 4)]),
        ("river-bank", "bank", [(6, 10)]),
        ("bank2", "bank", []),
        ("anything", "", []),
        ("İ bank", "bank", [(2, 6)]),
        ("a.b", ".", [(1, 2)]),
    ],
)
def test_where_a_word_stands(sentence: str, word: str, found: list[tuple[int, int]]) -> None:
    assert list(contextual.places(sentence, word)) == found


def test_a_word_of_several_pieces_is_their_mean() -> None:
    sentences = ("An embeddings table.", "Two embeddings tables.")
    found = contextual.contexts(sentences, "embeddings")
    assert all(len(one.pieces) > 1 for one in found.occurrences)
    encoder = load_encoder()
    batch = encoder.tokenizer(sentences[0], return_tensors="pt")
    with torch.inference_mode():
        last = encoder.model(**batch).last_hidden_state[0]
    wanted = last[2 : 2 + len(found.occurrences[0].pieces)].mean(dim=0).numpy()
    np.testing.assert_allclose(found.vectors[-1, 0], wanted, atol=2e-5)


def test_a_model_without_the_chinese_word_says_so() -> None:
    assert contextual.contexts(("我吃蘋果。", "蘋果發表新手機。"), "蘋果").unknown


@pytest.mark.parametrize(
    ("sentences", "word"), [(BANK, "zebra"), (BANK[:1], "bank"), ((), "bank"), (BANK, ""), (BANK, "  ")]
)
def test_nothing_to_compare_is_refused(sentences: tuple[str, ...], word: str) -> None:
    with pytest.raises(ExplainerError) as caught:
        contextual.contexts(sentences, word)
    assert caught.value.code == "context_no_word"


def test_lines_are_counted_and_measured() -> None:
    assert contextual.lines(" a \n\n b ") == ("a", "b")
    with pytest.raises(ExplainerError) as caught:
        contextual.lines("x\n" * 25)
    assert caught.value.code == "context_too_many"
    with pytest.raises(ExplainerError) as caught:
        contextual.lines("x" * 601)
    assert caught.value.code == "context_too_long"
