from pathlib import Path

import pytest

from study import bindings, catalogue, document
from study.markdown import to_html
from study.passages import annotate
from study.tables import DataError

PAGES = [concept.page for concept in catalogue.load().concepts]


@pytest.mark.parametrize("page", PAGES)
def test_every_phrase_is_read_in_its_answer(page: str) -> None:
    notes = document.load()
    for question in {binding.question for binding in bindings.load(page)}:
        phrases = [binding.to_phrase() for binding in bindings.for_question(page, question)]
        html = annotate(to_html(notes.question(question).body), phrases)
        assert html.count('role="button"') == len(phrases)


@pytest.mark.parametrize("page", PAGES)
def test_bindings_stay_with_their_concept(page: str) -> None:
    concept = next(concept for concept in catalogue.load().concepts if concept.page == page)
    found = bindings.load(page)
    assert {binding.question for binding in found} <= set(concept.questions)
    assert len({binding.id for binding in found}) == len(found)
    assert all(binding.page == page for binding in found)


def test_a_page_without_a_file_has_none() -> None:
    assert bindings.load("no-such-page") == ()


@pytest.mark.parametrize("page", ["", "../catalogue", "a/b", "Ä"])
def test_a_page_name_is_no_path(page: str) -> None:
    with pytest.raises(ValueError, match="no page name"):
        bindings.load(page)


GOOD = '[[binding]]\nid = "x"\nquestion = "A1"\nphrase = "p"\n[binding.state]\nn = 1\n'


@pytest.mark.parametrize(
    ("source", "message"),
    [
        ("x = ", "broken.toml"),
        ("x = 1", "binding"),
        ("binding = [1]", "expected a table"),
        (GOOD + GOOD, "used twice"),
        (GOOD.replace('"A1"', "1"), "question must be text"),
        (GOOD.replace('phrase = "p"', 'phrase = "p"\noccurrence = 0'), "occurrence"),
        (GOOD.replace("n = 1", "n = [1]"), "n must be"),
        (GOOD.replace("[binding.state]\nn = 1", ""), "expected a table"),
    ],
)
def test_a_slip_in_the_file_is_named(
    source: str, message: str, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    (tmp_path / "broken.toml").write_text(source)
    monkeypatch.setattr(bindings, "BINDINGS", tmp_path)
    bindings.load.cache_clear()
    with pytest.raises(DataError, match=message):
        bindings.load("broken")
    bindings.load.cache_clear()
