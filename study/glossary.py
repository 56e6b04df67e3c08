"""The field's terms in both languages, and where a text holds them. Terms are data, one file per subject under
`assets/glossary/`; `find_in` marks every spelling of every term in a text, Chinese or English: the longest at each
place, whatever the case, Latin ones as whole words, in the singular or a regular plural, with a hyphen, a space or
nothing between their parts (fine-tuning, fine tuning, finetuning)."""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from types import MappingProxyType

from study import document, markdown, tables
from study.assets import ASSETS
from study.tables import DataError

GLOSSARY = ASSETS / "glossary"

_LOWER = str.maketrans("ABCDEFGHIJKLMNOPQRSTUVWXYZ", "abcdefghijklmnopqrstuvwxyz")
_GAP = r"[ \u00a0\u2010-\u2013-]"  # what may stand between the parts of a spelling
_LATIN = "a-z0-9_"
_PARTS = re.compile(_GAP)


@dataclass(frozen=True)
class Term:
    """A term, its names and its meaning. `also` are its other spellings: the document's own, abbreviations, British or
    American. Of all spellings those in `quiet` are listed and not marked in a text, those in `cased` are marked only
    as they are written. `not_in` are strings that hold a spelling and mean something else (量化 in 輕量化). `group` is
    the file it stands in; `page` names the page on which it can be seen, or is empty."""

    id: str
    group: str
    zh: str
    en: str
    also: tuple[str, ...]
    quiet: frozenset[str]
    cased: frozenset[str]
    not_in: tuple[str, ...]
    definition_zh: str
    definition_en: str
    page: str

    @property
    def spellings(self) -> tuple[str, ...]:
        """All names, each once: Chinese, English, then the others."""
        return tuple(dict.fromkeys((self.zh, self.en, *self.also)))

    @property
    def marked(self) -> tuple[str, ...]:
        """The spellings marked in a text, with their plurals."""
        loud = [spelling for spelling in self.spellings if spelling not in self.quiet]
        return tuple(dict.fromkeys(form for spelling in loud for form in (spelling, *_plurals(spelling))))


@dataclass(frozen=True)
class Span:
    """`text[start:end]` is a spelling of the term `term` (an id)."""

    start: int
    end: int
    term: str


@dataclass(frozen=True)
class _Finder:
    pattern: re.Pattern[str]
    terms: Mapping[str, str]  # folded spelling -> term id, "" for a string that is no term
    cased: Mapping[str, str]  # folded spelling -> how it must be written


class UnknownTermError(KeyError):
    """No term has this id."""

    def __init__(self, term_id: str) -> None:
        super().__init__(term_id)
        self.term_id = term_id

    def __str__(self) -> str:
        return f"no term {self.term_id!r} in the glossary"


@functools.cache
def load() -> Mapping[str, Term]:
    """Every term by id, file by file; raises `DataError` naming the slip when an entry is incomplete, an id is used
    twice, or two terms claim one spelling."""
    found: dict[str, Term] = {}
    for path in sorted(GLOSSARY.glob("*.toml")):
        for entry in tables.tables(tables.read(path), "term", path.name):
            term = _term(entry, path.stem)
            if term.id in found:
                raise DataError(f"{path.name}: the id {term.id!r} is used twice")
            found[term.id] = term
    if not found:
        raise DataError(f"no glossary in {GLOSSARY.name}")
    _owners(found.values())
    return MappingProxyType(found)


def term(term_id: str) -> Term:
    """One term; raises `UnknownTermError`."""
    try:
        return load()[term_id]
    except KeyError:
        raise UnknownTermError(term_id) from None


def find_in(text: str) -> tuple[Span, ...]:
    """Where plain text holds terms, from left to right; spans never overlap, and where several terms begin at one
    place the longest spelling wins."""
    finder = _finder()
    spans: list[Span] = []
    # Lower case for ASCII alone keeps every character in its place, which str.lower() does not promise.
    for match in finder.pattern.finditer(text.translate(_LOWER)):
        folded = _fold(match.group())
        start, end = match.span()
        if finder.terms[folded] and text[start:end].startswith(finder.cased.get(folded, "")):
            spans.append(Span(start, end, finder.terms[folded]))
    return tuple(spans)


def of_question(question_id: str) -> tuple[Term, ...]:
    """The terms that a question's Chinese text holds, heading and answer, in order of first appearance; raises
    `UnknownQuestionError`."""
    question = document.load().question(question_id)
    return tuple(term(name) for name in _held(question.id))


@functools.cache
def questions(term_id: str) -> tuple[str, ...]:
    """Ids of the questions whose Chinese text holds the term, in the document's order."""
    name = term(term_id).id
    return tuple(question.id for question in document.load().questions if name in _held(question.id))


@functools.cache
def _held(question_id: str) -> tuple[str, ...]:
    question = document.load().question(question_id)
    text = f"{markdown.to_text(question.heading)}\n\n{markdown.to_text(question.body)}"
    return tuple(dict.fromkeys(span.term for span in find_in(text)))


def _term(entry: Mapping[str, object], group: str) -> Term:
    name = tables.text(entry, "id", f"glossary {group}")
    where = f"term {name}"
    found = Term(
        id=name,
        group=group,
        zh=tables.text(entry, "zh", where),
        en=tables.text(entry, "en", where),
        also=_texts(entry, "also", where),
        quiet=frozenset(_texts(entry, "quiet", where)),
        cased=frozenset(_texts(entry, "cased", where)),
        not_in=_texts(entry, "not_in", where),
        definition_zh=tables.text(entry, "definition_zh", where),
        definition_en=tables.text(entry, "definition_en", where),
        page=tables.text(entry, "page", where) if "page" in entry else "",
    )
    if not all(spelling.strip() for spelling in (*found.spellings, found.definition_zh, found.definition_en)):
        raise DataError(f"{where}: a name or a definition is empty")
    if strange := (found.quiet | found.cased) - set(found.spellings):
        raise DataError(f"{where}: quiet or cased, and no spelling of it: {', '.join(sorted(strange))}")
    return found


def _texts(entry: Mapping[str, object], key: str, where: str) -> tuple[str, ...]:
    return tables.texts(entry, key, where) if key in entry else ()


def _fold(spelling: str) -> str:
    return _PARTS.sub("", spelling.translate(_LOWER))


def _owners(terms: Iterable[Term]) -> dict[str, str]:
    """Each marked form, folded, with the id of its term; no two terms may share one."""
    owners: dict[str, str] = {}
    for found in terms:
        for form in found.marked:
            owner = owners.setdefault(_fold(form), found.id)
            if owner != found.id:
                raise DataError(f"{form!r} is claimed by {owner} and {found.id}")
    return owners


def _plurals(spelling: str) -> tuple[str, ...]:
    """The regular plural of a spelling that ends in a Latin letter, else none."""
    last = spelling[-1:].translate(_LOWER)
    if not ("a" <= last <= "z"):
        return ()
    if re.search("[^aeiou]y$", spelling):
        return (f"{spelling[:-1]}ies",)
    return (f"{spelling}es",) if last in "sxz" or spelling.endswith(("ch", "sh")) else (f"{spelling}s",)


@functools.cache
def _finder() -> _Finder:
    terms = _owners(load().values())
    cased: dict[str, str] = {}
    forms: dict[str, set[str]] = {}
    for found in load().values():
        # A string that is no term is found like one and passed over, so that nothing inside it is marked.
        terms.update((_fold(string), "") for string in found.not_in)
        cased.update((_fold(form), spelling) for spelling in found.cased for form in (spelling, *_plurals(spelling)))
        for form in (*found.marked, *found.not_in):
            lowered = form.translate(_LOWER)
            forms.setdefault(lowered[0], set()).add(lowered)
    # Grouped by first character, because the regex engine skips a branch that begins with another literal.
    pattern = "|".join(_branch(first, forms[first]) for first in sorted(forms))
    return _Finder(re.compile(pattern), MappingProxyType(terms), MappingProxyType(cased))


def _branch(first: str, forms: Iterable[str]) -> str:
    # Longest first, and by what must be read: a gap may be missing, so it does not count.
    ordered = sorted(forms, key=lambda form: (-len(_fold(form)), form))
    rests = "|".join(_rest(form[1:], form) for form in ordered)
    # Looking back from behind the first character leaves that character in front, where the engine can skip by it.
    whole = f"(?<![{_LATIN}]{first})" if re.fullmatch(f"[{_LATIN}]", first) else ""
    return f"{re.escape(first)}{whole}(?:{rests})"


def _rest(rest: str, form: str) -> str:
    pattern = "".join(f"{_GAP}?" if _PARTS.fullmatch(sign) else re.escape(sign) for sign in rest)
    return pattern + (f"(?![{_LATIN}])" if re.fullmatch(f"[{_LATIN}]", form[-1]) else "")
