"""The same weights under a mask: against a run of the model on its own, and against the sentence cut short."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers.attention.masks import (
    PRESETS,
    MaskError,
    bidirectional,
    causal,
    compare_presets,
    encoder_decoder,
    mask_effect,
    padding,
    preset,
    toggled,
    trace_with_mask,
)
from explainers.attention.trace import Token, trace
from explainers.models import load_bert

TIRED = "The animal didn't cross the street because it was too tired."
PAIR = ("A river bank.", "A bank loan.")


def run(tokens: tuple[Token, ...]) -> tuple[np.ndarray, np.ndarray]:
    """Attention Float[layer, head, query, key] and last vectors Float[token, hidden] from transformers itself."""
    import torch

    with torch.no_grad():
        output = load_bert().model(
            input_ids=torch.tensor([[token.id for token in tokens]]),
            token_type_ids=torch.tensor([[token.segment for token in tokens]]),
            output_attentions=True,
        )
    return torch.cat(output.attentions).numpy(), output.last_hidden_state[0].numpy()


def test_the_masks_as_they_are_drawn() -> None:
    assert bidirectional(3).tolist() == [[True] * 3] * 3
    assert causal(3).astype(int).tolist() == [[1, 0, 0], [1, 1, 0], [1, 1, 1]]
    assert padding(3, 2).astype(int).tolist() == [[1, 1, 0]] * 3
    assert encoder_decoder(2, 2).astype(int).tolist() == [
        [1, 1, 0, 0],
        [1, 1, 0, 0],
        [1, 1, 1, 0],
        [1, 1, 1, 1],
    ]
    with pytest.raises(ValueError, match="read-only"):
        causal(3)[0, 1] = True


def test_a_full_mask_changes_nothing() -> None:
    plain = trace(*PAIR)
    masked = trace_with_mask(*PAIR, bidirectional(len(plain.tokens)))
    np.testing.assert_allclose(masked.attention, plain.attention, atol=1e-6)
    np.testing.assert_allclose(masked.hidden, plain.hidden, atol=1e-5)
    np.testing.assert_allclose(masked.sentence_vector, plain.sentence_vector, atol=1e-6)
    assert masked.tokens == plain.tokens
    effect = mask_effect(plain, masked)
    assert effect.cosine == pytest.approx(1, abs=1e-6)
    assert effect.moved.max() < 1e-6


def test_a_causal_row_is_the_last_row_of_the_prefix() -> None:
    plain = trace(TIRED)
    n = len(plain.tokens)
    masked = trace_with_mask(TIRED, "", causal(n))
    assert not masked.attention[..., ~causal(n)].any()
    np.testing.assert_allclose(masked.attention.sum(-1), 1, atol=1e-5)
    for last in (0, 1, 5, n - 1):
        prefix, _ = run(plain.tokens[: last + 1])
        # The first layer reads the same vectors either way; later ones read what masked layers wrote.
        np.testing.assert_allclose(masked.attention[0, :, last, : last + 1], prefix[0, :, last], atol=1e-6)
    prefix_bidirectional, _ = run(plain.tokens[:6])
    assert np.abs(masked.attention[3, :, 5, :6] - prefix_bidirectional[3, :, 5]).max() > 0.01


def test_padding_is_as_if_it_were_not_there() -> None:
    plain = trace(TIRED)
    n = len(plain.tokens)
    masked = trace_with_mask(TIRED, "", padding(n, 7))
    attention, last = run(plain.tokens[:7])
    np.testing.assert_allclose(masked.attention[:, :, :7, :7], attention, atol=1e-5)
    np.testing.assert_allclose(masked.hidden[-1, :7], last, atol=1e-4)
    mean = last.mean(axis=0)
    np.testing.assert_allclose(masked.sentence_vector, mean / np.linalg.norm(mean), atol=1e-5)


def test_the_source_of_an_encoder_decoder_never_hears_of_the_target() -> None:
    plain = trace(*PAIR)
    border = next(token.index for token in plain.tokens if token.segment)
    masked = trace_with_mask(*PAIR, encoder_decoder(border, len(plain.tokens) - border))
    attention, last = run(plain.tokens[:border])
    np.testing.assert_allclose(masked.attention[:, :, :border, :border], attention, atol=1e-5)
    np.testing.assert_allclose(masked.hidden[-1, :border], last, atol=1e-4)


@settings(max_examples=20, deadline=None)
@given(st.data())
def test_any_mask_with_no_empty_row(data: st.DataObject) -> None:
    n = len(trace(*PAIR).tokens)
    rows = st.lists(st.booleans(), min_size=n, max_size=n).filter(any)
    mask = np.array(data.draw(st.lists(rows, min_size=n, max_size=n)))
    masked = trace_with_mask(*PAIR, mask)
    assert not masked.attention[..., ~mask].any()
    np.testing.assert_allclose(masked.attention.sum(-1), 1, atol=1e-5)
    assert np.isfinite(masked.hidden).all()
    effect = mask_effect(trace(*PAIR), masked)
    assert 0 <= effect.moved.min() <= effect.moved.max() <= 1


def test_how_far_attention_moved_is_a_plain_sum() -> None:
    plain = trace(*PAIR)
    n = len(plain.tokens)
    masked = trace_with_mask(*PAIR, causal(n))
    effect = mask_effect(plain, masked)
    total = sum(
        abs(float(plain.attention[4, 2, q, k]) - float(masked.attention[4, 2, q, k]))
        for q in range(n)
        for k in range(n)
    )
    assert effect.moved[4, 2] == pytest.approx(total / 2 / n, abs=1e-6)
    dot = sum(float(x) * float(y) for x, y in zip(plain.sentence_vector, masked.sentence_vector, strict=True))
    assert effect.cosine == pytest.approx(dot, abs=1e-6)
    with pytest.raises(ValueError, match="different tokens"):
        mask_effect(plain, trace(TIRED))


def refusal(call: object, *arguments: object) -> MaskError:
    assert callable(call)
    with pytest.raises(MaskError) as caught:
        call(*arguments)
    return caught.value


def test_masks_that_cannot_be_used() -> None:
    n = len(trace(*PAIR).tokens)
    for shape in ((n, n - 1), (n + 1, n + 1), (n,)):
        error = refusal(trace_with_mask, *PAIR, np.ones(shape, dtype=bool))
        assert (error.code, error.details["expected"]) == ("mask-shape", f"{n} x {n}")
    empty = np.ones((n, n), dtype=bool)
    empty[4] = False
    error = refusal(trace_with_mask, *PAIR, empty)
    assert (error.code, dict(error.details)) == ("mask-row", {"row": "4"})
    assert refusal(trace_with_mask, *PAIR, padding(n, 0)).code == "mask-row"
    assert refusal(causal, 0).code == "mask-size"
    assert refusal(encoder_decoder, 3, 0).code == "mask-size"
    assert dict(refusal(padding, 3, 4).details) == {"asked": "4", "min": "0", "max": "3"}


def test_a_causal_it_cannot_know_how_the_sentence_ends() -> None:
    other = TIRED.replace("tired", "wide")
    n = len(trace(TIRED).tokens)
    it = next(token.index for token in trace(TIRED).tokens if token.text == "it")
    tired, wide = (trace_with_mask(text, "", causal(n)).hidden[-1, it] for text in (TIRED, other))
    np.testing.assert_allclose(tired, wide, atol=1e-6)
    assert np.abs(trace(TIRED).hidden[-1, it] - trace(other).hidden[-1, it]).max() > 0.1


def test_each_preset_is_its_mask() -> None:
    assert PRESETS == ("encoder", "decoder", "encoder_decoder", "padding")
    for name, wanted in zip(PRESETS, (bidirectional(5), causal(5), encoder_decoder(2, 3), padding(5, 2)), strict=True):
        assert np.array_equal(preset(name, 5, 2), wanted)


@given(st.integers(1, 9), st.data())
def test_a_cell_turned_twice_is_as_it_was(n: int, data: st.DataObject) -> None:
    cells = data.draw(st.lists(st.tuples(st.integers(0, n - 1), st.integers(0, n - 1)), max_size=6, unique=True))
    mask = causal(n)
    once = toggled(mask, cells)
    different = {(int(query), int(key)) for query, key in np.argwhere(once != mask)}
    assert different == set(cells)
    assert np.array_equal(toggled(once, cells), mask)
    assert np.array_equal(mask, causal(n))


@pytest.mark.parametrize("cell", [(3, 0), (0, 3), (-1, 0)])
def test_a_cell_outside_is_named(cell: tuple[int, int]) -> None:
    with pytest.raises(MaskError) as caught:
        toggled(causal(3), [cell])
    assert caught.value.code == "mask-cell"
    assert dict(caught.value.details) == {"query": str(cell[0]), "key": str(cell[1]), "tokens": "3"}


@settings(max_examples=25, deadline=None)
@given(st.data())
def test_rows_sum_to_one_under_any_mask_that_leaves_each_query_something(data: st.DataObject) -> None:
    n = len(trace(*PAIR).tokens)
    drawn = np.array(data.draw(st.lists(st.lists(st.booleans(), min_size=n, max_size=n), min_size=n, max_size=n)))
    mask = drawn | np.eye(n, dtype=bool)
    found = trace_with_mask(*PAIR, mask)
    np.testing.assert_allclose(found.attention.sum(-1), 1, atol=1e-5)
    assert (found.attention[:, :, ~mask] == 0).all()
    assert np.isfinite(found.hidden).all()


def test_the_presets_compared_are_the_runs_themselves() -> None:
    """`hears_the_rest` against transformers on the sentence cut short: without a mask, and with the causal one, which
    on its own beginning is the causal mask again."""
    import torch

    told: list[float] = []
    rows = compare_presets(*PAIR, 4, report=lambda done, so_far: told.append(done))
    assert [row.name for row in rows] == list(PRESETS)
    assert told == [0, 0.25, 0.5, 0.75]
    plain = trace(*PAIR)
    n = len(plain.tokens)
    for row in rows:
        mask = preset(row.name, n, 4)
        masked = trace_with_mask(*PAIR, mask)
        effect = mask_effect(plain, masked)
        assert row.allowed == pytest.approx(mask.sum() / n**2)
        assert row.cosine == pytest.approx(effect.cosine, abs=1e-6)
        assert row.moved == pytest.approx(float(effect.moved.mean()), abs=1e-6)
    _, short = run(plain.tokens[:4])
    whole = torch.nn.functional.cosine_similarity(torch.tensor(plain.hidden[-1][:4]), torch.tensor(short), dim=-1)
    assert rows[0].hears_the_rest == pytest.approx(float((1 - whole).mean()), abs=1e-5)
    assert rows[0].hears_the_rest > 0.01
    assert all(row.hears_the_rest < 1e-9 for row in rows[1:])
