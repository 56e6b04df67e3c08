from html.parser import HTMLParser

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from study import document
from study.markdown import to_html
from study.passages import OverlapError, Phrase, PhraseNotFoundError, annotate, visible_text


class Balance(HTMLParser):
    def __init__(self, html: str) -> None:
        super().__init__()
        self.open: list[str] = []
        self.feed(html)
        self.close()
        assert not self.open

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        if tag not in {"br", "hr"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in {"br", "hr"}:
            assert self.open.pop() == tag


def without_spans(html: str) -> str:
    """Undo `annotate`; the renderer itself writes no span."""
    parts = html.replace("</span>", "").split("<span ")
    return parts[0] + "".join(part.split(">", 1)[1] for part in parts[1:])


FIRST = '<span class="bound" data-bind="x" role="button" tabindex="0">'
NEXT = '<span class="bound" data-bind="x">'


@pytest.mark.parametrize(
    ("html", "text", "expected"),
    [
        ("<p>甲乙丙</p>", "乙", f"<p>甲{FIRST}乙</span>丙</p>"),
        ("甲<strong>乙</strong>", "甲乙", f"{FIRST}甲</span><strong>{NEXT}乙</span></strong>"),
        ("<em>甲</em>乙", "甲乙", f"<em>{FIRST}甲</span></em>{NEXT}乙</span>"),
        ("a &amp; b &lt;", "& b <", f"a {FIRST}&amp; b &lt;</span>"),
        ('<a title="乙>">乙</a>', "乙", f'<a title="乙>">{FIRST}乙</span></a>'),
        ("<em></em>甲<br>", "甲", f"<em></em>{FIRST}甲</span><br>"),
    ],
)
def test_one_phrase(html: str, text: str, expected: str) -> None:
    assert annotate(html, [Phrase("x", text)]) == expected


def test_occurrence() -> None:
    assert annotate("aXbXc", [Phrase("x", "X", occurrence=2)]) == f"aXb{FIRST}X</span>c"


def test_kind_and_id_are_escaped() -> None:
    html = annotate("a", [Phrase('"><script>', "a", kind='k"')])
    assert "<script>" not in html and 'class="k&quot;"' in html


def test_no_phrases_change_nothing() -> None:
    assert annotate("<p>a &amp; b</p>\n", []) == "<p>a &amp; b</p>\n"


def test_nested_and_adjacent() -> None:
    phrases = [Phrase("in", "乙"), Phrase("out", "甲乙丙"), Phrase("after", "丁")]
    html = annotate("甲<em>乙丙</em>丁戊", phrases)
    Balance(html)
    assert without_spans(html) == "甲<em>乙丙</em>丁戊"
    assert html.index('"out"') < html.index('"in"') < html.index('"after"')
    assert html.count("data-bind") == 4


def test_overlap_is_refused() -> None:
    with pytest.raises(OverlapError, match="'one' and 'two'"):
        annotate("甲乙丙丁", [Phrase("two", "乙丙丁"), Phrase("one", "甲乙丙")])


@pytest.mark.parametrize(
    ("html", "phrase"),
    [
        ("<p>甲</p>", Phrase("lost", "乙")),
        ("<p>甲</p>", Phrase("lost", "甲", occurrence=2)),
        ("<p>甲</p>", Phrase("lost", "甲", occurrence=0)),
        ("<p>甲</p>", Phrase("lost", "")),
        ("<p>甲</p>\n", Phrase("lost", "\n")),
        ("<p>p</p>", Phrase("lost", "<p>")),
        # A span may not reach from one block into the next.
        ("<p>甲</p><p>乙</p>", Phrase("lost", "甲乙")),
    ],
)
def test_a_phrase_that_is_not_there_is_named(html: str, phrase: Phrase) -> None:
    with pytest.raises(PhraseNotFoundError, match="lost"):
        annotate(html, [phrase])


def test_visible_text() -> None:
    assert visible_text('<p>a &amp; <mark class="x">乙</mark>&#x41;</p>\n') == "a & 乙A\n"
    assert visible_text("1 < 2 & 3") == "1 < 2 & 3"


@st.composite
def annotated(draw: st.DrawFn) -> tuple[str, list[Phrase]]:
    """An answer of the notes, or made-up Markdown, and a few stretches of what is read in it."""
    bodies = st.sampled_from([q.body[:600] for q in document.load().questions if q.answered])
    signs = st.sampled_from(["**", "`", "漢", "字", "a", " & ", "<", "（", "）", "\n\n", "\n", "- ", "&lt;", "_"])
    html = to_html(draw(st.one_of(bodies, st.lists(signs, max_size=30).map("".join))))
    text = visible_text(html)
    assume(text)
    phrases = []
    for name in range(draw(st.integers(0, 4))):
        start = draw(st.integers(0, len(text) - 1))
        phrases.append(Phrase(str(name), text[start : start + draw(st.integers(1, 25))]))
    return html, phrases


@settings(max_examples=200, deadline=None)
@given(annotated())
def test_only_spans_are_added(sample: tuple[str, list[Phrase]]) -> None:
    html, phrases = sample
    try:
        result = annotate(html, phrases)
    except (OverlapError, PhraseNotFoundError):
        return
    assert visible_text(result) == visible_text(html)
    assert without_spans(result) == html
    assert result.count('role="button"') == len(phrases)
    Balance(result)
