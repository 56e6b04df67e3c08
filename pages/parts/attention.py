"""The other views of the attention page: the same text, the same forward pass, another question each.

Every function draws the cards of one view (`lens` in the page's table). Charts and their library are imported here
and not in the page, for the first picture needs neither.
"""

from __future__ import annotations

import functools
from collections.abc import Callable
from dataclasses import replace

import numpy as np
import streamlit as st

from explainers import attention
from explainers.attention import diagrams, figures, inputs, memory, readings
from pages.parts.attention_bertviz import draw_bertviz
from pages.parts.attention_gaps import draw_gaps
from pages.parts.attention_heads import draw_find, draw_off
from pages.parts.attention_masks import draw_causal, draw_masks
from pages.parts.attention_neuron import draw_neuron
from pages.parts.attention_pictures import draw_compare
from pages.parts.attention_rnn import draw_rnn
from pages.parts.attention_tokens import draw_tokens
from pages.parts.attention_uses import draw_uses
from pages.parts.scene import Scene, chart, controls, long, table
from ui import figure, frame, piecetable, source

EXAMPLE = "unfathomable"
"""A word that no BERT has whole: shown where none of the reader's own is cut."""


def draw_input(scene: Scene) -> None:
    """Characters to pieces, pieces to vectors."""
    here, token = scene.here, scene.token
    _draw_pieces(scene)
    draw_tokens(here, scene.tokens, scene.asked)
    build = inputs.build_input(scene.text.trace, scene.source)
    with figure.card(
        here,
        "sum",
        claim=here.t("lens.input.claim", token=scene.tokens[token].piece, position=token),
        guide=scene.guide("input", width=build.total.shape[1]),
        exports=(
            figure.Export(
                "input.csv",
                lambda: table(
                    ("stage", *map(str, range(build.total.shape[1]))),
                    [
                        (stage, *getattr(build, stage)[token])
                        for stage in ("token", "segment", "position", "total", "normed")
                    ],
                ),
            ),
        ),
        code=lambda: source.snippet(
            inputs.build_input,
            f"print(build_input(trace({scene.call}).tokens{scene.from_source}).normed[{token}])",
            scene.needs(attention.trace),
        ),
    ):
        chart("input", figures.input_is_a_sum_of_three(build, token, scene.labels()))
        controls(scene, "pin")
    places = memory.positions(scene.source)
    with figure.card(
        here,
        "positions",
        claim=here.t("lens.input.positions_claim"),
        guide=(here.t("lens.input.positions_look"),),
        exports=(figure.Export("positions.csv", lambda: table([str(i) for i in range(len(places))], places.tolist())),),
        code=lambda: source.snippet(
            inputs.position_similarity, f"print(position_similarity(n=8{scene.from_source}).round(2))", scene.needs()
        ),
    ):
        chart("positions", figures.near_positions_are_alike(places, scene.labels()))


def _draw_pieces(scene: Scene) -> None:
    """WordPiece at work; a sentence where the model cuts words by other rules."""
    here = scene.here
    try:
        words = inputs.match_words(f"{scene.a} {scene.b}"[:400], scene.source, words=24)
    except inputs.NotWordPieceError as error:
        frame.notice(here.t(f"error.{error.code}", **error.details))
        return
    whole = all(len(word.pieces) == 1 for word in words)
    example = inputs.match_words(EXAMPLE, scene.source, words=1) if whole else ()
    with figure.card(
        here,
        "pieces",
        claim=here.t("lens.input.pieces_claim", words=len(words), pieces=sum(len(word.pieces) for word in words)),
        guide=(here.t("lens.input.pieces_look"),),
        exports=(
            figure.Export(
                "pieces.csv", lambda: table(("word", "pieces"), [(w.word, " ".join(w.pieces)) for w in words])
            ),
        ),
        code=lambda: source.snippet(
            inputs.longest_match,
            f"{_vocabulary(scene)}for step in longest_match({EXAMPLE!r}, known):\n    print(step)",
            scene.needs(inputs.vocabulary),
        ),
    ):
        if example:
            frame.notice(here.t("lens.input.pieces_example", word=EXAMPLE))
        st.html(piecetable.html([(word.word, word.steps) for word in (*example, *words)], here.t.group("pieces")))


def _vocabulary(scene: Scene) -> str:
    return f"known = vocabulary({scene.from_source.removeprefix(', ')})\n"


def draw_readings(scene: Scene) -> None:
    """Five ways to say which token matters, how little they agree, and how much sinks into [CLS] and [SEP]."""
    here, (layer, head) = scene.here, scene.head
    aside = here.flag("aside")
    target = scene.token if here.integer("pin") >= 0 else None
    left_out = long(scene, "left-out", functools.partial(memory.left_out, scene.asked))
    gradient = long(scene, "gradient", functools.partial(memory.gradient, scene.asked, target), target)
    if left_out is not None and gradient is not None:
        compared = readings.compare(scene.text.shown, layer, head, gradient, left_out)
        _draw_five(scene, compared, target, aside)
    controls(scene, "aside", "layer", "head", "pin")
    _draw_sinks(scene)


def _draw_five(scene: Scene, compared: readings.Comparison, target: int | None, aside: bool) -> None:
    here = scene.here
    of = here.t("lens.readings.sentence") if target is None else scene.tokens[target].piece
    value = compared.correlations[readings.NAMES.index("raw"), readings.NAMES.index("leave_one_out")]
    kept = [token for token in scene.tokens if not (aside and token.special)]
    rows = compared.rows[:, [token.index for token in kept]]
    with figure.card(
        here,
        "readings",
        claim=here.t(
            "lens.readings.claim_aside" if aside else "lens.readings.claim",
            target=of,
            value="–" if np.isnan(value) else f"{value:.2f}",
        ),
        guide=scene.guide("readings"),
        exports=(
            figure.Export(
                "readings.csv",
                lambda: table(
                    ("reading", *figures.names(kept)),
                    [(name, *row) for name, row in zip(readings.NAMES, rows, strict=True)],
                ),
            ),
        ),
        code=lambda: source.snippet(
            readings.rollout,
            f"plain = trace({scene.call})\n"
            f"print(rollout({'set_aside_special(plain)' if aside else 'plain'}.attention)[-1].round(3))",
            scene.needs(attention.trace, attention.set_aside_special),
        ),
    ):
        shown = replace(compared, rows=rows)
        chart("readings", figures.five_readings_disagree(shown, kept, scene.labels()))
        chart("correlations", figures.their_ranks_agree_little(compared, scene.labels()))


def _draw_sinks(scene: Scene) -> None:
    """The share of each layer's attention that rests on the tokens of the format."""
    here = scene.here
    shares = readings.sink_share_by_layer(scene.text.trace)
    both = shares.cls + shares.sep
    most = int(np.argmax(both))
    with figure.card(
        here,
        "sinks",
        claim=here.t("lens.readings.sinks_claim", layer=most + 1, most=f"{both[most]:.0%}", mean=f"{both.mean():.0%}"),
        guide=(here.t("lens.readings.sinks_look"),),
        exports=(
            figure.Export(
                "sinks.csv",
                lambda: table(
                    ("layer", "cls", "sep"),
                    [(n + 1, *pair) for n, pair in enumerate(zip(shares.cls, shares.sep, strict=True))],
                ),
            ),
        ),
        code=lambda: source.snippet(
            readings.sink_share_by_layer,
            f"print(sink_share_by_layer(trace({scene.call})))",
            scene.needs(attention.trace),
        ),
    ):
        chart("sinks", diagrams.attention_sinks_layer_by_layer(shares, scene.labels()))


VIEWS: dict[str, Callable[[Scene], None]] = {
    "input": draw_input,
    "neuron": draw_neuron,
    "bertviz": draw_bertviz,
    "readings": draw_readings,
    "find": draw_find,
    "off": draw_off,
    "compare": draw_compare,
    "causal": draw_causal,
    "masks": draw_masks,
    "uses": draw_uses,
    "gaps": draw_gaps,
    "rnn": draw_rnn,
}
