"""A chain against a step: path, waiting, time and gradient of a recurrent layer beside a self-attention layer."""

from __future__ import annotations

import functools
import html

import streamlit as st

from explainers.attention import diagrams, figures, memory, recurrent
from pages.parts.scene import Scene, chart, controls, long, table
from ui import figure, source

FAR = 16  # steps back that the claim speaks of


def draw_rnn(scene: Scene) -> None:
    """All four comparisons; the measurement waits for the reader's start."""
    _draw_paths(scene)
    _draw_reach(scene)
    _draw_times(scene)


def _draw_paths(scene: Scene) -> None:
    """How many steps a signal takes, and how many must wait for the one before."""
    here, n = scene.here, min(len(scene.tokens), recurrent.MAX_LENGTH)
    shown = min(recurrent.MAX_LENGTH, max(32, 2 * n))
    paths = [recurrent.path_length(length) for length in range(1, shown + 1)]
    mine = paths[n - 1]
    with figure.card(
        here,
        "paths",
        claim=here.t("lens.rnn.paths_claim", tokens=n, chain=mine.recurrent, waits=mine.sequential_recurrent),
        guide=(here.t("lens.rnn.paths_look"), here.t("lens.rnn.paths_try")),
        exports=(
            figure.Export(
                "paths.csv",
                lambda: table(
                    ("tokens", "path_rnn", "path_attention", "sequential_rnn", "sequential_attention"),
                    [
                        (
                            length,
                            path.recurrent,
                            path.attention,
                            path.sequential_recurrent,
                            path.sequential_attention,
                        )
                        for length, path in enumerate(paths, 1)
                    ],
                ),
            ),
        ),
        code=lambda: source.snippet(
            recurrent.layer_costs, f"for cost in layer_costs({n}, {_width(scene)}):\n    print(cost)"
        ),
    ):
        chart("paths", diagrams.a_chain_is_long_and_a_sum_is_one_step(paths, n, scene.labels()))
        st.html(_costs(scene, n))


def _width(scene: Scene) -> int:
    return min(recurrent.MAX_WIDTH, int(scene.text.trace.hidden.shape[-1]))


def _costs(scene: Scene, n: int) -> str:
    """Table 1 of Vaswani et al. with this text's length and this model's width put in."""
    t, width = scene.here.t, _width(scene)
    names = [html.escape(t(f"costs.{name}")) for name in ("layer", "operations", "sequential", "path")]
    rows = "".join(
        f"<tr><th scope=row>{html.escape(t(f'costs.{cost.kind}'))}</th><td>{cost.operations:,}</td>"
        f"<td>{cost.sequential_steps:,}</td><td>{cost.path_length:,}</td></tr>"
        for cost in recurrent.layer_costs(n, width)
    )
    caption = html.escape(t("costs.caption", tokens=n, width=width))
    head = "".join(f"<th scope=col>{name}</th>" for name in names)
    return (
        f'<div class="tokens" tabindex="0" role="region" aria-label="{caption}"><table><caption>{caption}</caption>'
        f"<thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _draw_reach(scene: Scene) -> None:
    """How far back a gradient reaches."""
    here, reaches = scene.here, memory.reaches()
    gru = next(reach for reach in reaches if reach.kind == "gru")
    with figure.card(
        here,
        "reach",
        claim=here.t("lens.rnn.claim", steps=FAR, value=f"{gru.relative[FAR]:.0e}"),
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


def _draw_times(scene: Scene) -> None:
    """Milliseconds by length, measured on this machine when the reader asks for it."""
    here = scene.here
    st.html(f'<h2 class="claim">{html.escape(here.t("lens.rnn.times_claim"))}</h2>')
    st.html(f'<p class="notice">{html.escape(here.t("lens.rnn.measure", width=memory.TIMED_WIDTH))}</p>')
    timings = long(scene, "rnn-times", functools.partial(memory.times), of_text=False, wait=True)
    if timings is None:
        controls(scene)
        return
    crossing = next((time.length for time in timings.times if time.attention_seconds > time.gru_seconds), None)
    with figure.card(
        here,
        "times",
        claim=here.t("lens.rnn.times_crossing", length=crossing)
        if crossing
        else here.t("lens.rnn.times_no_crossing", length=timings.times[-1].length),
        guide=(here.t("lens.rnn.times_look", width=timings.width),),
        exports=(
            figure.Export(
                "times.csv",
                lambda: table(
                    ("length", "gru_ms", "attention_ms", "repeats"),
                    [
                        (one.length, 1000 * one.gru_seconds, 1000 * one.attention_seconds, one.repeats)
                        for one in timings.times
                    ],
                ),
            ),
        ),
        code=lambda: source.snippet(recurrent.measure_times, "for time in measure_times().times:\n    print(time)"),
    ):
        chart("times", figures.attention_waits_for_nobody(timings, scene.labels()))
        controls(scene)
