"""What each head seems to do, as one number per behaviour: does it look back, ahead, at its like, at nothing?

The behaviours are those of Clark et al. 2019, "What Does BERT Look At?" (arXiv:1906.04341): offsets and separators
in section 3, coreference in section 4.3. A high score says where a head looks in this one text, not what the model
uses it for; `ablate.every_head` asks the second question.

Who a pronoun may refer to is guessed without a parser, for English only: the pronouns of a closed list, and before
them the word after an article, demonstrative or possessive (common adjectives in between are skipped) or a
capitalised word. It takes "it" in "it rains" for a pronoun of something, misses nouns without an article, takes an
uncommon adjective for its noun, and any capitalised first word for a name. `links` says what was taken.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from explainers.attention.measures import entropy, mean_distance, sink_share
from explainers.attention.trace import AttentionTrace, Float32, Token
from explainers.attention.words import Span, piece_spans

ScoreName = Literal[
    "previous_token",
    "next_token",
    "same_word",
    "separator_sink",
    "broad",
    "coreference",
    "entropy",
    "distance",
]
SCORE_NAMES: tuple[ScoreName, ...] = get_args(ScoreName)


def _list(words: str) -> frozenset[str]:
    return frozenset(words.split())


PRONOUNS = _list("he him his himself she her hers herself it its itself they them their theirs themselves")
_DETERMINERS = _list("a an the this that these those my your his her its our their some any each every no another")
_ADJECTIVES = _list(
    "bad big black blue dark first good great green heavy high hot cold last large late light little long low most "
    "narrow new next old other own poor red rich same second short small strong tall third tiny very warm weak white "
    "whole wide young"
)
_FUNCTION_WORDS = (
    PRONOUNS
    | _DETERMINERS
    | _list(
        "i me we us you who whom whose which what when where why how there here if then than as because since so but "
        "and or nor not yet for to of in on at by from with without into onto over under after before while during "
        "until although though however also too just only even still never always often maybe perhaps yes please is "
        "am are was were be been being do does did don didn doesn have has had can could will would shall should may "
        "might must let all both one two three many much few several more such"
    )
)


@dataclass(frozen=True)
class Link:
    """A pronoun and who it may refer to, as token indices [start, end), nearest first."""

    pronoun: Span
    candidates: tuple[Span, ...]


@dataclass(frozen=True, eq=False)
class HeadScores:
    """The scores of every head, each Float32[layer, head], read-only; nan where the text has nothing to score.

    All but the last two are shares of attention in [0, 1]. `previous_token`, `next_token`: from a word's token to
    the one before or after it, mean over the pairs that are both no separators. `same_word`: from a word to all
    other places of the same word (case set aside), mean over the words that stand more than once.
    `separator_sink`: on separators. `broad`: entropy as a share of its largest value, log2 of the tokens.
    `coreference`: from a pronoun to all its candidates, mean over the pronouns that have any (`links`).
    `entropy`: bits. `distance`: tokens.
    """

    previous_token: Float32
    next_token: Float32
    same_word: Float32
    separator_sink: Float32
    broad: Float32
    coreference: Float32
    entropy: Float32
    distance: Float32
    links: tuple[Link, ...]

    def of(self, name: ScoreName) -> Float32:
        """The score called `name`: Float32[layer, head]. Raises ValueError for another name."""
        if name not in SCORE_NAMES:
            raise ValueError(name)
        found: Float32 = getattr(self, name)
        return found


def score_heads(trace: AttentionTrace) -> HeadScores:
    """Every score of every head of `trace`."""
    spans = piece_spans(trace.tokens)
    bits = entropy(trace)
    links = tuple(_links(trace.tokens, spans))
    referring = [(link.pronoun, list(link.candidates)) for link in links]
    return HeadScores(
        previous_token=_offset(trace, -1),
        next_token=_offset(trace, 1),
        same_word=_mean_share(trace, _repeated(trace.tokens, spans)),
        separator_sink=sink_share(trace),
        broad=_frozen((bits / np.log2(len(trace.tokens))).clip(0, 1)),
        coreference=_mean_share(trace, referring),
        entropy=bits,
        distance=mean_distance(trace),
        links=links,
    )


def is_content(word: str) -> bool:
    """False for an English function word of the closed list, and for what is no word."""
    return word.isalnum() and word.casefold() not in _FUNCTION_WORDS


def ranking(scores: HeadScores, name: ScoreName) -> tuple[tuple[int, int], ...]:
    """Every (layer, head), the largest score called `name` first, nan last; ties in the model's order."""
    values = scores.of(name).astype(np.float64)
    order = np.argsort(np.where(np.isnan(values), np.inf, -values), axis=None, kind="stable")
    return tuple((int(place) // values.shape[1], int(place) % values.shape[1]) for place in order)


def _offset(trace: AttentionTrace, step: int) -> Float32:
    """The mean attention from a word's token to the one `step` places on, -1 or 1; nan without such a pair."""
    words = np.array([not token.special for token in trace.tokens])
    pairs = words[1:] & words[:-1]
    if not pairs.any():
        return _nothing(trace)
    beside = trace.attention.diagonal(step, axis1=2, axis2=3)
    return _frozen(beside[..., pairs].mean(axis=-1, dtype=np.float64))


def _mean_share(trace: AttentionTrace, pairs: list[tuple[Span, list[Span]]]) -> Float32:
    """The mean over (word, words) of the attention from the one to all the others; nan without a pair.

    A word's attention is the mean over its tokens as queries and the sum over its tokens as keys (`merge_words`).
    """
    if not pairs:
        return _nothing(trace)
    total = np.zeros((trace.layers, trace.heads))
    for (start, end), others in pairs:
        keys = [key for other in others for key in range(*other)]
        total += trace.attention[:, :, start:end][..., keys].sum(axis=-1, dtype=np.float64).mean(axis=-1)
    return _frozen(total / len(pairs))


def _nothing(trace: AttentionTrace) -> Float32:
    return _frozen(np.full((trace.layers, trace.heads), np.nan))


def _repeated(tokens: tuple[Token, ...], spans: tuple[Span, ...]) -> list[tuple[Span, list[Span]]]:
    """For each word that stands more than once, the other places of it."""
    where: dict[str, list[Span]] = {}
    for span in spans:
        text = "".join(token.text for token in tokens[slice(*span)])
        if any(sign.isalnum() for sign in text):
            where.setdefault(text.casefold(), []).append(span)
    return [
        (place, [other for other in places if other != place])
        for places in where.values()
        if len(places) > 1
        for place in places
    ]


def _links(tokens: tuple[Token, ...], spans: tuple[Span, ...]) -> list[Link]:
    candidates: list[Span] = []
    links: list[Link] = []
    after_determiner = False
    for span in spans:
        text = "".join(token.text for token in tokens[slice(*span)])
        word = text.casefold()
        if word in PRONOUNS and candidates:
            links.append(Link(span, tuple(reversed(candidates))))
        if word in _DETERMINERS:
            after_determiner = True
        elif word.isalpha() and word not in _FUNCTION_WORDS:
            if word in _ADJECTIVES:
                continue
            if after_determiner or (text[0].isupper() and len(text) > 1):
                candidates.append(span)
            after_determiner = False
        else:
            after_determiner = False
    return links


def _frozen(values: npt.NDArray[np.float64] | Float32) -> Float32:
    frozen = values.astype(np.float32)
    frozen.setflags(write=False)
    return frozen
