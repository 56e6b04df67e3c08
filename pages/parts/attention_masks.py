"""The same weights under other masks: BERT against GPT, and masks whose cells one can click."""

from __future__ import annotations

import functools
import html
import re

import streamlit as st

from explainers import attention
from explainers.attention import masks, memory
from explainers.attention.masks import PRESETS, MaskError, Preset
from explainers.attention.rerun import Bool
from pages.parts.attention_pictures import beside
from pages.parts.scene import Scene, controls, long, table
from ui import components, figure, frame, source

Cell = tuple[int, int]
BESIDE = 22  # tokens up to which mask and picture stand beside each other


def draw_causal(scene: Scene) -> None:
    """The same weights when every token may only look back."""
    here, (layer, head) = scene.here, scene.head
    after, effect = memory.under_mask(scene.asked, masks.causal(len(scene.tokens)))
    with figure.card(
        here,
        "causal",
        claim=here.t("lens.causal.claim", cosine=f"{effect.cosine:.2f}", moved=f"{effect.moved.mean():.0%}"),
        guide=scene.guide("causal"),
        exports=(figure.Export("causal.csv", lambda: attention.to_csv(after.trace, layer, head)),),
        code=lambda: source.snippet(
            masks.trace_with_mask,
            f"n = len(trace({scene.call}).tokens)\n"
            f"print(trace_with_mask({scene.sentences}, causal(n){scene.rest}).attention[{layer}, {head}].round(2))",
            scene.needs(attention.trace, masks.causal),
        ),
    ):
        beside(scene, (("causal-before", scene.text), ("causal-after", after)))
        controls(scene, "layer", "head", "view")


def cut_of(asked: int, n: int) -> int:
    """Where source and target part, or padding begins: as asked where it fits n tokens, else in the middle."""
    return asked if 1 <= asked < n else n // 2


def typed_cells(text: str, n: int) -> tuple[tuple[Cell, ...], tuple[str, ...]]:
    """The cells that `text` names as "query.key", joined by "_", and the parts that name none of n tokens' mask."""
    cells: list[Cell] = []
    ignored: list[str] = []
    for part in text.split("_") if text else ():
        numbers = re.fullmatch(r"([0-9]{1,3})\.([0-9]{1,3})", part.strip())
        cell = (int(numbers[1]), int(numbers[2])) if numbers else (n, n)
        if max(cell) < n:
            cells.append(cell)
        else:
            ignored.append(part)
    return tuple(dict.fromkeys(cells)), tuple(ignored)


def draw_masks(scene: Scene) -> None:
    """A mask to click, the head under it, and the four usual masks compared."""
    here, n = scene.here, len(scene.tokens)
    name = next(known for known in PRESETS if known == here.text("mask"))
    cut = cut_of(here.integer("cut"), n)
    cells, ignored = typed_cells(here.text("cells"), n)
    if ignored:
        frame.notice(here.t("lens.masks.ignored", names=here.t.listed(ignored[:8])))
    standard = masks.preset(name, n, cut)
    mask = masks.toggled(standard, cells)
    _draw_clickable(scene, name, cut, standard, mask, cells)
    rows = long(scene, "masks", functools.partial(memory.preset_masks, scene.asked, cut), cut)
    if rows is not None:
        _draw_compared(scene, cut, rows)


def _draw_clickable(scene: Scene, name: Preset, cut: int, standard: Bool, mask: Bool, cells: tuple[Cell, ...]) -> None:
    here, (layer, head) = scene.here, scene.head
    try:
        under, effect = memory.under_mask(scene.asked, mask)
        claim = here.t(
            "lens.masks.claim",
            name=here.t(f"masks.{name}"),
            changed=len(cells),
            allowed=f"{mask.mean():.0%}",
            cosine=f"{effect.cosine:.3f}",
            moved=f"{effect.moved.mean():.0%}",
        )
    except MaskError as error:
        under, claim = None, here.t("lens.masks.impossible", token=scene.tokens[int(error.details["row"])].piece)
    cut_shown = cut if name in ("encoder_decoder", "padding") else 0
    with figure.card(
        here,
        "masks",
        claim=claim,
        guide=scene.guide("masks"),
        exports=(
            figure.Export(
                "mask.csv", lambda: attention.to_csv(under.trace, layer, head) if under else _mask_csv(scene, mask)
            ),
        ),
        code=lambda: source.snippet(
            masks.trace_with_mask,
            f"n = len(trace({scene.call}).tokens)\n"
            f"mask = toggled(preset({name!r}, n, {cut}), {list(cells)!r})\n"
            f"print(trace_with_mask({scene.sentences}, mask{scene.rest}).attention[{layer}, {head}].round(2))",
            scene.needs(attention.trace, masks.toggled, masks.preset),
        ),
    ):
        # Side by side as long as the names of the tokens can still be read.
        with st.container(horizontal=len(scene.tokens) <= BESIDE, key="mask-and-picture"):
            with st.container(key="mask-side"):
                _mount_cells(scene, name, cut_shown, standard, cells)
            if under:
                beside(scene, (("masks-under", under),), view="matrix", key="mask-picture")
        controls(scene, *(("cut",) if cut_shown else ()), "layer", "head", "pin")


def _mount_cells(scene: Scene, name: Preset, cut: int, standard: Bool, cells: tuple[Cell, ...]) -> None:
    here = scene.here
    components.mount(
        "maskcells",
        "maskcells",
        {
            "tokens": [{"piece": token.piece[:40], "special": token.special} for token in scene.tokens],
            "rows": "".join("1" if allowed else "0" for allowed in standard.ravel()),
            "cells": [list(cell) for cell in cells],
            "preset": name,
            "standard": here.table["mask"].default,
            "presets": [[known, here.t(f"masks.{known}")] for known in PRESETS],
            "cut": cut,
            "labels": here.t.group("maskcells"),
        },
    )


def _mask_csv(scene: Scene, mask: Bool) -> str:
    names = [token.piece for token in scene.tokens]
    return table(("query", *names), [(names[row], *map(int, mask[row])) for row in range(len(names))])


def _draw_compared(scene: Scene, cut: int, rows: tuple[masks.MaskRow, ...]) -> None:
    """Encoder, decoder, encoder-decoder and padding on this text, in numbers."""
    here = scene.here
    by_name = {row.name: row for row in rows}
    with figure.card(
        here,
        "presets",
        claim=here.t("lens.masks.compared_claim", cut=cut, encoder=f"{by_name['encoder'].hears_the_rest:.2f}"),
        guide=(here.t("lens.masks.compared_look"), here.t("lens.masks.compared_try")),
        exports=(
            figure.Export(
                "masks.csv",
                lambda: table(
                    ("mask", "allowed", "cosine", "moved", "hears_the_rest"),
                    [(row.name, row.allowed, row.cosine, row.moved, row.hears_the_rest) for row in rows],
                ),
            ),
        ),
        code=lambda: source.snippet(
            masks.compare_presets,
            f"for row in compare_presets({scene.sentences}, {cut}{scene.rest}):\n    print(row)",
            scene.needs(),
        ),
    ):
        st.html(_compared(scene, cut, rows))


def _compared(scene: Scene, cut: int, rows: tuple[masks.MaskRow, ...]) -> str:
    t = scene.here.t
    columns = ("name", "used", "allowed", "cosine", "moved", "hears")
    head = "".join(f"<th scope=col>{html.escape(t(f'masks.column_{name}', cut=cut))}</th>" for name in columns)
    body = ""
    for row in rows:
        name, used = html.escape(t(f"masks.{row.name}")), html.escape(t(f"masks.{row.name}_used"))
        numbers = (f"{row.cosine:.3f}", f"{row.moved:.0%}", _zero(row.hears_the_rest))
        body += (
            f"<tr><th scope=row>{name}</th><td>{used}</td>"
            f"<td>{sketch(row.name, len(scene.tokens), cut)} {row.allowed:.0%}</td>"
            f"{''.join(f'<td>{number}</td>' for number in numbers)}</tr>"
        )
    caption = html.escape(t("masks.caption"))
    return (
        f'<div class="tokens wide" tabindex="0" role="region" aria-label="{caption}">'
        f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table></div>"
    )


def _zero(distance: float) -> str:
    """A cosine distance; what the float32 of the weights leaves of nothing is written as nothing."""
    return "0" if distance < 1e-6 else f"{distance:.3f}"


def sketch(name: Preset, n: int, cut: int) -> str:
    """The mask as a small square: what may be looked at is filled, in proportion."""
    part = f"{100 * cut / n:.0f}%"
    corners = {
        "encoder": "0 0, 100% 0, 100% 100%, 0 100%",
        "decoder": "0 0, 100% 100%, 0 100%",
        "encoder_decoder": f"0 0, {part} 0, {part} {part}, 100% 100%, 0 100%",
        "padding": f"0 0, {part} 0, {part} 100%, 0 100%",
    }[name]
    return f'<span class="sketch"><i style="clip-path: polygon({corners})"></i></span>'
