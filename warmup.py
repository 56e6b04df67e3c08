"""What the process prepares in the background, so that no reader waits for imports, weights or dictionaries.

A page of pictures being asked for starts at once what it needs (`server.py`); otherwise everything begins a moment
after the first page was served (`app.py`). Heavy imports happen inside the jobs, for the first page needs none of them.
"""

from __future__ import annotations

from collections.abc import Callable


def first_forward() -> None:
    """One forward pass: it pays for torch, transformers and the weights."""
    from explainers import attention

    attention.trace("warm")


def first_search() -> None:
    """Build the search index, dictionaries and the glossary's patterns included."""
    from study import search

    search.search("检索 warm")


def first_training() -> None:
    """One step of every network on the plane: it pays for torch's optimisers and imbalanced-learn."""
    from explainers.focal_loss.datasets import PlaneSetup
    from explainers.focal_loss.experiment import train_plane
    from explainers.focal_loss.training import Recipe

    train_plane(PlaneSetup(), Recipe(steps=1))


def first_worker() -> None:
    """A worker process for work that would hold up the scripts of other readers: texts become vectors there, and dual
    encoders learn."""
    from ui.pool import POOL

    POOL.prepare("sklearn.decomposition", "sklearn.feature_extraction.text", "explainers.alignment.training")


def first_pairs() -> None:
    """A batch through the shipped dual encoder."""
    from explainers.alignment import batch

    batch.make_batch(language="zh-Hant")


def first_models() -> None:
    """A worker process with the model and the engines in it: the first quantized variant is to be there in seconds."""
    from ui.pool import POOL

    POOL.prepare("explainers.quantization.prepared")


# The engines of the quantization page take a process of their own: only who opens that page pays for it.
JOBS = (first_forward, first_search, first_worker, first_training, first_pairs)
NEEDED = {
    "attention": (first_forward, first_search),
    "embeddings": (first_search, first_worker),
    "quantization": (first_forward, first_search, first_models),
    "focal-loss": (first_training, first_search, first_worker),
    "alignment": (first_pairs, first_search, first_worker),
}


def jobs_of(page: str) -> tuple[Callable[[], None], ...]:
    """What the page at this address needs; everything for one from which a reader may go anywhere."""
    return NEEDED.get(page, JOBS)
