"""One question of the document as the browser takes it: both languages, marked words, what to read first, and the notes
and terms that its marks open. The passage pane and the reader are made of these rows."""

from __future__ import annotations

import re
from collections.abc import Iterable

from study import answers, catalogue, contradictions, document, english, glossary, markdown, marks, notes
from ui import language

Row = dict[str, object]


def row(question_id: str, lang: str, page: str = "") -> Row:
    """The question: heading and answer of the document (`zh`, `body`), its English (`en`, `asked`, `summary`), our own
    answer in `lang` where the document has none, minutes, what to explain first. `page`: whose bound words are marked.
    """
    question = document.load().question(question_id)
    entry = english.of_question(question_id)
    return {
        "id": question.id,
        "zh": markdown.inline_html(question.heading),
        "body": marks.chinese(question_id, page).html,
        "en": entry.title,
        "asked": entry.question,
        "summary": marks.summary(question_id, page).html,
        "answered": question.answered,
        "answer": own_answer(question_id, lang, page),
        "related": list(catalogue.load().related.get(question_id, ())),
        "minutes": english.minutes(question_id, lang),
        "first": list(entry.prerequisites),
        "sample": entry.sample,
        "against": [found.id for found in contradictions.of_question(question_id)],
    }


def own_answer(question_id: str, lang: str, page: str = "") -> str:
    """Our own answer as HTML, "" where there is none. It speaks to the page that shows it: away from that page, a link
    such as "?lens=input" leads there ("/attention?q=B56&lens=input"), as those to another page do anywhere."""
    html = markdown.to_html(answers.answer(question_id, lang))
    home = next((concept.page for concept in catalogue.load().for_question(question_id) if concept.ready), "")
    if page == home or not home:
        return html
    return re.sub(r'href="\?', f'href="/{home}?q={question_id}&amp;', html)


def title(question_id: str, lang: str) -> str:
    """A question's name in a list: its English title, or the document's own heading without markup."""
    if lang == "en":
        return english.of_question(question_id).title
    return markdown.to_text(document.load().question(question_id).heading).strip()


def titles(question_ids: Iterable[str], lang: str) -> dict[str, str]:
    """Titles of the questions and of all that they lead to."""
    wanted: dict[str, None] = {}
    for question_id in question_ids:
        related = catalogue.load().related.get(question_id, ())
        against = [side.question for found in contradictions.of_question(question_id) for side in found.sides]
        needed = english.of_question(question_id).prerequisites
        wanted.update(dict.fromkeys((question_id, *related, *needed, *against)))
    return {question_id: title(question_id, lang) for question_id in wanted}


def kit(question_ids: Iterable[str], lang: str, page: str = "") -> Row:
    """What the marks of these questions open, and the texts around them: labels, notes by id, terms by id."""
    marked = [make(question_id, page) for question_id in question_ids for make in (marks.chinese, marks.summary)]
    return {
        "labels": {**language.load(lang).group("marks"), "lang": lang},
        "notes": {name: opened(name, lang) for name in _once(marked, "notes")},
        "terms": {name: term(glossary.term(name), lang) for name in _once(marked, "terms")},
    }


def _once(marked: Iterable[marks.Marked], field: str) -> list[str]:
    return sorted({name for one in marked for name in getattr(one, field)})


def opened(name: str, lang: str) -> Row:
    """What the mark of this id opens: a note, or a contradiction."""
    if name.startswith("C"):
        return contradiction(contradictions.find(name), lang)
    return note(notes.find(name), lang)


def note(found: notes.Note, lang: str) -> Row:
    """A note in one language; `show` is where to see the matter live, None while no page can show it."""
    text = found.text(lang)
    return {
        "id": found.id,
        "grade": found.grade,
        "core": found.core,
        "checked": found.checked,
        "wrong": text.wrong,
        "correct": text.correct,
        "sources": _sources(found.sources),
        "show": _live(found, lang),
    }


def contradiction(found: contradictions.Contradiction, lang: str) -> Row:
    """A contradiction in one language, as a kind of note: its sides, each with whether it is the one that holds."""
    text = found.text(lang)
    return {
        "id": found.id,
        "grade": "contradiction",
        "core": True,
        "checked": True,
        "topic": text.topic,
        "correct": text.holds,
        "sides": [
            {"question": side.question, "phrase": side.visible, "english": words, "right": side == found.right}
            for side, words in zip(found.sides, found.english, strict=True)
        ],
        "notes": list(found.notes),
        "sources": _sources(found.sources),
        "show": None,
    }


def _sources(sources: Iterable[notes.Source]) -> list[Row]:
    return [{"title": source.title, "ref": source.ref} for source in sources]


def _live(found: notes.Note, lang: str) -> Row | None:
    """The page, its query and, where the page shows it, the note's question."""
    if found.show is None:
        return None
    for concept in catalogue.load().concepts:
        if concept.page == found.show.page and concept.ready:
            asked = next((place.question for place in found.places if place.question in concept.questions), "")
            return {
                "page": concept.page,
                "query": dict(found.show.query),
                "q": asked,
                "title": language.load(lang)(f"concept.{concept.id}.title"),
            }
    return None


def term(found: glossary.Term, lang: str) -> Row:
    """A term in one language; `page` is where it can be seen, empty while that page is not ready."""
    concept = next((one for one in catalogue.load().concepts if one.page == found.page and one.ready), None)
    return {
        "id": found.id,
        "zh": found.zh,
        "en": found.en,
        "text": found.definition_en if lang == "en" else found.definition_zh,
        "page": concept.page if concept else "",
        "title": language.load(lang)(f"concept.{concept.id}.title") if concept else "",
    }
