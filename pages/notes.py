"""Corrections: every note on what the document gets wrong, to be filtered, taught from and followed to its place."""

from __future__ import annotations

from study import document
from ui import components, corrections, frame
from ui.state import PageState


def draw(here: PageState) -> None:
    listed = corrections.listed(here.t.code)
    components.send("document-payload", listed.payload_id, listed.payload)
    components.mount(
        "notes",
        "notes",
        {
            "text": listed.payload_id,
            "labels": {**here.t.group("corrections"), "lang": here.t.code},
            "marks": {**here.t.group("marks"), "lang": here.t.code},
            "sections": {section.id: here.t(f"section.{section.id}") for section in document.load().sections},
        },
    )


draw(frame.open_page("notes"))
