"""The attention picture on a page: what it is sent, and the state it starts from."""

from __future__ import annotations

from collections.abc import Mapping
from pathlib import Path

from explainers import attention
from ui import components
from ui.state import PageState

SHIPPED = Path(__file__).resolve().parents[2] / "assets" / "attention" / "default.bin"
LAYERS, HEADS = 6, 12  # of the bundled model
SHIPPED_HEADS = LAYERS * HEADS


def is_shipped(here: PageState) -> bool:
    """Whether the shipped result answers what the page's controls ask for."""
    default = all(here[name] == here.table[name].default for name in ("a", "b", "aside", "merge", "model"))
    return default and here.integer("layer") <= LAYERS and here.integer("head") <= HEADS


def claim(here: PageState, text: attention.View) -> str:
    """What the picture shows, with its figures."""
    layer, head = here.integer("layer"), here.integer("head")
    sinks = text.measures.sink
    return here.t(
        "attention.claim_aside" if here.flag("aside") else "attention.claim",
        layer=layer,
        head=head,
        share=f"{sinks[layer - 1, head - 1]:.0%}",
        mean=f"{sinks.mean():.0%}",
    )


def mount(here: PageState, name: str, shown: attention.View | bytes, data: Mapping[str, object], key: str) -> None:
    """Draw the picture `key` of a text (or of a payload made before), with `data` besides the page's own state.

    Of a long text the payload holds small heads; the head that is read is sent beside it.
    """
    layer, head = here.integer("layer"), here.integer("head")
    if isinstance(shown, bytes):
        payload_id, payload, detail = attention.name_of(shown), shown, None
    else:
        payload_id, payload, detail = shown.payload_id, shown.payload, shown.head(layer - 1, head - 1)
    components.send(f"{name}-payload", payload_id, payload)
    if detail is not None:
        components.send(f"{name}-head-payload", *detail)
    state = {**state_of(here, payload_id, detail[0] if detail is not None else ""), **data}
    components.mount("attention", key, state if "labels" in data else {**state, "labels": here.t.group("explorer")})


def state_of(here: PageState, payload_id: str, detail_id: str = "") -> dict[str, object]:
    """What the picture of a payload starts from: the page's controls."""
    return {
        "payload": payload_id,
        "detail": detail_id,
        "layer": here.integer("layer"),
        "head": here.integer("head"),
        "view": here.text("view"),
        "pin": here.integer("pin"),
    }


def explorer(here: PageState, name: str, shown: attention.View | bytes, heads: int) -> None:
    """The overview of all `heads` and the large head."""
    mount(here, name, shown, overview(here, heads), f"{name}-explorer")


def overview(here: PageState, heads: int) -> dict[str, object]:
    """What the picture needs besides its state where all `heads` are drawn beside the large one."""
    options = () if here.hidden("order") else here.table["order"].options
    return {
        "order": here.text("order"),
        "orders": [(option, here.t(f"control.attention.order.option.{option}")) for option in options],
        "labels": {**here.t.group("explorer"), "all_heads": here.t("explorer.all_heads", heads=heads)},
    }
