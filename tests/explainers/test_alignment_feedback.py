"""The feedback loop with tiny settings: what answers do to the training set, the seed, answers that do not fit."""

from __future__ import annotations

import numpy as np
import pytest

from explainers.alignment import encoder, feedback
from explainers.alignment.feedback import AnswersError, Plan

TINY = Plan(first=2, steps=1, batch=8)


def honestly(rounds: int) -> tuple[tuple[str, ...], feedback.Loop]:
    answers: tuple[str, ...] = ()
    loop = feedback.after(answers, TINY)
    for _ in range(rounds):
        answers = (*answers, feedback.honest(loop.cards))
        loop = feedback.after(answers, TINY)
    return answers, loop


def test_half_of_the_captions_are_wrong_at_the_start() -> None:
    point = feedback.after((), TINY).points[0]
    assert (point.left, point.wrong) == (300, 150)
    assert point.recall == point.twin
    whose = feedback.given(TINY)
    assert sorted(whose) == list(range(300))
    assert int((whose != np.arange(len(whose))).sum()) == 150


def test_rejecting_what_is_wrong_leaves_only_right_pairs() -> None:
    _, loop = honestly(3)
    cards = [card for batch in loop.asked for card in batch]
    wrong = [card for card in cards if not card.true]
    assert loop.right == len(cards)
    assert loop.points[-1].left == 300 - len(wrong)
    assert loop.points[-1].wrong == 150 - len(wrong)
    asked = [card.picture for card in cards]
    assert len(set(asked)) == len(asked)
    assert not set(asked) & {card.picture for card in loop.cards}


def test_wrong_answers_leave_the_wrong_pairs_in() -> None:
    cards = feedback.after((), TINY).cards
    loop = feedback.after(("".join("n" if card.true else "y" for card in cards),), TINY)
    assert loop.right == 0
    assert loop.points[-1].wrong == 150
    assert loop.points[-1].left == 300 - sum(card.true for card in cards)


def test_the_same_answers_give_the_same_loop() -> None:
    answers, loop = honestly(2)
    for cached in (feedback._after, feedback._twin, feedback._start):
        cached.cache_clear()
    assert feedback.after(answers, TINY) == loop


@pytest.mark.parametrize("letters", ["", "y", "y" * 13, "y" * 11 + "x", "\N{GRINNING FACE}" * 12])
def test_answers_that_fit_no_batch_are_refused(letters: str) -> None:
    with pytest.raises(AnswersError):
        feedback.after((letters,), TINY)


def test_learning_leaves_the_model_it_began_with_alone() -> None:
    model = encoder.new(0)
    before = {name: value.clone() for name, value in model.state_dict().items()}
    feedback.learn(model, TINY, 1, range(20), frozenset({3}))
    assert all((value == before[name]).all() for name, value in model.state_dict().items())
