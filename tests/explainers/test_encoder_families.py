"""A reader's own folder: each family loads, is called as its own class would be, and guesses where it can."""

from __future__ import annotations

import json
from pathlib import Path

import pytest
from safetensors.torch import load_file, save_file

from explainers import models
from explainers.attention.guesses import GuessError, top_k_masked
from explainers.models import BUNDLED_BERT, ModelSource, ModelUnavailableError, load_bert, load_encoder
from tests.explainers.encoders import FAMILIES, HEADS, LAYERS, POSITIONS, SPECIAL, WIDTH, WORDS, save_encoder

MARKED = {family: next(sign for sign in SPECIAL[family] if "mask" in sign.lower()) for family in FAMILIES}


@pytest.fixture(autouse=True)
def fresh_registry(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(models, "_loaded", {})
    monkeypatch.setattr(models, "_source_locks", {})


def folder(path: Path) -> ModelSource:
    return ModelSource("folder", str(path))


@pytest.mark.parametrize("head", [True, False])
@pytest.mark.parametrize("family", FAMILIES)
def test_each_family_loads_with_and_without_its_head(tmp_path: Path, family: str, head: bool) -> None:
    import torch
    import transformers

    source = folder(save_encoder(tmp_path, family, head=head))
    loaded = load_encoder(source)
    assert load_encoder(source) is loaded
    assert (loaded.family, loaded.layers, loaded.heads, loaded.hidden) == (family, LAYERS, HEADS, WIDTH)
    assert loaded.max_positions == POSITIONS
    assert loaded.segments == (2 if family in ("bert", "albert") else 1)
    assert (loaded.masked_lm is not None) == head
    assert not loaded.model.training
    ids = torch.tensor([[2, *range(5, POSITIONS - 13), 3]])
    segments = (torch.arange(ids.shape[1]) > 3).long()[None]
    with torch.inference_mode():
        ours = loaded.model(input_ids=ids, token_type_ids=segments, output_attentions=True)
        own = transformers.AutoModel.from_pretrained(tmp_path, attn_implementation="eager").eval()
        plain = {"token_type_ids": segments} if family in ("bert", "albert") else {}
        theirs = own(input_ids=ids, output_attentions=True, **plain)
    torch.testing.assert_close(ours.last_hidden_state, theirs.last_hidden_state)
    torch.testing.assert_close(torch.cat(ours.attentions), torch.cat(theirs.attentions))
    assert len(ours.attentions) == LAYERS


@pytest.mark.parametrize("family", FAMILIES)
def test_the_longest_input_fits_and_one_more_does_not(tmp_path: Path, family: str) -> None:
    import torch

    loaded = load_encoder(folder(save_encoder(tmp_path, family)))
    longest = torch.full((1, loaded.max_positions), 6)
    with torch.inference_mode():
        loaded.model(input_ids=longest)
        with pytest.raises((IndexError, RuntimeError)):
            loaded.model(input_ids=torch.full((1, loaded.max_positions + 1), 6))


@pytest.mark.parametrize("family", FAMILIES)
def test_guesses_are_the_models_own(tmp_path: Path, family: str) -> None:
    import torch
    import transformers

    source = folder(save_encoder(tmp_path, family))
    (first, second) = top_k_masked(source, f"The [MASK] sat on {MARKED[family]} .", 4)
    tokenizer = load_encoder(source).tokenizer
    mask = MARKED[family]
    written = [tokenizer.cls_token, "the", mask, "sat", "on", mask, ".", tokenizer.sep_token]
    own = transformers.AutoModelForMaskedLM.from_pretrained(tmp_path).eval()
    with torch.no_grad():
        logits = own(input_ids=torch.tensor([tokenizer.convert_tokens_to_ids(written)])).logits[0]
    assert (first.index, second.index) == (2, 5)
    for gap in (first, second):
        chances = torch.softmax(logits[gap.index], dim=-1).tolist()
        best = sorted(range(len(chances)), key=lambda number: -chances[number])[:4]
        assert [guess.id for guess in gap.guesses] == best
        assert [guess.probability for guess in gap.guesses] == pytest.approx([chances[n] for n in best], abs=1e-5)
        assert [guess.piece for guess in gap.guesses] == [[*SPECIAL[family], *WORDS][n] for n in best]


def test_the_bundled_model_cannot_guess() -> None:
    with pytest.raises(GuessError) as caught:
        top_k_masked(BUNDLED_BERT, "The [MASK] sat.", 5)
    assert caught.value.code == "no-mlm-head"
    assert dict(caught.value.details) == {"location": BUNDLED_BERT.location, "family": "bert"}


@pytest.mark.parametrize(
    ("text", "k", "code"),
    [
        ("the cat sat", 5, "no-mask"),
        ("", 5, "no-mask"),
        ("the [MASK]", 0, "guess-count"),
        ("the [MASK]", 51, "guess-count"),
        ("the cat " * 20 + "[MASK]", 5, "guess-too-long"),
    ],
)
def test_what_cannot_be_guessed(tmp_path: Path, text: str, k: int, code: str) -> None:
    source = folder(save_encoder(tmp_path, "distilbert"))
    with pytest.raises(GuessError) as caught:
        top_k_masked(source, text, k)
    assert caught.value.code == code


def test_those_who_read_berts_own_parts_get_no_other_family(tmp_path: Path) -> None:
    source = folder(save_encoder(tmp_path, "roberta"))
    for _ in range(2):
        with pytest.raises(ModelUnavailableError) as caught:
            load_bert(source)
        assert caught.value.code == "architecture"
        assert (caught.value.details["expected"], caught.value.details["found"]) == ("bert", "roberta")
        load_encoder(source)


@pytest.mark.parametrize("family", ["electra", "gpt2", ""])
def test_other_architectures_are_refused(tmp_path: Path, family: str) -> None:
    save_encoder(tmp_path, "bert")
    (tmp_path / "config.json").write_text(json.dumps({"model_type": family}), encoding="utf-8")
    with pytest.raises(ModelUnavailableError) as caught:
        load_encoder(folder(tmp_path))
    assert caught.value.code == "architecture"
    assert caught.value.details["expected"] == "bert, distilbert, roberta, albert"


@pytest.mark.parametrize("family", FAMILIES)
def test_a_pickle_alone_is_refused(tmp_path: Path, family: str) -> None:
    save_encoder(tmp_path, family)
    (tmp_path / models.WEIGHTS_FILE).rename(tmp_path / "pytorch_model.bin")
    with pytest.raises(ModelUnavailableError) as caught:
        load_encoder(folder(tmp_path))
    assert (caught.value.code, caught.value.details["file"]) == ("pickle-refused", "pytorch_model.bin")


def test_a_vocabulary_larger_than_the_table_is_refused(tmp_path: Path) -> None:
    save_encoder(tmp_path, "bert", vocab_size=len(WORDS))
    with pytest.raises(ModelUnavailableError) as caught:
        load_encoder(folder(tmp_path))
    assert (caught.value.code, caught.value.details["reason"]) == ("unreadable", "vocabulary-size")


def test_half_a_head_is_refused_rather_than_invented(tmp_path: Path) -> None:
    save_encoder(tmp_path, "bert")
    weights = tmp_path / models.WEIGHTS_FILE
    tensors = {name: tensor.clone() for name, tensor in load_file(weights).items()}
    del tensors["cls.predictions.transform.LayerNorm.weight"]
    save_file(tensors, weights, metadata={"format": "pt"})
    with pytest.raises(ModelUnavailableError) as caught:
        load_encoder(folder(tmp_path))
    assert (caught.value.code, caught.value.details["reason"]) == ("unreadable", "missing-tensors")


def test_the_first_checkpoints_spelling_of_layer_norm_is_read(tmp_path: Path) -> None:
    # bert-base-uncased still names these tensors gamma and beta.
    import torch

    save_encoder(tmp_path / "new", "bert")
    save_encoder(tmp_path / "old", "bert")
    weights = tmp_path / "old" / models.WEIGHTS_FILE
    renamed = {
        name.replace("LayerNorm.weight", "LayerNorm.gamma").replace("LayerNorm.bias", "LayerNorm.beta"): tensor.clone()
        for name, tensor in load_file(weights).items()
    }
    save_file(renamed, weights, metadata={"format": "pt"})
    ids = torch.tensor([[2, 6, 7, 3]])
    with torch.inference_mode():
        old, new = (load_encoder(folder(tmp_path / name)).model(input_ids=ids) for name in ("old", "new"))
    torch.testing.assert_close(old.last_hidden_state, new.last_hidden_state)


def test_a_piece_of_a_character_is_spelt_and_never_drawn_as_lost(tmp_path: Path) -> None:
    """A byte-level vocabulary has pieces that are no text by themselves."""
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    folder_of = save_encoder(tmp_path, "roberta")
    whole = sorted(pre_tokenizers.ByteLevel.alphabet())
    pieces = [*SPECIAL["roberta"], *whole[-10:]]
    raw = Tokenizer(models.BPE({piece: number for number, piece in enumerate(pieces)}, [], unk_token="<unk>"))
    raw.pre_tokenizer, raw.decoder = pre_tokenizers.ByteLevel(add_prefix_space=False), decoders.ByteLevel()
    roles = {
        "cls_token": "<s>",
        "pad_token": "<pad>",
        "sep_token": "</s>",
        "unk_token": "<unk>",
        "mask_token": "<mask>",
    }
    PreTrainedTokenizerFast(tokenizer_object=raw, **roles).save_pretrained(folder_of)
    (gap,) = top_k_masked(folder(folder_of), "[MASK]", 15)
    lost = load_encoder(folder(folder_of)).tokenizer.convert_tokens_to_string([whole[-1]])
    assert "\ufffd" in lost
    assert all(guess.text and "\ufffd" not in guess.text for guess in gap.guesses)
    assert next(guess for guess in gap.guesses if guess.piece == whole[-1]).text == whole[-1]
