"""The attention picture on a page: what it is sent, and the state it starts from."""

from __future__ import annotations

from collections.abc import Mapping

from explainers import attention
from ui import components
from ui.state import PageState


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
    state = {
        "payload": payload_id,
        "detail": detail[0] if detail is not None else "",
        "layer": layer,
        "head": head,
        "view": here.text("view"),
        "pin": here.integer("pin"),
        **data,
    }
    components.mount("attention", key, state if "labels" in data else {**state, "labels": here.t.group("explorer")})


def explorer(here: PageState, name: str, shown: attention.View | bytes, heads: int) -> None:
    """The overview of all `heads` and the large head."""
    options = () if here.hidden("order") else here.table["order"].options
    data = {
        "order": here.text("order"),
        "orders": [(option, here.t(f"control.attention.order.option.{option}")) for option in options],
        "labels": {**here.t.group("explorer"), "all_heads": here.t("explorer.all_heads", heads=heads)},
    }
    mount(here, name, shown, data, f"{name}-explorer")
