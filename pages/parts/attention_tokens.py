"""The text as the model is given it: every token with its id, segment and position."""

from __future__ import annotations

import streamlit as st

from explainers import attention, models
from explainers.attention.memory import Text
from ui import figure, source, tokentable
from ui.state import PageState


def draw_tokens(here: PageState, tokens: tuple[attention.Token, ...], asked: Text) -> None:
    """The card of the tokens."""
    with figure.card(
        here,
        "tokens",
        claim=here.t("attention.tokens_claim", n=len(tokens)),
        guide=(
            here.t("attention.tokens_look"),
            here.t("attention.tokens_try"),
            here.t("attention.tokens_hides"),
        ),
        exports=(
            figure.Export("tokens.svg", lambda: tokentable.svg(tokens, here.t.group("tokens")), "svg"),
            figure.Export("tokens.csv", lambda: tokentable.csv(tokens)),
        ),
        code=lambda: source.snippet(
            attention.assemble,
            f"for token in trace({asked.as_code}).tokens:\n"
            "    print(token.position, token.segment, token.id, token.piece)",
            (attention.trace, models.ModelSource),
        ),
    ):
        st.html(tokentable.html(tokens, here.t.group("tokens")))
