import re
from dataclasses import replace
from html.parser import HTMLParser

import pytest
from hypothesis import assume, given, settings
from hypothesis import strategies as st

from study import document
from study.markdown import to_html
from study.passages import OverlapError, Phrase, PhraseNotFoundError, Text, annotate, visible_text


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
    """Undo `annotate`; the renderer itself writes no span and no button."""
    html = re.sub(r"<button [^>]*></button>", "", html)
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


NOTE = Phrase("n", "乙丙", kind="note", mark="note", handle="after")
BUTTON = '<button type="button" class="note" data-note="n"></button>'


@pytest.mark.parametrize(
    ("html", "expected"),
    [
        ("甲乙丙丁", f'甲<span class="note" data-note="n">乙丙</span>{BUTTON}丁'),
        (
            "甲<em>乙</em>丙",
            f'甲<em><span class="note" data-note="n">乙</span></em><span class="note" data-note="n">丙</span>{BUTTON}',
        ),
    ],
)
def test_a_handle_may_stand_behind_its_phrase(html: str, expected: str) -> None:
    assert annotate(html, [NOTE]) == expected


def test_a_phrase_with_its_handle_behind_may_hold_others() -> None:
    assert annotate("甲乙丙丁", [NOTE, Phrase("x", "乙")]) == (
        f'甲<span class="note" data-note="n">{FIRST}乙</span>丙</span>{BUTTON}丁'
    )


def test_a_button_never_stands_in_a_phrase_that_is_one() -> None:
    assert annotate("甲乙丙丁", [Phrase("x", "甲乙丙丁"), NOTE]) == (
        f'{FIRST}甲<span class="note" data-note="n">乙丙</span>丁</span>{BUTTON}'
    )


def test_two_on_the_same_words_have_their_buttons_in_order() -> None:
    html = annotate("乙丙", [NOTE, replace(NOTE, id="m")])
    other = BUTTON.replace('data-note="n"', 'data-note="m"')
    assert html.endswith(f"</span></span>{BUTTON}{other}")


def test_a_phrase_may_go_without_a_handle() -> None:
    assert annotate("甲乙", [Phrase("t", "乙", kind="term", mark="term", handle="none")]) == (
        '甲<span class="term" data-term="t">乙</span>'
    )


def test_a_place_can_be_named_by_where_it_begins() -> None:
    assert annotate("&amp;X<b>X</b>X", [Phrase("x", "X", start=3)]) == f"&amp;X<b>X</b>{FIRST}X</span>"
    assert Text("&amp;XX").locate(Phrase("x", "X", start=2)) == (2, 3)
    for start in (0, 3, 9):
        with pytest.raises(PhraseNotFoundError, match=f"does not begin at {start}"):
            annotate("&amp;XX", [Phrase("x", "X", start=start)])
    with pytest.raises(PhraseNotFoundError):
        annotate("<p>甲</p><p>乙</p>", [Phrase("x", "甲乙", start=0)])


def test_blocks_are_what_is_read_between_block_tags() -> None:
    html = "<p>甲<em>乙</em>&amp;</p>\n<ul><li>丙</li></ul>"
    blocks = [(start, text) for start, text in Text(html).blocks() if text.strip()]
    assert blocks == [(0, "甲乙&"), (4, "丙")]
    assert "".join(text for _, text in Text(html).blocks()) == visible_text(html)


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
        handle = draw(st.sampled_from(["phrase", "after", "none"]))
        phrases.append(Phrase(str(name), text[start : start + draw(st.integers(1, 25))], handle=handle))
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
    assert result.count('role="button"') == [phrase.handle for phrase in phrases].count("phrase")
    assert result.count("<button ") == [phrase.handle for phrase in phrases].count("after")
    Balance(result)
