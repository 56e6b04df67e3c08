"""Pieces or words: the attention page's text as the model cut it, or merged into the reader's own words; and what the
page says where a model was not made for the language. Nothing here draws a chart."""

from __future__ import annotations

from explainers import attention
from explainers.attention import memory, words
from explainers.attention.facts import facts
from explainers.attention.memory import Text
from explainers.models import BUNDLED_BERT
from ui import frame
from ui.state import PageState

CHINESE_ENOUGH = 3000
"""Characters that a vocabulary needs before Chinese can be read: bert-base-chinese has over 7,000, and some 3,000 make
up nearly all of a newspaper. Below that the page warns."""

MERGING = ("heads", "compare")
"""The views whose picture can be merged; the others speak of single pieces."""


def merged(here: PageState) -> bool:
    """Whether the picture shows words instead of pieces."""
    return here.text("merge") == "words" and here.text("lens") in MERGING


def view_of(here: PageState, asked: Text) -> attention.View:
    """The text as the picture shows it: in pieces, or merged into words. Raises what `trace` raises."""
    if merged(here):
        return memory.in_words(asked, aside=here.flag("aside"))
    return attention.view(asked.a, asked.b, aside=here.flag("aside"), max_tokens=asked.max_tokens, source=asked.source)


def is_kept(here: PageState, asked: Text) -> bool:
    """Whether `view_of` would answer at once."""
    aside = here.flag("aside")
    if merged(here):
        return memory.has_words(asked, aside=aside)
    return attention.is_kept(asked.a, asked.b, aside=aside, max_tokens=asked.max_tokens, source=asked.source)


def say_language(here: PageState, asked: Text, unknown: tuple[str, ...]) -> None:
    """Say plainly where the model was not made for what it was given."""
    chinese = words.has_ideographs(asked.a[:1000] + asked.b[:1000])
    own = asked.source != BUNDLED_BERT
    if not own and chinese:
        known = facts(asked.source)
        frame.notice(here.t("attention.not_chinese", chinese=known.chinese, pieces=f"{known.vocabulary:,}"))
    elif chinese and facts(asked.source).chinese < CHINESE_ENOUGH:
        frame.notice(here.t("attention.own_not_chinese", chinese=facts(asked.source).chinese))
    elif not own and (unknown or words.foreign(asked.a[:1000] + asked.b[:1000])):
        frame.notice(here.t("attention.english_only"))
    if unknown:
        frame.notice(here.t("attention.unknown", words=here.t.listed(unknown[:8])))


def say_merged(here: PageState, asked: Text, shown: attention.View) -> None:
    """How many pieces became how many words; or that there was nothing to merge."""
    if not merged(here):
        return
    pieces = sum(not token.special for token in asked.trace().tokens)
    whole = sum(not token.special for token in shown.trace.tokens)
    if pieces == whole:
        frame.notice(here.t("attention.nothing_merged"))
    else:
        frame.notice(here.t("attention.merged", pieces=pieces, words=whole))
