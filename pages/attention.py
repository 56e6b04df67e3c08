"""Attention: run the bundled BERT on the reader's sentence and show every head of every layer."""

from __future__ import annotations

from pathlib import Path

import streamlit as st

from explainers import attention, models
from explainers.errors import ExplainerError
from study import catalogue
from ui import components, figure, frame, source, tokentable, widgets
from ui.state import PageState

PAGE = "attention"
MAX_TOKENS = 128


SHIPPED = Path(__file__).resolve().parent.parent / "assets" / "attention" / "default.bin"


def read_of(trace: attention.AttentionTrace, a: str, b: str) -> str:
    """The two sentences as Python text, without the far part of a long one that the model never reads."""
    read = {"a": a, "b": b}
    for cut in trace.cuts:
        read[cut.sentence] = read[cut.sentence][: cut.at_character + 100]
    return f"{read['a']!r}, {read['b']!r}"


def explain_cuts(here: PageState, trace: attention.AttentionTrace) -> None:
    """Say what the model did not read, and which characters it does not know."""
    for cut in trace.cuts:
        frame.notice(
            here.t(
                "attention.cut" if cut.total_is_exact else "attention.cut_long",
                sentence=cut.sentence.upper(),
                kept=cut.kept_tokens,
                total=cut.total_tokens,
                character=cut.at_character,
                before=cut.before,
                after=cut.after,
            )
        )
    if trace.unknown:
        frame.notice(here.t("attention.unknown", words="、".join(trace.unknown[:8])))


def draw_canvas(here: PageState, name: str, payload_id: str, payload: bytes) -> None:
    """The overview and the large head, painted in the browser from one payload."""
    components.send(f"{name}-payload", payload_id, payload)
    components.mount(
        "attention",
        f"{name}-explorer",
        {
            "payload": payload_id,
            "layer": here.integer("layer"),
            "head": here.integer("head"),
            "view": here.text("view"),
            "pin": here.integer("pin"),
            "labels": here.t.group("explorer"),
        },
    )


def draw_while_loading(here: PageState) -> None:
    """Until the model is there: the shipped result, where it answers what the reader asked for, and says so."""
    default = all(here[name] == here.table[name].default for name in ("a", "b", "aside"))
    frame.notice(here.t("attention.shipped" if default else "attention.loading"))
    if default:
        payload = SHIPPED.read_bytes()
        draw_canvas(here, "shipped", attention.name_of(payload), payload)


def draw_explorer(here: PageState, text: attention.View, a: str, b: str) -> None:
    """All heads beside one large head."""
    layer, head = here.integer("layer"), here.integer("head")
    aside = here.flag("aside")
    sinks = text.measures.sink
    claim = here.t(
        "attention.claim_aside" if aside else "attention.claim",
        layer=layer,
        head=head,
        share=f"{sinks[layer - 1, head - 1]:.0%}",
        mean=f"{sinks.mean():.0%}",
    )
    with figure.card(
        here,
        "explorer",
        claim=claim,
        guide=(here.t("attention.look"), here.t("attention.try"), here.t("attention.hides")),
        exports=(
            figure.Export(
                f"attention-layer{layer}-head{head}.csv",
                lambda: attention.to_csv(text.shown, layer - 1, head - 1),
            ),
        ),
        code=lambda: source.snippet(
            attention.forward,
            f"tokens = trace({read_of(text.trace, a, b)}, max_tokens={MAX_TOKENS}).tokens\n"
            "result = forward(load_bert(), tokens)\n"
            f"print(result.attention[{layer - 1}, {head - 1}].round(3))  # layer {layer}, head {head}: query x key",
            (attention.trace, models.load_bert),
        ),
    ):
        draw_canvas(here, "attention", text.payload_id, text.payload)
        with st.container(horizontal=True, key="attention-controls", gap="medium"):
            for name in ("layer", "head", "view", "aside"):
                widgets.draw(here, name)
            widgets.draw_reset(here)


def draw_tokens(here: PageState, text: attention.View, a: str, b: str) -> None:
    """The input as the model sees it."""
    tokens = text.trace.tokens
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
            f"for token in trace({read_of(text.trace, a, b)}, max_tokens={MAX_TOKENS}).tokens:\n"
            "    print(token.position, token.segment, token.id, token.piece)",
            (attention.trace,),
        ),
    ):
        st.html(tokentable.html(tokens, here.t.group("tokens")))


def draw(here: PageState) -> None:
    """The explainer's side of the page."""
    widgets.draw(here, "lens")
    with st.container(horizontal=True, key="attention-sentences", gap="small"):
        widgets.draw(here, "a", lines=2)
        widgets.draw(here, "b", lines=2)
    a, b = here.text("a"), here.text("b")
    if max(len(a), len(b)) > here.table["a"].max_length:
        frame.notice(here.t("attention.link_is_short", characters=here.table["a"].max_length))
    waiting = st.empty()
    if not models.is_loaded():
        with waiting.container():
            draw_while_loading(here)
    try:
        text = attention.view(a, b, aside=here.flag("aside"), max_tokens=MAX_TOKENS)
        waiting.empty()
    except ExplainerError as error:
        frame.trouble(here.t(f"error.{error.code}", **error.details))
        return
    explain_cuts(here, text.trace)
    frame.live(here, ("lens", "a", "b"), draw_view)
    if here.text("lens") == "heads":
        draw_tokens(here, text, a, b)


def draw_view(here: PageState) -> None:
    """The view that is open: what runs again, alone, when one of its controls moves."""
    a, b = here.text("a"), here.text("b")
    text = attention.view(a, b, aside=here.flag("aside"), max_tokens=MAX_TOKENS)
    if here.text("lens") == "heads":
        draw_explorer(here, text, a, b)
    else:
        draw_lens(here, text, a, b)


def draw_lens(here: PageState, text: attention.View, a: str, b: str) -> None:
    """Another view of the same text. Imported here: charts cost time that the first picture does not need."""
    from pages.parts import attention as parts
    from pages.parts.scene import Scene

    try:
        parts.VIEWS[here.text("lens")](Scene(here, text, a, b))
    except ExplainerError as error:
        frame.trouble(here.t(f"error.{error.code}", **error.details))


concept = catalogue.load().concept(PAGE)
here = frame.open_page(PAGE, concept.questions)
with frame.two_panes(here, concept):
    draw(here)
