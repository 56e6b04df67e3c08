"""One word for another: which terms of the glossary a query names, in whatever language, script or spelling, and
Traditional characters for what was typed in Simplified ones. 量化, quantization and quantisation name the same term."""

from __future__ import annotations

import functools
import re
from collections.abc import Mapping
from types import MappingProxyType
from typing import NamedTuple, Protocol, cast

from study import glossary

_GAP = r"[\s\u2010-\u2013-]?"
_GAPS = re.compile(r"[\s\u2010-\u2013-]+")


class Named(NamedTuple):
    """`text[start:end]` of a folded query is a spelling of these terms (two may share one: 推理)."""

    start: int
    end: int
    terms: tuple[str, ...]


class _Converter(Protocol):
    def convert(self, text: str) -> str: ...


def traditional(text: str) -> str:
    """The text with its Simplified characters in Traditional ones; Latin text comes back as it is."""
    return text if text.isascii() else _converter().convert(text)


@functools.lru_cache(maxsize=4096)
def elsewhere(word: str) -> str:
    """What the mainland calls a Chinese word of Taiwan, in Traditional characters: the document writes 批量 and 設備
    where a reader may type 批次 and 裝置. A word without another name comes back as it is."""
    return _converter().convert(_to_mainland().convert(word))


def named(folded: str) -> tuple[Named, ...]:
    """The glossary's terms in a query in lower case, left to right, the longest spelling at each place."""
    found = []
    for match in _pattern().finditer(folded):
        key = _key(match.group())
        if terms := _owners().get(key) or _owners().get(key.removesuffix("d")):
            found.append(Named(*match.span(), terms))
    return tuple(found)


def _key(spelling: str) -> str:
    joined = _GAPS.sub("", spelling)
    return joined[:-1] if joined.isascii() and len(joined) > 3 and joined.endswith("s") else joined


@functools.cache
def _owners() -> Mapping[str, tuple[str, ...]]:
    owners: dict[str, dict[str, None]] = {}
    for term in glossary.load().values():
        for spelling in term.spellings:
            owners.setdefault(_key(spelling.lower()), {})[term.id] = None
    return MappingProxyType({spelling: tuple(ids) for spelling, ids in owners.items()})


@functools.cache
def _pattern() -> re.Pattern[str]:
    spellings = {spelling.lower() for term in glossary.load().values() for spelling in term.spellings}
    return re.compile("|".join(map(_branch, sorted(spellings, key=lambda one: (-len(one), one)))))


def _branch(spelling: str) -> str:
    parts = [re.escape(part) for part in _GAPS.split(spelling) if part]
    if not spelling.isascii():
        return _GAP.join(parts)
    return rf"(?<![a-z0-9]){_GAP.join(parts)}(?:e?s|d)?(?![a-z0-9])"


@functools.cache
def _to_mainland() -> _Converter:
    from opencc import OpenCC

    return cast(_Converter, OpenCC("tw2sp"))


@functools.cache
def _converter() -> _Converter:
    # Imported here: its dictionaries take a moment that only a Chinese query should pay.
    from opencc import OpenCC

    return cast(_Converter, OpenCC("s2t"))
