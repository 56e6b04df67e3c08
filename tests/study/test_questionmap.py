"""The map of questions: every question and line on it, what comes first on the left, layers as networkx has them."""

from __future__ import annotations

import networkx as nx
import pytest
from hypothesis import given
from hypothesis import strategies as st

from study import document, english, questionmap
from study.questionmap import MAX_ROWS, QuestionMap


def graph(drawn: QuestionMap) -> nx.DiGraph:
    made = nx.DiGraph(drawn.edges)
    made.add_nodes_from(place.question for place in drawn.places)
    return made


def crossings(drawn: QuestionMap) -> int:
    """Pairs of lines that cross when drawn straight between their layers' middles."""
    at = {place.question: (place.layer, place.row) for place in drawn.places}
    lines = [(at[first], at[then]) for first, then in drawn.edges]
    return sum(
        (a[1] - c[1]) * (b[1] - d[1]) < 0
        for n, (a, b) in enumerate(lines)
        for c, d in lines[n + 1 :]
        if a[0] == c[0] and b[0] == d[0]
    )


def test_every_question_has_one_place_of_its_own() -> None:
    drawn = questionmap.load()
    assert sorted(place.question for place in drawn.places) == sorted(q.id for q in document.load().questions)
    assert len({(place.column, place.row) for place in drawn.places}) == len(drawn.places)
    assert max(place.column for place in drawn.places) == drawn.columns - 1
    assert max(place.row for place in drawn.places) <= drawn.rows - 1
    assert drawn.rows <= MAX_ROWS


def test_the_lines_are_the_prerequisites() -> None:
    wanted = {(first, name) for name, entry in english.load().items() for first in entry.prerequisites}
    assert set(questionmap.load().edges) == wanted
    assert len(questionmap.load().edges) == len(wanted)


def test_layers_are_those_of_networkx() -> None:
    drawn = questionmap.load()
    layer = {place.question: place.layer for place in drawn.places}
    for number, generation in enumerate(nx.topological_generations(graph(drawn))):
        assert {layer[name] for name in generation} == {number}


def test_what_comes_first_stands_to_the_left() -> None:
    drawn = questionmap.load()
    column = {place.question: place.column for place in drawn.places}
    assert all(column[first] < column[then] for first, then in drawn.edges)


def test_ordering_untangles(monkeypatch: pytest.MonkeyPatch) -> None:
    needed = {name: entry.prerequisites for name, entry in english.load().items()}
    ordered = crossings(questionmap.drawn(needed))
    monkeypatch.setattr(questionmap, "SWEEPS", 0)
    assert ordered < 0.75 * crossings(questionmap.drawn(needed))


@given(
    st.integers(0, 40).flatmap(
        lambda n: st.lists(st.lists(st.integers(0, max(0, n - 1)), max_size=3), min_size=n, max_size=n)
    )
)
def test_any_graph_without_a_circle_is_drawn(wishes: list[list[int]]) -> None:
    needed = {str(n): sorted({str(w) for w in wish if w < n}) for n, wish in enumerate(wishes)}
    drawn = questionmap.drawn(needed)
    assert len({(place.column, place.row) for place in drawn.places}) == len(needed)
    layer = {place.question: place.layer for place in drawn.places}
    for number, generation in enumerate(nx.topological_generations(graph(drawn))):
        assert {layer[name] for name in generation} == {number}
