"""What BERT takes in, what it gives out and what that is good for: a table with a live miniature in each row."""

from __future__ import annotations

import html
from collections.abc import Callable

import streamlit as st

from explainers import attention
from explainers.attention import ablate, heads, memory, uses
from explainers.attention.memory import Text
from explainers.attention.trace import Float32
from explainers.errors import ExplainerError
from pages.parts.attention_heads import shipped_sentences
from pages.parts.attention_models import guesses_for, why_not
from pages.parts.scene import Scene, bars, controls, table
from ui import figure, source, widgets

NEAR = 3  # nearest sentences, guesses and words that a miniature lists
ROWS = ("topics", "similarity", "nearest", "pair", "tokens", "gap")


def draw_uses(scene: Scene) -> None:
    """The table, and the fields that feed it."""
    here = scene.here
    vector = Text(scene.a or scene.b, "", scene.asked.max_tokens, scene.source).trace().sentence_vector
    temperature = float(here["topic_temperature"])
    topics = uses.lines(here.text("topics"), ",，、;；")
    with figure.card(
        here,
        "uses",
        claim=_claim(scene, vector, topics, temperature),
        guide=scene.guide("uses"),
        exports=(figure.Export("topics.csv", lambda: _topics_csv(scene, vector, topics, temperature)),),
        code=lambda: source.snippet(
            uses.fitting_topics,
            f"vector = trace({scene.a!r}, ''{scene.rest}).sentence_vector\n"
            f"print(fitting_topics(vector, {list(topics)!r}, {temperature}{scene.rest}))",
            scene.needs(attention.trace),
        ),
    ):
        st.html(
            _table(
                scene,
                {
                    "topics": lambda: _topics(scene, vector, topics, temperature),
                    "similarity": lambda: _similarity(scene),
                    "nearest": lambda: _nearest(scene, vector),
                    "pair": lambda: _said(here.t("uses.no_pair_head")),
                    "tokens": lambda: _matched(scene),
                    "gap": lambda: _gap(scene),
                },
            )
        )
        with st.container(horizontal=True, key="uses-fields", gap="medium"):
            for name in ("topics", "gap"):
                widgets.draw(here, name)
        widgets.draw(here, "list", lines=4)
        controls(scene, "topic_temperature")


def _claim(scene: Scene, vector: Float32, topics: tuple[str, ...], temperature: float) -> str:
    near = ablate.neighbours(vector, memory.bank(shipped_sentences(), scene.source), 1)[0]
    if not topics:
        return scene.here.t("lens.uses.claim_none", cosine=f"{near.cosine:.2f}")
    found = uses.fitting_topics(vector, topics, temperature, max_tokens=scene.asked.max_tokens, source=scene.source)
    best = max(range(len(found.shares)), key=lambda place: found.shares[place])
    return scene.here.t(
        "lens.uses.claim", topic=found.topics[best], share=f"{found.shares[best]:.0%}", cosine=f"{near.cosine:.2f}"
    )


def _table(scene: Scene, live: dict[str, Callable[[], str]]) -> str:
    t = scene.here.t
    columns = "".join(
        f"<th scope=col>{html.escape(t(f'uses.column_{name}'))}</th>" for name in ("use", "in", "out", "live")
    )
    rows = []
    for name in ROWS:
        try:
            shown = live[name]()
        except ExplainerError as error:
            shown = _said(why_not(scene.here, error))
        cells = "".join(f"<td>{html.escape(t(f'uses.{name}_{part}'))}</td>" for part in ("in", "out"))
        rows.append(f"<tr><th scope=row>{html.escape(t(f'uses.{name}'))}</th>{cells}<td>{shown}</td></tr>")
    caption = html.escape(t("uses.caption"))
    return (
        f'<div class="tokens uses" tabindex="0" role="region" aria-label="{caption}">'
        f"<table><thead><tr>{columns}</tr></thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _said(text: str) -> str:
    return f"<i>{html.escape(text)}</i>"


def _topics(scene: Scene, vector: Float32, topics: tuple[str, ...], temperature: float) -> str:
    found = uses.fitting_topics(vector, topics, temperature, max_tokens=scene.asked.max_tokens, source=scene.source)
    rows = [
        (topic, share, f"{share:.0%} ({cosine:.2f})")
        for topic, share, cosine in zip(found.topics, found.shares, found.cosines, strict=True)
    ]
    return bars(rows)


def _topics_csv(scene: Scene, vector: Float32, topics: tuple[str, ...], temperature: float) -> str:
    found = uses.fitting_topics(vector, topics, temperature, max_tokens=scene.asked.max_tokens, source=scene.source)
    return table(("topic", "cosine", "share"), list(zip(found.topics, found.cosines, found.shares, strict=True)))


def _similarity(scene: Scene) -> str:
    if not (scene.a.strip() and scene.b.strip()):
        return _said(scene.here.t("uses.need_b"))
    first, second = _alone(scene)
    value = uses.similarity(first.sentence_vector, second.sentence_vector)
    return bars([(scene.here.t("uses.cosine"), value, f"{value:.3f}")])


def _alone(scene: Scene) -> tuple[attention.AttentionTrace, attention.AttentionTrace]:
    """Each sentence by itself."""
    first, second = (Text(text, "", scene.asked.max_tokens, scene.source) for text in (scene.a, scene.b))
    return first.trace(), second.trace()


def _nearest(scene: Scene, vector: Float32) -> str:
    typed = uses.lines(scene.here.text("list"))
    if typed:
        known = uses.bank(typed, max_tokens=scene.asked.max_tokens, source=scene.source)
    else:
        known = memory.bank(shipped_sentences(), scene.source)
    near = ablate.neighbours(vector, known, NEAR)
    return bars([(one.sentence[:120], one.cosine, f"{one.cosine:.3f}") for one in near])


def _matched(scene: Scene) -> str:
    if not (scene.a.strip() and scene.b.strip()):
        return _said(scene.here.t("uses.need_b"))
    first, second = _alone(scene)
    best = sorted(uses.match_tokens(first, second), key=lambda match: -match.cosine)
    words = [match for match in best if heads.is_content(first.tokens[match.index].text)][:NEAR]
    return bars(
        [
            (f"{first.tokens[one.index].piece} → {second.tokens[one.nearest].piece}", one.cosine, f"{one.cosine:.2f}")
            for one in words
        ]
    )


def _gap(scene: Scene) -> str:
    gaps = guesses_for(scene.source, scene.here.text("gap"), NEAR)
    return bars([(guess.text, guess.probability, f"{guess.probability:.1%}") for guess in gaps[0].guesses])
