"""The reader's sentences through the full model and a quantized one: vectors, similarities, attention, and the answers
that flip on tasks with a truth."""

from __future__ import annotations

import functools
from dataclasses import dataclass

import streamlit as st

from explainers.models import BUNDLED_BERT, ModelSource
from explainers.progress import Report, silent
from explainers.quantization import agreement, fake, figures, tasks
from explainers.quantization.agreement import Agreement, Interval
from explainers.quantization.fake import Attention, Engine, Recipe
from explainers.quantization.quantizers import Spec
from explainers.quantization.weights import fingerprint
from pages.parts import own_model, quant_charts, quant_scene
from pages.parts.own_model import Spelt
from ui import dotstrips, figure, frame, source, widgets, work
from ui.dotstrips import Row, Strip
from ui.state import PageState

ENGINES: tuple[Engine, ...] = ("ours", "torch_tensor", "torch_channel")
SHOWN_FLIPS = 6


@dataclass(frozen=True, eq=False)
class Compared:
    """Both models on the same sentences, and one head of both on one of them."""

    agreement: Agreement
    before: Attention
    after: Attention


def engine_of(here: PageState) -> Engine:
    return next(one for one in ENGINES if one == here.text("engine"))


def recipe_of(here: PageState) -> Recipe:
    """The quantization that the controls ask for."""
    acts = here.text("acts")
    return Recipe(
        quant_scene.spec_of(here), activations="tensor" if acts == "tensor" else "token" if acts == "token" else "none"
    )


def compare(
    engine: Engine,
    recipe: Recipe,
    sentences: tuple[str, ...],
    line: int,
    block: int,
    head: int,
    origin: ModelSource = BUNDLED_BERT,
    report: Report = silent,
) -> Compared:
    """Run both models on `sentences`, and one head of both on sentence `line`."""
    model = fake.by_engine(engine, recipe, origin)
    report(0.4, None)
    full, other = (fake.sentence_vectors(sentences, one, origin) for one in (None, model))
    found = agreement.agree(full, other)
    report(0.9, None)
    before, after = (fake.attention_of(sentences[line], block, head, one, origin) for one in (None, model))
    return Compared(found, before, after)


def draw(here: PageState) -> None:
    """The controls, then three cards."""
    here = quant_scene.narrowed(here)
    with st.container(horizontal=True, key="quant-how", gap="medium"):
        widgets.draw(here, "engine")
        if here.text("engine") == "ours":
            for name in ("bits", "grain", "acts"):
                widgets.draw(here, name)
    with st.expander(here.t("quant.sentence.more"), key="quant-sentences"):
        widgets.draw(here, "sentences", lines=5)
        with st.container(horizontal=True, key="quant-head", gap="medium"):
            for name in ("line", "head_block", "head"):
                widgets.draw(here, name)
        widgets.draw(here, "list", lines=4)
        widgets.draw_reset(here)
    sentences = quant_scene.sentences_of(here)
    origin = quant_scene.source_of(here)
    line = min(here.integer("line"), len(sentences)) - 1
    block, head = here.integer("head_block") - 1, here.integer("head") - 1
    engine, recipe = engine_of(here), recipe_of(here)
    asked = (engine, recipe if engine == "ours" else None, sentences, line, block, head, fingerprint(origin))
    call = functools.partial(compare, engine, recipe, sentences, line, block, head, origin)

    def show(found: Compared, done: bool) -> None:
        if done:
            draw_vectors(here, found, sentences)
            draw_attention(here, found, sentences[line], block, head)

    work.panel(here, "quant-compare", call, show, key=("quant-compare", repr(asked)))
    draw_tasks(here, engine, recipe)


def code_of(here: PageState) -> tuple[str, Spelt]:
    """Lines that make the quantized model, and how code says which model it is made of."""
    model = own_model.spelt(quant_scene.source_of(here))
    return f"model = by_engine({here.text('engine')!r}, {recipe_of(here)!r}{model.argument})\n", model


def between(interval: Interval, digits: int = 3) -> str:
    """A figure with its interval."""
    return f"{interval.value:.{digits}f} [{interval.low:.{digits}f}, {interval.high:.{digits}f}]"


def draw_vectors(here: PageState, found: Compared, sentences: tuple[str, ...]) -> None:
    """Cosine of every sentence's vectors, and which are nearest now."""
    t, agreed = here.t, found.agreement
    changed = sum(move.first_changed for move in agreed.moves) if len(sentences) > 1 else 0
    first, second = agreed.largest
    columns = [t(f"quant.sentence.column_{name}") for name in ("sentence", "cosine", "before", "after", "lost")]

    def nearest(places: tuple[int, ...]) -> str:
        return sentences[places[0]] if places else "—"

    rows = [
        Row(
            f"{place + 1} {sentence}",
            figures.INT8,
            (
                Strip((float(agreed.cosines[place]),), f"{agreed.cosines[place]:.4f}"),
                nearest(move.before),
                nearest(move.after) if move.first_changed else t("quant.sentence.same"),
                str(move.lost),
            ),
        )
        for place, (sentence, move) in enumerate(zip(sentences, agreed.moves, strict=True))
    ]
    lines, model = code_of(here)
    with figure.card(
        here,
        "vectors",
        claim=t(
            "quant.sentence.claim",
            mean=between(agreed.mean, 4),
            n=len(sentences),
            changed=changed,
            error=f"{agreed.similarity_error:.3f}",
        ),
        guide=(
            t("quant.sentence.look"),
            t("quant.sentence.try"),
            t("quant.sentence.hides", first=first + 1, second=second + 1),
        ),
        exports=(
            figure.Export(
                "sentences.csv",
                lambda: quant_charts.csv(
                    ("sentence", "cosine", "nearest_before", "nearest_after"),
                    [
                        (sentence, float(cosine), nearest(move.before), nearest(move.after))
                        for sentence, cosine, move in zip(sentences, agreed.cosines, agreed.moves, strict=True)
                    ],
                ),
            ),
        ),
        code=lambda: source.snippet(
            agreement.agree,
            f"sentences = {list(sentences)!r}\n{lines}"
            f"full, other = (sentence_vectors(sentences, one{model.argument}) for one in (None, model))\n"
            "found = agree(full, other)\nprint(found.mean, found.similarity_error)",
            (fake.by_engine, fake.sentence_vectors, Recipe, Spec, *model.needs),
        ),
    ):
        names = [str(place + 1) for place in range(len(sentences))]
        words = t.group("quant.similar")
        quant_charts.chart(
            "similarity", figures.before_after_difference(agreed.before, agreed.after, names, words, low=-0.1)
        )
        st.html(dotstrips.html(columns, rows, t("quant.sentence.caption")))


def draw_attention(here: PageState, found: Compared, sentence: str, block: int, head: int) -> None:
    """One head before and after."""
    t = here.t
    moved = agreement.attention_moved(found.before, found.after)
    most = int(moved.argmax())
    names = [f"{place} {token}" for place, token in enumerate(found.before.tokens)]
    lines, model = code_of(here)
    with figure.card(
        here,
        "head",
        claim=t(
            "quant.head.claim",
            block=block + 1,
            head=head + 1,
            mean=f"{moved.mean():.1%}",
            token=names[most],
            most=f"{moved[most]:.1%}",
        ),
        guide=tuple(t(f"quant.head.{line}") for line in ("look", "try", "hides")),
        exports=(
            figure.Export(
                "attention.csv",
                lambda: quant_charts.csv(
                    ("query", "key", "before", "after"),
                    [
                        (query, key, float(found.before.weights[i, j]), float(found.after.weights[i, j]))
                        for i, query in enumerate(names)
                        for j, key in enumerate(names)
                    ],
                ),
            ),
        ),
        code=lambda: source.snippet(
            agreement.attention_moved,
            f"{lines}models = (None, model)\n"
            f"before, after = (attention_of({sentence!r}, {block}, {head}, one{model.argument}) for one in models)\n"
            "print(attention_moved(before, after))",
            (fake.by_engine, fake.attention_of, Recipe, Spec, *model.needs),
        ),
    ):
        picture = figures.before_after_difference(
            found.before.weights, found.after.weights, names, t.group("quant.attention"), height=360
        )
        quant_charts.chart("attention", picture)


def draw_tasks(here: PageState, engine: Engine, recipe: Recipe) -> None:
    """Tasks with a truth: run when asked for, as they take some seconds."""
    rows: tuple[tuple[str, str], ...] = ()
    if here.text("list").strip():
        try:
            rows = tasks.parse_list(here.text("list"))
        except tasks.TaskError as error:
            frame.trouble(here.t(f"error.{error.code}", **error.details))
    origin = quant_scene.source_of(here)
    call = functools.partial(tasks.run, engine, recipe, rows, origin)
    key = ("quant-tasks", repr((engine, recipe if engine == "ours" else None, rows, fingerprint(origin))))

    def show(found: tuple[tasks.Outcome, ...], done: bool) -> None:
        if done:
            draw_outcomes(here, found)

    st.html(f'<p class="hint">{here.t("quant.tasks.intro")}</p>')
    work.panel(here, "quant-tasks", call, show, key=key, wait=True)


def draw_outcomes(here: PageState, found: tuple[tasks.Outcome, ...]) -> None:
    """What became of each task, and the answers that flipped."""
    t = here.t
    real = [outcome for outcome in found if not outcome.noise]
    columns = [t(f"quant.tasks.column_{name}") for name in ("task", "before", "after", "gap", "verdict", "flips")]
    rows = [
        (
            t(f"quant.tasks.name_{outcome.name}", n=outcome.cases),
            between(outcome.before, 2),
            between(outcome.after, 2),
            between(outcome.gap),
            t("quant.tasks.noise" if outcome.noise else "quant.tasks.real"),
            str(len(outcome.flips)) if outcome.name != "wordsim" else "—",
        )
        for outcome in found
    ]
    flips = [(outcome, flip) for outcome in found for flip in outcome.flips[:SHOWN_FLIPS]]
    lines, model = code_of(here)
    with figure.card(
        here,
        "tasks",
        claim=t("quant.tasks.claim", names=t.listed(t(f"quant.tasks.short_{one.name}") for one in real))
        if real
        else t("quant.tasks.claim_noise", flips=sum(len(one.flips) for one in found)),
        guide=tuple(t(f"quant.tasks.{line}") for line in ("look", "try", "hides")),
        exports=(
            figure.Export(
                "flips.csv",
                lambda: quant_charts.csv(
                    ("task", "text", "truth", "before", "after"),
                    [(outcome.name, *flip) for outcome in found for flip in outcome.flips],
                ),
            ),
        ),
        code=lambda: source.snippet(
            tasks.polarity,
            f"{lines}found = polarity(model{model.argument})\n"
            "print(found.before, found.after, found.gap, len(found.flips))",
            (fake.by_engine, Recipe, Spec, *model.needs),
        ),
    ):
        st.html(quant_charts.table(columns, rows, t("quant.tasks.caption")))
        if flips:
            heads = [t(f"quant.tasks.column_{name}") for name in ("text", "truth", "was", "is")]
            st.html(quant_charts.table(heads, [flip for _, flip in flips], t("quant.tasks.flipped", n=len(flips))))
