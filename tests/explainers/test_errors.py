"""A refusal is the same on the other side of a process: its kind, its code, its details."""

from __future__ import annotations

import pickle

import pytest

from explainers.attention.trace import EmptyTextError
from explainers.errors import ExplainerError
from explainers.focal_loss.losses import LossError


@pytest.mark.parametrize(
    "error",
    [ExplainerError("x", {"a": "1"}), EmptyTextError("empty"), LossError("y", {"b": "2"})],
    ids=lambda error: type(error).__name__,
)
def test_a_refusal_travels_between_processes(error: ExplainerError) -> None:
    found = pickle.loads(pickle.dumps(error))
    assert type(found) is type(error)
    assert (found.code, dict(found.details)) == (error.code, dict(error.details))
    with pytest.raises(TypeError):
        found.details["new"] = "value"
