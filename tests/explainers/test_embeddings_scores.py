"""The three tests give the figures that gensim's own evaluation gives."""

from __future__ import annotations

from pathlib import Path

import numpy as np
import pytest
from gensim.models import KeyedVectors
from gensim.test.utils import datapath

from explainers.embeddings import scores, spaces
from explainers.embeddings.official import official
from explainers.embeddings.space import Space
from explainers.errors import ExplainerError

SECTIONS = ("family", "gram1-adjective-to-adverb", "capital-common-countries")


def in_gensim(space: Space, words: int) -> KeyedVectors:
    made = KeyedVectors(space.dims)
    made.add_vectors(list(space.words[:words]), space.rows(slice(0, words)))
    return made


def cut(space: Space, words: int) -> Space:
    return Space(space.name, space.language, space.words[:words], None, space.rows(slice(0, words)), lower=space.lower)


@pytest.mark.parametrize("model", [*spaces.MODELS, "glove-6b"])
@pytest.mark.parametrize(("test", "file"), [("wordsim353", "wordsim353.tsv"), ("simlex999", "simlex999.txt")])
def test_pairs_as_gensim_scores_them(model: str, test: scores.PairTest, file: str) -> None:
    space = official() if model == "glove-6b" else spaces.shipped(model)
    peer = in_gensim(space, 20_000)
    pearson, spearman, missing = peer.evaluate_word_pairs(datapath(file))
    found = scores.score_pairs(cut(space, 20_000), test)
    assert found.spearman == pytest.approx(spearman[0], abs=1e-6)
    assert found.pearson == pytest.approx(pearson[0], abs=1e-6)
    assert 100 * (1 - found.coverage) == pytest.approx(missing, abs=1e-9)
    one = found.pairs[7]
    assert one.cosine == pytest.approx(peer.similarity(one.a.lower(), one.b.lower()), abs=1e-6)


@pytest.fixture(scope="module")
def some_questions(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The file of questions, three of its sections."""
    kept, wanted = [], False
    for line in Path(datapath("questions-words.txt")).read_text("utf-8").splitlines():
        if line.startswith(":"):
            wanted = line[2:] in SECTIONS
        if wanted:
            kept.append(line)
    path = tmp_path_factory.mktemp("questions") / "some.txt"
    path.write_text("\n".join(kept), "utf-8")
    return path


def test_analogies_as_gensim_scores_them(some_questions: Path) -> None:
    space = cut(official(), 12_000)
    accuracy, sections = in_gensim(space, 12_000).evaluate_word_analogies(str(some_questions))
    reports: list[tuple[float, object]] = []
    found = scores.score_analogies(space, only=SECTIONS, report=lambda part, now: reports.append((part, now)))
    assert found.accuracy == pytest.approx(accuracy, abs=1e-6)
    mine = {section.name: (section.right, section.answered) for section in found.sections}
    theirs = {s["section"]: (len(s["correct"]), len(s["correct"]) + len(s["incorrect"])) for s in sections[:-1]}
    assert mine == theirs
    assert 0 < found.total.right < found.total.answered < found.total.asked
    parts = [part for part, _ in reports]
    assert parts == sorted(parts) and parts[-1] == 1
    assert [len(now.sections) for _, now in reports if isinstance(now, scores.AnalogyScore)] == [1, 2, 3]


def test_analogies_of_words_that_differ_in_capitals_only(some_questions: Path) -> None:
    """Half of the words a second time with a capital: gensim knows the more frequent spelling and bars both."""
    plain = cut(official(), 4000)
    words = [word for word in plain.words if word.isalpha()][:2000]
    both = tuple(word for pair in zip(words, (w.capitalize() for w in words), strict=True) for word in pair)
    rng = np.random.default_rng(0)
    rows = np.repeat(plain.rows([plain.row(word) for word in words]), 2, axis=0)
    table = (rows + 0.3 * rng.normal(size=rows.shape)).astype(np.float32)
    space = Space("cased", "en", both, None, table)
    accuracy, sections = in_gensim(space, len(both)).evaluate_word_analogies(str(some_questions))
    found = scores.score_analogies(space, only=SECTIONS)
    assert found.total.answered == len(sections[-1]["correct"]) + len(sections[-1]["incorrect"])
    assert found.accuracy == pytest.approx(accuracy, abs=1e-6)


def test_sums_by_kind() -> None:
    found = scores.AnalogyScore(
        (scores.Section("family", 1, 2, 3), scores.Section("gram1-x", 4, 5, 6), scores.Section("currency", 0, 1, 9))
    )
    assert (found.semantic.right, found.semantic.answered, found.semantic.asked) == (1, 3, 12)
    assert (found.syntactic.right, found.total.asked) == (4, 18)
    assert found.accuracy == pytest.approx(5 / 8)


def test_the_tests_are_whole() -> None:
    assert [len(scores.judgements(test)) for test in scores.PAIR_TESTS] == [353, 999]
    assert sum(len(lines) for _, lines in scores.questions()) == 19_544


def test_a_space_without_these_words_is_refused() -> None:
    space = Space("tiny", "", ("zzz", "yyy"), None, np.eye(2, dtype=np.float32))
    with pytest.raises(ExplainerError, match="embedding_no_coverage"):
        scores.score_pairs(space, "simlex999")
    assert scores.score_analogies(space, only=("family",)).accuracy == 0


def test_a_report_may_call_the_analogies_off() -> None:
    class StopError(Exception):
        pass

    def stop(_: float, __: object) -> None:
        raise StopError

    with pytest.raises(StopError):
        scores.score_analogies(spaces.shipped("glove"), only=("family",), report=stop)
