"""Markdown of the notes to safe HTML. The parser is markdown-it-py with one rule replaced: in plain
CommonMark a closing `**` after a full-width bracket and before a Chinese character does not close, which
leaves the stars visible; here the flanking test follows the published CommonMark CJK-friendly amendments
(https://github.com/tats-u/markdown-cjk-friendly), where a CJK neighbour never stands in emphasis's way.
Raw HTML is shown as text, save the highlighter marks of the notes, which become `<mark class="tone-…">`."""

from __future__ import annotations

import functools
import re
import unicodedata
from collections.abc import Iterable, Sequence

from markdown_it import MarkdownIt
from markdown_it.common.utils import isMdAsciiPunct, isPunctChar, isWhiteSpace
from markdown_it.rules_inline import StateInline
from markdown_it.rules_inline.state_inline import Delimiter
from markdown_it.token import Token

_HEADINGS = {f"h{level}" for level in range(1, 7)}
ALLOWED_TAGS = frozenset(
    {"a", "blockquote", "br", "code", "em", "hr", "li", "mark", "ol", "p", "pre", "strong", "ul"}
    | {"table", "tbody", "td", "th", "thead", "tr"}
    | _HEADINGS
)
ALLOWED_ATTRIBUTES = frozenset({("a", "href"), ("a", "title"), ("code", "class"), ("mark", "class"), ("ol", "start")})

# The notes were highlighted in an editor that wrote its colours inline; the page's style owns the colour,
# so only which of the two pens was used is kept.
_TONES = {"#BBFABBA6": "tone-green", "#ADCCFFA6": "tone-blue"}
_MARK_OPEN = re.compile(r'<mark style="background: (#[0-9A-F]{8});">')
_MARK_CLOSE = "</mark>"


def to_html(markdown: str) -> str:
    """Block Markdown as HTML that uses `ALLOWED_TAGS` and `ALLOWED_ATTRIBUTES` only."""
    rendered: str = _parser().render(markdown)
    return rendered


def inline_html(markdown: str) -> str:
    """One line of Markdown, such as a heading, as HTML without a surrounding block."""
    rendered: str = _parser().renderInline(markdown)
    return rendered


def to_text(markdown: str) -> str:
    """The words a reader sees: one line per paragraph or list item, no markup."""
    lines: list[str] = []
    for token in _parser().parse(markdown):
        if token.type == "inline":
            lines.append(_plain(token.children or ()))
        elif token.type in ("fence", "code_block"):
            lines.append(token.content.rstrip("\n"))
    return "\n".join(lines)


@functools.cache
def _parser() -> MarkdownIt:
    parser = MarkdownIt("commonmark", {"html": False}).enable("table")
    for cell in ("th_open", "td_open"):
        parser.add_render_rule(cell, _cell)
    # An image would fetch from a stranger's server on sight; the notes hold none.
    parser.disable("image")
    parser.inline.ruler.at("emphasis", _emphasis)
    parser.inline.ruler.before("autolink", "tone_mark", _tone_mark)
    return parser


def _cell(renderer: object, tokens: Sequence[Token], at: int, options: object, env: object) -> str:
    """A cell as it is: how a table's columns are set is the page's own matter, not a style within the text."""
    return f"<{tokens[at].tag}>"


def _plain(tokens: Iterable[Token]) -> str:
    breaks = {"softbreak": "\n", "hardbreak": "\n"}
    return "".join(breaks.get(token.type, token.content) for token in tokens)


def _tone_mark(state: StateInline, silent: bool) -> bool:
    opening = _MARK_OPEN.match(state.src, state.pos, state.posMax)
    if opening is None or opening[1] not in _TONES:
        return False
    inner = opening.end()
    end = state.src.find(_MARK_CLOSE, inner, state.posMax)
    if end < 0:
        return False
    if not silent:
        # Parsing the inside as its own stretch keeps emphasis from opening in it and closing beyond it.
        outer_end, state.pos, state.posMax = state.posMax, inner, end
        state.push("mark_open", "mark", 1).attrSet("class", _TONES[opening[1]])
        state.md.inline.tokenize(state)
        state.push("mark_close", "mark", -1)
        state.posMax = outer_end
    state.pos = end + len(_MARK_CLOSE)
    return True


def _emphasis(state: StateInline, silent: bool) -> bool:
    """Note a run of `*` or `_` and what it may do; markdown-it's own second pass pairs the runs up."""
    marker = state.src[state.pos]
    if silent or marker not in "*_":
        return False
    end = state.pos
    while end < state.posMax and state.src[end] == marker:
        end += 1
    may_open, may_close = _flanking(state.src, state.pos, end, state.posMax)
    for _ in range(end - state.pos):
        state.push("text", "", 0).content = marker
        state.delimiters.append(
            Delimiter(
                marker=ord(marker),
                length=end - state.pos,
                token=len(state.tokens) - 1,
                end=-1,
                open=may_open,
                close=may_close,
            )
        )
    state.pos = end
    return True


def _flanking(source: str, start: int, end: int, limit: int) -> tuple[bool, bool]:
    """Whether the run `source[start:end]` may open and may close emphasis."""
    before = _character_before(source, start)
    after = source[end] if end < limit else " "
    space_before, space_after = isWhiteSpace(ord(before)), isWhiteSpace(ord(after))
    sign_before, sign_after = _is_punctuation(before), _is_punctuation(after)
    cjk_before, cjk_after = _is_cjk(before), _is_cjk(after)
    left = not space_after and (not sign_after or cjk_after or space_before or sign_before or cjk_before)
    right = not space_before and (not sign_before or cjk_before or space_after or sign_after or cjk_after)
    if source[start] == "*":
        return left, right
    # An underscore inside a word belongs to the word, as in a variable's name.
    return left and (not right or sign_before), right and (not left or sign_after)


def _character_before(source: str, start: int) -> str:
    """The character that the run follows, looking past a variation selector to what it varies."""
    if start >= 2 and "\ufe00" <= source[start - 1] <= "\ufe0e":
        return source[start - 2]
    return source[start - 1] if start else " "


def _is_punctuation(character: str) -> bool:
    return isMdAsciiPunct(ord(character)) or isPunctChar(character)


def _is_cjk(character: str) -> bool:
    """East Asian wide, full or half width, Hangul, or a variation of an ideograph, but no emoji."""
    code = ord(character)
    if code < 0x1100:
        return False
    if 0xE0100 <= code <= 0xE01EF or unicodedata.name(character, "").startswith("HANGUL"):
        return True
    if unicodedata.east_asian_width(character) not in "WFH":
        return False
    # Emoji are wide symbols too; those that belong to CJK text all lie between these two blocks.
    return unicodedata.category(character) not in ("So", "Sm") or 0x2E80 <= code < 0x1F000
