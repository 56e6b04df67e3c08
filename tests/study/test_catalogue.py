from collections.abc import Iterator
from pathlib import Path

import pytest

from study import catalogue, document
from study.catalogue import UnknownConceptError
from study.tables import DataError


def test_all_ids_are_questions_of_the_notes() -> None:
    notes, found = document.load(), catalogue.load()
    for concept in found.concepts:
        for question in concept.questions:
            notes.question(question)
        assert concept.questions and concept.strong
    for unanswered, nearest in found.related.items():
        assert not notes.question(unanswered).answered
        assert nearest and all(notes.question(question).answered for question in nearest)


def test_every_unanswered_question_has_somewhere_to_go() -> None:
    unanswered = {question.id for question in document.load().questions if not question.answered}
    found = catalogue.load()
    assert set(found.related) == unanswered
    assert all(found.for_question(question) for question in unanswered)


def test_concepts() -> None:
    found = catalogue.load()
    names = [concept.id for concept in found.concepts]
    assert names == ["attention", "embeddings", "focal-loss", "quantization", "alignment"]
    assert "B56" in found.concept("attention").questions
    with pytest.raises(UnknownConceptError, match="no concept 'x'"):
        found.concept("x")


def test_strong_links_come_first() -> None:
    found = catalogue.load()
    assert [concept.id for concept in found.for_question("A19")] == ["attention", "embeddings"]
    assert [concept.id for concept in found.for_question("B1")] == []
    for question in document.load().questions:
        strong = [question.id in concept.strong for concept in found.for_question(question.id)]
        assert strong == sorted(strong, reverse=True)


ENTRY = '[[concept]]\nid="{id}"\npage="{id}"\nscript="{script}"\nready={ready}\nquestions={q}\nstrong={s}\n'


def entry(id: str = "x", script: str = "", ready: str = "false", q: str = '["A1"]', s: str = "[]") -> str:
    return ENTRY.format(id=id, script=script, ready=ready, q=q, s=s)


@pytest.fixture
def fresh() -> Iterator[None]:
    catalogue.load.cache_clear()
    yield
    catalogue.load.cache_clear()


@pytest.mark.usefixtures("fresh")
@pytest.mark.parametrize(
    ("source", "message"),
    [
        (entry() + entry() + "[related]", "share one id"),
        (entry(ready="true") + "[related]", "needs a script"),
        (entry(ready="1") + "[related]", "true or false"),
        (entry(q='["A1", "A1"]') + "[related]", "stands twice"),
        (entry(s='["A2"]') + "[related]", "among its questions"),
        (entry(q="[1]") + "[related]", "list of texts"),
        (entry(), "expected a table"),
        ("[related]", "expected"),
    ],
)
def test_a_slip_in_the_file_is_named(
    source: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = tmp_path / "catalogue.toml"
    path.write_text(source)
    monkeypatch.setattr(catalogue, "CATALOGUE", path)
    with pytest.raises(DataError, match=message):
        catalogue.load()
