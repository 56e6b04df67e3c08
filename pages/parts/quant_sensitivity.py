"""Where quantization hurts: layer by layer, in the layers' inputs, and which bits each layer should have."""

from __future__ import annotations

import functools
from typing import cast

import streamlit as st

from explainers.models import ModelSource
from explainers.quantization import figures, sensitivity, weights
from explainers.quantization.fake import Recipe
from explainers.quantization.quantizers import Spec
from explainers.quantization.sensitivity import Layers, Plan, Remedy, Search
from pages.parts import own_model, quant_charts, quant_scene
from pages.parts.own_model import Bound
from ui import figure, frame, source, state, widgets, work
from ui.state import PageState

MIB = 2**20
MIDDLE = 0.56
"""Share of the size in 8 bits with which a budget begins: about four and a half bits a weight."""


def draw(here: PageState) -> None:
    """The controls, then four cards."""
    here = narrowed(quant_scene.narrowed(here))
    with st.container(horizontal=True, key="quant-where", gap="medium"):
        for name in ("bits", "grain"):
            widgets.draw(here, name)
    draw_layers(here)
    draw_inputs(here)
    draw_plans(here)


def narrowed(here: PageState) -> PageState:
    """The same page with a budget between the model at the fewest bits and in FP16."""
    least, eight, most = (megabytes(quant_scene.source_of(here), bits) for bits in (3, 8, 16))
    middle = max(least, round(MIDDLE * eight, 1))
    return own_model.narrowed(here, Bound("budget", max(most, least + 0.1), middle, least))


def megabytes(origin: ModelSource, bits: int) -> float:
    """MiB of the linear layers at so many bits, on the steps of the slider."""
    return round(sensitivity.bytes_of(dict.fromkeys(weights.names(origin), bits), origin) / MIB + 0.05, 1)


# ---------------------------------------------------------------- layer by layer


def draw_layers(here: PageState) -> None:
    """Sensitivity: measured when asked for, drawn as it grows."""
    spec, sentences = quant_scene.spec_of(here), quant_scene.sentences_of(here)
    origin = quant_scene.source_of(here)
    model = own_model.spelt(origin)
    call = functools.partial(sensitivity.layer_by_layer, Recipe(spec), sentences, origin)

    def show(found: Layers, done: bool) -> None:
        names = [quant_scene.word_of(here, layer) for layer in weights.layers(origin)][: len(found.names)]
        times = [weights.tensor(name, origin).times_median for name in found.names]
        wide = [one >= weights.OUTLIER_TIMES for one in times]
        picture = figures.layers_that_hurt(found, names, wide, here.t.group("quant.layers.chart"))
        if not done:
            quant_charts.chart("layers", picture)
            return
        worst = found.worst
        with figure.card(
            here,
            "layers",
            claim=here.t(
                "quant.layers.claim",
                name=names[worst],
                alone=f"{found.alone[worst]:.4f}",
                times=quant_scene.short(times[worst]),
                all=f"{found.together[-1]:.4f}",
            ),
            guide=tuple(here.t(f"quant.layers.{line}") for line in ("look", "try", "hides")),
            exports=(
                figure.Export(
                    "layers.csv",
                    lambda: quant_charts.csv(
                        ("layer", "cosine_alone", "cosine_cumulative", "widest_channel_over_median"),
                        list(zip(found.names, found.alone, found.together, times, strict=True)),
                    ),
                ),
            ),
            code=lambda: source.snippet(
                sensitivity.layer_by_layer,
                f"found = layer_by_layer({Recipe(spec)!r}, {list(sentences)!r}{model.argument})\n"
                "print(found.names[found.worst], found.alone[found.worst])",
                (Spec, *model.needs),
            ),
        ):
            quant_charts.chart("layers", picture)

    work.panel(
        here, "quant-layers", call, show, key=("quant-layers", repr(spec), sentences, weights.fingerprint(origin))
    )


# ---------------------------------------------------------------- inputs


@functools.lru_cache(maxsize=8)
def inputs_of(sentences: tuple[str, ...], origin: ModelSource, print_: str) -> tuple[sensitivity.Inputs, ...]:
    """`print_`: the model's fingerprint, so that a folder whose model was exchanged is read anew."""
    return sensitivity.layer_inputs(sentences, origin)


def draw_inputs(here: PageState) -> None:
    """Outlier features in what a layer reads, and what becomes of the answer where they are treated apart."""
    sentences = quant_scene.sentences_of(here)
    origin, layer = quant_scene.source_of(here), quant_scene.layer_of(here)
    model, mark = own_model.spelt(origin), weights.fingerprint(origin)
    found = next(one for one in inputs_of(sentences, origin, mark) if one.name == layer.name)
    t = here.t
    call = functools.partial(sensitivity.remedies, sentences, origin)
    with figure.card(
        here,
        "inputs",
        claim=t(
            "quant.inputs.claim",
            name=quant_scene.word_of(here, layer),
            feature=found.widest,
            times=quant_scene.short(found.times_median),
            low=quant_scene.short(found.low),
            high=quant_scene.short(found.high),
            n=len(found.outliers),
        ),
        guide=tuple(t(f"quant.inputs.{line}") for line in ("look", "try", "hides")),
        exports=(
            figure.Export(
                "inputs.csv",
                lambda: quant_charts.csv(("feature", "largest_absolute_value"), list(enumerate(found.widths.tolist()))),
            ),
        ),
        code=lambda: source.snippet(
            sensitivity.layer_inputs,
            f"for one in layer_inputs({list(sentences)!r}{model.argument}):\n"
            "    print(one.name, one.widest, one.times_median)",
            model.needs,
        ),
    ):
        quant_charts.chart("inputs", figures.features_that_stick_out(found, t.group("quant.inputs.chart")))
        with st.container(horizontal=True, key="quant-which", gap="medium"):
            widgets.draw(here, "block")
            widgets.draw(here, "part")

        def show(results: tuple[Remedy, ...], done: bool) -> None:
            rows = [(t(f"quant.inputs.way_{one.name}"), f"{one.cosine:.4f}") for one in results]
            heads = [t("quant.inputs.column_way"), t("quant.inputs.column_cosine")]
            st.html(quant_charts.table(heads, rows, t("quant.inputs.caption")))

        work.panel(here, "quant-remedies", call, show, key=("quant-remedies", sentences, mark))


# ---------------------------------------------------------------- bits for each layer


@functools.cache
def shipped() -> Search:
    """What tools/quantized.py found with the shipped sentences."""
    return sensitivity.from_json(quant_scene.PLANS.read_text("utf-8"), weights.names())


def draw_plans(here: PageState) -> None:
    """Size against agreement; every point and every cell can be clicked."""
    t, sentences, origin = here.t, quant_scene.sentences_of(here), quant_scene.source_of(here)
    there = sentences == quant_scene.shipped_sentences() and not quant_scene.is_own(here)
    if there:
        show_plans(here, shipped(), own=False)
        st.html(f'<p class="hint">{t("quant.plans.again")}</p>')
    own: list[Search] = []

    def keep(found: Search, done: bool) -> None:
        own[:] = [found]
        if not there:
            show_plans(here, found, own=done)
        elif done:
            gap = max(
                abs(one.cosine - other.cosine) for one, other in zip(found.uniform, shipped().uniform, strict=True)
            )
            st.html(f'<p class="hint">{t("quant.plans.same", gap=f"{gap:.1e}")}</p>')

    call = functools.partial(sensitivity.search, sentences, origin)
    key = ("quant-search", sentences, weights.fingerprint(origin))
    work.panel(here, "quant-search", call, keep, key=key, wait=True)


def plan_of(here: PageState, found: Search) -> tuple[Plan, bool]:
    """The plan that the address asks for, measured, or the best under the budget; True for one by hand."""
    origin, budget = quant_scene.source_of(here), float(here["budget"]) * MIB
    best = found.under(budget) or found.greedy[-1]
    text = here.text("plan")
    if not text.strip():
        return best, False
    try:
        bits = sensitivity.parse_plan(text, weights.names(origin))
    except sensitivity.PlanError as error:
        frame.trouble(here.t(f"error.{error.code}", **error.details))
        return best, False
    known = next((plan for plan in (*found.greedy, *found.uniform) if plan.bits == bits), None)
    mark = weights.fingerprint(origin)
    return known or measured(tuple(bits.items()), quant_scene.sentences_of(here), origin, mark), True


@functools.lru_cache(maxsize=64)
def measured(bits: tuple[tuple[str, int], ...], sentences: tuple[str, ...], origin: ModelSource, print_: str) -> Plan:
    """A plan by hand, built and run: half a second. `print_`: the model's fingerprint."""
    return sensitivity.measure_plan(dict(bits), sentences, origin)


def show_plans(here: PageState, found: Search, *, own: bool) -> None:
    """The plot, the plan as cells, and the budget."""
    t, model = here.t, own_model.spelt(quant_scene.source_of(here))
    chosen, by_hand = plan_of(here, found)
    even = min(found.uniform, key=lambda plan: abs(plan.bytes - chosen.bytes))
    words = t.group("quant.plans.chart")

    def take(text: object) -> None:
        state.set_values(here.page, {"plan": str(text)})

    def turn(place: object) -> None:
        bits = list(chosen.bits.values())
        at = int(cast("int", place))
        choices = sensitivity.CHOICES
        bits[at] = choices[(choices.index(bits[at]) + 1) % len(choices)]
        state.set_values(here.page, {"plan": ",".join(map(str, bits))})

    with figure.card(
        here,
        "plans",
        claim=t(
            "quant.plans.claim_hand" if by_hand else "quant.plans.claim",
            size=f"{chosen.bytes / MIB:.1f}",
            cosine=f"{chosen.cosine:.4f}",
            even=f"{even.bytes / MIB:.1f}",
            bits=next(iter(even.bits.values())),
            even_cosine=f"{even.cosine:.4f}",
        ),
        guide=tuple(t(f"quant.plans.{line}") for line in ("look", "try", "hides")),
        exports=(
            figure.Export(
                "plans.csv",
                lambda: quant_charts.csv(
                    ("plan", "bytes", "cosine"),
                    [(sensitivity.spell(plan), plan.bytes, plan.cosine) for plan in (*found.greedy, *found.uniform)],
                ),
            ),
        ),
        code=lambda: source.snippet(
            sensitivity.measure_plan,
            f"layers = names({model.argument.removeprefix(', ')})\n"
            f"bits = parse_plan({sensitivity.spell(chosen)!r}, layers)\n"
            f"plan = measure_plan(bits, {list(quant_scene.sentences_of(here))!r}{model.argument})\n"
            "print(plan.bytes, plan.cosine)",
            (sensitivity.parse_plan, weights.names, *model.needs),
        ),
    ):
        quant_charts.chart(
            "plans", figures.size_against_agreement(found, chosen, float(here["budget"]), words), clicked=take
        )
        parts = [t(f"control.quantization.part.option.{part}") for part in weights.PARTS]
        blocks = [str(block + 1) for block in range(len(chosen.bits) // len(parts))]
        quant_charts.chart("bits", figures.bits_of_each_layer(chosen, blocks, parts, words), clicked=turn)
        with st.container(horizontal=True, key="quant-budget", gap="medium", vertical_alignment="bottom"):
            widgets.draw(here, "budget")
            widgets.draw(here, "plan")
            widgets.draw_reset(here)
        st.html(f'<p class="hint">{t("quant.plans.own" if own else "quant.plans.shipped")}</p>')
