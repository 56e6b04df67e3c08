"""Tiny random encoders of each family, saved as a reader's own model folder would look."""

from __future__ import annotations

from pathlib import Path

WORDS = ["the", "cat", "sat", "on", "mat", "dog", "ran", "##ning", "##s", "."]
SPECIAL = {
    "bert": ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    "distilbert": ("[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]"),
    "albert": ("<pad>", "<unk>", "[CLS]", "[SEP]", "[MASK]"),
    "roberta": ("<s>", "<pad>", "</s>", "<unk>", "<mask>"),
}
FAMILIES = tuple(SPECIAL)
LAYERS, HEADS, WIDTH, POSITIONS = 3, 2, 16, 24


def save_encoder(folder: Path, family: str, *, head: bool = True, **settings: object) -> Path:
    """A random `family` model with its masked-LM head (or without) and a word tokenizer, in `folder`."""
    import torch
    import transformers

    name = {"bert": "Bert", "distilbert": "DistilBert", "roberta": "Roberta", "albert": "Albert"}[family]
    sizes: dict[str, object] = {
        "vocab_size": len(WORDS) + 5,
        "hidden_size": WIDTH,
        "num_hidden_layers": LAYERS,
        "num_attention_heads": HEADS,
        "intermediate_size": 32,
        "hidden_dim": 32,
        "embedding_size": 8,
        "max_position_embeddings": POSITIONS + (2 if family == "roberta" else 0),
        "type_vocab_size": 1 if family == "roberta" else 2,
        "pad_token_id": SPECIAL[family].index("<pad>" if family in ("roberta", "albert") else "[PAD]"),
        "initializer_range": 0.3,
    }
    if family != "albert":
        del sizes["embedding_size"]
    if family != "distilbert":
        del sizes["hidden_dim"]
    config = getattr(transformers, f"{name}Config")(**{**sizes, **settings})
    with torch.random.fork_rng():
        torch.manual_seed(7)
        model = getattr(transformers, f"{name}ForMaskedLM" if head else f"{name}Model")(config)
    model.save_pretrained(folder)
    _tokenizer(family).save_pretrained(folder)
    return folder


def _tokenizer(family: str) -> object:
    from tokenizers import Tokenizer, models, normalizers, pre_tokenizers
    from transformers import PreTrainedTokenizerFast

    vocabulary = {word: number for number, word in enumerate([*SPECIAL[family], *WORDS])}
    roles = {role: sign for sign in SPECIAL[family] for role in _roles(sign)}
    raw = Tokenizer(models.WordPiece(vocabulary, unk_token=roles["unk_token"]))
    raw.normalizer = normalizers.BertNormalizer(lowercase=True)
    raw.pre_tokenizer = pre_tokenizers.BertPreTokenizer()
    return PreTrainedTokenizerFast(tokenizer_object=raw, **roles)


def _roles(sign: str) -> list[str]:
    return {
        "pad": ["pad_token"],
        "unk": ["unk_token"],
        "mask": ["mask_token"],
        "cls": ["cls_token"],
        "sep": ["sep_token"],
        "s": ["cls_token"],
        "/s": ["sep_token"],
    }[sign.strip("[]<>").lower()]


def save_clip(folder: Path) -> Path:
    """A random CLIP of 32-pixel pictures with a tokenizer of a few words and its picture processor, in `folder`."""
    import torch
    import transformers
    from tokenizers import Tokenizer, models, pre_tokenizers

    small = {"hidden_size": 16, "intermediate_size": 32, "num_hidden_layers": 2, "num_attention_heads": 2}
    config = transformers.CLIPConfig(
        text_config={**small, "vocab_size": 12, "max_position_embeddings": 8, "bos_token_id": 1, "eos_token_id": 2},
        vision_config={**small, "image_size": 32, "patch_size": 8},
        projection_dim=12,
    )
    with torch.random.fork_rng():
        torch.manual_seed(3)
        transformers.CLIPModel(config).save_pretrained(folder)
    words = {word: place for place, word in enumerate(["<pad>", "<s>", "</s>", "<unk>", "a", "red", "pink", "flower"])}
    raw = Tokenizer(models.WordLevel(words, unk_token="<unk>"))
    raw.pre_tokenizer = pre_tokenizers.Whitespace()
    special = {"pad_token": "<pad>", "bos_token": "<s>", "eos_token": "</s>", "unk_token": "<unk>"}
    transformers.PreTrainedTokenizerFast(tokenizer_object=raw, **special).save_pretrained(folder)
    transformers.CLIPImageProcessorPil(
        size={"shortest_edge": 32}, crop_size={"height": 32, "width": 32}
    ).save_pretrained(folder)
    return folder
