"""Glossary: the terms in both languages, what each means, where it can be seen and where the document uses it."""

from __future__ import annotations

from ui import components, frame, wordlist
from ui.state import PageState


def draw(here: PageState) -> None:
    listed = wordlist.listed(here.t.code)
    components.send("document-payload", listed.payload_id, listed.payload)
    components.mount(
        "glossary",
        "glossary",
        {
            "text": listed.payload_id,
            "labels": {**here.t.group("wordlist"), "lang": here.t.code},
            "marks": {**here.t.group("marks"), "lang": here.t.code},
            "groups": {group: here.t(f"wordgroup.{group}") for group in wordlist.groups(here.table)},
        },
    )


draw(frame.open_page("glossary"))
