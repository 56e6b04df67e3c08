"""Everything that is marked in a text of the document, in one go: words bound to a picture, the editor's notes, the
sides of a contradiction, and the field's terms. The text itself is not touched: marks are spans over it and empty
buttons behind it, and whoever shows the text may hide any kind of them. Terms yield to the others: one is marked where
it first stands by itself."""

from __future__ import annotations

import functools
import html as html_escapes
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace

from study import bindings, contradictions, document, english, glossary, markdown, notes, passages
from study.passages import Phrase


@dataclass(frozen=True)
class Marked:
    """A text as HTML with its marks, and the ids of the notes, contradictions among them, and terms that are marked in
    it, as they are read."""

    html: str
    notes: tuple[str, ...]
    terms: tuple[str, ...]


@functools.cache
def chinese(question_id: str, page: str = "") -> Marked:
    """The document's answer to a question; with the words that `page` binds, if one is named."""
    phrases = [
        _note(note, phrase) for note in notes.of_question(question_id) for phrase in notes.phrases(note, question_id)
    ]
    phrases += [
        _contra(phrase)
        for found in contradictions.of_question(question_id)
        for phrase in contradictions.phrases(found, question_id)
    ]
    bound = [binding.to_phrase() for binding in bindings.for_question(page, question_id)] if page else []
    return _marked(markdown.to_html(document.load().question(question_id).body), bound, phrases)


@functools.cache
def summary(question_id: str, page: str = "") -> Marked:
    """The English summary of the answer, as one paragraph; empty where the document has no answer."""
    entry = english.of_question(question_id)
    if not entry.summary:
        return Marked("", (), ())
    known = {note.id: note for note in notes.load()}
    phrases = [_note(known[name], Phrase(name, words)) for name, words in entry.faulty.items() if name in known]
    phrases += [
        _contra(phrase)
        for found in contradictions.of_question(question_id)
        for phrase in contradictions.english_phrases(found, question_id)
    ]
    names = {binding.id for binding in bindings.for_question(page, question_id)} if page else set()
    bound = [Phrase(name, words) for name, words in entry.phrases.items() if name in names]
    return _marked(f"<p>{html_escapes.escape(entry.summary, quote=False)}</p>", bound, phrases)


def _note(note: notes.Note, phrase: Phrase) -> Phrase:
    return replace(phrase, kind="note core" if note.core else "note small", mark="note", handle="after")


def _contra(phrase: Phrase) -> Phrase:
    return replace(phrase, kind="note core contra", mark="note", handle="after")


def _marked(html: str, bound: Sequence[Phrase], noted: Sequence[Phrase]) -> Marked:
    text = passages.Text(html)
    # Notes come first: where one stands on just the words that are bound, it holds them.
    found = (*noted, *bound)
    taken = [(*text.locate(phrase), phrase.handle == "after") for phrase in found]
    terms = list(_terms(text, taken))
    order = sorted(zip(taken, found, strict=True), key=lambda pair: pair[0][0])
    return Marked(
        text.annotate([*found, *terms]),
        tuple(dict.fromkeys(phrase.id for _, phrase in order if phrase.mark == "note")),
        tuple(term.id for term in terms),
    )


def _terms(text: passages.Text, taken: Sequence[tuple[int, int, bool]]) -> Iterator[Phrase]:
    """Each term once, at the first place where it is clear of what is taken: (start, end, may hold a term)."""
    seen: set[str] = set()
    for offset, block in text.blocks():
        for span in glossary.find_in(block):
            start, end = offset + span.start, offset + span.end
            if span.term not in seen and all(
                end <= first or last <= start or (holds and first <= start and end <= last)
                for first, last, holds in taken
            ):
                seen.add(span.term)
                words = block[span.start : span.end]
                yield Phrase(span.term, words, kind="term", start=start, mark="term", handle="none")
