"""What an explainer raises when it cannot answer: a machine code with the figures a sentence needs.

No sentence a reader sees is written in an explainer. A page looks the `code` up in its locale and fills the
sentence from `details`, so that every failure can be said in every language the product speaks. Reference:
docs/architecture.md, "Contracts".
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType


class ExplainerError(Exception):
    """A refusal that a page can put into words: `code` names it, `details` holds its figures as text."""

    code: str
    details: Mapping[str, str]

    def __init__(self, code: str, details: Mapping[str, str] | None = None) -> None:
        super().__init__(code, dict(details or {}))
        self.code = code
        self.details = MappingProxyType(dict(details or {}))

    def __reduce__(self) -> tuple[Callable[..., ExplainerError], tuple[type[ExplainerError], str, dict[str, str]]]:
        """How it comes back from a worker process: the view of its details cannot travel, the details can."""
        return _made_again, (type(self), self.code, dict(self.details))


def _made_again(kind: type[ExplainerError], code: str, details: dict[str, str]) -> ExplainerError:
    made = kind.__new__(kind)
    ExplainerError.__init__(made, code, details)
    return made
