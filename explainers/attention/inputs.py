"""How BERT's input is built: a word into WordPieces by longest match, and three embeddings added up.

The matching is the greedy longest-match-first of Devlin et al.'s own tokenizer (arXiv:1810.04805; Song et al.
2021, "Fast WordPiece Tokenization", arXiv:2012.15524, section 2); the sum of token, segment and position
embeddings is Devlin et al. 2019, figure 2, and the normalisation after it Ba et al. 2016 (arXiv:1607.06450).
Everything is read from the tokenizer and the weights; the model is not run.
"""

from __future__ import annotations

import functools
import json
from collections.abc import Container
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from explainers.attention.cutting import readable
from explainers.attention.trace import AttentionTrace, Float32, Token, TokenLimitError
from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource, load_encoder

if TYPE_CHECKING:
    import torch

CONTINUED = "##"
"""How the vocabulary spells a piece that continues a word."""

WORD_CHARACTERS = 100
"""BERT's tokenizer tries no match in a longer word: the whole of it becomes [UNK]."""

WORDS = 512
"""More words than that are never read from a text: no BERT takes more tokens."""


class NotWordPieceError(ExplainerError):
    """Code "not-wordpiece": this model's tokenizer does not work by longest match; details "found"."""


@dataclass(frozen=True)
class MatchStep:
    """One step of the longest match, from character `start` of the word.

    `tried`: the vocabulary spellings looked up, longest first; the last of them is `accepted`. None accepted
    means that not even the first character is in the vocabulary, and the whole word becomes [UNK].
    """

    start: int
    tried: tuple[str, ...]
    accepted: str | None


@dataclass(frozen=True)
class WordMatch:
    """One `word` as WordPiece gets it (normalised), the `steps` of its match and the `pieces` it became."""

    word: str
    steps: tuple[MatchStep, ...]
    pieces: tuple[str, ...]


@dataclass(frozen=True, eq=False)
class InputBuild:
    """The sum that makes BERT's input. Each is Float32[token, hidden] and read-only.

    `total` = `token` + `segment` + `position`; `normed` is `total` after the layer norm: what layer 0 reads
    (ALBERT's embeddings are narrower, and it first projects `normed` to the hidden width). `segment` is 0 in a
    model without such embeddings (DistilBERT).
    """

    token: Float32
    segment: Float32
    position: Float32
    total: Float32
    normed: Float32


def longest_match(word: str, vocabulary: Container[str]) -> tuple[MatchStep, ...]:
    """The steps by which WordPiece takes the longest known beginning of `word`, then of what is left, and so on.

    `word` is one that the tokenizer has already normalised and split off (`match_words`). Pieces after the
    first are looked up with "##" in front. A word of more than WORD_CHARACTERS gets one step that tries
    nothing; an empty word has no steps.
    """
    if len(word) > WORD_CHARACTERS:
        return (MatchStep(0, (), None),)
    steps: list[MatchStep] = []
    start = 0
    while start < len(word):
        tried: list[str] = []
        accepted = None
        for end in range(len(word), start, -1):
            tried.append(word[start:end] if start == 0 else CONTINUED + word[start:end])
            if tried[-1] in vocabulary:
                accepted = tried[-1]
                break
        steps.append(MatchStep(start, tuple(tried), accepted))
        if accepted is None:
            break
        start = end
    return tuple(steps)


def match_words(text: str, source: ModelSource = BUNDLED_BERT, *, words: int = WORDS) -> tuple[WordMatch, ...]:
    """The first `words` words of `text`, each with its steps and pieces.

    The words are the tokenizer's own: lower case and without accents where the model wants that, split at
    spaces and punctuation. A typed "[SEP]" is read as a word here. Raises NotWordPieceError,
    ModelUnavailableError.
    """
    tokenizer = load_encoder(source).tokenizer
    known = vocabulary(source)
    backend = tokenizer.backend_tokenizer
    text = readable(text[: words * (WORD_CHARACTERS + 1)])
    if backend.normalizer is not None:
        text = backend.normalizer.normalize_str(text)
    found = []
    for word, _ in backend.pre_tokenizer.pre_tokenize_str(text)[:words]:
        steps = longest_match(word, known)
        accepted = tuple(step.accepted for step in steps if step.accepted is not None)
        whole = len(accepted) == len(steps)
        found.append(WordMatch(word, steps, accepted if whole else (str(tokenizer.unk_token),)))
    return tuple(found)


@functools.lru_cache(maxsize=4)
def vocabulary(source: ModelSource = BUNDLED_BERT) -> frozenset[str]:
    """Every piece the model knows. Raises NotWordPieceError, ModelUnavailableError."""
    tokenizer = load_encoder(source).tokenizer
    kind = str(json.loads(tokenizer.backend_tokenizer.to_str())["model"].get("type", ""))
    if kind != "WordPiece":
        raise NotWordPieceError("not-wordpiece", {"found": kind})
    return frozenset(tokenizer.get_vocab())


def build_input(tokens: AttentionTrace | tuple[Token, ...], source: ModelSource = BUNDLED_BERT) -> InputBuild:
    """The embeddings of `tokens` (or of a trace's tokens), Float32[token, hidden] each, and their sum.

    `normed` = gamma * (total - mean) / sqrt(variance + epsilon) + beta, mean and variance over the hidden axis
    of each token. Raises ModelUnavailableError.
    """
    if isinstance(tokens, AttentionTrace):
        tokens = tokens.tokens
    loaded = load_encoder(source)
    embeddings: Any = loaded.model.embeddings
    token = _rows(embeddings.word_embeddings.weight, [token.id for token in tokens])
    segment = np.zeros_like(token)
    if hasattr(embeddings, "token_type_embeddings"):
        segments = [token.segment if loaded.segments > 1 else 0 for token in tokens]
        segment = _rows(embeddings.token_type_embeddings.weight, segments)
    position = _rows(
        embeddings.position_embeddings.weight, [token.position + loaded.first_position for token in tokens]
    )
    total = token + segment + position
    norm = embeddings.LayerNorm
    centred = total.astype(np.float64) - total.mean(axis=-1, keepdims=True, dtype=np.float64)
    spread = np.sqrt((centred**2).mean(axis=-1, keepdims=True) + norm.eps)
    gamma, beta = norm.weight.detach().numpy(), norm.bias.detach().numpy()
    normed = (gamma * centred / spread + beta).astype(np.float32)
    for array in (token, segment, position, total, normed):
        array.setflags(write=False)
    return InputBuild(token, segment, position, total, normed)


def position_similarity(source: ModelSource = BUNDLED_BERT, n: int = 128) -> Float32:
    """Cosine between the embeddings of the first `n` positions: Float32[n, n] in [-1, 1], read-only.

    The diagonal is 1: near positions are alike because they were learnt so (Wang & Chen 2020, "What Do
    Position Embeddings Learn?", arXiv:2010.04903). Raises TokenLimitError unless 1 <= n <= the model's
    positions; ModelUnavailableError.
    """
    loaded = load_encoder(source)
    embeddings: Any = loaded.model.embeddings
    if not 1 <= n <= loaded.max_positions:
        limits = {"asked": str(n), "min": "1", "max": str(loaded.max_positions)}
        raise TokenLimitError("token-limit", limits)
    places = range(loaded.first_position, loaded.first_position + n)
    rows = _rows(embeddings.position_embeddings.weight, list(places)).astype(np.float64)
    rows /= np.linalg.norm(rows, axis=-1, keepdims=True)
    cosine: Float32 = np.clip(rows @ rows.T, -1, 1).astype(np.float32)
    cosine.setflags(write=False)
    return cosine


def _rows(weight: torch.Tensor, indices: list[int]) -> Float32:
    rows: Float32 = weight.detach().numpy()[indices]
    return rows
