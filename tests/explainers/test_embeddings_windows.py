"""Windows against gensim's, gradient steps against torch's autograd, n-grams against gensim's own."""

from __future__ import annotations

import math

import numpy as np
import pytest
import torch
from gensim.models.fasttext_inner import compute_ngrams_bytes, ft_hash_bytes
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers.embeddings import windows
from explainers.errors import ExplainerError

RNG = np.random.default_rng(7)


def as_torch(values: object) -> torch.Tensor:
    return torch.tensor(np.asarray(values, dtype=np.float64), requires_grad=True)


@pytest.mark.parametrize(
    ("sentence", "words"),
    [
        ("The King's throne, the king's!", ("the", "king's", "throne", "the", "king's")),
        ("  one two ", ("one", "two")),
        ("國王坐在王座上", ("國王", "坐在", "王座", "上")),
    ],
)
def test_a_sentence_is_cut_into_words(sentence: str, words: tuple[str, ...]) -> None:
    assert windows.cut(sentence) == words


@pytest.mark.parametrize("sentence", ["", "   ", "word", "😀 😀", "… ?!"])
def test_fewer_than_two_words_are_refused(sentence: str) -> None:
    with pytest.raises(ExplainerError) as caught:
        windows.cut(sentence)
    assert caught.value.code == "windows_empty"


def test_a_book_is_cut_off() -> None:
    assert len(windows.cut("word " * 5000)) == windows.MOST_WORDS


def test_pairs_are_those_of_word2vec_without_shrinking_windows() -> None:
    words = ["a", "b", "c", "d"]
    assert windows.pairs(words, 1) == ((0, 1), (1, 0), (1, 2), (2, 1), (2, 3), (3, 2))
    # Mikolov's program draws the window's size for each word; the full one is what the picture shows.
    from gensim.models.word2vec import Word2Vec

    model = Word2Vec(sentences=[words] * 50, vector_size=4, window=2, min_count=1, sg=1, shrink_windows=False, epochs=1)
    assert model.window == 2
    assert len(windows.pairs(words, 2)) == sum(min(3, at + 2) - max(0, at - 2) for at in range(4))


def test_noise_is_gensims_table() -> None:
    from gensim.models.word2vec import Word2Vec

    words = ["the"] * 16 + ["king"] * 4 + ["queen"] * 2 + ["sat"]
    model = Word2Vec(sentences=[words], vector_size=4, min_count=1, sg=1, negative=5, epochs=1)
    ends = model.cum_table.astype(np.float64) / model.cum_table[-1]
    expected = dict(zip(model.wv.index_to_key, np.diff(ends, prepend=0.0), strict=True))
    found = windows.noise(words)
    assert found == pytest.approx(expected, abs=1e-6)
    assert sum(found.values()) == pytest.approx(1.0)


@pytest.mark.parametrize("dims", [1, 2, 50])
@pytest.mark.parametrize("negatives", [0, 1, 6])
def test_a_skip_gram_step_is_autograds(dims: int, negatives: int) -> None:
    centre, samples = RNG.normal(size=dims), RNG.normal(size=(negatives + 1, dims))
    labels = np.array([1.0] + [0.0] * negatives)
    v, u = as_torch(centre), as_torch(samples)
    loss = torch.nn.functional.binary_cross_entropy_with_logits(u @ v, torch.tensor(labels), reduction="sum")
    loss.backward()
    step = windows.skipgram_step(centre, samples, labels, 0.1)
    assert step.loss == pytest.approx(float(loss.detach()), rel=1e-12)
    np.testing.assert_allclose(step.centre_gradient, v.grad.numpy(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(step.sample_gradients, u.grad.numpy(), rtol=1e-10, atol=1e-12)
    np.testing.assert_allclose(step.centre, centre - 0.1 * v.grad.numpy())
    np.testing.assert_allclose(step.samples, samples - 0.1 * u.grad.numpy())
    again = torch.nn.functional.binary_cross_entropy_with_logits(
        torch.tensor(step.samples) @ torch.tensor(step.centre), torch.tensor(labels), reduction="sum"
    )
    assert step.loss_after == pytest.approx(float(again), rel=1e-12)


def test_vectors_as_long_as_a_thousand_overflow_nothing() -> None:
    step = windows.skipgram_step([1000.0], [[1000.0], [1000.0]], [1, 0], 0.1)
    assert step.loss == pytest.approx(1e6)
    assert np.isfinite(step.loss_after)


def test_cooccurrence_by_hand() -> None:
    names, table = windows.cooccurrence(["the", "king", "sat", "the"], 2)
    assert names == ("the", "king", "sat")
    # the-king: 1 (places 0, 1) + 1/2 (places 3, 1); the-sat: 1/2 + 1; king-sat: 1
    np.testing.assert_allclose(table, [[0, 1.5, 1.5], [1.5, 0, 1], [1.5, 1, 0]])
    assert windows.cooccurrence(["a", "a"], 1)[1].tolist() == [[2.0]]


@pytest.mark.parametrize(("x", "expected"), [(0, 0.0), (10, 10**-0.75), (100, 1.0), (5000, 1.0)])
def test_the_weight_is_the_papers(x: float, expected: float) -> None:
    assert windows.glove_weight(x) == pytest.approx(expected)


@given(st.floats(0.05, 5000), st.floats(1, 1000), st.floats(0.1, 1), st.integers(0, 10_000))
@settings(max_examples=60, deadline=None)
def test_a_glove_step_is_autograds(count: float, x_max: float, alpha: float, seed: int) -> None:
    rng = np.random.default_rng(seed)
    word, context, biases = rng.normal(size=3), rng.normal(size=3), tuple(rng.normal(size=2))
    w, c, b = as_torch(word), as_torch(context), as_torch(biases)
    f = min(1.0, (count / x_max) ** alpha)
    loss = f * (w @ c + b.sum() - math.log(count)) ** 2
    loss.backward()
    step = windows.glove_step(word, context, biases, count, 0.05, x_max, alpha)
    assert step.loss == pytest.approx(float(loss.detach()), rel=1e-10)
    np.testing.assert_allclose(step.word_gradient, w.grad.numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(step.context_gradient, c.grad.numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose([step.bias_gradient] * 2, b.grad.numpy(), rtol=1e-9, atol=1e-12)
    np.testing.assert_allclose(step.biases, np.array(biases) - 0.05 * b.grad.numpy())


@pytest.mark.parametrize("word", ["king", "naïve", "國王", "a", "😀"])
@pytest.mark.parametrize(("shortest", "longest"), [(3, 6), (1, 2), (2, 8)])
def test_grams_and_their_rows_are_gensims(word: str, shortest: int, longest: int) -> None:
    expected = dict.fromkeys(compute_ngrams_bytes(word, shortest, longest))
    found = windows.word_grams(word, "ring", shortest, longest, 2000)
    assert {one.text.encode(): one.row for one in found} == {gram: ft_hash_bytes(gram) % 2000 for gram in expected}


def test_shared_grams_are_marked() -> None:
    shared = {one.text for one in windows.word_grams("king", "ring", 3, 4, 100) if one.shared}
    assert shared == {"ing", "ing>", "ng>"}


def test_a_fasttext_step_is_autograds() -> None:
    parts, samples, labels = RNG.normal(size=(4, 5)), RNG.normal(size=(3, 5)), np.array([1.0, 0.0, 0.0])
    rows, u = as_torch(parts), as_torch(samples)
    scores = u @ rows.mean(dim=0)
    torch.nn.functional.binary_cross_entropy_with_logits(scores, torch.tensor(labels), reduction="sum").backward()
    moved, step = windows.fasttext_step(parts, samples, labels, 0.2)
    np.testing.assert_allclose(moved, parts - 0.2 * rows.grad.numpy(), rtol=1e-10)
    np.testing.assert_allclose(step.samples, samples - 0.2 * u.grad.numpy(), rtol=1e-10)
