"""Work in the shape the pool runs, in a module that a worker process can import."""

from __future__ import annotations

import time
from collections.abc import Callable

Report = Callable[..., None]


def slow(seconds: float, *, report: Report) -> str:
    """Parts of a result, then the result."""
    for step in range(10):
        report(step / 10, f"part {step}")
        time.sleep(seconds / 10)
    return "whole"


def broken(*, report: Report) -> None:
    report(0.5)
    raise LookupError("no such thing")


def own_process(*, report: Report) -> int:
    import os

    return os.getpid()


def imported(*names: str, report: Report) -> tuple[bool, ...]:
    """Whether this process has imported each module."""
    import sys

    return tuple(name in sys.modules for name in names)


def variable(name: str, *, report: Report) -> str | None:
    """A variable of this process's environment."""
    import os

    return os.environ.get(name)


def refused(*, report: Report) -> None:
    from explainers.errors import ExplainerError

    raise ExplainerError("empty")
