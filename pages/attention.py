"""Attention: run the bundled BERT on the reader's sentence and show every head of every layer."""

from __future__ import annotations

from dataclasses import replace

import streamlit as st
from streamlit.delta_generator import DeltaGenerator

from explainers import attention, models
from explainers.attention.memory import Text
from explainers.attention.words import merge_words, word_spans
from explainers.errors import ExplainerError
from pages.parts import attention_canvas, attention_models, attention_tokens, attention_words, own_model
from study import catalogue
from ui import figure, frame, source, widgets
from ui.state import PageState

PAGE = "attention"
MAX_TOKENS = 512
LONG_CHARACTERS = 400
"""From here a text takes long enough that the page says what it does."""
QUESTION = ("lens", "a", "b", "model")
"""What is asked: controls that stand above the picture, and change all of it."""


def text_of(here: PageState) -> Text:
    """What the reader asks for: two sentences, and the model they are read by. Raises ExplainerError."""
    source = own_model.asked(here.text("model"))
    most = min(MAX_TOKENS, models.load_encoder(source).max_positions)
    return Text(here.text("a"), here.text("b"), most, source)


def as_read(asked: Text, trace: attention.AttentionTrace) -> Text:
    """The text without the far part of a long sentence, which the model never reads and nobody needs to keep."""
    read = {"a": asked.a, "b": asked.b}
    for cut in trace.cuts:
        read[cut.sentence] = read[cut.sentence][: cut.at_character + 100]
    return replace(asked, a=read["a"], b=read["b"])


def explain_cuts(here: PageState, trace: attention.AttentionTrace) -> None:
    """Say what the model did not read."""
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


def draw_while_loading(here: PageState) -> None:
    """Until the model is there: the shipped result, where it answers what the reader asked for, and says so."""
    shipped = attention_canvas.is_shipped(here)
    frame.notice(here.t("attention.shipped" if shipped else "attention.loading"))
    if shipped:
        payload = attention_canvas.SHIPPED.read_bytes()
        attention_canvas.explorer(here, "shipped", payload, attention_canvas.SHIPPED_HEADS)


def draw_explorer(here: PageState, text: attention.View, asked: Text) -> None:
    """All heads beside one large head."""
    layer, head = here.integer("layer"), here.integer("head")
    with figure.card(
        here,
        "explorer",
        claim=attention_canvas.claim(here, text),
        guide=(here.t("attention.look"), here.t("attention.try"), here.t("attention.hides")),
        exports=(
            figure.Export(
                f"attention-layer{layer}-head{head}.csv",
                lambda: attention.to_csv(text.shown, layer - 1, head - 1),
            ),
        ),
        code=lambda: explorer_code(here, asked),
    ):
        attention_canvas.explorer(here, "attention", text, text.trace.layers * text.trace.heads)
        attention_words.say_merged(here, asked, text)
        with st.container(horizontal=True, key="attention-controls", gap="medium"):
            for name in ("layer", "head", "view", "merge", "aside"):
                widgets.draw(here, name)
            widgets.draw_reset(here)


def explorer_code(here: PageState, asked: Text) -> str:
    """The function that computed the weights, or the one that merged them, with the text now on the page."""
    layer, head = here.integer("layer"), here.integer("head")
    shown = f"print(result.attention[{layer - 1}, {head - 1}].round(3))  # layer {layer}, head {head}: query x key"
    if attention_words.merged(here):
        lines = (
            f"plain = trace({asked.as_code})\n"
            f"result = merge_words(plain, word_spans(plain.tokens, {asked.a!r}, {asked.b!r}))\n"
            "print([token.piece for token in result.tokens])\n"
        )
        return source.snippet(merge_words, lines + shown, (attention.trace, word_spans, models.ModelSource))
    lines = f"tokens = trace({asked.as_code}).tokens\nresult = forward(load_encoder({asked.source!r}), tokens)\n"
    return source.snippet(attention.forward, lines + shown, (attention.trace, models.load_encoder, models.ModelSource))


def draw(here: PageState) -> None:
    """The explainer's side of the page. Every part has its place, whichever is drawn first."""
    lens, sentences = st.container(), st.container(horizontal=True, key="attention-sentences", gap="small")
    # Notices have a place of their own: were they to push the picture down, the browser would build it anew.
    notices, waiting = st.container(key="attention-notices"), st.empty()
    picture_first = at_once(here)
    if not picture_first:
        draw_question(here, lens, sentences, notices)
    draw_answer(here, notices, waiting)
    if picture_first:
        draw_question(here, lens, sentences, notices)


def at_once(here: PageState) -> bool:
    """Whether the picture is a matter of milliseconds: then it need not wait for the fields above it."""
    try:
        loaded = models.is_loaded(own_model.asked(here.text("model")))
    except ExplainerError:
        return False
    return loaded and len(here.text("a")) + len(here.text("b")) <= LONG_CHARACTERS


def draw_question(here: PageState, lens: DeltaGenerator, sentences: DeltaGenerator, notices: DeltaGenerator) -> None:
    """Which view, of which sentences, by which model."""
    with lens:
        widgets.draw(here, "lens")
    with sentences:
        widgets.draw(here, "a", lines=2)
        widgets.draw(here, "b", lines=2)
        own_model.draw_choice(here, "attention-models")
    if max(len(here.text("a")), len(here.text("b"))) > here.table["a"].max_length:
        with notices:
            frame.notice(here.t("attention.link_is_short", characters=here.table["a"].max_length))


def draw_answer(here: PageState, notices: DeltaGenerator, waiting: DeltaGenerator) -> None:
    """The picture, and what must be said about it; a sentence where there is none."""
    try:
        if not models.is_loaded(own_model.asked(here.text("model"))):
            with waiting.container():
                draw_while_loading(here)
        asked = text_of(here)
        if len(asked.a) + len(asked.b) > LONG_CHARACTERS and not attention_words.is_kept(here, asked):
            with waiting.container():
                frame.notice(here.t("attention.long.computing"))
        text = attention_words.view_of(here, asked)
        waiting.empty()
    except ExplainerError as error:
        waiting.empty()  # nothing is being loaded any more
        frame.trouble(here.t(f"error.{error.code}", **error.details))
        return
    asked = as_read(asked, text.trace)
    frame.live(here, QUESTION, draw_view)
    with notices:
        explain_cuts(here, text.trace)
        attention_words.say_language(here, asked, text.trace.unknown)
    if here.text("lens") == "heads":
        plain = asked.trace() if attention_words.merged(here) else text.trace
        attention_tokens.draw_tokens(here, plain.tokens, asked)


def draw_view(here: PageState) -> None:
    """The view that is open: what runs again, alone, when one of its controls moves."""
    try:
        asked = text_of(here)
        text = attention_words.view_of(here, asked)
        asked = as_read(asked, text.trace)
        here = attention_models.narrowed(here, text.trace.layers, text.trace.heads, len(text.trace.tokens))
        if here.text("lens") == "heads":
            draw_explorer(here, text, asked)
        else:
            draw_lens(here, text, asked)
    except ExplainerError as error:
        frame.trouble(here.t(f"error.{error.code}", **error.details))


def draw_lens(here: PageState, text: attention.View, asked: Text) -> None:
    """Another view of the same text. Imported here: charts cost time that the first picture does not need."""
    from pages.parts import attention as parts
    from pages.parts.scene import Scene

    parts.VIEWS[here.text("lens")](Scene(here, text, asked))


concept = catalogue.load().concept(PAGE)
here = frame.open_page(PAGE, concept.questions)
with frame.two_panes(here, concept):
    frame.live(here, (), draw)
