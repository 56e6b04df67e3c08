"""The other views of the attention page: the same text, the same forward pass, another question each.

Every function draws the cards of one view (`lens` in the page's table). Charts and their library are imported here
and not in the page, for the first picture needs neither.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np
import streamlit as st

from explainers import attention, models
from explainers.attention import figures, heads, inputs, memory, readings, recurrent
from explainers.attention.neuron import neuron
from pages.parts.scene import Scene, chart, controls, grid_csv, table, too_long
from ui import components, figure, frame, piecetable, source


def draw_input(scene: Scene) -> None:
    """Characters to pieces, pieces to vectors."""
    here, token = scene.here, scene.token
    build = inputs.build_input(scene.text.trace)
    words = inputs.match_words(f"{scene.a} {scene.b}"[:400], words=24)
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
            'for step in longest_match("unfathomable", vocabulary()):\n    print(step)',
            (inputs.vocabulary,),
        ),
    ):
        st.html(piecetable.html([(word.word, word.steps) for word in words], here.t.group("pieces")))
    with figure.card(
        here,
        "sum",
        claim=here.t("lens.input.claim", token=scene.tokens[token].piece, position=token),
        guide=scene.guide("input"),
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
            inputs.build_input, f"print(build_input(trace({scene.a!r}).tokens).normed[{token}])", (attention.trace,)
        ),
    ):
        chart("input", figures.input_is_a_sum_of_three(build, token, scene.labels()))
        controls(scene, "pin")
    with figure.card(
        here,
        "positions",
        claim=here.t("lens.input.positions_claim"),
        guide=(here.t("lens.input.positions_look"),),
        exports=(
            figure.Export("positions.csv", lambda: table([str(i) for i in range(128)], memory.positions().tolist())),
        ),
        code=lambda: source.snippet(inputs.position_similarity, "print(position_similarity(n=8).round(2))"),
    ):
        chart("positions", figures.near_positions_are_alike(memory.positions(), scene.labels()))


def draw_neuron(scene: Scene) -> None:
    """How one token's weights come about, number by number."""
    here, (layer, head) = scene.here, scene.head
    temperature = float(here["temperature"])
    view = neuron(scene.text.trace, layer, head, scene.token, temperature=temperature)
    best = int(np.argmax(view.weight))
    with figure.card(
        here,
        "neuron",
        claim=here.t(
            "lens.neuron.claim",
            query=scene.tokens[scene.token].piece,
            best=scene.tokens[best].piece,
            dot=f"{view.dot[best]:.1f}",
            score=f"{view.score[best]:.2f}",
            weight=f"{view.weight[best]:.2f}",
        ),
        guide=scene.guide("neuron"),
        exports=(
            figure.Export(
                "neuron.csv",
                lambda: table(
                    ("key", "dot", "score", "weight"),
                    [
                        (name, *values)
                        for name, *values in zip(
                            figures.names(scene.tokens), view.dot, view.score, view.weight, strict=True
                        )
                    ],
                ),
            ),
        ),
        code=lambda: source.snippet(
            neuron,
            f"text = trace({scene.a!r}, {scene.b!r})\n"
            f"view = neuron(text, {layer}, {head}, {scene.token}, temperature={temperature})\n"
            "print(view.weight.round(3))",
            (attention.trace,),
        ),
    ):
        chart("neuron", figures.a_weight_is_a_sum_of_products(view, scene.tokens, scene.labels()))
        controls(scene, "layer", "head", "pin", "temperature")


def draw_readings(scene: Scene) -> None:
    """Five ways to say which token matters, and how little they agree."""
    here, (layer, head) = scene.here, scene.head
    if too_long(scene):
        return
    pinned = here.integer("pin")
    target = scene.token if pinned >= 0 else None
    compared = readings.compare(
        scene.text.trace, layer, head, memory.gradient(scene.a, scene.b, target), memory.left_out(scene.a, scene.b)
    )
    of = here.t("lens.readings.sentence") if target is None else scene.tokens[target].piece
    value = compared.correlations[readings.NAMES.index("raw"), readings.NAMES.index("leave_one_out")]
    with figure.card(
        here,
        "readings",
        claim=here.t("lens.readings.claim", target=of, value="–" if np.isnan(value) else f"{value:.2f}"),
        guide=scene.guide("readings"),
        exports=(
            figure.Export(
                "readings.csv",
                lambda: table(
                    ("reading", *figures.names(scene.tokens)),
                    [(name, *row) for name, row in zip(readings.NAMES, compared.rows, strict=True)],
                ),
            ),
        ),
        code=lambda: source.snippet(
            readings.rollout,
            f"print(rollout(trace({scene.a!r}, {scene.b!r}).attention)[-1].round(3))",
            (attention.trace,),
        ),
    ):
        chart("readings", figures.five_readings_disagree(compared, scene.tokens, scene.labels()))
        chart("correlations", figures.their_ranks_agree_little(compared, scene.labels()))
        controls(scene, "layer", "head", "pin")


def draw_find(scene: Scene) -> None:
    """The heads that do something, found live."""
    here = scene.here
    scores = memory.head_scores(scene.a, scene.b)
    name = next(known for known in heads.SCORE_NAMES if known == here.text("score"))
    values = scores.of(name)
    ranked = [(layer, head) for layer, head in heads.ranking(scores, name) if not np.isnan(values[layer, head])]
    said = here.t(f"control.attention.score.option.{name}")
    if ranked:
        layer, head = ranked[0]
        claim = here.t(
            "lens.find.claim", score=said, layer=layer + 1, head=head + 1, value=f"{values[layer, head]:.2f}"
        )
    else:
        claim = here.t("lens.find.none", score=said)
    with figure.card(
        here,
        "find",
        claim=claim,
        guide=scene.guide("find"),
        exports=(figure.Export(f"heads-{name}.csv", lambda: grid_csv(values)),),
        code=lambda: source.snippet(
            heads.score_heads,
            f"print(score_heads(trace({scene.a!r}, {scene.b!r})).{name}.round(2))",
            (attention.trace,),
        ),
    ):
        chart("find", figures.heads_as_a_grid(values, scene.head, scene.labels()))
        if name == "coreference" and scores.links:
            links = "; ".join(
                f"{_span(scene, link.pronoun)} → {' / '.join(_span(scene, one) for one in link.candidates)}"
                for link in scores.links
            )
            frame.notice(here.t("lens.find.links", links=links))
        controls(scene, "score", "layer", "head")


def _span(scene: Scene, span: tuple[int, int]) -> str:
    """The words of a span of tokens."""
    return "".join(token.piece.removeprefix("##") for token in scene.tokens[span[0] : span[1]])


def draw_off(scene: Scene) -> None:
    """Switch one head off, mask one token: how far does the sentence vector move?"""
    here, (layer, head) = scene.here, scene.head
    if too_long(scene):
        return
    values = memory.every_head(scene.a, scene.b)
    least = np.unravel_index(int(np.argmin(values)), values.shape)
    with figure.card(
        here,
        "off",
        claim=here.t(
            "lens.off.claim",
            layer=layer + 1,
            head=head + 1,
            value=f"{values[layer, head]:.4f}",
            most_layer=int(least[0]) + 1,
            most_head=int(least[1]) + 1,
            most=f"{values[least]:.3f}",
        ),
        guide=scene.guide("off"),
        exports=(figure.Export("heads-off.csv", lambda: grid_csv(values)),),
        code=lambda: _off_code(scene),
    ):
        chart("off", figures.heads_as_a_grid(values, scene.head, scene.labels(), digits=3))
        masked = memory.masked(scene.a, scene.b, scene.token)
        if masked is not None:
            frame.notice(here.t("lens.off.masked", token=scene.tokens[scene.token].piece, value=f"{masked.cosine:.3f}"))
        controls(scene, "layer", "head", "pin")


def _off_code(scene: Scene) -> str:
    from explainers.attention import ablate

    call = f"print(switch_off({scene.a!r}, {scene.b!r}, {{{scene.head!r}}}).cosine)"
    return source.snippet(ablate.switch_off, call)


def draw_compare(scene: Scene) -> None:
    """Two sentences side by side under the same head."""
    here = scene.here
    if not scene.b.strip():
        frame.notice(here.t("lens.compare.need_b"))
        return
    first, second = attention.view(scene.a), attention.view(scene.b)
    value = memory.agreement(first.trace.sentence_vector, second.trace.sentence_vector)
    with figure.card(
        here,
        "compare",
        claim=here.t("lens.compare.claim", value=f"{value:.3f}"),
        guide=scene.guide("compare"),
        exports=(figure.Export("compare.csv", lambda: attention.to_csv(second.trace, *scene.head)),),
        code=lambda: source.snippet(
            attention.forward,
            f"texts = ({scene.a!r}, {scene.b!r})\n"
            "first, second = [forward(load_bert(), trace(text).tokens).sentence_vector for text in texts]\n"
            "print(float(first @ second))",
            (attention.trace, models.load_bert),
        ),
    ):
        _side_by_side(scene, (("compare-a", first), ("compare-b", second)))
        controls(scene, "layer", "head", "view")


def draw_causal(scene: Scene) -> None:
    """The same weights when every token may only look back."""
    here, (layer, head) = scene.here, scene.head
    after, effect = memory.causal(scene.a, scene.b)
    shown = attention.packed_view(after)
    with figure.card(
        here,
        "causal",
        claim=here.t("lens.causal.claim", cosine=f"{effect.cosine:.2f}", moved=f"{effect.moved.mean():.0%}"),
        guide=scene.guide("causal"),
        exports=(figure.Export("causal.csv", lambda: attention.to_csv(after, layer, head)),),
        code=lambda: _causal_code(scene),
    ):
        _side_by_side(scene, (("causal-before", scene.text), ("causal-after", shown)))
        controls(scene, "layer", "head", "view")


def _causal_code(scene: Scene) -> str:
    from explainers.attention import masks

    lines = (
        f"a, b = {scene.a!r}, {scene.b!r}\n"
        "n = len(trace(a, b).tokens)\n"
        "print(trace_with_mask(a, b, causal(n)).attention[0, 0].round(2))"
    )
    return source.snippet(masks.trace_with_mask, lines, (attention.trace, masks.causal))


def _side_by_side(scene: Scene, pictures: tuple[tuple[str, attention.View], ...]) -> None:
    """The large head of each text, without the overview."""
    here = scene.here
    with st.container(horizontal=True, key="side-by-side"):
        for name, text in pictures:
            with st.container(key=f"side-{name}"):
                components.send(f"{name}-payload", text.payload_id, text.payload)
                components.mount(
                    "attention",
                    f"{name}-picture",
                    {
                        "payload": text.payload_id,
                        "layer": here.integer("layer"),
                        "head": here.integer("head"),
                        "view": here.text("view"),
                        "pin": here.integer("pin"),
                        "alone": True,
                        "title": here.t(f"lens.side.{name.replace('-', '_')}"),
                        "labels": here.t.group("explorer"),
                    },
                )


def draw_rnn(scene: Scene) -> None:
    """A chain against a step: time by length, measured here, and how far back a gradient reaches."""
    here = scene.here
    reaches = memory.reaches()
    gru = next(reach for reach in reaches if reach.kind == "gru")
    with figure.card(
        here,
        "reach",
        claim=here.t("lens.rnn.claim", steps=16, value=f"{gru.relative[16]:.0e}"),
        guide=scene.guide("rnn"),
        exports=(
            figure.Export(
                "reach.csv",
                lambda: table(
                    ("k", *(r.kind for r in reaches)), [(k, *(r.relative[k] for r in reaches)) for k in range(64)]
                ),
            ),
        ),
        code=lambda: source.snippet(recurrent.gradient_reach, 'print(gradient_reach("gru", 64).relative)'),
    ):
        chart("reach", figures.gradients_fade_in_a_chain(reaches, scene.labels()))
    with figure.card(
        here,
        "times",
        claim=here.t("lens.rnn.times_claim"),
        guide=(here.t("lens.rnn.times_look"),),
        exports=(),
        code=lambda: source.snippet(recurrent.measure_times, "for time in measure_times().times:\n    print(time)"),
    ):
        if st.button(here.t("lens.rnn.measure"), key="measure-times") or st.session_state.get("rnn-measured"):
            st.session_state["rnn-measured"] = True
            chart("times", figures.attention_waits_for_nobody(memory.times(), scene.labels()))


VIEWS: dict[str, Callable[[Scene], None]] = {
    "input": draw_input,
    "neuron": draw_neuron,
    "readings": draw_readings,
    "find": draw_find,
    "off": draw_off,
    "compare": draw_compare,
    "causal": draw_causal,
    "rnn": draw_rnn,
}
