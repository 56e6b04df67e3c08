"""A trace is what BERT computed: compared with transformers, called independently."""

import threading
import time
import unicodedata
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explainers import models
from explainers.attention import (
    AttentionTrace,
    EmptyTextError,
    TokenLimitError,
    clear_cache,
    trace,
)
from explainers.attention.cutting import COUNTED_CHARACTERS, share_room
from explainers.models import BUNDLED_BERT, ModelSource, load_bert
from tests.explainers.encoders import FAMILIES, save_encoder

FOLDER = str(models._bundled_folder(BUNDLED_BERT))
PAIR = ("He sat on the bank of the river.", "She opened an account at the bank.")
TEXTS = [
    ("The animal didn't cross the street because it was too tired.", ""),
    PAIR,
    ("café naïve 圖解 注意力", "<script>alert(1)</script> السلام"),
    ("a [MASK] and a typed [SEP] here", ""),
    ("", "only the second"),
]


@pytest.fixture(scope="module")
def reference() -> tuple[object, object]:
    """transformers' tokenizer and model, loaded here and not by the code under test."""
    from transformers import AutoModel, AutoTokenizer

    tokenizer = AutoTokenizer.from_pretrained(FOLDER, local_files_only=True)
    model = AutoModel.from_pretrained(FOLDER, local_files_only=True, attn_implementation="eager")
    return tokenizer, model.eval()


def well_formed(result: AttentionTrace) -> None:
    n = len(result.tokens)
    assert result.attention.shape == (6, 12, n, n)
    assert result.attention.dtype == np.float32
    assert result.hidden.shape == (7, n, 384)
    assert result.hidden.dtype == np.float32
    np.testing.assert_allclose(result.attention.sum(axis=-1), 1, atol=1e-5)
    for token in result.tokens:
        for shown in (token.piece, token.text):
            assert "\ufffd" not in shown
            assert not any(unicodedata.category(sign) in ("Cc", "Cs") for sign in shown)


@pytest.mark.parametrize("pair", TEXTS)
def test_it_equals_transformers_own_output(pair: tuple[str, str], reference: tuple) -> None:
    import torch

    tokenizer, model = reference
    result = trace(*pair)
    arguments = [pair[0], pair[1]] if pair[1] else [pair[0]]
    call = tokenizer(*arguments, return_tensors="pt", return_special_tokens_mask=True)
    mask = call.pop("special_tokens_mask")[0].tolist()
    assert [token.id for token in result.tokens] == call["input_ids"][0].tolist()
    assert [token.piece for token in result.tokens] == call.tokens()
    assert [token.segment for token in result.tokens] == call["token_type_ids"][0].tolist()
    positions = model.embeddings.position_ids[0, : len(mask)].tolist()
    assert [token.position for token in result.tokens] == positions
    assert [token.index for token in result.tokens] == list(range(len(mask)))
    added = [token.special and not token.text for token in result.tokens]
    assert added == [bool(place is None) for place in call.sequence_ids()]
    with torch.no_grad():
        output = model(**call, output_attentions=True, output_hidden_states=True)
    expected = torch.stack(output.attentions)[:, 0].numpy()
    np.testing.assert_allclose(result.attention, expected, atol=1e-6)
    layers = torch.stack(output.hidden_states)[:, 0].numpy()
    np.testing.assert_allclose(result.hidden, layers, atol=1e-5)
    np.testing.assert_allclose(result.hidden[-1], output.last_hidden_state[0].numpy(), atol=1e-5)
    weights = call["attention_mask"][..., None].float()
    pooled = (output.last_hidden_state * weights).sum(1) / weights.sum(1)
    vector = (pooled / pooled.norm(dim=1, keepdim=True))[0].numpy()
    np.testing.assert_allclose(result.sentence_vector, vector, atol=1e-6)
    assert np.linalg.norm(result.sentence_vector) == pytest.approx(1, abs=1e-6)
    well_formed(result)


def test_wordpieces_checked_by_hand() -> None:
    # "playing" is a word of the vocabulary; "embeddings" is the split of Devlin et al.'s own README example.
    result = trace("Playing embeddings")
    assert [token.piece for token in result.tokens] == [*("[CLS]", "playing", "em", "##bed", "##ding", "##s", "[SEP]")]
    assert [token.text for token in result.tokens] == ["", "Playing", "em", "bed", "ding", "s", ""]
    assert [(token.start, token.end) for token in result.tokens[1:-1]] == [
        *((0, 7), (8, 10), (10, 13), (13, 17), (17, 18))
    ]
    assert [token.special for token in result.tokens] == [True, *[False] * 5, True]
    assert result.unknown == ()
    assert (result.layers, result.heads) == (6, 12)


@pytest.mark.parametrize("family", FAMILIES)
def test_other_families_get_their_own_format(tmp_path: Path, family: str, monkeypatch: pytest.MonkeyPatch) -> None:
    import torch
    from transformers import AutoModel

    monkeypatch.setattr(models, "_loaded", {})
    source = ModelSource("folder", str(save_encoder(tmp_path, family)))
    result = trace("the cat", "the dog ran", max_tokens=20, source=source)
    between = ["</s>", "</s>"] if family == "roberta" else ["[SEP]"]
    ends = ("<s>", "</s>") if family == "roberta" else ("[CLS]", "[SEP]")
    assert [token.piece for token in result.tokens] == [
        *(ends[0], "the", "cat", *between, "the", "dog", "ran", ends[1])
    ]
    own = AutoModel.from_pretrained(tmp_path, attn_implementation="eager").eval()
    call = {"input_ids": torch.tensor([[token.id for token in result.tokens]])}
    if family in ("bert", "albert"):
        call["token_type_ids"] = torch.tensor([[token.segment for token in result.tokens]])
    with torch.no_grad():
        output = own(**call, output_attentions=True, output_hidden_states=True)
    np.testing.assert_allclose(result.attention, torch.cat(output.attentions).numpy(), atol=1e-6)
    np.testing.assert_allclose(result.hidden, torch.cat(output.hidden_states).numpy(), atol=1e-5)
    least = 6 if family == "roberta" else 5
    assert {token.segment for token in trace("cat", "dog", max_tokens=least, source=source).tokens} == {0, 1}
    with pytest.raises(TokenLimitError):
        trace("cat", "dog", max_tokens=least - 1, source=source)


def test_the_longest_input_fits_the_cache() -> None:
    import sys

    module = sys.modules["explainers.attention.trace"]
    longest = 4 * (72 * 512**2 + 7 * 512 * 384)
    assert longest < module.CACHE_BYTES
    clear_cache()
    result = trace(*PAIR)
    held = [module._bytes(entry) for entry in module._cache.values()]
    assert held == [result.attention.nbytes + result.hidden.nbytes]


def test_typed_separators_and_unknown_words() -> None:
    result = trace("a [SEP] b 😀 😀 你 " + "a" * 120)
    typed = result.tokens[2]
    assert (typed.piece, typed.special, typed.text) == ("[SEP]", True, "[SEP]")
    assert result.unknown == ("😀", "你", "a" * 39 + "…")


@pytest.mark.parametrize(
    "text",
    [
        "a\ud800b \udfff c",
        "\ufffd lost \ufffd",
        "nul\x00 bell\x07 turned \u202eright to left",
        "family 👨‍👩‍👧 السلام 你好 한국",
    ],
)
def test_what_is_no_character_never_reaches_the_reader(text: str) -> None:
    result = trace(text)
    well_formed(result)
    assert not any("\u202e" in token.text for token in result.tokens)


@pytest.mark.parametrize("blank", ["", " ", "\n\t\u3000", "\u200b", "\ufffd", "\ud800", "\x00\x07"])
def test_nothing_to_read(blank: str) -> None:
    with pytest.raises(EmptyTextError) as caught:
        trace(blank, blank)
    assert caught.value.code == "empty"
    with_words = trace("some words", blank)
    assert [token.piece for token in with_words.tokens] == ["[CLS]", "some", "words", "[SEP]"]


@pytest.mark.parametrize("max_tokens", [-1, 0, 4, 513])
def test_token_limits(max_tokens: int) -> None:
    with pytest.raises(TokenLimitError) as caught:
        trace("text", max_tokens=max_tokens)
    assert dict(caught.value.details) == {"asked": str(max_tokens), "min": "5", "max": "512"}


def test_a_cut_names_the_exact_character() -> None:
    text = "one two three four five six seven eight"
    result = trace(text, max_tokens=6)
    (cut,) = result.cuts
    assert (cut.sentence, cut.kept_tokens, cut.total_tokens, cut.total_is_exact) == ("a", 4, 8, True)
    assert cut.at_character == text.index(" five")
    assert (cut.before, cut.after) == ("one two three four", " five six seven eigh")
    assert trace(text, max_tokens=10).cuts == ()


def test_a_cut_inside_a_word() -> None:
    (cut,) = trace("my embeddings", max_tokens=5).cuts
    assert (cut.kept_tokens, cut.total_tokens) == (3, 5)
    assert (cut.before, cut.after) == ("my embed", "dings")


@pytest.mark.parametrize("counts", [(9, 2), (2, 9), (9, 9), (10, 9), (9, 10), (3, 5), (4, 4), (1, 1), (1, 30)])
@pytest.mark.parametrize("max_tokens", [5, 10, 11, 14])
def test_pairs_are_cut_as_the_tokenizer_cuts_them(counts: tuple[int, int], max_tokens: int, reference: tuple) -> None:
    a, b = ("river " * counts[0]).strip(), ("bank " * counts[1]).strip()
    expected = reference[0](a, b, truncation="longest_first", max_length=max_tokens)
    result = trace(a, b, max_tokens=max_tokens)
    assert [token.id for token in result.tokens] == expected["input_ids"]
    kept = {"a": counts[0], "b": counts[1]} | {cut.sentence: cut.kept_tokens for cut in result.cuts}
    words = [token.piece for token in result.tokens]
    assert (kept["a"], kept["b"]) == (words.count("river"), words.count("bank"))


def test_both_sentences_share_all_the_room() -> None:
    for room in range(2, 12):
        for a in range(1, 15):
            for b in range(1, 15):
                kept_a, kept_b = share_room(a, b, room)
                assert 1 <= kept_a <= a
                assert 1 <= kept_b <= b
                assert kept_a + kept_b == min(room, a + b)


@pytest.mark.parametrize("words", [5_000, 200_000])
def test_a_book_is_cut_quickly_and_in_the_right_place(words: int) -> None:
    text = "the quick brown fox " * (words // 4)
    trace("warm")
    began = time.process_time()
    result = trace(text)
    assert time.process_time() - began < 2
    (cut,) = result.cuts
    assert cut.at_character == len("the quick brown fox " * 31 + "the quick")
    assert cut.total_is_exact == (len(text) <= COUNTED_CHARACTERS)
    assert cut.total_tokens <= words
    assert cut.total_tokens == words or not cut.total_is_exact


@pytest.mark.parametrize(
    ("text", "piece"),
    [("a" * 120_000, "[UNK]"), (" " * 120_000 + "late", "late"), ("\u200b" * 60_000 + "late", "late")],
)
def test_a_beginning_without_tokens_is_read_past(text: str, piece: str) -> None:
    result = trace(text)
    assert [token.piece for token in result.tokens[1:-1]] == [piece]
    assert result.cuts == ()


def test_a_window_boundary_changes_no_token(reference: tuple) -> None:
    # The first window ends inside the word, the accent and the typed separator in turn.
    filler = "x " * ((COUNTED_CHARACTERS - 30) // 2)
    tokenizer = reference[0]
    from explainers.attention.cutting import split

    for shift in range(0, 34, 3):
        text = filler + " " * shift + "embeddings [SEP] e\u0301tude " + "y " * 100
        whole = tokenizer(text, add_special_tokens=False, verbose=False)["input_ids"]
        part = split(load_bert().tokenizer, text, 128)
        assert not part.exact
        assert list(part.ids) == whole[: len(part.ids)]


def test_asking_again_costs_nothing(monkeypatch: pytest.MonkeyPatch) -> None:
    import sys

    module = sys.modules["explainers.attention.trace"]
    clear_cache()
    first = trace(*PAIR)
    assert trace(*PAIR) is first
    assert trace(*PAIR, max_tokens=64) is not first
    other = ModelSource("folder", FOLDER)
    assert trace(*PAIR, source=other) is not first
    monkeypatch.setattr(module, "CACHE_ENTRIES", 3)
    for word in ("one", "two", "three", "four"):
        trace(word)
    assert len(module._cache) == 3
    monkeypatch.setattr(module, "CACHE_BYTES", 1)
    trace("five")
    assert len(module._cache) == 1
    clear_cache()
    assert trace(*PAIR) is not first
    # 300 tokens: 26 MB of weights in six layers of twelve heads. The last of these is kept, beside the others.
    long, short = "word " * 298, trace("short")
    assert trace(long, max_tokens=300) is trace(long, max_tokens=300)
    longer = trace(long + "more", max_tokens=301)
    assert [len(entry.tokens) for entry in module._cache.values()] == [3, 301]
    assert (trace("short"), trace(long + "more", max_tokens=301)) == (short, longer)


def test_what_is_shared_cannot_be_changed() -> None:
    result = trace(*PAIR)
    for array in (result.attention, result.hidden, result.sentence_vector):
        with pytest.raises(ValueError, match="read-only"):
            array[...] = 0


def test_many_threads_get_the_same_answer() -> None:
    texts = [f"word {'number ' * (count % 4)}{count}" for count in range(8)]
    expected = {text: [token.piece for token in trace(text).tokens] for text in texts}
    wrong: list[str] = []

    def ask(text: str) -> None:
        for _ in range(5):
            clear_cache()
            if [token.piece for token in trace(text).tokens] != expected[text]:
                wrong.append(text)

    threads = [threading.Thread(target=ask, args=(text,)) for text in texts]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert wrong == []


@settings(max_examples=25, deadline=None)
@given(st.text(st.characters(), min_size=0, max_size=60), st.text(st.characters(), max_size=30))
def test_any_text_gives_rows_that_sum_to_one(a: str, b: str) -> None:
    try:
        result = trace(a, b)
    except EmptyTextError:
        return
    well_formed(result)
    for token in result.tokens:
        sentence = (a, b)[token.segment]
        assert 0 <= token.start <= token.end <= len(sentence)
