"""Measures against SciPy and worked examples; the payload and the CSV read back as they were written."""

import csv
import io
import json
import struct

import numpy as np
import pytest
import scipy.stats

from explainers.attention import (
    AttentionTrace,
    Token,
    entropy,
    mean_distance,
    measure,
    pack,
    pack_head,
    sink_share,
    strongest_keys,
    to_csv,
    trace,
    unpack,
    unpack_head,
)
from explainers.attention.heads import SCORE_NAMES, score_heads
from explainers.attention.payload import pooled

SENTENCE = "The animal didn't cross the street because it was too tired."


def by_hand(rows: list[list[float]], pieces: list[str]) -> AttentionTrace:
    """A trace of one layer and one head with the given weights."""
    tokens = tuple(
        Token(place, piece, place, 0, place, piece in ("[CLS]", "[SEP]"), piece, 0, 0)
        for place, piece in enumerate(pieces)
    )
    weights = np.array([[rows]], dtype=np.float32)
    hidden = np.zeros((2, len(pieces), 4), np.float32)
    return AttentionTrace(tokens, weights, hidden, hidden[0, 0], (), ())


WORKED = by_hand([[0.5, 0.5, 0.0], [0.25, 0.25, 0.5], [0.0, 0.0, 1.0]], ["[CLS]", "word", "[SEP]"])


def test_worked_example() -> None:
    # On special tokens: 0.5, 0.75, 1. Bits: 1, 1.5, 0. Distances: 0.5, 0.25 + 0.5, 0.
    assert sink_share(WORKED)[0, 0] == pytest.approx((0.5 + 0.75 + 1) / 3)
    assert entropy(WORKED)[0, 0] == pytest.approx(2.5 / 3)
    assert mean_distance(WORKED)[0, 0] == pytest.approx(1.25 / 3)
    assert [(best.query, best.key, best.weight) for best in strongest_keys(WORKED, 0, 0)] == [
        *((0, 0, 0.5), (1, 2, 0.5), (2, 2, 1.0))
    ]


def test_entropy_equals_scipys() -> None:
    result = trace(SENTENCE)
    expected = scipy.stats.entropy(result.attention.astype(np.float64), base=2, axis=-1).mean(axis=-1)
    np.testing.assert_allclose(entropy(result), expected, atol=1e-5)
    assert entropy(result).max() <= np.log2(len(result.tokens))


def test_measures_equal_plain_loops() -> None:
    result = trace(SENTENCE, "It slept.")
    measures = measure(result)
    n = len(result.tokens)
    for layer, head in ((0, 0), (2, 7), (5, 11)):
        sink = distance = 0.0
        for query in range(n):
            for key in range(n):
                weight = float(result.attention[layer, head, query, key])
                sink += weight * (result.tokens[key].piece in ("[CLS]", "[SEP]"))
                distance += weight * abs(query - key)
        assert measures.sink[layer, head] == pytest.approx(sink / n, abs=1e-5)
        assert measures.distance[layer, head] == pytest.approx(distance / n, abs=1e-4)
    for values in (measures.sink, measures.entropy, measures.distance):
        assert values.shape == (6, 12)
        assert values.dtype == np.float32
        assert not values.flags.writeable


@pytest.mark.parametrize(("layer", "head"), [(6, 0), (0, 12), (-1, 0), (0, -1)])
def test_a_head_that_does_not_exist(layer: int, head: int) -> None:
    with pytest.raises(IndexError):
        strongest_keys(trace(SENTENCE), layer, head)
    with pytest.raises(IndexError):
        to_csv(trace(SENTENCE), layer, head)


@pytest.mark.parametrize("text", [SENTENCE, "你好 café 😀 <script>", "word " * 300])
def test_the_payload_reads_back(text: str) -> None:
    result = trace(text)
    measures = measure(result)
    scores = score_heads(result)
    payload = pack(result, measures, scores)
    back = unpack(payload)
    assert (back.header["n"], back.header["rows"], back.header["pool"]) == (len(result.tokens), len(result.tokens), 1)
    for name in SCORE_NAMES:
        packed = np.array(back.header["scores"][name], dtype=np.float64)
        np.testing.assert_allclose(packed, scores.of(name), atol=6e-7 * max(1, np.nanmax(scores.distance)))
    assert back.weights.shape == result.attention.shape
    assert np.abs(back.weights - result.attention).max() <= 1 / 510 + 1e-7
    assert [token["piece"] for token in back.header["tokens"]] == [token.piece for token in result.tokens]
    assert [token["text"] for token in back.header["tokens"]] == [token.text for token in result.tokens]
    for name in ("sink", "entropy", "distance"):
        np.testing.assert_allclose(back.header[name], getattr(measures, name), atol=5.1e-5)
    assert len(payload) <= 1_500_000


def test_the_layout_is_the_documented_one() -> None:
    for word in ("w", "wo", "wor", "word", "字"):
        payload = pack(by_hand([[0.25, 0.75], [1.0, 0.0]], ["[CLS]", word]), measure(WORKED))
        (length,) = struct.unpack("<I", payload[:4])
        header = json.loads(payload[4 : 4 + length])
        counts = ("version", "layers", "heads", "n", "rows", "pool")
        assert list(header) == [*counts, "tokens", "sink", "entropy", "distance", "scores"]
        assert [header[name] for name in counts] == [2, 1, 1, 2, 2, 1]
        assert header["scores"] == {}
        assert list(header["tokens"][1]) == ["piece", "id", "segment", "position", "special", "text"]
        start = (4 + length + 3) // 4 * 4
        assert not any(payload[4 + length : start])
        assert list(payload[start:]) == [64, 191, 255, 0]


@pytest.mark.parametrize("tokens", [129, 193, 511, 512])
def test_of_a_long_text_each_square_keeps_its_largest_weight(tokens: int) -> None:
    result = trace("the cat sat on a mat and " * 80, max_tokens=tokens)
    payload = pack(result, measure(result))
    back = unpack(payload)
    pool, rows = back.header["pool"], back.header["rows"]
    assert back.header["n"] == tokens
    assert rows <= 96 < tokens <= rows * pool < tokens + pool
    assert len(payload) <= 750_000
    for layer, head in ((0, 0), (3, 1), (5, 11)):
        for row, column in ((0, 0), (1, rows - 1), (rows - 1, 3), (rows - 1, rows - 1), (rows // 2, rows // 3)):
            square = result.attention[layer, head, row * pool : (row + 1) * pool, column * pool : (column + 1) * pool]
            assert back.weights[layer, head, row, column] == pytest.approx(square.max(), abs=1 / 510 + 1e-7)


def test_squares_by_hand() -> None:
    weights = np.arange(25, dtype=np.float32).reshape(1, 5, 5)
    assert pooled(weights, 1) is weights
    assert pooled(weights, 2)[0].tolist() == [[6, 8, 9], [16, 18, 19], [21, 23, 24]]
    assert pooled(weights, 7)[0].tolist() == [[24]]


@pytest.mark.parametrize("text", [SENTENCE, "word " * 300])
def test_one_head_in_full_reads_back(text: str) -> None:
    result = trace(text)
    payload = pack_head(result, 3, 1)
    assert np.abs(unpack_head(payload) - result.attention[3, 1]).max() <= 0.5 / 65535 + 1e-7
    (length,) = struct.unpack("<I", payload[:4])
    assert json.loads(payload[4 : 4 + length]) == {"layer": 3, "head": 1, "n": len(result.tokens)}
    assert len(payload) == (4 + length + 3) // 4 * 4 + 2 * len(result.tokens) ** 2
    with pytest.raises(IndexError):
        pack_head(result, 6, 0)


def test_a_payload_stays_small_whatever_the_word() -> None:
    result = trace("a" * 100_000)
    header = unpack(pack(result, measure(result))).header
    assert len(header["tokens"][1]["text"]) == 100
    with pytest.raises(ValueError, match="2"):
        unpack(b"ab")


def test_csv() -> None:
    result = trace("two words")
    rows = list(csv.reader(io.StringIO(to_csv(result, 1, 3))))
    assert rows[0] == ["query_index", "query", "key_index", "key", "weight"]
    assert len(rows) == 1 + 4 * 4
    assert rows[1 + 4 + 2][:4] == ["1", "two", "2", "words"]
    for row in rows[1:]:
        expected = result.attention[1, 3, int(row[0]), int(row[2])]
        assert float(row[4]) == pytest.approx(expected, abs=5.1e-7)
        assert len(row[4].split(".")[1]) == 6


def test_csv_cells_are_no_formulas() -> None:
    result = trace('= + - @ "quoted", cell')
    rows = list(csv.reader(io.StringIO(to_csv(result, 0, 0))))
    queries = list(dict.fromkeys(row[1] for row in rows[1:]))
    assert queries[1:6] == ["'=", "'+", "'-", "'@", '"']
    assert not any(cell.startswith(("=", "+", "-", "@")) for row in rows for cell in row)
