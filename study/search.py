"""Full-text search over the ninety questions: BM25 (Robertson & Zaragoza, 2009) over the terms of `study.terms` in the
Chinese text and its English, a heading's words counted several times, Latin words forgiven one slip of the finger, the
glossary's terms found under any of their names (`study.synonyms`), what is meant besides what is said where the caller
has a sentence model (`study.meaning`), and a snippet of each answer as safe HTML."""

from __future__ import annotations

import functools
import html
import math
import re
from collections import Counter
from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from dataclasses import dataclass

from rapidfuzz import process
from rapidfuzz.distance import OSA

from study import answers, english, glossary, markdown, meaning, synonyms, terms
from study import document as documents
from study.document import Document, Question
from study.meaning import Encode

_QUERY_LIMIT = 200  # characters that are read of a query
_HEADING_WEIGHT = 6
_FRAGMENT_WEIGHT = 0.6  # a pair of characters is weaker evidence than a word
_SATURATION, _LENGTH_PENALTY = 1.2, 0.6  # k1 and b of BM25
_FAINT = 0.12  # hits below this share of the best one only share common words with the query
_UNRELATED = 0.1  # a question that holds less than this share of the query is no answer to it
_COMMON = 0.4  # a term in more than this share of questions is not worth highlighting
_SNIPPET = 110  # characters
_TERM_WEIGHT = 2.0  # a term of the glossary, found under any of its names
_FAR, _NEAR = 0.1, 0.7  # cosines of a question that has nothing to do with the query, and of one that says the same
_MEANT = 0.3  # below it, meaning alone finds nothing
_MEANING_WEIGHT = 2.4  # a question that means what was asked, against one that says it
_ID = re.compile(r"\s*([ab])\s*[-.#]?\s*0*([1-9][0-9]{0,2})\s*")


@dataclass(frozen=True)
class Hit:
    """A question found. `snippet` is HTML: escaped text with `<mark>` around the `terms` it holds."""

    question: str
    score: float
    snippet: str
    terms: tuple[str, ...]


@dataclass(frozen=True)
class SearchResult:
    """`terms` are the strings to highlight in the full text, whatever their case; `corrected` pairs each
    Latin word that was taken for another with the word used."""

    query: str
    hits: tuple[Hit, ...]
    terms: tuple[str, ...]
    corrected: tuple[tuple[str, str], ...]


@dataclass(frozen=True)
class _Folded:
    """A question's texts as the search compares them."""

    heading: str
    body: str

    def holds(self, stretch: str) -> bool:
        return stretch in self.body or stretch in self.heading


@dataclass(frozen=True)
class _Entry:
    question: Question
    heading: str
    body: str
    folded: _Folded
    length: int


@dataclass(frozen=True)
class _Clue:
    """One thing a query asks for, and how often each question (by place) holds it."""

    weight: float
    places: Mapping[int, int]


class Index:
    """A document made searchable."""

    def __init__(self, document: Document) -> None:
        texts = [text for question in document.questions for text in (question.heading, question.body)]
        self._segmenter = terms.Segmenter(terms.vocabulary(texts))
        self._postings: dict[str, dict[int, int]] = {}
        self._named_terms: dict[str, dict[int, int]] = {}
        self._words: Counter[str] = Counter()
        self._written: dict[str, set[str]] = {}
        self._entries = [self._add(place, question) for place, question in enumerate(document.questions)]
        self._mean_length = sum(entry.length for entry in self._entries) / len(self._entries)
        self._by_id = {entry.question.id: entry for entry in self._entries}

    def search(self, query: str, limit: int = 20, encode: Encode | None = None) -> SearchResult:
        """The best questions for a query, best first; an empty or meaningless query finds nothing.

        encode: a sentence to its vector, by the model of `study.meaning`; without it only words are compared.
        """
        typed = query[:_QUERY_LIMIT].strip()
        folded = synonyms.traditional(terms.normalise(typed))[:_QUERY_LIMIT]
        if named := self._named(folded):
            hit = Hit(named.question.id, 1.0, _snippet(named, ()), ())
            return SearchResult(typed, (hit,)[: max(limit, 0)], (), ())
        folded = terms.without_asking(folded)
        latin, corrected = self._latin(folded)
        for word, used in corrected:
            folded = re.sub(rf"(?<![a-z0-9]){re.escape(word)}(?![a-z0-9])", used, folded)
        names = synonyms.named(folded)
        scores = self._scores(self._clues(folded, latin, names))
        if encode is not None:
            text = _in_english(folded, names)
            read = len(folded) - sum(map(len, terms.han_runs(_without(folded, names))))
            scores = self._with_meaning(scores, text, encode, _MEANING_WEIGHT * read / len(folded))
        highlights = self._highlights(folded, latin, names)
        ranked = sorted(scores.items(), key=lambda item: (-item[1], item[0]))
        best = ranked[0][1] if ranked else 0.0
        hits = tuple(
            self._hit(place, score, highlights) for place, score in ranked[: max(limit, 0)] if score >= best * _FAINT
        )
        return SearchResult(typed, hits, highlights, corrected)

    def _add(self, place: int, question: Question) -> _Entry:
        headings = [question.heading]
        if question.answered and question.listed is not None:
            headings.append(question.listed)
        heading = " ".join(markdown.to_text(text) for text in headings)
        # What the document leaves open is found by our answer, where a word counts once: the document comes first.
        body = _line(question.body or answers.answer(question.id, "zh-Hant"))
        ours = english.of_question(question.id)
        asked, said = f"{ours.title} {ours.question}", ours.summary or _line(answers.answer(question.id, "en"))
        counted: Callable[[list[str]], Iterable[str]] = (lambda found: found) if question.body else set
        # A word that both wordings of a heading hold should not count as two.
        frequency = Counter(dict.fromkeys(terms.document_terms(f"{heading} {asked}"), _HEADING_WEIGHT))
        frequency.update(counted(terms.document_terms(f"{body} {said}")))
        for term, count in frequency.items():
            self._postings.setdefault(term, {})[place] = count
        named = Counter(dict.fromkeys(_terms_in(f"{heading}\n{asked}"), _HEADING_WEIGHT))
        named.update(counted(_terms_in(f"{body}\n{said}")))
        for name, count in named.items():
            self._named_terms.setdefault(name, {})[place] = count
        folded = _Folded(terms.normalise(heading), terms.normalise(body))
        for word in terms.latin_words(f"{folded.heading}\n{folded.body}"):
            self._written.setdefault(terms.stem(word.folded), set()).add(word.written)
        for word in terms.latin_words(terms.normalise(f"{heading}\n{body}\n{asked}\n{said}")):
            self._words[word.folded] += 1
        return _Entry(question, heading, body, folded, frequency.total())

    def _named(self, folded: str) -> _Entry | None:
        """The question that the query names by its id, if that is all it does."""
        match = _ID.fullmatch(folded)
        return self._by_id.get(f"{match[1].upper()}{match[2]}") if match else None

    def _latin(self, folded: str) -> tuple[list[str], tuple[tuple[str, str], ...]]:
        """The stems of the query's Latin words, put right where the notes lack them."""
        stems: list[str] = []
        corrected: list[tuple[str, str]] = []
        for word in dict.fromkeys(word.folded for word in terms.latin_words(folded)):
            nearest = word
            if terms.stem(word) not in self._postings and (found := self._nearest(word)):
                nearest = found
                corrected.append((word, nearest))
            stems.append(terms.stem(nearest))
        return stems, tuple(corrected)

    def _clues(self, folded: str, latin: Iterable[str], names: Sequence[synonyms.Named]) -> list[_Clue]:
        """Everything the query asks for, with the questions that hold it."""
        clues = [_Clue(_TERM_WEIGHT, self._holding_terms(name.terms)) for name in names]
        clues += [_Clue(1.0, self._postings.get(term, {})) for term in dict.fromkeys(latin)]
        for word in dict.fromkeys(self._segmenter.query_words(folded)):
            clues.append(_Clue(1.0, self._holding({word, synonyms.elsewhere(word)})))
        for fragment in dict.fromkeys(terms.query_fragments(folded)):
            clues.append(_Clue(_FRAGMENT_WEIGHT, self._postings.get(fragment, {})))
        # What no question holds tells nothing; where it is all there is, nothing is found.
        return [clue for clue in clues if clue.places]

    def _holding_terms(self, names: Iterable[str]) -> dict[int, int]:
        counts: Counter[int] = Counter()
        for name in names:
            counts.update(self._named_terms.get(name, {}))
        return dict(counts)

    def _holding(self, forms: Collection[str]) -> dict[int, int]:
        counts: dict[int, int] = {}
        for place, entry in enumerate(self._entries):
            count = sum(entry.folded.body.count(form) for form in forms)
            count += _HEADING_WEIGHT * any(form in entry.folded.heading for form in forms)
            if count:
                counts[place] = count
        return counts

    def _nearest(self, word: str) -> str | None:
        """The notes' most frequent word within one edit: a letter more, less, other, or two swapped."""
        if len(word) < 4:
            return None
        close = process.extract(word, self._words.keys(), scorer=OSA.distance, score_cutoff=1, limit=None)
        # A slip in the first letter is rare, so a word that keeps it is the likelier one.
        near = [str(found) for found, _, _ in close if len(found) > 2]
        return max(near, key=lambda found: (found[0] == word[0], self._words[found]), default=None)

    def _scores(self, clues: Sequence[_Clue]) -> dict[int, float]:
        """BM25, times a bonus for holding more of what was asked."""
        total = sum(clue.weight * self._rarity(clue) for clue in clues)
        scores: dict[int, float] = {}
        covered: dict[int, float] = {}
        for clue in clues:
            worth = clue.weight * self._rarity(clue)
            for place, count in clue.places.items():
                length = self._entries[place].length / self._mean_length
                damped = count + _SATURATION * (1 - _LENGTH_PENALTY + _LENGTH_PENALTY * length)
                scores[place] = scores.get(place, 0.0) + worth * count * (_SATURATION + 1) / damped
                covered[place] = covered.get(place, 0.0) + worth / total
        return {
            place: score * (0.3 + 0.7 * covered[place])
            for place, score in scores.items()
            if covered[place] >= _UNRELATED
        }

    def _with_meaning(self, scores: Mapping[int, float], text: str, encode: Encode, weight: float) -> dict[int, float]:
        """The scores, from 0 to 1, with what is meant added to what is said."""
        best = max(scores.values(), default=1.0)
        together = {place: score / best for place, score in scores.items()}
        if not text:
            return together
        for place, cosine in enumerate(meaning.closeness(encode(text))):
            close = (float(cosine) - _FAR) / (_NEAR - _FAR)
            if close > 0 and (place in together or cosine >= _MEANT):
                together[place] = together.get(place, 0.0) + weight * close
        return together

    def _rarity(self, clue: _Clue) -> float:
        holding = len(clue.places)
        return math.log(1 + (len(self._entries) - holding + 0.5) / (holding + 0.5))

    def _highlights(self, folded: str, latin: Iterable[str], names: Iterable[synonyms.Named]) -> tuple[str, ...]:
        """The longest stretches of the query that the notes hold, every form of its Latin words, every name of its
        terms."""
        found = {stretch for run in terms.han_runs(folded) for stretch in self._stretches(run)}
        found.update(written for term in latin for written in self._written.get(term, ()))
        for name in names:
            spellings = (spelling for term in name.terms for spelling in glossary.term(term).spellings)
            found.update(spelling for spelling in map(terms.normalise, spellings) if self._share(spelling))
        rare = {stretch for stretch in found if self._share(stretch) <= _COMMON}
        return tuple(sorted(rare or found, key=lambda stretch: (-len(stretch), stretch)))

    def _stretches(self, run: str) -> Iterable[str]:
        """Neighbouring words of a run joined for as long as the notes hold them side by side."""
        joined = ""
        for piece in [*self._segmenter.pieces(run), ""]:
            if piece and self._share(joined + piece):
                joined += piece
                continue
            stretch = terms.without_particles(joined)
            # A lone character is worth marking only when it is all that was asked for.
            if len(stretch) > 1 or stretch == run:
                yield from (stretch,) if stretch else ()
            joined = piece if piece and self._share(piece) else ""

    def _share(self, stretch: str) -> float:
        """In how many of the questions, from 0 to 1, this stretch is read."""
        return sum(entry.folded.holds(stretch) for entry in self._entries) / len(self._entries)

    def _hit(self, place: int, score: float, highlights: Sequence[str]) -> Hit:
        entry = self._entries[place]
        held = tuple(term for term in highlights if entry.folded.holds(term))
        return Hit(entry.question.id, round(score, 4), _snippet(entry, held), held)


def _line(text: str) -> str:
    """Markdown as the words that are read, in one line."""
    return " ".join(markdown.to_text(text).split())


def _terms_in(text: str) -> list[str]:
    return [span.term for span in glossary.find_in(text)]


def _without(folded: str, names: Iterable[synonyms.Named]) -> str:
    """The query with blanks in place of its terms."""
    for name in names:
        folded = folded[: name.start] + " " * (name.end - name.start) + folded[name.end :]
    return folded


def _in_english(folded: str, names: Iterable[synonyms.Named]) -> str:
    """The query as far as it is English: its terms by their English names, the rest of its Chinese left out."""
    parts, done = [], 0
    for name in names:
        parts += [folded[done : name.start], f" {glossary.term(name.terms[0]).en} "]
        done = name.end
    text = terms.without_han("".join([*parts, folded[done:]]))
    return " ".join(text.split()) if re.search("[a-z]", text) else ""


def _snippet(entry: _Entry, held: Sequence[str]) -> str:
    """The stretch of the answer that holds most of the terms, longer ones counting more."""
    text = entry.body or entry.heading
    places = [match.span() for match in _pattern(held).finditer(text)] if held else []
    start = 0
    if places:
        best = max(range(len(places)), key=lambda place: (_held_from(places, place), -place))
        start = max(0, places[best][0] - _SNIPPET // 5)
    end = min(len(text), start + _SNIPPET)
    start = max(0, end - _SNIPPET)
    marked: list[str] = ["…"] if start else []
    done = start
    for first, last in places:
        if first >= done and last <= end:
            marked += (html.escape(text[done:first]), f"<mark>{html.escape(text[first:last])}</mark>")
            done = last
    marked.append(html.escape(text[done:end]))
    return "".join(marked) + ("…" if end < len(text) else "")


def _pattern(held: Sequence[str]) -> re.Pattern[str]:
    # Longest first, so that a term inside another does not hide it; a Latin term must begin a word.
    branches = [(rf"(?<![a-z0-9]){re.escape(term)}" if term.isascii() else re.escape(term)) for term in held]
    return re.compile("|".join(branches), re.IGNORECASE)


def _held_from(places: Sequence[tuple[int, int]], first: int) -> int:
    limit = places[first][0] + _SNIPPET * 4 // 5
    return sum(end - start for start, end in places[first:] if end <= limit)


@functools.cache
def index() -> Index:
    """The index of the notes, built on first use and kept."""
    return Index(documents.load())


def search(query: str, limit: int = 20, encode: Encode | None = None) -> SearchResult:
    """Search the notes; see `Index.search`."""
    return index().search(query, limit, encode)
