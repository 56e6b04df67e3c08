"""WordPiece at work as a table: for each word, what was tried (longest first) and what was taken."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from html import escape
from typing import Protocol

TRIED = 6  # of a long word only the first few attempts are shown; the rest is counted


class StepLike(Protocol):
    """One step of the longest match: what was tried, longest first, and what was taken (None: nothing fits)."""

    @property
    def tried(self) -> tuple[str, ...]: ...
    @property
    def accepted(self) -> str | None: ...


def html(words: Sequence[tuple[str, Sequence[StepLike]]], labels: Mapping[str, str]) -> str:
    """The table as HTML; everything that comes from the reader is escaped."""
    rows = []
    for word, steps in words:
        cells = "".join(f"<span class=step>{_step(step)}</span>" for step in steps)
        rows.append(f"<tr><th scope=row>{escape(word)}</th><td>{cells}</td></tr>")
    head = f"<tr><th>{escape(labels['word'])}</th><th>{escape(labels['steps'])}</th></tr>"
    caption = escape(labels["caption"])
    return (
        f'<div class="tokens pieces" tabindex="0" role="region" aria-label="{caption}">'
        f"<table><thead>{head}</thead><tbody>{''.join(rows)}</tbody></table></div>"
    )


def _step(step: StepLike) -> str:
    failed = [piece for piece in step.tried if piece != step.accepted]
    shown = " ".join(f"<s>{escape(piece)}</s>" for piece in failed[:TRIED])
    more = f" … +{len(failed) - TRIED} " if len(failed) > TRIED else " "
    taken = f"<b>{escape(step.accepted)}</b>" if step.accepted else "<b>[UNK]</b>"
    return f"{shown}{more}{taken}"
