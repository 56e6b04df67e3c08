"""What the process prepares in the background, so that no reader waits for imports, weights or dictionaries.

A page of pictures being asked for starts it at once (`server.py`); otherwise it begins a moment after the first page
was served (`app.py`). Heavy imports happen inside the jobs, for the first page needs none of them.
"""

from __future__ import annotations


def first_forward() -> None:
    """One forward pass: it pays for torch, transformers and the weights."""
    from explainers import attention

    attention.trace("warm")


def first_search() -> None:
    """Build the search index, dictionaries and the glossary's patterns included."""
    from study import search

    search.search("检索 warm")


def first_worker() -> None:
    """A worker process for work that would hold up the scripts of other readers."""
    from ui.pool import POOL

    POOL.prepare()


JOBS = (first_forward, first_search, first_worker)
