"""Heads switched off and tokens masked: against the same thing computed with torch's own modules, by hand."""

from __future__ import annotations

import threading

import numpy as np
import pytest

from explainers.attention.ablate import (
    AblationError,
    SentenceBank,
    every_head,
    mask_token,
    neighbour_change,
    neighbours,
    sentence_bank,
    switch_off,
)
from explainers.attention.rerun import blocks, rerun
from explainers.attention.trace import EmptyTextError, Token, clear_cache, trace
from explainers.models import ModelSource, load_bert, load_encoder
from tests.explainers.encoders import FAMILIES, HEADS, LAYERS, save_encoder

TIRED = "The animal didn't cross the street because it was too tired."
PAIR = ("A river bank.", "A bank loan.")


def by_hand(tokens: tuple[Token, ...], off: set[tuple[int, int]]) -> np.ndarray:
    """Last vectors, Float[token, hidden], from BERT's matrices alone, the context of heads in `off` left at 0."""
    import torch

    bert = load_bert().model
    width = 32
    with torch.no_grad():
        state = bert.embeddings(
            input_ids=torch.tensor([[token.id for token in tokens]]),
            token_type_ids=torch.tensor([[token.segment for token in tokens]]),
        )[0]
        for number, layer in enumerate(bert.encoder.layer):
            inner = layer.attention.self
            query, key, value = inner.query(state), inner.key(state), inner.value(state)
            context = torch.zeros_like(state)
            for head in range(12):
                part = slice(head * width, (head + 1) * width)
                if (number, head) not in off:
                    weights = torch.softmax(query[:, part] @ key[:, part].T / width**0.5, dim=-1)
                    context[:, part] = weights @ value[:, part]
            state = layer.attention.output.LayerNorm(layer.attention.output.dense(context) + state)
            wide = torch.nn.functional.gelu(layer.intermediate.dense(state))
            state = layer.output.LayerNorm(layer.output.dense(wide) + state)
    return state.numpy()


def cosine(one: np.ndarray, other: np.ndarray) -> float:
    return float(one @ other / np.linalg.norm(one) / np.linalg.norm(other))


def test_nothing_switched_off_is_the_original_exactly() -> None:
    plain = trace(*PAIR)
    same = switch_off(*PAIR, set())
    assert np.array_equal(same.trace.attention, plain.attention)
    assert np.array_equal(same.trace.hidden, plain.hidden)
    assert same.cosine == pytest.approx(1, abs=1e-12)
    assert same.token_change.max() < 1e-6


@pytest.mark.parametrize(
    "off",
    [
        {(layer, head) for head in range(12)} if layer >= 0 else {(0, 3), (3, 1), (3, 2), (5, 11)}
        for layer in (-1, 0, 2, 5)
    ],
)
def test_heads_switched_off_by_hand(off: set[tuple[int, int]]) -> None:
    plain = trace(*PAIR)
    result = switch_off(*PAIR, off)
    expected = by_hand(plain.tokens, off)
    np.testing.assert_allclose(result.trace.hidden[-1], expected, atol=2e-5)
    original = by_hand(plain.tokens, set())
    assert result.cosine == pytest.approx(cosine(expected.mean(0), original.mean(0)), abs=1e-5)
    assert result.cosine < 0.9999
    for token in plain.tokens:
        change = 1 - cosine(expected[token.index], original[token.index])
        assert result.token_change[token.index] == pytest.approx(change, abs=1e-5)
    first = min(layer for layer, _ in off)
    assert np.array_equal(result.trace.attention[: first + 1], plain.attention[: first + 1])
    np.testing.assert_allclose(result.trace.attention.sum(-1), 1, atol=1e-5)


def test_every_head_is_each_head_alone() -> None:
    found = every_head(TIRED)
    assert found.shape == (6, 12)
    for layer, head in ((0, 0), (2, 7), (3, 1), (4, 5), (5, 11)):
        assert found[layer, head] == pytest.approx(switch_off(TIRED, "", {(layer, head)}).cosine, abs=1e-6)
    with pytest.raises(ValueError, match="read-only"):
        found[0, 0] = 0


def test_a_small_memory_gives_the_same_answer(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    whole = every_head(*PAIR)
    monkeypatch.setattr(sys.modules["explainers.attention.ablate"], "BATCH_BYTES", trace(*PAIR).attention[0].nbytes * 5)
    np.testing.assert_allclose(every_head(*PAIR), whole, atol=1e-6)


def test_it_tells_how_far_it_is_and_can_be_called_off() -> None:
    told: list[tuple[float, np.ndarray]] = []
    whole = every_head(TIRED, report=lambda done, so_far: told.append((done, np.asarray(so_far))))
    parts = [done for done, _ in told]
    assert parts == sorted(parts)
    assert parts[0] == 0 and 0.5 < parts[-1] < 1
    # The first layer's heads run through all six layers, the last one's through one: 6 of 6 + 5 + ... + 1.
    assert parts[1] == pytest.approx(6 / 21)
    assert np.isnan(told[0][1]).all()
    np.testing.assert_array_equal(told[-1][1][:5], whole[:5])
    assert np.isnan(told[-1][1][5]).all()

    class CalledOffError(Exception):
        pass

    def stop(done: float, so_far: object) -> None:
        if done:
            raise CalledOffError

    with pytest.raises(CalledOffError):
        every_head(TIRED, report=stop)


def test_other_threads_keep_their_heads() -> None:
    plain = trace(TIRED)
    loaded = load_encoder()
    switch_off(TIRED, "", {(0, 0)})
    wrong: list[int] = []

    def ask(off: bool) -> None:
        factors = np.zeros((6, 12), dtype=np.float32) if off else None
        for _ in range(6):
            same = np.array_equal(rerun(loaded, plain.tokens, factors=factors).hidden, plain.hidden)
            if same == off:
                wrong.append(int(off))

    threads = [threading.Thread(target=ask, args=(off,)) for off in (True, False, True, False)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


def test_a_masked_token_is_the_sentence_written_with_the_mask() -> None:
    plain = trace(TIRED)
    place = next(token.index for token in plain.tokens if token.text == "animal")
    masked = mask_token(TIRED, "", place)
    written = trace(TIRED.replace("animal", "[MASK]"))
    assert [token.piece for token in masked.trace.tokens] == [token.piece for token in written.tokens]
    assert masked.trace.tokens[place].text == "animal"
    np.testing.assert_allclose(masked.trace.attention, written.attention, atol=1e-6)
    np.testing.assert_allclose(masked.trace.sentence_vector, written.sentence_vector, atol=1e-6)
    assert masked.cosine == pytest.approx(cosine(plain.sentence_vector, written.sentence_vector), abs=1e-6)
    assert masked.token_change.argmax() == place
    clear_cache()
    assert trace(TIRED).tokens[place].piece == "animal"


@pytest.mark.parametrize(("index", "code"), [(-1, "no-such-token"), (99, "no-such-token"), (0, "special-token")])
def test_tokens_that_cannot_be_masked(index: int, code: str) -> None:
    with pytest.raises(AblationError) as caught:
        mask_token(TIRED, "", index)
    assert caught.value.code == code


@pytest.mark.parametrize("head", [(6, 0), (0, 12), (-1, 0), (0, -1)])
def test_heads_the_model_does_not_have(head: tuple[int, int]) -> None:
    with pytest.raises(AblationError) as caught:
        switch_off(TIRED, "", {head})
    assert dict(caught.value.details) == {
        **{"layer": str(head[0]), "head": str(head[1])},
        **{"layers": "6", "heads": "12"},
    }


@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_can_lose_heads(tmp_path: object, family: str) -> None:
    import torch

    source = ModelSource("folder", str(save_encoder(tmp_path, family)))
    loaded = load_encoder(source)
    text = "the cat sat on the mat"
    plain = trace(text, max_tokens=20, source=source)
    assert len(blocks(loaded)) == LAYERS
    same = switch_off(text, "", set(), max_tokens=20, source=source)
    assert np.array_equal(same.trace.hidden, plain.hidden)
    found = every_head(text, max_tokens=20, source=source)
    assert found.shape == (LAYERS, HEADS)
    for layer in range(LAYERS):
        one = switch_off(text, "", {(layer, 1)}, max_tokens=20, source=source)
        assert found[layer, 1] == pytest.approx(one.cosine, abs=1e-5)
        assert found[layer, 1] < 1 - 1e-6
    # A whole layer without heads adds only its output projection's bias to what it read.
    off = switch_off(text, "", {(1, head) for head in range(HEADS)}, max_tokens=20, source=source)
    block = blocks(loaded)[1]
    read = torch.tensor(plain.hidden[1])
    with torch.no_grad():
        if family == "distilbert":
            middle = block.sa_layer_norm(block.attention.out_lin.bias + read)
            expected = block.output_layer_norm(block.ffn(middle) + middle)
        elif family == "albert":
            middle = block.attention.LayerNorm(read + block.attention.dense.bias)
            expected = block.full_layer_layer_norm(block.ff_chunk(middle) + middle)
        else:
            middle = block.attention.output.LayerNorm(block.attention.output.dense.bias + read)
            expected = block.output(block.intermediate(middle), middle)
    np.testing.assert_allclose(off.trace.hidden[2], expected.numpy(), atol=1e-5)


def test_neighbours_are_the_largest_dot_products() -> None:
    sentences = ["A cat sleeps.", "The dog was tired.", "Stocks fell today.", "An animal rests."]
    bank = sentence_bank(sentences)
    for row, sentence in zip(bank.vectors, sentences, strict=True):
        np.testing.assert_allclose(row, trace(sentence).sentence_vector, atol=1e-6)
    plain = trace(TIRED)
    cosines = [cosine(plain.sentence_vector, row) for row in bank.vectors]
    order = sorted(range(4), key=lambda place: -cosines[place])
    near = neighbours(plain.sentence_vector, bank, 3)
    assert [found.index for found in near] == order[:3]
    assert [found.cosine for found in near] == pytest.approx([cosines[place] for place in order[:3]], abs=1e-6)
    assert [found.sentence for found in near] == [sentences[place] for place in order[:3]]
    with pytest.raises(EmptyTextError):
        sentence_bank([*sentences, " "])


def test_neighbours_come_and_go() -> None:
    bank = SentenceBank(("east", "north", "west"), np.array([[1, 0], [0, 1], [-1, 0]], dtype=np.float32))
    before, after = np.array([1, 0.5], dtype=np.float32), np.array([-1, 0.5], dtype=np.float32)
    change = neighbour_change(before, after, bank, 2)
    assert [near.sentence for near in change.before] == ["east", "north"]
    assert [near.sentence for near in change.after] == ["west", "north"]
    assert [near.sentence for near in change.gained] == ["west"]
    assert [near.sentence for near in change.lost] == ["east"]
    assert neighbour_change(before, before, bank, 2).gained == ()


def test_an_albert_whose_groups_hold_several_layers(tmp_path: object) -> None:
    settings = {"inner_group_num": 2, "num_hidden_groups": 2, "num_hidden_layers": 4}
    source = ModelSource("folder", str(save_encoder(tmp_path, "albert", **settings)))
    text = "the cat sat on the mat"
    plain = trace(text, max_tokens=20, source=source)
    assert plain.layers == load_encoder(source).layers == len(blocks(load_encoder(source))) == 8
    found = every_head(text, max_tokens=20, source=source)
    for layer in range(8):
        one = switch_off(text, "", {(layer, 0)}, max_tokens=20, source=source)
        assert found[layer, 0] == pytest.approx(one.cosine, abs=1e-5)
        assert np.array_equal(one.trace.hidden[: layer + 1], plain.hidden[: layer + 1])
        assert not np.array_equal(one.trace.hidden[layer + 1], plain.hidden[layer + 1])
