from html.parser import HTMLParser

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from study import document
from study.markdown import ALLOWED_ATTRIBUTES, ALLOWED_TAGS, inline_html, to_html, to_text

VOID = {"br", "hr"}


class Audit(HTMLParser):
    """What a browser would see: every tag and attribute, and whether they nest."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.tags: set[str] = set()
        self.attributes: set[tuple[str, str]] = set()
        self.values: list[str] = []
        self.other: list[str] = []
        self.open: list[str] = []
        self.text = ""
        self.feed(html)
        self.close()

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.tags.add(tag)
        for name, value in attrs:
            self.attributes.add((tag, name))
            self.values.append(value or "")
        if tag not in VOID:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        if tag not in VOID:
            assert self.open and self.open.pop() == tag

    def handle_data(self, data: str) -> None:
        self.text += data

    def handle_comment(self, data: str) -> None:
        self.other.append(data)

    def handle_decl(self, decl: str) -> None:
        self.other.append(decl)

    def handle_pi(self, data: str) -> None:
        self.other.append(data)

    def unknown_decl(self, data: str) -> None:
        self.other.append(data)


def assert_safe(html: str) -> Audit:
    audit = Audit(html)
    assert audit.tags <= ALLOWED_TAGS
    assert audit.attributes <= ALLOWED_ATTRIBUTES
    assert not audit.other and not audit.open
    assert not any(value.lower().lstrip().startswith(("javascript:", "vbscript:")) for value in audit.values)
    return audit


@pytest.mark.parametrize("question", document.load().questions, ids=lambda question: question.id)
def test_every_answer_renders_clean(question: document.Question) -> None:
    for html in (to_html(question.body), inline_html(question.heading)):
        audit = assert_safe(html)
        assert "**" not in html and "&lt;mark" not in html
        assert audit.text.count("`") == 0


def test_a_table_is_one_and_carries_no_style() -> None:
    html = to_html("| 詞 | n |\n|:--|--:|\n| **甲**（乙） | `1` |\n")
    audit = assert_safe(html)
    assert {"table", "thead", "tbody", "tr", "th", "td"} <= audit.tags
    assert "style" not in html
    assert "<td><strong>甲</strong>（乙）</td>" in html


def test_the_highlighter_marks_of_the_first_answer() -> None:
    html = to_html(document.load().question("A1").body)
    assert html.count('<mark class="tone-green">') == 2
    assert html.count('<mark class="tone-blue">') == 3
    assert html.count("</mark>") == 5
    assert "style" not in html


@pytest.mark.parametrize(
    ("markdown", "html"),
    [
        ("**詞（word）**是", "<strong>詞（word）</strong>是"),
        ("在**詞**中", "在<strong>詞</strong>中"),
        ("是**「詞」**。", "是<strong>「詞」</strong>。"),
        ("**甲。**乙**丙。**丁", "<strong>甲。</strong>乙<strong>丙。</strong>丁"),
        ("漢字*(a)*漢字", "漢字<em>(a)</em>漢字"),
        ("한국어**(괄호)**를", "한국어<strong>(괄호)</strong>를"),
        # Where no CJK character is near, CommonMark's own rule holds.
        ("a*(b)*c", "a*(b)*c"),
        ("a * b * c", "a * b * c"),
        ("class_weight_x", "class_weight_x"),
        ("_a_ **b**", "<em>a</em> <strong>b</strong>"),
        ("😀**!**a", "😀**!**a"),
        ("`**詞**`", "<code>**詞**</code>"),
        ("<b>x</b>", "&lt;b&gt;x&lt;/b&gt;"),
        ('<mark style="background: #BBFABBA6;">**a</mark>b**', '<mark class="tone-green">**a</mark>b**'),
        ("<mark>x</mark>", "&lt;mark&gt;x&lt;/mark&gt;"),
    ],
)
def test_inline(markdown: str, html: str) -> None:
    assert inline_html(markdown) == html


@pytest.mark.parametrize(
    "attack",
    [
        "<script>alert(1)</script>",
        '<img src=x onerror="alert(1)">',
        '<mark style="background: url(x)">a</mark>',
        '<mark style="background: #BBFABBA6;" onclick="x">a</mark>',
        "[a](javascript:alert(1))",
        "[a](JaVaScRiPt:alert(1))",
        "![a](https://example.org/pixel.png)",
        "<javascript:alert(1)>",
        "[a](data:text/html;base64,x)",
        "<!-- x -->",
        '<mark style="background: #BBFABBA6;"><script>x</script></mark>',
    ],
)
def test_attacks_become_text(attack: str) -> None:
    for html in (to_html(attack), inline_html(attack)):
        audit = assert_safe(html)
        assert "img" not in audit.tags
        assert not any(":" in value and not value.startswith("http") for value in audit.values)


PIECES = [
    "**", "*", "_", "`", "<", ">", "</mark>", '<mark style="background: #ADCCFFA6;">', "<script>", "<img ",
    "onerror=", '"', "（", "）", "漢", "a", " ", "\n", "    ", "- ", "1. ", "> ", "# ", "[", "](",
    "javascript:", "&lt;", "&#60;", "\\", "```", "!", "---",
]  # fmt: skip


@settings(max_examples=250, deadline=None)
@given(st.one_of(st.text(), st.lists(st.sampled_from(PIECES)).map("".join)))
@example("<script>alert(1)</script>")
@example("<img src=x onerror=alert(1)>")
def test_no_text_yields_a_tag_outside_the_set(markdown: str) -> None:
    assert_safe(to_html(markdown))
    assert_safe(inline_html(markdown))


def test_nested_lists_and_paragraphs_in_items() -> None:
    html = to_html("- 甲\n    \n    第二段\n    \n    1. 一\n    2. 二\n- 乙\n")
    inside = "<p>甲</p>\n<p>第二段</p>\n<ol>\n<li>一</li>\n<li>二</li>\n</ol>"
    assert html == f"<ul>\n<li>\n{inside}\n</li>\n<li>\n<p>乙</p>\n</li>\n</ul>\n"
    assert to_html(document.load().question("B55").body).count("<ol>") == 2
    assert to_html(document.load().question("B53").body).count("<li>") == 20


def test_code_span() -> None:
    assert "<code>class_weight='balanced'</code>" in to_html(document.load().question("B42").body)


def test_text_is_what_is_read() -> None:
    assert to_text("**詞（a < b）**是\n\n- `x`\n- <b>\n") == "詞（a < b）是\nx\n<b>"
    for question in document.load().questions:
        read = Audit(to_html(question.body)).text
        assert to_text(question.body).split() == read.split()
