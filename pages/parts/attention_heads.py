"""Heads found by what they do and switched off to see what they are for: two views of the attention page."""

from __future__ import annotations

import functools
import html
import re
from pathlib import Path

import numpy as np
import streamlit as st

from explainers import attention
from explainers.attention import ablate, diagrams, figures, heads, memory
from explainers.attention.trace import Float32
from pages.parts.scene import Scene, chart, controls, grid_csv, long, table
from ui import components, figure, frame, source
from ui.state import PageState

Head = tuple[int, int]

SENTENCES = Path(__file__).resolve().parents[2] / "assets" / "attention" / "sentences.txt"
NEAR = 5  # neighbours that are listed


@functools.cache
def shipped_sentences() -> tuple[str, ...]:
    """The sentences that a sentence vector is compared with: written for this page, one a line."""
    return tuple(SENTENCES.read_text("utf-8").split("\n")[:-1])


def draw_find(scene: Scene) -> None:
    """The heads that do something, found live."""
    here = scene.here
    scores = memory.head_scores(scene.asked)
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
            f"print(score_heads(trace({scene.call})).{name}.round(2))",
            scene.needs(attention.trace),
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


def chosen_heads(text: str, layers: int, count: int) -> tuple[frozenset[Head], tuple[str, ...]]:
    """The heads that `text` names, (layer, head) from 0, and the parts of it that name none.

    "4.2" is layer 4, head 2; "4" alone is the whole layer; commas or spaces between them.
    """
    chosen: set[Head] = set()
    ignored: list[str] = []
    for part in re.split(r"[,\s]+", text.strip()):
        numbers = re.fullmatch(r"([0-9]{1,3})(?:\.([0-9]{1,3}))?", part)
        layer = int(numbers[1]) if numbers else 0
        some = [int(numbers[2])] if numbers and numbers[2] else list(range(1, count + 1))
        if 1 <= layer <= layers and 1 <= some[0] <= count:
            chosen |= {(layer - 1, head - 1) for head in some}
        elif part:
            ignored.append(part)
    return frozenset(chosen), tuple(ignored)


def draw_off(scene: Scene) -> None:
    """Switch heads off, mask a token: how far does the sentence vector move, and whom does it come near?"""
    here, trace = scene.here, scene.text.trace
    off, ignored = chosen_heads(here.text("off"), trace.layers, trace.heads)
    if ignored:
        frame.notice(here.t("lens.off.ignored", names=here.t.listed(ignored[:8])))
    alone: Float32 | None = long(scene, "each-head", functools.partial(memory.each_head_off, scene.asked))
    without = memory.without(scene.asked, off)
    known = memory.bank(shipped_sentences(), scene.source)
    change = ablate.neighbour_change(trace.sentence_vector, without.trace.sentence_vector, known, NEAR)
    with figure.card(
        here,
        "off",
        claim=_off_claim(here, off, without.cosine, alone),
        guide=scene.guide("off"),
        exports=(figure.Export("heads-off.csv", lambda: _heads_csv(off, alone, trace.layers, trace.heads)),),
        code=lambda: source.snippet(
            ablate.switch_off,
            f"print(switch_off({scene.sentences}, {set(off) or 'set()'}{scene.rest}).cosine)",
            scene.needs(),
        ),
    ):
        components.mount(
            "headswitches",
            "headswitches",
            {
                "layers": trace.layers,
                "heads": trace.heads,
                "off": sorted(f"{layer + 1}.{head + 1}" for layer, head in off),
                "values": None if alone is None else alone.astype(float).round(6).tolist(),
                "labels": here.t.group("switches"),
            },
        )
        controls(scene)
    if off:
        _draw_near(scene, "near", here.t("lens.off.near_claim", gained=len(change.gained), near=NEAR), change, known)
        _draw_moved(scene, without)
    _draw_masked(scene, known)


def _heads_csv(off: frozenset[Head], alone: Float32 | None, layers: int, count: int) -> str:
    rows = [
        (layer + 1, head + 1, int((layer, head) in off), "" if alone is None else f"{alone[layer, head]:.6f}")
        for layer, head in np.ndindex(layers, count)
    ]
    return table(("layer", "head", "off", "cosine_alone"), rows)


def _draw_near(scene: Scene, name: str, claim: str, change: ablate.NeighbourChange, known: ablate.SentenceBank) -> None:
    """Whom the sentence vector is near, before and after."""
    here = scene.here
    with figure.card(
        here,
        name,
        claim=claim,
        guide=(here.t("lens.off.near_look"),),
        exports=(figure.Export(f"{name}.csv", lambda: _neighbours_csv(change)),),
        code=lambda: source.snippet(
            ablate.neighbours,
            f"bank = sentence_bank({list(known.sentences)!r}{scene.from_source})\n"
            f"vector = trace({scene.call}).sentence_vector\n"
            f"for near in neighbours(vector, bank, {NEAR}):\n    print(near)",
            scene.needs(attention.trace, ablate.sentence_bank),
        ),
    ):
        st.html(neighbour_table(here, change, len(known.sentences)))


def _off_claim(here: PageState, off: frozenset[Head], cosine: float, alone: Float32 | None) -> str:
    if off:
        return here.t("lens.off.claim", heads=len(off), value=f"{cosine:.3f}")
    if alone is None:
        return here.t("lens.off.claim_none")
    layer, head = np.unravel_index(int(np.argmin(alone)), alone.shape)
    return here.t("lens.off.claim_alone", layer=layer + 1, head=head + 1, value=f"{alone[layer, head]:.3f}")


def _draw_moved(scene: Scene, without: ablate.Ablation) -> None:
    """Which tokens the heads that are off had moved."""
    here, most = scene.here, int(np.argmax(without.token_change))
    with figure.card(
        here,
        "moved",
        claim=here.t(
            "lens.off.moved_claim",
            token=scene.tokens[most].piece,
            position=most,
            value=f"{without.token_change[most]:.3f}",
        ),
        guide=(here.t("lens.off.moved_look"),),
        exports=(
            figure.Export(
                "moved.csv",
                lambda: table(
                    ("token", "moved"), list(zip(figures.names(scene.tokens), without.token_change, strict=True))
                ),
            ),
        ),
        code=lambda: source.snippet(
            ablate.switch_off,
            f"off = {sorted(chosen_heads(here.text('off'), *without.trace.attention.shape[:2])[0])!r}\n"
            f"print(switch_off({scene.sentences}, set(off){scene.rest}).token_change.round(3))",
            scene.needs(),
        ),
    ):
        chart("moved", diagrams.what_moved(without.token_change, scene.tokens, scene.labels()))


def _draw_masked(scene: Scene, known: ablate.SentenceBank) -> None:
    """One token replaced by the model's mask token, and the model run again."""
    here, token = scene.here, scene.tokens[scene.token]
    masked = memory.masked(scene.asked, scene.token)
    if masked is None:
        frame.notice(here.t("lens.off.not_masked", token=token.piece))
        controls(scene, "pin", key="masked-controls")
        return
    before = scene.text.trace.sentence_vector
    change = ablate.neighbour_change(before, masked.trace.sentence_vector, known, NEAR)
    with figure.card(
        here,
        "masked",
        claim=here.t(
            "lens.off.masked", token=token.piece, value=f"{masked.cosine:.3f}", gained=len(change.gained), near=NEAR
        ),
        guide=(here.t("lens.off.masked_look"),),
        exports=(figure.Export("neighbours-masked.csv", lambda: _neighbours_csv(change)),),
        code=lambda: source.snippet(
            ablate.mask_token,
            f"print(mask_token({scene.sentences}, {scene.token}{scene.rest}).cosine)",
            scene.needs(),
        ),
    ):
        st.html(neighbour_table(here, change, len(known.sentences)))
        controls(scene, "pin", key="masked-controls")


def neighbour_table(here: PageState, change: ablate.NeighbourChange, sentences: int) -> str:
    """The nearest sentences before and after, side by side; those that come and go are marked by word and sign."""
    t = here.t
    lost, gained = ({near.index for near in some} for some in (change.lost, change.gained))
    gone, new = "− " + t("near.lost"), "+ " + t("near.gained")
    rows = "".join(
        f"<tr><th scope=row>{rank}</th>{_near(before, lost, gone)}{_near(after, gained, new)}</tr>"
        for rank, (before, after) in enumerate(zip(change.before, change.after, strict=True), 1)
    )
    head = "".join(f"<th>{html.escape(name)}</th>" for name in ("#", t("near.before"), t("near.after")))
    caption = html.escape(t("near.caption", sentences=sentences))
    return (
        f'<div class="tokens near" tabindex="0" role="region" aria-label="{caption}">'
        f"<table><caption>{caption}</caption><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table></div>"
    )


def _near(near: ablate.Neighbour, marked: set[int], mark: str) -> str:
    said = f" <b>{html.escape(mark)}</b>" if near.index in marked else ""
    return f"<td>{html.escape(near.sentence)} <small>{near.cosine:.3f}</small>{said}</td>"


def _neighbours_csv(change: ablate.NeighbourChange) -> str:
    rows = [
        (when, rank, near.sentence, f"{near.cosine:.6f}")
        for when, some in (("before", change.before), ("after", change.after))
        for rank, near in enumerate(some, 1)
    ]
    return table(("when", "rank", "sentence", "cosine"), rows)
