"""Phrases of the text made into handles. A page binds a phrase of an answer to a state of its figure; this
module finds that phrase in what a reader sees of the rendered answer and wraps it in spans, whatever tags
stand in between, leaving every other character of the HTML as it was. It expects HTML as
`study.markdown` writes it: tags closed, text escaped."""

from __future__ import annotations

import html as html_escapes
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import pairwise

_PART = re.compile(
    r"""(?P<tag></?(?P<name>[a-zA-Z][a-zA-Z0-9]*)(?:[^<>"']|"[^"]*"|'[^']*')*>)"""
    r"""|(?P<entity>&(?:\#\d+|\#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);)"""
    r"""|(?P<text>.)""",
    re.DOTALL,
)
_INLINE_TAGS = frozenset({"a", "code", "em", "mark", "span", "strong"})


class PhraseNotFoundError(LookupError):
    """The phrase does not occur, or not that often, in the visible text."""


class OverlapError(ValueError):
    """Two phrases share some characters without one holding the other."""


@dataclass(frozen=True)
class Phrase:
    """A passage to wrap: the `occurrence`-th (from 1) place where `text` is read; `kind` is its class."""

    id: str
    text: str
    kind: str = "bound"
    occurrence: int = 1


@dataclass(frozen=True)
class _Atom:
    """One character of the visible text (or one entity) and where it is written in the HTML."""

    start: int
    end: int
    text: str
    run: int  # changes at every tag: a span may not reach across
    block: int  # changes at every block tag: a phrase may not reach across


@dataclass(frozen=True)
class _Match:
    phrase: Phrase
    first: int
    last: int  # atoms, last excluded


def visible_text(html: str) -> str:
    """What a reader sees of the HTML: tags gone, entities read."""
    return "".join(atom.text for atom in _atoms(html))


def annotate(html: str, phrases: Sequence[Phrase]) -> str:
    """The HTML with each phrase wrapped in `<span class="KIND" data-bind="ID">`, one span per stretch of
    text between tags; the first of them is a focusable button. Raises `PhraseNotFoundError` or
    `OverlapError`; of two phrases at the same place the one named first is the outer."""
    atoms = list(_atoms(html))
    matches = [_find(atoms, phrase) for phrase in phrases]
    matches.sort(key=lambda match: (match.first, -match.last))
    _refuse_overlaps(matches)
    return _insert(html, _tags(atoms, matches))


def _atoms(html: str) -> Iterator[_Atom]:
    run = block = 0
    for part in _PART.finditer(html):
        if part["tag"]:
            run += 1
            block += part["name"].lower() not in _INLINE_TAGS
        else:
            text = html_escapes.unescape(part["entity"]) if part["entity"] else part["text"]
            yield _Atom(part.start(), part.end(), text, run, block)


def _find(atoms: list[_Atom], phrase: Phrase) -> _Match:
    visible = "".join(atom.text for atom in atoms)
    # An entity can stand for two characters, so characters and atoms are counted apart.
    owners = [place for place, atom in enumerate(atoms) for _ in atom.text]
    found = 0
    at = visible.find(phrase.text) if phrase.text.strip() and phrase.occurrence >= 1 else -1
    while at >= 0:
        first, last = owners[at], owners[at + len(phrase.text) - 1] + 1
        one_block = atoms[first].block == atoms[last - 1].block
        found += one_block
        if one_block and found == phrase.occurrence:
            return _Match(phrase, first, last)
        at = visible.find(phrase.text, at + (len(phrase.text) if one_block else 1))
    raise PhraseNotFoundError(
        f"phrase {phrase.id!r}: occurrence {phrase.occurrence} of {phrase.text!r} not found ({found} found)"
    )


def _refuse_overlaps(matches: Sequence[_Match]) -> None:
    """Sorted by start, longest first, a match must end within every match that is still open."""
    still_open: list[_Match] = []
    for match in matches:
        while still_open and still_open[-1].last <= match.first:
            still_open.pop()
        if still_open and match.last > still_open[-1].last:
            raise OverlapError(f"phrases {still_open[-1].phrase.id!r} and {match.phrase.id!r} overlap")
        still_open.append(match)


def _tags(atoms: list[_Atom], matches: Sequence[_Match]) -> Iterator[tuple[int, str]]:
    """Where to write which tag. Matches come outermost first, so at one place openings are already in
    order, and a closing goes before whatever an outer match writes there."""
    openings: dict[int, list[str]] = {}
    closings: dict[int, int] = {}
    for match in matches:
        first = True
        for start, end in _segments(atoms[match.first : match.last]):
            openings.setdefault(start, []).append(_opening(match.phrase, first))
            closings[end] = closings.get(end, 0) + 1
            first = False
    for place in sorted(openings.keys() | closings.keys()):
        yield place, "</span>" * closings.get(place, 0) + "".join(openings.get(place, ()))


def _segments(atoms: Sequence[_Atom]) -> Iterator[tuple[int, int]]:
    start = atoms[0].start
    for atom, after in pairwise(atoms):
        if after.run != atom.run:
            yield start, atom.end
            start = after.start
    yield start, atoms[-1].end


def _opening(phrase: Phrase, first: bool) -> str:
    kind, name = html_escapes.escape(phrase.kind), html_escapes.escape(phrase.id)
    handle = ' role="button" tabindex="0"' if first else ""
    return f'<span class="{kind}" data-bind="{name}"{handle}>'


def _insert(html: str, tags: Iterable[tuple[int, str]]) -> str:
    written: list[str] = []
    done = 0
    for place, tag in tags:
        written += (html[done:place], tag)
        done = place
    return "".join(written) + html[done:]
