"""What is drawn of a training, and spaces that readers open: against scikit-learn's PCA and a file on the disk."""

from __future__ import annotations

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest

from explainers.embeddings import course, lists, live, opened, spaces
from explainers.embeddings.analogies import weat
from explainers.errors import ExplainerError

TEXT = (
    "the king rules the land and the queen rules the sea. a dog runs after a cat and a cat runs after a mouse. "
    "bread and cheese and wine stand on the table in the hall. the old king eats bread and drinks wine. "
) * 12


def test_the_map_is_scikit_learns_pca_of_the_directions() -> None:
    from sklearn.decomposition import PCA

    vectors = np.random.default_rng(5).normal(size=(40, 7)).astype(np.float32)
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    expected = PCA(2).fit_transform(unit)
    expected /= np.sqrt((expected**2).sum(axis=1).mean())
    found = course.flat(vectors)
    for axis in range(2):
        sign = np.sign(found[:, axis] @ expected[:, axis])
        np.testing.assert_allclose(found[:, axis] * sign, expected[:, axis], atol=1e-4)


def test_words_of_length_zero_break_nothing() -> None:
    assert np.isfinite(course.flat(np.zeros((5, 3), dtype=np.float32))).all()


def test_a_moment_tells_losses_maps_and_neighbours_of_every_model() -> None:
    learnt = live.train(TEXT, live.Settings(dims=8, epochs=2, buckets=200))
    now = course.moment(learnt, "king")
    assert (now.epoch, now.epochs) == (2, 2)
    assert set(now.maps) == set(now.near) == {"word2vec", "glove", "fasttext"}
    assert "king" in now.words
    assert all(places.shape == (len(now.words), 2) for places in now.maps.values())
    assert all(len(near) == course.NEAR for near in now.near.values())
    # Word2Vec and GloVe have no vector for a word that the text lacks; FastText has.
    strange = course.moment(learnt, "zebra").near
    assert strange["word2vec"] == strange["glove"] == ()
    assert len(strange["fasttext"]) == course.NEAR


@pytest.fixture
def nothing_held() -> Iterator[None]:
    before = dict(opened._spaces)
    opened._spaces.clear()
    yield
    opened._spaces.clear()
    opened._spaces.update(before)


def written(path: Path, words: int) -> str:
    path.write_text("".join(f"w{at} {at} 1 2\n" for at in range(words)), "utf-8")
    return str(path)


@pytest.mark.usefixtures("nothing_held")
def test_two_spaces_are_held_and_the_oldest_makes_room(tmp_path: Path) -> None:
    keys = []
    for at in range(3):
        source = written(tmp_path / f"{at}.txt", 5 + at)
        keys.append(opened.hold(opened.key_of(source), source, f"mine {at}.txt"))
    assert opened.held(keys[0]) is None
    found = opened.held(keys[2])
    assert found is not None
    assert (len(found), found.name) == (7, "mine 2.txt")


@pytest.mark.usefixtures("nothing_held")
def test_a_file_that_was_written_anew_is_another(tmp_path: Path) -> None:
    source = written(tmp_path / "a.txt", 5)
    key = opened.hold(opened.key_of(source), source)
    written(tmp_path / "a.txt", 9)
    assert opened.key_of(source) != key
    assert opened.held(opened.key_of(source)) is None


def test_a_file_that_cannot_be_read_is_not_held(tmp_path: Path) -> None:
    source = str(tmp_path / "none.vec")
    with pytest.raises(ExplainerError):
        opened.hold(opened.key_of(source), source)
    assert opened.held(opened.key_of(source)) is None


@pytest.mark.parametrize(("name", "language"), sorted(lists.READY))
def test_a_ready_test_finds_most_of_its_words_in_the_corpus(name: str, language: str) -> None:
    sets = lists.ready(name, language)
    space = spaces.shipped("word2vec", language)
    for part in (sets.x, sets.y, sets.a, sets.b):
        assert len(set(part)) == len(part)
        assert sum(space.has(word) for word in part) >= max(4, 0.6 * len(part))
    found = lists.shipped_weat("word2vec", language, sets)
    assert found == weat(space, sets.x, sets.y, sets.a, sets.b)


def test_a_test_that_there_is_not_is_refused() -> None:
    with pytest.raises(ExplainerError) as caught:
        lists.ready("flowers", "fr")
    assert caught.value.code == "weat_no_lists"
