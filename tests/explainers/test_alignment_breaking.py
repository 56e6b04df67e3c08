"""Who gets whose caption when pairs are broken, and what a first answer still gets right."""

from __future__ import annotations

import numpy as np
import pytest

from explainers.alignment import breaking, scenes

EVERY = scenes.split(scenes.singles()).train


@pytest.mark.parametrize("swap", breaking.SWAPS)
@pytest.mark.parametrize("share", [0.0, 0.25, 0.5, 1.0])
def test_the_asked_share_changes_captions_and_none_is_lost(swap: breaking.Swap, share: float) -> None:
    given = breaking.pairing(EVERY, share, swap, seed=3)
    assert sorted(given) == list(range(len(EVERY)))
    assert (given != np.arange(len(EVERY))).mean() == pytest.approx(share, abs=0.01)


def test_a_swap_within_a_colour_keeps_the_colour_and_one_across_never_does() -> None:
    colours = np.array([scene.colour for scene in EVERY])
    within = breaking.pairing(EVERY, 1.0, "same_colour")
    across = breaking.pairing(EVERY, 1.0, "other_colour")
    assert (colours[within] == colours).all()
    assert (colours[across] != colours).all()


def test_the_seed_decides() -> None:
    first, again, other = (breaking.pairing(EVERY, 0.5, "any", seed) for seed in (0, 0, 1))
    assert (first == again).all()
    assert (first != other).any()


def test_a_lone_scene_has_nobody_to_swap_with() -> None:
    for swap in breaking.SWAPS:
        assert breaking.pairing(EVERY[:1], 1.0, swap).tolist() == [0]
        assert breaking.pairing([], 1.0, swap).tolist() == []


def test_parts_of_first_answers() -> None:
    three = (
        scenes.Scene("circle", "blue", "small", "left"),
        scenes.Scene("circle", "blue", "large", "left"),
        scenes.Scene("star", "pink", "small", "top"),
    )
    same = breaking.same_parts(three)
    # Picture 1 finds caption 2 (all but the size), 2 finds 2, 3 finds 1 (only the size).
    answers = np.array([[0.0, 1.0, 0.0], [0.0, 1.0, 0.0], [1.0, 0.0, 0.5]])
    assert breaking.first_answers(answers, same) == pytest.approx([2 / 3, 2 / 3, 2 / 3, 2 / 3])
    assert breaking.first_answers(np.eye(3), same) == pytest.approx([1, 1, 1, 1])
    assert same[0, 1].tolist() == [1, 1, 0, 1]
