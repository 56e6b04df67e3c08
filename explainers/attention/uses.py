"""What BERT's output is good for, computed with the bundled model: similar sentences, the nearest one, a topic, words
that match.

BERT gives one vector per token (Devlin et al. 2019, arXiv:1810.04805); their mean is a sentence vector once the model
has been tuned for it (Reimers & Gurevych 2019, "Sentence-BERT", arXiv:1908.10084). Topics without training follow Yin
et al. 2019 (arXiv:1909.00161) in asking how well "This text is about X." fits, here by the cosine of two sentence
vectors instead of entailment (Veeranna et al. 2016, "Using semantic similarity for multi-label zero-shot
classification"). Words are matched as in Zhang et al. 2020, "BERTScore" (arXiv:1904.09675), section 3.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np

from explainers.attention.ablate import SentenceBank, sentence_bank
from explainers.attention.cutting import split
from explainers.attention.trace import AttentionTrace, Float32
from explainers.errors import ExplainerError
from explainers.models import BUNDLED_BERT, ModelSource, load_encoder

MAX_LINES = 64
"""Sentences or topics that are read from one list."""

TEMPLATE = "This text is about {}."
TRAINED_TEMPERATURE = 0.05
"""The bundled model was tuned with a softmax over 20 times the cosine (Sentence-BERT's ranking loss): 1 / 20."""


class UseError(ExplainerError):
    """Code "no-lines": a list without an entry; details "name" ("sentences" or "topics"). "temperature": not above 0;
    details "asked"."""


@dataclass(frozen=True)
class Topics:
    """How well each topic fits, in the order given: `cosines` in [-1, 1] and `shares`, their softmax, summing to 1."""

    topics: tuple[str, ...]
    cosines: tuple[float, ...]
    shares: tuple[float, ...]
    temperature: float


@dataclass(frozen=True)
class TokenMatch:
    """A token of a text and the token of the other text whose last vector is nearest: indices and their cosine."""

    index: int
    nearest: int
    cosine: float


def lines(text: str, separators: str = "\n") -> tuple[str, ...]:
    """The entries of a list that somebody typed: at most MAX_LINES, without blanks and repeats, in order."""
    for separator in separators:
        text = text.replace(separator, "\n")
    entries = (entry.strip() for entry in text.split("\n"))
    return tuple(dict.fromkeys(entry for entry in entries if entry))[:MAX_LINES]


def bank(
    sentences: Sequence[str], *, name: str = "sentences", max_tokens: int = 128, source: ModelSource = BUNDLED_BERT
) -> SentenceBank:
    """The vectors of `sentences` that have a token. Raises UseError where none has, and what `sentence_bank` raises."""
    tokenizer = load_encoder(source).tokenizer
    kept = [sentence for sentence in sentences[:MAX_LINES] if split(tokenizer, sentence, 1).ids]
    if not kept:
        raise UseError("no-lines", {"name": name})
    return sentence_bank(kept, max_tokens=max_tokens, source=source)


def similarity(first: Float32, second: Float32) -> float:
    """The cosine of two sentence vectors, Float[hidden], in [-1, 1]."""
    a, b = first.astype(np.float64), second.astype(np.float64)
    return float(np.clip(a @ b / (np.linalg.norm(a) * np.linalg.norm(b)), -1, 1))


def fitting_topics(
    vector: Float32,
    topics: Sequence[str],
    temperature: float = TRAINED_TEMPERATURE,
    *,
    max_tokens: int = 128,
    source: ModelSource = BUNDLED_BERT,
) -> Topics:
    """How well TEMPLATE with each topic fits a text whose sentence vector is `vector`: softmax(cosine / temperature).

    The shares compare these topics with each other; they are no probabilities of being right: where none fits, one
    still gets the most. Raises UseError and what `bank` raises.
    """
    if not temperature > 0:
        raise UseError("temperature", {"asked": f"{temperature:g}"})
    if not topics:
        raise UseError("no-lines", {"name": "topics"})
    asked = tuple(topics[:MAX_LINES])
    known = bank([TEMPLATE.format(topic) for topic in asked], max_tokens=max_tokens, source=source)
    cosines = np.array([similarity(vector, row) for row in known.vectors])
    raised = np.exp((cosines - cosines.max()) / temperature)
    shares = raised / raised.sum()
    return Topics(asked, tuple(map(float, cosines)), tuple(map(float, shares)), temperature)


def match_tokens(first: AttentionTrace, second: AttentionTrace) -> tuple[TokenMatch, ...]:
    """For each token of `first` that is no separator, the one of `second` whose last vector is nearest by cosine."""
    rows, columns = (
        [token.index for token in trace.tokens if not token.special and token.text] for trace in (first, second)
    )
    if not rows or not columns:
        return ()
    a, b = (
        last / np.linalg.norm(last, axis=-1, keepdims=True)
        for last in (
            first.hidden[-1][rows].astype(np.float64),
            second.hidden[-1][columns].astype(np.float64),
        )
    )
    cosines = a @ b.T
    best = cosines.argmax(axis=1)
    return tuple(
        TokenMatch(row, columns[place], float(min(1.0, cosines[line, place])))
        for line, (row, place) in enumerate(zip(rows, best, strict=True))
    )
