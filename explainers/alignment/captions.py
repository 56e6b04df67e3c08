"""Captions of the rendered scenes in Chinese and English, and the way back from words to the model's tokens.

The words stand in assets/alignment/grammar.toml. A token is an idea ("vermilion", "left_of"), not a spelling: both
languages, plurals and synonyms share it, so a word is either known or named as unknown.
"""

from __future__ import annotations

import functools
import re
import tomllib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from explainers.alignment.scenes import Scene
from explainers.errors import ExplainerError

GRAMMAR = Path(__file__).resolve().parents[2] / "assets" / "alignment" / "grammar.toml"
Language = Literal["en", "zh-Hant"]
PARTS = ("colour", "shape", "size", "place", "count", "relation")
PAD = 0  # the token of no word; the others count from 1
LENGTH = 10  # tokens of the longest text that is read
MOST_CHARACTERS = 400
_WORDS = re.compile(r"[a-z0-9']+|[\u3400-\u9fff]+|[^\W_]+|[^\s\w]")
_HAN = re.compile(r"[\u3400-\u9fff]")
_LETTER = re.compile(r"\w")


class CaptionError(ExplainerError):
    """A text that the small model cannot read.

    `code` is "caption-empty", "caption-long" (details: most) or "caption-unknown" (details: words), the last when
    not one of its words is known.
    """


@dataclass(frozen=True)
class Grammar:
    """The closed vocabulary. names: tokens in order, names[0] is the padding. spellings: words -> token name, or ""
    for a filler. words: token name -> {"en", "plural", "zh-Hant"}."""

    names: tuple[str, ...]
    spellings: Mapping[tuple[str, ...], str]
    words: Mapping[str, Mapping[str, str]]
    longest_han: int

    @property
    def size(self) -> int:
        return len(self.names)


@dataclass(frozen=True)
class Read:
    """A text as tokens. ids: Int64[LENGTH], padded with 0. tokens: their names. unknown: words without a token, in the
    order in which they stand; `cut`: true when the text has more tokens than are read."""

    ids: NDArray[np.int64]
    tokens: tuple[str, ...]
    unknown: tuple[str, ...]
    cut: bool


@functools.cache
def grammar() -> Grammar:
    """The grammar of assets/alignment/grammar.toml."""
    table = tomllib.loads(GRAMMAR.read_text("utf-8"))
    names, words = [""], {}
    spellings: dict[tuple[str, ...], str] = {}
    for filler in (*table["filler"]["en"], *table["filler"]["zh"]):
        spellings[(filler,)] = ""
    for part in PARTS:
        for name, row in table[part].items():
            names.append(name)
            words[name] = {"en": row["en"], "plural": row.get("plural", row["en"]), "zh-Hant": row["zh"]}
            for spelling in (*words[name].values(), *row["also"]):
                spellings[tuple(spelling.split(" "))] = name
    longest = max(len(key[0]) for key in spellings if _HAN.match(key[0]))
    return Grammar(tuple(names), spellings, words, longest)


def caption(
    scene: Scene, language: Language = "en", *, turned: bool = False, drop: frozenset[str] = frozenset()
) -> str:
    """The scene in words. turned: a relation told from its second thing. drop: parts left unsaid ("size", "place").

    >>> caption(Scene("circle", "vermilion", "large", place="left"))
    'a large red circle on the left'
    """
    if scene.relation:
        return _relation(scene, language, turned)
    words = {name: row[language] for name, row in grammar().words.items()}
    size = "" if "size" in drop else words[scene.size]
    place = "" if "place" in drop or not scene.place else words[scene.place]
    count = scene.count_name
    if language == "zh-Hant":
        how_many = words[count] if count else "一個"
        parts = (place, "有" if place else "", how_many, size, "的" if size else "")
        return "".join((*parts, words[scene.colour], words[scene.shape]))
    shape = grammar().words[scene.shape]["plural" if count else "en"]
    return " ".join(part for part in (words[count] if count else "a", size, words[scene.colour], shape, place) if part)


def _relation(scene: Scene, language: Language, turned: bool) -> str:
    words = {name: row[language] for name, row in grammar().words.items()}
    first = (scene.colour, scene.shape)
    second = (scene.other_colour, scene.other_shape)
    relation = scene.relation
    if turned:
        first, second = second, first
        relation = {"left_of": "right_of", "above": "below"}[relation]
    if language == "zh-Hant":
        return f"{words[first[0]]}{words[first[1]]}在{words[second[0]]}{words[second[1]]}{words[relation]}"
    return f"a {words[first[0]]} {words[first[1]]} {words[relation]} a {words[second[0]]} {words[second[1]]}"


def _split(text: str) -> list[str]:
    """Words of Latin letters, runs of Chinese characters, single signs."""
    return _WORDS.findall(text.lower())


def _han_words(run: str, known: Grammar) -> tuple[list[str], list[str]]:
    """Tokens of a run of Chinese characters by the longest match, and the stretches that match nothing."""
    tokens: list[str] = []
    unknown: list[str] = []
    at, missed = 0, ""
    while at < len(run):
        for length in range(min(known.longest_han, len(run) - at), 0, -1):
            name = known.spellings.get((run[at : at + length],))
            if name is not None:
                break
        else:
            missed += run[at]
            at += 1
            continue
        if missed:
            unknown.append(missed)
            missed = ""
        if name:
            tokens.append(name)
        at += length
    return tokens, [*unknown, missed] if missed else unknown


def read(text: str) -> Read:
    """Tokens of a text in either language, and the words that the model never saw. Raises CaptionError."""
    if len(text) > MOST_CHARACTERS:
        raise CaptionError("caption-long", {"most": str(MOST_CHARACTERS)})
    known = grammar()
    parts = _split(text)
    if not any(_LETTER.match(part) for part in parts):
        raise CaptionError("caption-empty")
    tokens: list[str] = []
    unknown: list[str] = []
    at = 0
    while at < len(parts):
        part = parts[at]
        if _HAN.match(part):
            found, missed = _han_words(part, known)
            tokens += found
            unknown += missed
            at += 1
            continue
        for length in range(min(4, len(parts) - at), 0, -1):
            name = known.spellings.get(tuple(parts[at : at + length]))
            if name is not None:
                tokens += [name] if name else []
                at += length
                break
        else:
            if _LETTER.match(part):
                unknown.append(part)
            at += 1
    unknown = list(dict.fromkeys(unknown))
    if not tokens:
        raise CaptionError("caption-unknown", {"words": ", ".join(unknown) or text.strip()[:60]})
    return Read(_ids(tokens), tuple(tokens[:LENGTH]), tuple(unknown), len(tokens) > LENGTH)


@functools.cache
def _places() -> Mapping[str, int]:
    return {name: place for place, name in enumerate(grammar().names)}


def _ids(tokens: Iterable[str]) -> NDArray[np.int64]:
    ids = np.zeros(LENGTH, np.int64)
    found = [_places()[token] for token in tokens][:LENGTH]
    ids[: len(found)] = found
    return ids


@functools.lru_cache(maxsize=65536)
def _of_scene(scene: Scene, language: Language, turned: bool, drop: frozenset[str]) -> tuple[int, ...]:
    return tuple(int(one) for one in read(caption(scene, language, turned=turned, drop=drop)).ids)


def tokens_of(
    scenes: Iterable[Scene],
    languages: tuple[Language, ...] = ("en",),
    *,
    seed: int | None = None,
    drop: float = 0.0,
) -> NDArray[np.int64]:
    """Token ids of one caption per scene, Int64[n, LENGTH].

    With a seed the language, the side a relation is told from and, with probability `drop` each, the parts left unsaid
    are drawn; without one the first language is used and nothing is left out.
    """
    scenes = list(scenes)
    if seed is None:
        return np.array([_of_scene(scene, languages[0], False, frozenset()) for scene in scenes], np.int64).reshape(
            -1, LENGTH
        )
    draws = np.random.default_rng(seed).random((len(scenes), 4))
    rows = [
        _of_scene(
            scene,
            languages[int(which * len(languages))],
            bool(turn < 0.5),
            frozenset(part for part, draw in (("size", size), ("place", place)) if draw < drop),
        )
        for scene, (which, turn, size, place) in zip(scenes, draws, strict=True)
    ]
    return np.array(rows, np.int64).reshape(-1, LENGTH)
