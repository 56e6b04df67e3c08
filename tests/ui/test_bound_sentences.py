"""Every sentence bound to a state: it is in its passage, its controls exist, its values are in range, it lights."""

from __future__ import annotations

from collections.abc import Mapping

import pytest

from explainers import attention
from study import bindings, catalogue, document, markdown, passages
from ui import controls, passage

BOUND = [binding for concept in catalogue.load().concepts for binding in bindings.load(concept.page)]


@pytest.mark.parametrize("binding", BOUND, ids=lambda binding: binding.id)
def test_a_binding_names_what_exists(binding: bindings.Binding) -> None:
    table = controls.load(binding.page)
    text = passages.visible_text(markdown.to_html(document.load().question(binding.question).body))
    assert text.count(binding.phrase) >= binding.occurrence
    for name, value in binding.state.items():
        assert table[name].check(value) == value


def lit(page: str, state: Mapping[str, controls.Value]) -> set[str]:
    """Bindings that the address of `state` lights: the rule of ui/components/passage.js."""
    table = controls.load(page)
    query = table.write({control.name: control.default for control in table} | dict(state))
    bound = passage.bound(page, table)
    return {name for name, sets in bound.items() if all(query.get(key) == value for key, value in sets.items())}


@pytest.mark.parametrize("binding", BOUND, ids=lambda binding: binding.id)
def test_the_state_of_a_binding_lights_it_and_no_other_of_its_passage(binding: bindings.Binding) -> None:
    passage_of = {other.id for other in BOUND if other.page == binding.page and other.question == binding.question}
    assert lit(binding.page, binding.state) & passage_of == {binding.id}


@pytest.mark.parametrize("binding", BOUND, ids=lambda binding: binding.id)
def test_the_address_of_a_binding_spells_its_state(binding: bindings.Binding) -> None:
    table = controls.load(binding.page)
    changes = passage.bound(binding.page, table)[binding.id]
    read, refused = table.read({name: text for name, text in changes.items() if text is not None})
    assert not refused
    assert {name: read[name] for name in binding.state} == dict(binding.state)


@pytest.mark.parametrize("binding", [b for b in BOUND if b.page == "attention"], ids=lambda binding: binding.id)
def test_the_model_reads_all_of_a_bound_sentence_and_has_the_pinned_token(binding: bindings.Binding) -> None:
    state = {control.name: control.default for control in controls.load(binding.page)} | dict(binding.state)
    trace = attention.trace(str(state["a"]), str(state["b"]))
    assert not trace.cuts
    assert not trace.unknown
    assert int(state["pin"]) < len(trace.tokens)


def test_the_attention_page_binds_enough() -> None:
    assert len([binding for binding in BOUND if binding.page == "attention"]) >= 18
