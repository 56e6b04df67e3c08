"""Alignment by feedback: half of the captions are wrong, the model says which pairs it doubts, and a person answers.

The loop is that of label cleaning with a human in it (Monarch 2021, "Human-in-the-Loop Machine Learning", chapter 1;
small-loss selection of noisy pairs: Han et al. 2018, arXiv:1804.06872). A pair that is said not to belong leaves the
training set, one that belongs is drawn ACCEPTED times as often. A twin begins from the same weights and takes as many
steps on the whole set, so that the steps themselves earn nobody credit. No reward model and no policy are trained:
this is feedback as labels, not RLHF in the narrow sense.
"""

from __future__ import annotations

import copy
import functools
from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import torch

from explainers.alignment import breaking, encoder, training
from explainers.alignment.contrastive import Float64, Int
from explainers.alignment.training import VIEWS, Run, Setup
from explainers.errors import ExplainerError
from explainers.progress import Report, silent

DOUBTED, TRUSTED = 10, 2
CARDS = DOUBTED + TRUSTED
"""Cards of a batch: the pairs of lowest cosine, and some of highest, so that not every right answer is "no"."""
ROUNDS = 15
ACCEPTED = 3
_RATE = 1e-3


class AnswersError(ExplainerError):
    """Answers that no batch of cards can have got. `code`: "alignment-answers" (details: batch, from 1)."""


@dataclass(frozen=True)
class Plan:
    """share of the training captions that belong to another scene; seed of weights, shuffle and batches; `first` steps
    before the first question, `steps` after every batch of answers, each of `batch` pairs. Few steps come first: a
    model that has seen the pairs long enough knows the wrong ones by heart and doubts them no more."""

    share: float = 0.5
    seed: int = 0
    first: int = 80
    steps: int = 20
    batch: int = 64


@dataclass(frozen=True)
class Card:
    """A pair of the training set that is asked about. picture: its scene's number; caption: the number of the scene
    whose caption it was given; cosine: in the mean over its pictures."""

    picture: int
    caption: int
    cosine: float

    @property
    def true(self) -> bool:
        """Whether they belong together."""
        return self.picture == self.caption


@dataclass(frozen=True)
class Point:
    """Where both stand after a batch of answers. recall, twin: held-out recall at 1 in the mean of both directions,
    with answers and without; left: pairs still in the training set; wrong: those of them that do not belong."""

    recall: float
    twin: float
    left: int
    wrong: int


@dataclass(frozen=True)
class Loop:
    """The loop so far. points: before any answer and after each batch; asked: the batches answered; cards: the open
    batch; right: how many answers were correct."""

    points: tuple[Point, ...]
    asked: tuple[tuple[Card, ...], ...]
    cards: tuple[Card, ...]
    right: int


@dataclass(eq=False)
class _State:
    model: encoder.DualEncoder
    kept: frozenset[int]
    accepted: frozenset[int]
    loop: Loop


@functools.lru_cache(maxsize=4)
def given(plan: Plan) -> Int:
    """Whose caption every training picture was given, by number."""
    return breaking.pairing(training.data()[0].train, plan.share, "any", plan.seed)


def score(model: encoder.DualEncoder) -> float:
    """Held-out recall at 1, mean of both directions."""
    _, pictures, tokens = training.data()
    return encoder.held_out(model, pictures, tokens).recall_1


def learn(
    model: encoder.DualEncoder, plan: Plan, turn: int, kept: Sequence[int], accepted: frozenset[int]
) -> encoder.DualEncoder:
    """A copy of the model that took one batch's steps on the pairs kept, at a rate that falls to nothing."""
    learner, ids = copy.deepcopy(model), _tokens(plan)
    weight = np.array([ACCEPTED if one in accepted else 1 for one in kept], np.float64)
    random = np.random.default_rng([plan.seed, 31, turn])
    optimiser = torch.optim.AdamW(learner.parameters(), lr=_RATE, weight_decay=training.WEIGHT_DECAY)
    pictures, size = training.pictures_of(VIEWS), min(plan.batch, len(kept))
    learner.train()
    for step in range(plan.steps):
        for group in optimiser.param_groups:
            group["lr"] = _RATE * (1 - step / plan.steps)
        drawn = random.choice(np.asarray(kept), size, replace=False, p=weight / weight.sum())
        views = random.integers(0, VIEWS, size) * len(ids) + drawn
        encoder.train_step(learner, optimiser, pictures[views], ids[drawn])
    return learner


def cosines(model: encoder.DualEncoder, plan: Plan) -> Float64:
    """The cosine of every training pair as given, in the mean over its pictures."""
    was = model.training
    model.eval()
    with torch.inference_mode():
        pictures = model.encode_images(training.pictures_of(VIEWS)).reshape(VIEWS, -1, encoder.WIDTH)
        found = (pictures * model.encode_texts(_tokens(plan))).sum(dim=2).mean(dim=0)
    model.train(was)
    return found.numpy().astype(np.float64)


@functools.lru_cache(maxsize=4)
def _tokens(plan: Plan) -> torch.Tensor:
    return Run(Setup(share=plan.share, seed=plan.seed), given(plan)).ids


def _cards(model: encoder.DualEncoder, plan: Plan, open_pairs: Sequence[int]) -> tuple[Card, ...]:
    found, whose = cosines(model, plan), given(plan)
    order = sorted(open_pairs, key=lambda one: found[one])
    chosen = order if len(order) <= CARDS else order[:DOUBTED] + order[-TRUSTED:]
    mixed = np.random.default_rng([plan.seed, len(open_pairs)]).permutation(chosen)
    return tuple(Card(int(one), int(whose[one]), float(found[one])) for one in mixed)


@functools.lru_cache(maxsize=2)
def _start(plan: Plan) -> _State:
    whose = given(plan)
    setup = Setup(plan.share, "any", plan.seed, plan.first, plan.batch)
    run = Run(setup, whose)
    run.advance(training.batches_of(setup, VIEWS * len(whose)))
    found, everyone = score(run.model), range(len(whose))
    wrong = int((whose != np.arange(len(whose))).sum())
    loop = Loop((Point(found, found, len(whose), wrong),), (), _cards(run.model, plan, everyone), 0)
    return _State(run.model, frozenset(everyone), frozenset(), loop)


@functools.lru_cache(maxsize=ROUNDS + 1)
def _twin(plan: Plan, turn: int) -> tuple[encoder.DualEncoder, float]:
    """The twin after as many batches, and its score."""
    if not turn:
        start = _start(plan)
        return start.model, start.loop.points[0].recall
    model = learn(_twin(plan, turn - 1)[0], plan, turn, range(len(given(plan))), frozenset())
    return model, score(model)


@functools.lru_cache(maxsize=24)
def _after(plan: Plan, answers: tuple[str, ...]) -> _State:
    if not answers:
        return _start(plan)
    before, turn = _after(plan, answers[:-1]), len(answers)
    cards, letters = before.loop.cards, answers[-1]
    if len(letters) != len(cards) or set(letters) - set("yn"):
        raise AnswersError("alignment-answers", {"batch": str(turn)})
    said = {card.picture: letter for card, letter in zip(cards, letters, strict=True)}
    kept = before.kept - {one for one, letter in said.items() if letter == "n"}
    accepted = before.accepted | {one for one, letter in said.items() if letter == "y"}
    model = learn(before.model, plan, turn, sorted(kept), accepted) if len(kept) > 1 else before.model
    whose = given(plan)
    point = Point(score(model), _twin(plan, turn)[1], len(kept), sum(int(whose[one]) != one for one in kept))
    right = before.loop.right + sum((letter == "y") == card.true for card, letter in zip(cards, letters, strict=True))
    loop = Loop(
        (*before.loop.points, point), (*before.loop.asked, cards), _cards(model, plan, sorted(kept - accepted)), right
    )
    return _State(model, kept, accepted, loop)


def after(answers: tuple[str, ...], plan: Plan = Plan(), report: Report = silent) -> Loop:
    """The loop after batches of answers: for each batch a letter a card, "y" it belongs, "n" it does not.

    Batches answered before are kept, so one more costs only its own steps and the twin's. Raises AnswersError.
    """
    for many in range(min(len(answers), ROUNDS) + 1):
        report(many / (len(answers) + 1), None)
        state = _after(plan, answers[:many])
    return state.loop


def honest(cards: Sequence[Card]) -> str:
    """What somebody who knows the truth answers."""
    return "".join("y" if card.true else "n" for card in cards)
