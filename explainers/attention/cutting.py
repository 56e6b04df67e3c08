"""Turning a sentence into WordPieces, and saying exactly where a sentence that is too long was cut.

The pieces are the tokenizer's own (WordPiece: Wu et al. 2016, arXiv:1609.08144; Devlin et al. 2019, "BERT",
arXiv:1810.04805). What is added here is honesty about length: BERT reads a fixed number of positions, so of a
pasted article it sees only the beginning, and the reader is told the character at which it stopped. A text of
any length costs about the same, because no more of it is tokenised than is needed to know that place.
"""

from __future__ import annotations

import re
import threading
from dataclasses import dataclass
from typing import TYPE_CHECKING, Literal

if TYPE_CHECKING:
    from transformers import PreTrainedTokenizerFast

COUNTED_CHARACTERS = 50_000
"""Up to here a sentence is tokenised whole and its token count is exact (about 20 ms)."""

READ_CHARACTERS = 1_600_000
"""Never read further than this, even when the beginning yields no token (an endless run of one letter)."""

CONTEXT_CHARACTERS = 20

# A lone surrogate is no character (the tokenizer cannot take it) and U+FFFD stands for a lost one. NUL takes
# their place one for one, because BERT's normaliser drops it and the character offsets stay true.
_NOT_CHARACTERS = re.compile("[\ud800-\udfff\ufffd]")
# What is shown never contains controls, nor marks that would turn the direction of the label next to it.
_NOT_SHOWN = re.compile("[\x00-\x1f\x7f-\x9f\u200e\u200f\u202a-\u202e\u2066-\u2069\ud800-\udfff\ufffd]+")

# The fast tokenizer keeps truncation settings in one shared object and is not safe to call from two threads.
_tokenizer_lock = threading.Lock()


@dataclass(frozen=True)
class Cut:
    """Where one sentence was cut.

    `kept_tokens` of `total_tokens` WordPieces were read (special tokens not counted). `total_is_exact` is
    False for a sentence longer than COUNTED_CHARACTERS: `total_tokens` is then the number found so far, a
    lower bound. `at_character`: the sentence's characters [0, at_character) were read. `before` and `after`:
    the last characters read and the first ones dropped, at most CONTEXT_CHARACTERS each, fit to be shown.
    """

    sentence: Literal["a", "b"]
    kept_tokens: int
    total_tokens: int
    total_is_exact: bool
    at_character: int
    before: str
    after: str


@dataclass(frozen=True)
class Pieces:
    """A sentence's WordPieces: vocabulary `ids`, `names` such as "##ing", and character `spans` [start, end).

    `exact` is False when the sentence goes on after the last of them.
    """

    ids: tuple[int, ...]
    names: tuple[str, ...]
    spans: tuple[tuple[int, int], ...]
    exact: bool

    def first(self, count: int) -> Pieces:
        """The first `count` pieces."""
        return Pieces(self.ids[:count], self.names[:count], self.spans[:count], self.exact)


def shown(text: str) -> str:
    """`text` without what cannot be drawn: controls, direction marks, lone surrogates, U+FFFD."""
    return _NOT_SHOWN.sub("", text)


def readable(text: str) -> str:
    """`text` as the tokenizer can take it, character for character."""
    return _NOT_CHARACTERS.sub("\x00", text)


def split(tokenizer: PreTrainedTokenizerFast, sentence: str, needed: int) -> Pieces:
    """Tokenise `sentence`: all of it when it is short, else enough of its beginning for `needed` pieces."""
    window = COUNTED_CHARACTERS
    while True:
        whole = window >= len(sentence)
        final = whole or window >= READ_CHARACTERS
        pieces = _tokenise(tokenizer, sentence[:window], whole=whole, keep_last_word=final)
        if final or len(pieces.ids) >= needed:
            return pieces
        window *= 2


def _tokenise(tokenizer: PreTrainedTokenizerFast, beginning: str, *, whole: bool, keep_last_word: bool) -> Pieces:
    with _tokenizer_lock:
        encoding = tokenizer(readable(beginning), add_special_tokens=False, return_offsets_mapping=True, verbose=False)
    ids: list[int] = encoding["input_ids"]
    words = encoding.word_ids()
    count = len(ids)
    if not keep_last_word and count:
        # The window may end inside a word, an accent or a typed "[SEP]", which the whole sentence would split
        # otherwise. Nothing before the last word within reach of the edge can change.
        edge = len(beginning) - CONTEXT_CHARACTERS
        last_word = words[-1]
        while count and (words[count - 1] == last_word or encoding["offset_mapping"][count - 1][1] > edge):
            count -= 1
    return Pieces(
        ids=tuple(ids[:count]),
        names=tuple(tokenizer.convert_ids_to_tokens(ids[:count])),
        spans=tuple((int(start), int(end)) for start, end in encoding["offset_mapping"][:count]),
        exact=whole,
    )


def share_room(length_a: int, length_b: int, room: int) -> tuple[int, int]:
    """How many pieces of each sentence fit into `room` together: the longer one is cut first.

    The rule of the tokenizer's own `truncation="longest_first"`: both halves equal when both must be cut, and
    an odd place goes to the longer sentence (to `b` when they are equally long).
    """
    if length_a + length_b <= room:
        return length_a, length_b
    shorter = min(length_a, length_b)
    if shorter <= room // 2:
        return (length_a, room - length_a) if length_a <= length_b else (room - length_b, length_b)
    half, rest = divmod(room, 2)
    return (half + rest, half) if length_a > length_b else (half, half + rest)


def describe_cut(name: Literal["a", "b"], sentence: str, pieces: Pieces, kept: int) -> Cut | None:
    """The cut after `kept` of `pieces`, or None when the whole sentence was read."""
    if kept == len(pieces.ids) and pieces.exact:
        return None
    at = pieces.spans[kept - 1][1] if kept else 0
    return Cut(
        sentence=name,
        kept_tokens=kept,
        total_tokens=len(pieces.ids),
        total_is_exact=pieces.exact,
        at_character=at,
        before=shown(sentence[max(0, at - CONTEXT_CHARACTERS) : at]),
        after=shown(sentence[at : at + CONTEXT_CHARACTERS]),
    )
