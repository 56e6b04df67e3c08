"""transformers without what nobody asked it for: torchao, which it imports where that is installed (seconds of every
first forward pass), and the bar that it draws on a server's log.

No model here is stored in torchao's formats; the quantization page calls torchao itself.
"""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager


def spare_torchao() -> None:
    """Call before anything of transformers' models is imported. Does nothing where that has happened."""
    import transformers.utils

    setattr(transformers.utils, "is_torchao_available", lambda *version: False)  # noqa: B010  it has no type of its own


@contextmanager
def quiet() -> Iterator[None]:
    """Keep transformers' "Loading weights" bar off a server's log; leave its setting as it was found."""
    from transformers.utils import logging as transformers_logging

    shown = transformers_logging.is_progress_bar_enabled()
    transformers_logging.disable_progress_bar()  # type: ignore[no-untyped-call]
    try:
        yield
    finally:
        if shown:
            transformers_logging.enable_progress_bar()  # type: ignore[no-untyped-call]
