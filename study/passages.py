"""Phrases of the text made into handles. A page binds a phrase of an answer to a state of its figure, a note stands
on words that are wrong, a term has a meaning; this module finds such a phrase in what a reader sees of the rendered
answer and wraps it in spans, whatever tags stand in between, leaving every other character of the HTML as it was. It
expects HTML as `study.markdown` writes it: tags closed, text escaped."""

from __future__ import annotations

import html as html_escapes
import re
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import dataclass
from itertools import groupby, pairwise
from typing import Literal, NamedTuple

Handle = Literal["phrase", "after", "none"]

_PART = re.compile(
    r"""(?P<tag></?(?P<name>[a-zA-Z][a-zA-Z0-9]*)(?:[^<>"']|"[^"]*"|'[^']*')*>)"""
    r"""|(?P<entity>&(?:\#\d+|\#[xX][0-9a-fA-F]+|[a-zA-Z][a-zA-Z0-9]*);)"""
    r"""|(?P<text>[^<&]+|.)""",
    re.DOTALL,
)
_INLINE_TAGS = frozenset({"a", "button", "code", "em", "mark", "span", "strong"})


class PhraseNotFoundError(LookupError):
    """The phrase does not occur, or not that often, in the visible text."""


class OverlapError(ValueError):
    """Two phrases share some characters without one holding the other."""


@dataclass(frozen=True)
class Phrase:
    """A passage to wrap: the `occurrence`-th (from 1) place where `text` is read, or where `start` is given, the one
    that begins there in `visible_text`.

    kind: class of its spans; their attribute `data-<mark>` holds `id`. handle: what a reader takes hold of: the
    phrase itself, or an empty button behind it, so that the phrase may hold other handles, or neither.
    """

    id: str
    text: str
    kind: str = "bound"
    occurrence: int = 1
    start: int | None = None
    mark: str = "bind"
    handle: Handle = "phrase"


class _Atom(NamedTuple):
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
    """`Text(html).annotate(phrases)`."""
    return Text(html).annotate(phrases)


class Text:
    """HTML as it is read. `visible` is what a reader sees of it: tags gone, entities read."""

    def __init__(self, html: str) -> None:
        self.html = html
        self._atoms = list(_atoms(html))
        self.visible = "".join(atom.text for atom in self._atoms)
        # An entity can stand for two characters, so characters and atoms are counted apart.
        self._owners = [place for place, atom in enumerate(self._atoms) for _ in atom.text]

    def annotate(self, phrases: Sequence[Phrase]) -> str:
        """The HTML with each phrase wrapped in `<span class="KIND" data-bind="ID">`, one span per stretch of text
        between tags. The first of them is a focusable button, or with the handle "after" an empty `<button>` follows
        the last; that one stands outside of any phrase that is a button itself. Raises `PhraseNotFoundError` or
        `OverlapError`; of two phrases at the same place the one named first is the outer."""
        matches = [self._match(phrase) for phrase in phrases]
        matches.sort(key=lambda match: (match.first, -match.last))
        _refuse_overlaps(matches)
        return _insert(self.html, _tags(self._atoms, matches))

    def blocks(self) -> Iterator[tuple[int, str]]:
        """The paragraphs, list items and so on: where each begins in `visible`, and its text."""
        start = 0
        for _, group in groupby(self._atoms, key=lambda atom: atom.block):
            text = "".join(atom.text for atom in group)
            yield start, text
            start += len(text)

    def locate(self, phrase: Phrase) -> tuple[int, int]:
        """Where the phrase begins and ends (excluded) in `visible`. Raises `PhraseNotFoundError`."""
        text = phrase.text
        if phrase.start is not None:
            if text and self.visible.startswith(text, phrase.start) and self._in_one_block(phrase.start, len(text)):
                return phrase.start, phrase.start + len(text)
            raise PhraseNotFoundError(f"phrase {phrase.id!r}: {text!r} does not begin at {phrase.start}")
        found = 0
        at = self.visible.find(text) if text.strip() and phrase.occurrence >= 1 else -1
        while at >= 0:
            whole = self._in_one_block(at, len(text))
            found += whole
            if whole and found == phrase.occurrence:
                return at, at + len(text)
            at = self.visible.find(text, at + (len(text) if whole else 1))
        raise PhraseNotFoundError(
            f"phrase {phrase.id!r}: occurrence {phrase.occurrence} of {text!r} not found ({found} found)"
        )

    def _match(self, phrase: Phrase) -> _Match:
        start, end = self.locate(phrase)
        return _Match(phrase, self._owners[start], self._owners[end - 1] + 1)

    def _in_one_block(self, start: int, length: int) -> bool:
        first, last = self._owners[start], self._owners[start + length - 1]
        return self._atoms[first].block == self._atoms[last].block


def _atoms(html: str) -> Iterator[_Atom]:
    run = block = 0
    for part in _PART.finditer(html):
        if part["tag"]:
            run += 1
            block += part["name"].lower() not in _INLINE_TAGS
        else:
            start = part.start()
            if part["entity"]:
                yield _Atom(start, part.end(), html_escapes.unescape(part["entity"]), run, block)
            else:
                for place, character in enumerate(part["text"], start):
                    yield _Atom(place, place + 1, character, run, block)


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
    buttons: dict[int, list[str]] = {}
    for match in matches:
        first = True
        for start, end in _segments(atoms[match.first : match.last]):
            openings.setdefault(start, []).append(_opening(match.phrase, first))
            closings[end] = closings.get(end, 0) + 1
            first = False
        if match.phrase.handle == "after":
            buttons.setdefault(_behind(atoms, match, matches), []).append(_button(match.phrase))
    for place in sorted(openings.keys() | closings.keys() | buttons.keys()):
        closed = "</span>" * closings.get(place, 0)
        yield place, closed + "".join(buttons.get(place, ())) + "".join(openings.get(place, ()))


def _behind(atoms: list[_Atom], match: _Match, matches: Sequence[_Match]) -> int:
    """Where the button of a match is written: a button must not stand in another, so behind whatever holds it."""
    holding = [
        other.last
        for other in matches
        if other.phrase.handle == "phrase" and other.first <= match.first and match.last <= other.last
    ]
    return atoms[max([match.last, *holding]) - 1].end


def _segments(atoms: Sequence[_Atom]) -> Iterator[tuple[int, int]]:
    start = atoms[0].start
    for atom, after in pairwise(atoms):
        if after.run != atom.run:
            yield start, atom.end
            start = after.start
    yield start, atoms[-1].end


def _opening(phrase: Phrase, first: bool) -> str:
    handle = ' role="button" tabindex="0"' if first and phrase.handle == "phrase" else ""
    return f'<span class="{html_escapes.escape(phrase.kind)}" {_data(phrase)}{handle}>'


def _button(phrase: Phrase) -> str:
    return f'<button type="button" class="{html_escapes.escape(phrase.kind)}" {_data(phrase)}></button>'


def _data(phrase: Phrase) -> str:
    return f'data-{phrase.mark}="{html_escapes.escape(phrase.id)}"'


def _insert(html: str, tags: Iterable[tuple[int, str]]) -> str:
    written: list[str] = []
    done = 0
    for place, tag in tags:
        written += (html[done:place], tag)
        done = place
    return "".join(written) + html[done:]
