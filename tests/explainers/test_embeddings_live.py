"""Training on a reader's text: all three learn, by steps that can be repeated; losses by their definition."""

from __future__ import annotations

import pickle
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import get_context

import numpy as np
import pytest
from gensim.models import Word2Vec

from explainers.embeddings import glove, live
from explainers.embeddings.space import neighbours
from explainers.errors import ExplainerError

# Two worlds that share no neighbours: the three must tell them apart.
FRUIT = "the sweet apple and the ripe pear fell from the green tree . a ripe apple or a sweet pear is good fruit ."
ROADS = "one fast car and one big truck drive on this wide road . that big car or that fast truck needs fuel ."
TEXT = "\n".join([FRUIT, ROADS] * 60)
SETTINGS = live.Settings(
    dims=16, window=4, epochs=12, min_count=2, buckets=500, rate=0.1, x_max=20, sample=0, negatives=4
)


@pytest.fixture(scope="module")
def learnt() -> tuple[live.Learnt, list[tuple[float, object]]]:
    reports: list[tuple[float, object]] = []
    return live.train(TEXT, SETTINGS, report=lambda part, now: reports.append((part, now))), reports


def test_all_three_learn(learnt: tuple[live.Learnt, list[tuple[float, object]]]) -> None:
    found, _ = learnt
    assert set(found.spaces) == set(live.ALL)
    for name, space in found.spaces.items():
        assert space.similarity("apple", "pear") > space.similarity("apple", "truck") + 0.1, name
        assert space.has("APPLE") and space.dims == 16
        losses = found.losses[name]
        assert len(losses) == SETTINGS.epochs + (name != "glove")
        assert losses[-1] < 0.7 * losses[0]
        assert found.seconds[name] > 0
    assert len({space.words for space in found.spaces.values()}) == 1
    assert found.epoch == SETTINGS.epochs and found.sentences == 240


def test_fasttext_knows_unseen_words_too(learnt: tuple[live.Learnt, list[tuple[float, object]]]) -> None:
    space = learnt[0].spaces["fasttext"]
    assert neighbours(space, "apples", 1)[0].word == "apple"
    assert not learnt[0].spaces["word2vec"].has("apples")


def test_reports_rise_and_hold_spaces(learnt: tuple[live.Learnt, list[tuple[float, object]]]) -> None:
    parts = [part for part, _ in learnt[1]]
    assert parts == sorted(parts) and parts[0] == 0 and parts[-1] <= 1
    partial = [now for _, now in learnt[1] if isinstance(now, live.Learnt)]
    assert partial and partial[0].epoch == 0
    assert len(parts) >= 3 * SETTINGS.epochs
    first, last = partial[0].spaces["word2vec"], learnt[0].spaces["word2vec"]
    assert first.words == last.words and not np.array_equal(first.table, last.table)  # a copy, not the model's own


def test_the_same_seed_gives_the_same_vectors(learnt: tuple[live.Learnt, list[tuple[float, object]]]) -> None:
    again = live.train(TEXT, SETTINGS)
    for name, space in learnt[0].spaces.items():
        assert np.array_equal(space.table, again.spaces[name].table), name
        assert learnt[0].losses[name] == again.losses[name]


def test_one_training_in_a_worker_process() -> None:
    settings = live.Settings(dims=8, epochs=1, buckets=200, models=("word2vec", "fasttext"))
    with ProcessPoolExecutor(1, mp_context=get_context("spawn")) as pool:
        found = pool.submit(live.train, TEXT, settings).result(timeout=300)
    here = live.train(TEXT, settings)
    assert np.array_equal(found.spaces["fasttext"].table, here.spaces["fasttext"].table)
    assert len(pickle.dumps(found)) < 500_000


def test_the_word_vectors_of_fasttext_are_gensims_mean() -> None:
    settings = live.Settings(dims=8, epochs=1, buckets=300)
    prepared = live._prepared(TEXT, settings)
    learner = live._FastText(prepared, settings, live._Watch(prepared, settings))
    learner.epoch(0, lambda _: None)
    mine = learner.model.wv.vectors.copy()
    type(learner.model.wv).adjust_vectors(learner.model.wv)
    assert np.allclose(mine, learner.model.wv.vectors, atol=1e-6)
    space = learner.space()
    assert np.allclose(space.vector("applelike"), learner.model.wv["applelike"], atol=1e-6)


def test_the_loss_is_the_papers_objective() -> None:
    settings = live.Settings(dims=4, negatives=3, seed=5)
    watch = live._Watch(live._prepared(TEXT, settings), settings)
    rng = np.random.default_rng(0)
    many = int(max(watch.pairs.max(), watch.negatives.max())) + 1
    vectors, outputs = (rng.normal(size=(many, 4)).astype(np.float32) for _ in range(2))

    def sigmoid(x: float) -> float:
        return float(1 / (1 + np.exp(-x)))

    expected = np.mean(
        [
            -np.log(sigmoid(float(vectors[w] @ outputs[c])))
            - sum(np.log(sigmoid(-float(vectors[w] @ outputs[n]))) for n in wrong)
            for (w, c), wrong in zip(watch.pairs, watch.negatives, strict=True)
        ]
    )
    assert watch.loss(vectors, outputs) == pytest.approx(float(expected), rel=1e-5)
    # Untrained output vectors are zero: 1 + negatives terms of log 2.
    assert watch.loss(vectors, np.zeros_like(outputs)) == pytest.approx(4 * np.log(2))


def test_the_places_that_are_watched_lie_in_the_windows() -> None:
    settings = live.Settings(window=2)
    words = ["one", "two", "three", "four", "five", "six", "seven", "eight", "nine", "ten"]
    prepared = live._prepared(f"{' '.join(words)} . " * 60, settings)
    watch = live._Watch(prepared, settings)
    apart = [words.index(prepared.words[a]) - words.index(prepared.words[b]) for a, b in watch.pairs]
    assert set(apart) == {-2, -1, 1, 2}
    assert len(watch.pairs) == live.WATCHED


def test_one_epoch_of_word2vec_is_gensims_own() -> None:
    """In one part, an epoch is a call of gensim's `train` with the same rates."""
    settings = live.Settings(dims=8, epochs=1, models=("word2vec",))
    text = "\n".join([FRUIT, ROADS] * 30)  # short enough for one part
    prepared = live._prepared(text, settings)
    assert len(list(live._parts(prepared.sentences))) == 1
    model = Word2Vec(vector_size=8, window=5, negative=5, sample=1e-3, seed=17, sg=1, min_count=1, sorted_vocab=0,
                     workers=1)  # fmt: skip
    model.build_vocab_from_freq(dict(zip(prepared.words, prepared.counts.tolist(), strict=True)),
                                corpus_count=len(prepared.sentences))  # fmt: skip
    model.train(prepared.sentences, total_examples=len(prepared.sentences), epochs=1, start_alpha=0.05,
                end_alpha=0.05 / 250)  # fmt: skip
    found = live.train(text, settings).spaces["word2vec"]
    assert np.allclose(found.table, model.wv.vectors, atol=1e-6)


def test_glove_here_is_glove_there() -> None:
    settings = live.Settings(dims=8, epochs=3, models=("glove",), x_max=7)
    prepared = live._prepared(TEXT, settings)
    cells = glove.cooccurrences(prepared.ids, len(prepared.words), settings.window)
    fitted = glove.fit(cells, len(prepared.words), glove.Settings(8, 3, 7, seed=17))
    found = live.train(TEXT, settings)
    assert np.array_equal(found.spaces["glove"].table, fitted.vectors)
    assert found.losses["glove"] == fitted.losses


def test_a_report_may_call_it_off() -> None:
    class StopError(Exception):
        pass

    def stop(part: float, _: object) -> None:
        if part > 0.1:
            raise StopError

    with pytest.raises(StopError):
        live.train(TEXT, SETTINGS, report=stop)


def test_text_in_sentences() -> None:
    assert live.sentences_of("Don't stop! It's 3 o'clock,\nnow. X") == [["don't", "stop"], ["it's", "o'clock"]]
    chinese = live.sentences_of("我喜歡吃蘋果。他去學校讀書！")
    assert len(chinese) == 2 and "蘋果" in chinese[0] and "學校" in chinese[1]


def test_the_samples_are_long_enough() -> None:
    english, chinese = live.sample_text("en"), live.sample_text("zh")
    assert 50_000 < sum(map(len, live.sentences_of(english))) < live.MOST_WORDS
    assert "這" in chinese and "这" not in chinese
    assert 20_000 < sum(map(len, live.sentences_of(chinese))) < live.MOST_WORDS


@pytest.mark.parametrize(
    ("text", "settings", "code"),
    [
        ("too short a text", live.Settings(), "embedding_text_short"),
        ("", live.Settings(), "embedding_text_short"),
        (
            " ".join(f"w{chr(97 + i % 26)}{chr(97 + i // 26)}" for i in range(400)),
            live.Settings(),
            "embedding_text_short",
        ),
        ("a b " * 160_000, live.Settings(), "embedding_text_long"),
        (TEXT, live.Settings(dims=1), "embedding_settings"),
        (TEXT, live.Settings(shortest=5, longest=3), "embedding_settings"),
        (TEXT, live.Settings(epochs=0), "embedding_settings"),
        (TEXT, live.Settings(models=()), "embedding_settings"),
    ],
)
def test_what_cannot_be_trained(text: str, settings: live.Settings, code: str) -> None:
    with pytest.raises(ExplainerError) as caught:
        live.train(text, settings)
    assert caught.value.code == code
