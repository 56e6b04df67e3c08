"""What is shipped of every dose of breaking: complete, and ordered as breaking is."""

from __future__ import annotations

import numpy as np

from explainers.alignment import breaking, training


def test_the_shipped_doses_are_complete_and_ordered() -> None:
    doses = training.doses()
    for swap in breaking.SWAPS:
        shares = sorted({dose.share for dose in doses if dose.swap == swap})
        assert shares == [*([0.0] if swap == "any" else []), 0.5, 1.0]
        means = [np.mean([d.recall_1 for d in doses if d.swap == swap and d.share == share]) for share in shares]
        assert means[0] > means[-1] + 0.2
    within = [d.parts for d in doses if d.swap == "same_colour" and d.share == 1.0]
    across = [d.parts for d in doses if d.swap == "other_colour" and d.share == 1.0]
    assert len(within) == len(across) == 3
    assert np.mean(within, axis=0)[0] > 0.7  # the colour is still learned
    assert np.mean(across, axis=0)[0] < 0.1
    # The loss says nothing of it: every dose is learned by heart.
    assert max(dose.loss for dose in doses) < 0.2
    assert min(dose.own for dose in doses) > 0.95
