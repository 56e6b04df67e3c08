"""Running BERT on one sentence or a pair and keeping every attention weight and every layer's token vectors.

A trace is what a reader looks at: the tokens as the model got them and, for each layer and head, how much
each token (query) took from every other (key). The vectors between the layers are kept too, so that one forward
pass serves every view: what happens inside a head follows from them and the weights. Scaled dot-product
attention: Vaswani et al. 2017, "Attention Is All You Need" (arXiv:1706.03762), eq. 1; the input format
[CLS] a [SEP] b [SEP] with two segments: Devlin et al. 2019, "BERT" (arXiv:1810.04805), figure 2.
"""

from __future__ import annotations

import hashlib
import threading
from collections import OrderedDict
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
import numpy.typing as npt

from explainers.attention.cutting import Cut, Pieces, describe_cut, share_room, shown, split
from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, LoadedEncoder, ModelSource, load_encoder

if TYPE_CHECKING:
    import torch

Float32 = npt.NDArray[np.float32]

MIN_TOKENS = 5
"""The smallest input that holds something of both sentences: [CLS] a [SEP] b [SEP]."""

CACHE_ENTRIES = 32
CACHE_BYTES = 96 * 2**20
LONG_BYTES = 24 * 2**20
"""Of traces that take more (some 250 tokens) only the last is kept, beside the others; `view` keeps compact ones."""

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
class ForwardPass:
    """What one run of the model gives for n tokens. Arrays are read-only; the fields as in `AttentionTrace`."""

    attention: Float32
    hidden: Float32
    sentence_vector: Float32


@dataclass(frozen=True, eq=False)
class AttentionTrace:
    """What BERT did with one input of n tokens. Arrays are read-only.

    `attention`: Float32[layer, head, query, key], each row (over keys) sums to 1. `hidden`:
    Float32[layer + 1, token, hidden], the token vectors: hidden[0] is the embeddings' output, hidden[l] what
    layer l (from 0) reads and hidden[l + 1] what it writes. `sentence_vector`: Float32[hidden], the mean of
    the last layer over all tokens, of length 1. `cuts`: the sentences that were too long. `unknown`: the
    words of the reader's text that became [UNK], in order, without repeats, each clipped to
    UNKNOWN_CHARACTERS.
    """

    tokens: tuple[Token, ...]
    attention: Float32
    hidden: Float32
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
    again costs nothing, unless the text is very long. Raises EmptyTextError, TokenLimitError, ModelUnavailableError.
    """
    # Digests, not texts: the cache must not keep a pasted book alive.
    key = (_digest(a), _digest(b), max_tokens, source)
    with _cache_lock:
        if key in _cache:
            _cache.move_to_end(key)
            return _cache[key]
    result = _trace(load_encoder(source), a, b, max_tokens)
    with _cache_lock:
        _cache[key] = result
        _make_room()
    return result


def clear_cache() -> None:
    """Forget every remembered trace."""
    with _cache_lock:
        _cache.clear()


def _make_room() -> None:
    """Drop the oldest: all long traces but the last, and of the others what is too many or too much."""
    sizes = {key: _bytes(entry) for key, entry in _cache.items()}
    long = [key for key, size in sizes.items() if size > LONG_BYTES]
    for key in long[:-1]:
        del _cache[key]
    others = [key for key, size in sizes.items() if size <= LONG_BYTES]
    total = sum(sizes[key] for key in others)
    for place, key in enumerate(others[:-1]):
        if len(others) - place <= CACHE_ENTRIES and total <= CACHE_BYTES:
            break
        total -= sizes[key]
        del _cache[key]


def _bytes(entry: AttentionTrace) -> int:
    return entry.attention.nbytes + entry.hidden.nbytes


def _digest(text: str) -> bytes:
    return hashlib.sha256(text.encode("utf-8", "surrogatepass")).digest()


def _trace(loaded: LoadedEncoder, a: str, b: str, max_tokens: int) -> AttentionTrace:
    least = MIN_TOKENS - 1 + loaded.pair_separators
    if not least <= max_tokens <= loaded.max_positions:
        limits = {"asked": str(max_tokens), "min": str(least), "max": str(loaded.max_positions)}
        raise TokenLimitError("token-limit", limits)
    pieces_a = split(loaded.tokenizer, a, max_tokens)
    pieces_b = split(loaded.tokenizer, b, max_tokens)
    if not pieces_a.ids and not pieces_b.ids:
        raise EmptyTextError("empty")
    room = max_tokens - 2 - (loaded.pair_separators if pieces_b.ids else 0)
    kept_a, kept_b = share_room(len(pieces_a.ids), len(pieces_b.ids), room)
    cuts = (describe_cut("a", a, pieces_a, kept_a), describe_cut("b", b, pieces_b, kept_b))
    tokens = assemble(loaded, (a, pieces_a.first(kept_a)), (b, pieces_b.first(kept_b)))
    found = forward(loaded, tokens)
    unknown = [token.text for token in tokens if token.id == loaded.tokenizer.unk_token_id and token.text]
    return AttentionTrace(
        tokens=tokens,
        attention=found.attention,
        hidden=found.hidden,
        sentence_vector=found.sentence_vector,
        cuts=tuple(cut for cut in cuts if cut is not None),
        unknown=tuple(dict.fromkeys(_clip(word) for word in unknown)),
    )


def _clip(word: str) -> str:
    return word if len(word) <= UNKNOWN_CHARACTERS else word[: UNKNOWN_CHARACTERS - 1] + "…"


def assemble(loaded: LoadedEncoder, *sentences: tuple[str, Pieces]) -> tuple[Token, ...]:
    """[CLS] a [SEP], then b [SEP] when b has pieces, with segments and positions. RoBERTa puts two before b."""
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
        for _ in range(segment * (loaded.pair_separators - 1)):
            add(str(tokenizer.sep_token), int(tokenizer.sep_token_id), segment)
        for piece, number, span in zip(pieces.names, pieces.ids, pieces.spans, strict=True):
            add(piece, number, segment, shown(sentence[slice(*span)]), span)
        add(str(tokenizer.sep_token), int(tokenizer.sep_token_id), segment)
    return tuple(tokens)


def forward(loaded: LoadedEncoder, tokens: tuple[Token, ...]) -> ForwardPass:
    """Run the model once on `tokens`.

    Returns attention, Float[layer, head, query, key], each row summing to 1; hidden, Float[layer + 1, token,
    hidden]: the embeddings' output, then each layer's; and the sentence vector, Float[hidden]: the mean of
    the last layer's token vectors, of length 1.
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
            output_hidden_states=True,
        )
        attention = torch.cat(output.attentions)
        hidden = torch.cat(output.hidden_states)
        sentence_vector = torch.nn.functional.normalize(hidden[-1].mean(dim=0), dim=0)
    return ForwardPass(*(read_only(tensor) for tensor in (attention, hidden, sentence_vector)))


def read_only(tensor: torch.Tensor) -> Float32:
    """The tensor's values as an array that nobody can change."""
    values: Float32 = tensor.numpy()
    values.setflags(write=False)
    return values
