"""Break pairs on purpose: hand a share of the captions to other scenes, at random, within a colour, or across colours.

Every caption stays in use and stays one caption: only who it belongs to changes, as when two files are joined on the
wrong column. A swap within a colour is the hard kind to notice, for the wrong caption still names the right colour.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Literal, get_args

import numpy as np

from explainers.alignment.contrastive import Float64, Int
from explainers.alignment.scenes import Scene

Swap = Literal["any", "same_colour", "other_colour"]
SWAPS: tuple[Swap, ...] = get_args(Swap)
PARTS = ("colour", "shape", "size", "place")


def pairing(scenes: Sequence[Scene], share: float, swap: Swap = "any", seed: int = 0) -> Int:
    """Int[n]: scene i is given the caption of scene pairing[i]; nobody who is part of a swap keeps their own.

    share: of the scenes that take part, 0 to 1, rounded to whole scenes; one scene alone cannot swap, so groups of
    one stay as they are.
    """
    random = np.random.default_rng([seed, 5])
    given = np.arange(len(scenes))
    chosen = random.permutation(len(scenes))[: round(share * len(scenes))]
    colours = np.array([scenes[i].colour for i in chosen], dtype=object)
    if swap == "any":
        _pass_on(given, chosen)
    elif swap == "same_colour":
        for colour in sorted(set(colours)):
            _pass_on(given, chosen[colours == colour])
    elif len(chosen):
        # In order of colour, a step as long as the largest group always lands in another one, if none is over half.
        ordered = chosen[np.argsort(colours.astype(str), kind="stable")]
        step = max(int((colours == colour).sum()) for colour in set(colours))
        if 2 * step <= len(chosen):
            given[ordered] = np.roll(ordered, -step)
    return given


def _pass_on(given: Int, members: Int) -> None:
    """Each takes the caption of the next, the last that of the first."""
    given[members] = np.roll(members, -1)


def same_parts(scenes: Sequence[Scene]) -> Float64:
    """Float64[n, n, 4]: 1 where two scenes share colour, shape, size, place (PARTS)."""
    columns = [np.array([getattr(scene, part) for scene in scenes], dtype=object) for part in PARTS]
    return np.stack([column[:, None] == column[None, :] for column in columns], axis=2).astype(np.float64)


def first_answers(cosines: Float64, same: Float64) -> Float64:
    """Float64[4]: how often the caption found first for a picture names its colour, shape, size, place, right or not
    as a whole. same: of `same_parts`."""
    answers = cosines.argmax(axis=1)
    return np.asarray(same[np.arange(len(cosines)), answers].mean(axis=0))
