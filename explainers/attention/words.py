"""From WordPieces and characters to words: which tokens make one word, and attention between whole words.

A word's attention is the mean over its tokens as queries and the sum over its tokens as keys (Clark et al. 2019,
arXiv:1906.04341, section 4.1), so that every row still sums to 1. BERT cuts Chinese into single characters (Devlin
et al. 2019, arXiv:1810.04805); words are found by jieba's dictionary and hidden Markov model, which can err. They
know simplified characters, so a traditional text is converted (OpenCC, character for character) to be cut, and the
words are those of the text as it was typed.
"""

from __future__ import annotations

import functools
import logging
import threading
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass, replace
from itertools import pairwise
from typing import TYPE_CHECKING

import numpy as np

from explainers.attention.cutting import COUNTED_CHARACTERS
from explainers.attention.trace import AttentionTrace, Float32, Token
from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource, load_encoder

if TYPE_CHECKING:
    from jieba import Tokenizer as Cutter
    from opencc import OpenCC

Span = tuple[int, int]
"""Token indices [start, end)."""

MERGED_ID = -1
"""The `id` of a token that stands for several: no vocabulary entry is it."""

_CONTINUED = "##"
# The blocks that BERT's tokenizer cuts into single characters (Devlin et al.'s `_is_chinese_char`).
_IDEOGRAPHS = ((0x3400, 0x4DBF), (0x4E00, 0x9FFF), (0xF900, 0xFAFF), (0x20000, 0x2CEAF), (0x2F800, 0x2FA1F))

_cutter: Cutter | None = None
_converter: OpenCC | None = None
_cutter_lock = threading.Lock()


class SpanError(ExplainerError):
    """Spans that cannot be merged.

    Code "span": not within the tokens, empty, or overlapping the one before; "special-token": it would swallow a
    separator. Details "start", "end", "tokens".
    """


@dataclass(frozen=True)
class Word:
    """A word of a text: its characters [start, end) and the `text` there."""

    text: str
    start: int
    end: int


def segment(text: str) -> tuple[Word, ...]:
    """The words of `text` as jieba cuts it, white space left out, at most the first COUNTED_CHARACTERS.

    Safe from any thread. The first call reads jieba's dictionary (about a second).
    """
    text = text[:COUNTED_CHARACTERS]
    with _cutter_lock:
        cut = list(_dictionary().tokenize(_simplified(text)))
    return tuple(Word(text[start:end], start, end) for word, start, end in cut if not word.isspace())


def _simplified(text: str) -> str:
    """`text` as jieba's dictionary spells it, of the same length, so that every place stays the same."""
    global _converter
    if not has_ideographs(text):
        return text
    if _converter is None:
        from opencc import OpenCC

        _converter = OpenCC("t2s")
    converted = str(_converter.convert(text))
    return converted if len(converted) == len(text) else text


def foreign(text: str) -> bool:
    """True where most letters of `text` are not Latin ones: an English model reads such text letter by letter."""
    letters = [letter for letter in text if letter.isalpha()]
    other = sum(not unicodedata.name(letter, "").startswith("LATIN") for letter in letters)
    return 2 * other > len(letters)


def has_ideographs(text: str) -> bool:
    """True when `text` holds a Chinese character."""
    return any(_ideograph(sign) for sign in text)


@functools.lru_cache(maxsize=4)
def chinese_characters(source: ModelSource = BUNDLED_BERT) -> int:
    """How many Chinese characters the model's vocabulary holds as a piece of their own.

    Google's bert-base-chinese has thousands, an English BERT a few hundred: a character that is in the vocabulary of
    a model trained on English is still one it has hardly ever met. Raises ModelUnavailableError.
    """
    vocabulary = load_encoder(source).tokenizer.get_vocab()
    return sum(len(piece) == 1 and _ideograph(piece) for piece in vocabulary)


def _dictionary() -> Cutter:
    global _cutter
    if _cutter is None:
        import jieba

        jieba.setLogLevel(logging.WARNING)
        made = jieba.Tokenizer()
        # jieba's own start-up reads a cache at a fixed name in the shared temporary directory, where another
        # user could leave a file for it to load.
        made.FREQ, made.total = made.gen_pfdict(made.get_dict_file())
        made.initialized = True
        _cutter = made
    return _cutter


def token_spans(tokens: Sequence[Token], words: Sequence[Word], sentence: int = 0) -> tuple[Span, ...]:
    """The tokens of each of `words`, which are words of sentence 0 (a) or 1 (b), in order.

    A token belongs to the word in which it begins. Words without a token (cut off, or nothing the tokenizer
    reads) have no span.
    """
    spans: list[Span] = []
    own = [token for token in tokens if token.segment == sentence and not token.special]
    place = 0
    for word in sorted(words, key=lambda word: word.start):
        inside: list[int] = []
        while place < len(own) and own[place].start < word.end:
            if own[place].start >= word.start:
                inside.append(own[place].index)
            place += 1
        if inside:
            spans.append((inside[0], inside[-1] + 1))
    return tuple(spans)


def piece_spans(tokens: Sequence[Token]) -> tuple[Span, ...]:
    """The tokens of each word, separators left out: a token goes on with the word before it when its piece says
    so ("##ing") or when no character and no change from letter to sign stands between them (other tokenizers).
    Chinese characters stay single: where words end there, spelling does not say (see `segment`).
    """
    spans: list[Span] = []
    for index, token in enumerate(tokens):
        if token.special:
            continue
        if spans and spans[-1][1] == index and _continues(tokens[index - 1], token):
            spans[-1] = (spans[-1][0], index + 1)
        else:
            spans.append((index, index + 1))
    return tuple(spans)


def word_spans(tokens: Sequence[Token], a: str, b: str = "") -> tuple[Span, ...]:
    """The tokens of each word of the text `a`, `b` that they are tokens of: by spelling, Chinese by jieba.

    Every token that is no separator is in one span.
    """
    joined: list[Span] = []
    for sentence, text in enumerate((a, b)):
        if has_ideographs(text):
            words = [word for word in segment(text) if len(word.text) > 1 and all(map(_ideograph, word.text))]
            joined += token_spans(tokens, words, sentence)
    taken = {index for start, end in joined for index in range(start, end)}
    alone = [span for span in piece_spans(tokens) if not taken.intersection(range(*span))]
    return tuple(sorted([*joined, *alone]))


def _continues(before: Token, token: Token) -> bool:
    if token.piece.startswith(_CONTINUED):
        return True
    if token.start != before.end or not before.text or not token.text:
        return False
    last, first = before.text[-1], token.text[0]
    return last.isalnum() and first.isalnum() and not _ideograph(last) and not _ideograph(first)


def _ideograph(sign: str) -> bool:
    return any(first <= ord(sign) <= last for first, last in _IDEOGRAPHS)


def merge_words(trace: AttentionTrace, spans: Sequence[Span]) -> AttentionTrace:
    """`trace` with the tokens of each span as one: query rows by mean, key columns by sum, vectors by mean.

    `spans` are token indices [start, end), in order and apart; tokens in none of them, and separators, stay as
    they are. A merged token has `id` MERGED_ID, the position of its first token and the characters of all, also for
    its `piece`. The sentence vector is the model's and does not change. Raises SpanError.
    """
    groups = _groups(trace.tokens, spans)
    starts = [start for start, _ in groups]
    sizes = np.array([end - start for start, end in groups], dtype=np.float64)
    attention = np.empty((trace.layers, trace.heads, len(groups), len(groups)), dtype=np.float32)
    for layer, weights in enumerate(trace.attention):
        keys = np.add.reduceat(weights, starts, axis=-1, dtype=np.float64)
        attention[layer] = np.add.reduceat(keys, starts, axis=-2) / sizes[:, None]
    hidden: Float32 = (np.add.reduceat(trace.hidden, starts, axis=1, dtype=np.float64) / sizes[:, None]).astype(
        np.float32
    )
    attention.setflags(write=False)
    hidden.setflags(write=False)
    tokens = tuple(_merged(trace.tokens[start:end], index) for index, (start, end) in enumerate(groups))
    return replace(trace, tokens=tokens, attention=attention, hidden=hidden)


def _groups(tokens: Sequence[Token], spans: Sequence[Span]) -> list[Span]:
    """Every token in one group: the spans, and the others alone."""
    groups: list[Span] = []
    reached = 0
    for start, end in spans:
        details = {"start": str(start), "end": str(end), "tokens": str(len(tokens))}
        if not reached <= start < end <= len(tokens):
            raise SpanError("span", details)
        if any(token.special for token in tokens[start:end]):
            raise SpanError("special-token", details)
        groups += [(index, index + 1) for index in range(reached, start)]
        groups.append((start, end))
        reached = end
    groups += [(index, index + 1) for index in range(reached, len(tokens))]
    return groups


def _merged(tokens: Sequence[Token], index: int) -> Token:
    first = tokens[0]
    if len(tokens) == 1:
        return replace(first, index=index)
    gaps = ["", *(" " if later.start > before.end else "" for before, later in pairwise(tokens))]
    text = "".join(gap + token.text for gap, token in zip(gaps, tokens, strict=True))
    # The reader's own characters: of pieces that the model did not know, the vocabulary's spelling says nothing.
    piece = text or "".join(token.piece.removeprefix(_CONTINUED) for token in tokens)
    return replace(first, index=index, id=MERGED_ID, piece=piece, text=text, end=tokens[-1].end)
