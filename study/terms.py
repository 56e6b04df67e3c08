"""Words for the search: a text as the terms it is found by. A query's Chinese is cut by jieba, taught the
notes' own vocabulary because its dictionary leans to simplified characters, and beside the words every
pair of neighbouring characters counts too, so that a cut in the wrong place still finds. Latin words are
folded to lower case and lightly stemmed, in the query as in the document."""

from __future__ import annotations

import logging
import re
import unicodedata
from collections.abc import Iterable, Iterator
from typing import NamedTuple, Protocol, cast

_HAN = r"\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_RUNS = re.compile(rf"(?P<han>[{_HAN}]+)|(?P<latin>[a-z0-9]+(?:-[a-z0-9]+)*)")
_HAN_ONLY = re.compile(rf"[{_HAN}]+")
# The notes gloss their terms as 「詞（English）」: the characters before the bracket are a term.
_GLOSSED = re.compile(rf"([{_HAN}]{{2,10}})\*{{0,2}}(?=（)")
_BOLD = re.compile(rf"\*\*([{_HAN}]{{2,10}})")
# Words too common in an English question to say what it is about.
_IDLE_WORDS = (
    "a about an and any are as at be been between by can could did do does each else explain for from get give had has"
    " have how i if in into is it its me mine must my no not of on one or other our ours people s should so some tell"
    " than that the their them then there these they this those to together too use used using very was we were what"
    " when where which while who why will with would you your"
)
_IDLE = frozenset(_IDLE_WORDS.split())
# Chinese words that ask, and do not say what about; the longer first.
_ASKING = re.compile("怎麼辦|怎麼樣|怎麼做|怎麼|怎樣|如何|為什麼|有哪些|哪些|哪個|請說明|說明|請問|請|嗎|呢")
# Particles that a highlight should neither begin nor end with.
_PARTICLES = "的了在和與是及跟嗎呢吧"
_FRAGMENT = "\x02"  # marks a pair or a single character, so that it never meets a word


class Word(NamedTuple):
    """A Latin word as it is compared, and as it stands in the text, hyphens included."""

    folded: str
    written: str


class _Cutter(Protocol):
    FREQ: dict[str, int]
    total: int
    initialized: bool

    def cut(self, sentence: str) -> Iterator[str]: ...
    def cut_for_search(self, sentence: str) -> Iterator[str]: ...
    def add_word(self, word: str) -> None: ...


def normalise(text: str) -> str:
    """One form for the signs that mean the same: NFKC (full-width Latin becomes plain), lower case."""
    return unicodedata.normalize("NFKC", text).lower()


def without_asking(normalised: str) -> str:
    """A query without the words that only ask; all of it where nothing else is left."""
    told = _ASKING.sub(" ", normalised)
    return told if _RUNS.search(told) else normalised


def han_runs(normalised: str) -> list[str]:
    return _HAN_ONLY.findall(normalised)


def latin_words(normalised: str) -> list[Word]:
    """The Latin words in order; a hyphenated one gives its parts and the parts joined."""
    words: list[Word] = []
    for run in _RUNS.finditer(normalised):
        if written := run["latin"]:
            parts = written.split("-")
            words += (Word(part, part) for part in parts)
            if len(parts) > 1:
                words.append(Word("".join(parts), written))
    return [word for word in words if word.folded not in _IDLE]


def stem(word: str) -> str:
    """A Latin word without the endings that change no meaning here: plurals, -ing, -ed."""
    if len(word) > 3 and word.endswith("s") and not word.endswith(("ss", "us", "is", "as")):
        word = word[:-3] + "y" if word.endswith("ies") and len(word) > 4 else word[:-1]
    for ending in ("ing", "ed"):
        base = word.removesuffix(ending)
        if base != word and len(base) >= 4 and re.search("[aeiouy]", base):
            doubled = base[-1] == base[-2] and base[-1] not in "lsz"
            return base[:-1] if doubled else base
    # "encode" and "encoding" must meet.
    return word[:-1] if len(word) > 4 and word.endswith("e") else word


def vocabulary(texts: Iterable[str]) -> frozenset[str]:
    """The Chinese terms that Markdown texts of the notes set off by bold or by a gloss in brackets."""
    found: set[str] = set()
    for text in texts:
        found.update(_GLOSSED.findall(text), _BOLD.findall(text))
    # A long match is half a sentence that happens to end before a bracket.
    return frozenset(word for word in found if len(word) <= 6)


class Segmenter:
    """jieba with a vocabulary of its own; making one reads jieba's dictionary, which takes about a second."""

    def __init__(self, own_words: Iterable[str] = ()) -> None:
        self._cutter = _dictionary()
        # In a fixed order, because each added word shifts the frequencies that the next one is fitted to.
        for word in sorted(own_words):
            self._cutter.add_word(word)

    def pieces(self, han: str) -> list[str]:
        """A run of Chinese characters cut into words, nothing left out."""
        return list(self._cutter.cut(han))

    def query_words(self, normalised: str) -> list[str]:
        """The Chinese words of two characters or more that a text is made of, long ones and their parts."""
        words = [word for run in han_runs(normalised) for word in self._cutter.cut_for_search(run)]
        # 不連貫 asks for what the notes say of 連貫.
        words += [word[1:] for word in words if word[0] in "不未無"]
        return [word for word in words if len(word) > 1]


def document_terms(text: str) -> list[str]:
    """What a text is indexed by, as often as it occurs: Latin stems, and Chinese characters alone and in
    pairs. Chinese words are not cut here: cutting is guesswork, and a text this small can be searched
    for the words of a query as they stand."""
    normalised = normalise(text)
    found = [stem(word.folded) for word in latin_words(normalised)]
    for run in han_runs(normalised):
        found += (_FRAGMENT + character for character in run)
        found += (_FRAGMENT + run[at : at + 2] for at in range(len(run) - 1))
    return found


def query_fragments(normalised: str) -> list[str]:
    """The pairs of a text; a single character only where it stands alone."""
    runs = han_runs(normalised)
    return [_FRAGMENT + run[at : at + 2] for run in runs for at in range(max(len(run) - 1, 1))]


def without_particles(han: str) -> str:
    return han.strip(_PARTICLES)


def without_han(text: str) -> str:
    return _HAN_ONLY.sub(" ", text)


def _dictionary() -> _Cutter:
    # Imported here because it costs time that a page without search should not pay.
    import jieba

    jieba.setLogLevel(logging.WARNING)
    tokenizer = jieba.Tokenizer()
    # jieba's own start-up reads and writes a cache at a fixed name in the shared temporary directory,
    # where another user could leave a file for it to load; reading the dictionary takes half a second.
    tokenizer.FREQ, tokenizer.total = tokenizer.gen_pfdict(tokenizer.get_dict_file())
    tokenizer.initialized = True
    return cast(_Cutter, tokenizer)
