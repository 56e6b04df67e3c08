"""Running BERT on one sentence or a pair and keeping every attention weight.

A trace is what a reader looks at: the tokens as the model got them and, for each layer and head, how much
each token (query) took from every other (key). Scaled dot-product attention: Vaswani et al. 2017, "Attention
Is All You Need" (arXiv:1706.03762), eq. 1; the input format [CLS] a [SEP] b [SEP] with two segments: Devlin
et al. 2019, "BERT" (arXiv:1810.04805), figure 2.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from explainers.attention.cutting import Cut, Pieces, describe_cut, share_room, shown, split
from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, LoadedModel, ModelSource, load_bert

Float32 = npt.NDArray[np.float32]

MIN_TOKENS = 5
"""The smallest input that holds something of both sentences: [CLS] a [SEP] b [SEP]."""

CACHE_ENTRIES = 32
CACHE_BYTES = 96 * 2**20
UNKNOWN_CHARACTERS = 40


class EmptyTextError(ExplainerError):
    """Code "empty": neither sentence contains anything the tokenizer reads."""


class TokenLimitError(ExplainerError):
    """Code "token-limit": `max_tokens` is outside what the model takes; details "asked", "min", "max"."""


@dataclass(frozen=True)
class Token:
    """One position of the input.

    `piece` is the vocabulary's spelling ("##ing"), `text` the reader's own characters [start, end) of the
    sentence of `segment` (0: a, 1: b), fit to be shown. The separators the model's format adds have text ""
    and start = end = 0. `special`: a [CLS], [SEP] or [PAD], also one that the reader typed, because the
    model cannot tell them apart.
    """

    index: int
    piece: str
    id: int
    segment: int
    position: int
    special: bool
    text: str
    start: int
    end: int


@dataclass(frozen=True, eq=False)
class AttentionTrace:
    """What BERT did with one input of n tokens. Arrays are read-only.

    `attention`: Float32[layer, head, query, key], each row (over keys) sums to 1. `sentence_vector`:
    Float32[hidden], the mean of the last layer over all tokens, of length 1. `cuts`: the sentences that were
    too long. `unknown`: the words of the reader's text that became [UNK], in order, without repeats, each
    clipped to UNKNOWN_CHARACTERS.
    """

    tokens: tuple[Token, ...]
    attention: Float32
    sentence_vector: Float32
    cuts: tuple[Cut, ...]
    unknown: tuple[str, ...]

    @property
    def layers(self) -> int:
        """Number of layers."""
        return int(self.attention.shape[0])

    @property
    def heads(self) -> int:
        """Number of heads in each layer."""
        return int(self.attention.shape[1])


_CacheKey = tuple[bytes, bytes, int, ModelSource]
_cache: OrderedDict[_CacheKey, AttentionTrace] = OrderedDict()
_cache_lock = threading.Lock()


def trace(a: str, b: str = "", *, max_tokens: int = 128, source: ModelSource = BUNDLED_BERT) -> AttentionTrace:
    """Run BERT on `a`, or on the pair `a`, `b`, and return its attention.

    `max_tokens` counts special tokens; the longer sentence is cut first (`AttentionTrace.cuts`). A `b` that
    contains nothing the tokenizer reads is no second sentence. The last inputs are remembered, so asking
    again costs nothing. Raises EmptyTextError, TokenLimitError, ModelUnavailableError.
    """
    # Digests, not texts: the cache must not keep a pasted book alive.
    key = (_digest(a), _digest(b), max_tokens, source)
    with _cache_lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    result = _trace(load_bert(source), a, b, max_tokens)
    with _cache_lock:
        _cache[key] = result
        while len(_cache) > 1 and (len(_cache) > CACHE_ENTRIES or _cached_bytes() > CACHE_BYTES):
            _cache.popitem(last=False)
    return result


def clear_cache() -> None:
    """Forget every remembered trace."""
    with _cache_lock:
        _cache.clear()


def _cached_bytes() -> int:
    return sum(entry.attention.nbytes for entry in _cache.values())


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _trace(loaded: LoadedModel, a: str, b: str, max_tokens: int) -> AttentionTrace:
    if not MIN_TOKENS <= max_tokens <= loaded.max_positions:
        limits = {"asked": str(max_tokens), "min": str(MIN_TOKENS), "max": str(loaded.max_positions)}
        raise TokenLimitError("token-limit", limits)
    pieces_a = split(loaded.tokenizer, a, max_tokens)
    pieces_b = split(loaded.tokenizer, b, max_tokens)
    if not pieces_a.ids and not pieces_b.ids:
        raise EmptyTextError("empty")
    room = max_tokens - (3 if pieces_b.ids else 2)
    kept_a, kept_b = share_room(len(pieces_a.ids), len(pieces_b.ids), room)
    cuts = (describe_cut("a", a, pieces_a, kept_a), describe_cut("b", b, pieces_b, kept_b))
    tokens = assemble(loaded, (a, pieces_a.first(kept_a)), (b, pieces_b.first(kept_b)))
    attention, sentence_vector = forward(loaded, tokens)
    unknown = [token.text for token in tokens if token.id == loaded.tokenizer.unk_token_id and token.text]
    return AttentionTrace(
        tokens=tokens,
        attention=attention,
        sentence_vector=sentence_vector,
        cuts=tuple(cut for cut in cuts if cut is not None),
        unknown=tuple(dict.fromkeys(_clip(word) for word in unknown)),
    )


def _clip(word: str) -> str:
    return word if len(word) <= UNKNOWN_CHARACTERS else word[: UNKNOWN_CHARACTERS - 1] + "…"


def assemble(loaded: LoadedModel, *sentences: tuple[str, Pieces]) -> tuple[Token, ...]:
    """[CLS] a [SEP], then b [SEP] when b has pieces, with segments and positions."""
    tokenizer = loaded.tokenizer
    separators = {tokenizer.cls_token_id, tokenizer.sep_token_id, tokenizer.pad_token_id}
    tokens: list[Token] = []

    def add(piece: str, number: int, segment: int, text: str = "", span: tuple[int, int] = (0, 0)) -> None:
        place = len(tokens)
        tokens.append(Token(place, piece, number, segment, place, number in separators, text, *span))

    add(str(tokenizer.cls_token), int(tokenizer.cls_token_id), 0)
    for segment, (sentence, pieces) in enumerate(sentences):
        if segment and not pieces.ids:
            continue
        for piece, number, span in zip(pieces.names, pieces.ids, pieces.spans, strict=True):
            add(piece, number, segment, shown(sentence[slice(*span)]), span)
        add(str(tokenizer.sep_token), int(tokenizer.sep_token_id), segment)
    return tuple(tokens)


def forward(loaded: LoadedModel, tokens: tuple[Token, ...]) -> tuple[Float32, Float32]:
    """Run the model once on `tokens`.

    Returns attention, Float[layer, head, query, key], each row summing to 1, and the sentence vector,
    Float[hidden]: the mean of the last layer's token vectors, of length 1.
    """
    import torch

    ids = torch.tensor([[token.id for token in tokens]])
    segments = torch.tensor([[token.segment for token in tokens]])
    with torch.inference_mode():
        output = loaded.model(
            input_ids=ids,
            token_type_ids=segments,
            attention_mask=torch.ones_like(ids),
            output_attentions=True,
        )
        attention = torch.cat(output.attentions, dim=0).numpy()
        mean = output.last_hidden_state[0].mean(dim=0)
        sentence_vector = torch.nn.functional.normalize(mean, dim=0).numpy()
    attention.setflags(write=False)
    sentence_vector.setflags(write=False)
    return attention, sentence_vector
