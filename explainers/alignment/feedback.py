"""Alignment by feedback: a weak model proposes pairs, somebody accepts or rejects them, and every answer trains it.

The model begins with few known pairs. Of each further picture it proposes the caption that it finds first; an accepted
pair joins the pairs it learns from, a rejected one is pushed apart, and a few steps follow. What a score says of the
answers' worth is measured on held-out pairs. The loop is that of human-in-the-loop labelling (Monarch 2021, chapter 1);
the loss of a rejected pair is the sigmoid loss of a negative (Zhai et al. 2023, arXiv:2303.15343). No reward model and
no policy are trained: this is feedback as labels, not RLHF in the narrow sense.
"""

from __future__ import annotations

import copy
import functools
from dataclasses import dataclass, field

import numpy as np
import torch
from torch.nn import functional

from explainers.alignment import encoder, training
from explainers.alignment.contrastive import Int
from explainers.alignment.retrieval import recall
from explainers.alignment.training import Run, Setup
from explainers.progress import Report, silent

KNOWN = 40  # training scenes whose caption is known from the start
FIRST_STEPS = 60
STEPS = 4  # after every answer
BATCH = 48
RATE = 1e-3
MOST = 200  # answers
APART = 0.3
"""A rejected pair is pushed until its cosine is well below this."""


@dataclass(frozen=True)
class Proposal:
    """A picture of the training scenes and the caption that the model proposes for it, by number; true: they belong
    together. cosine: how sure it is."""

    picture: int
    caption: int
    cosine: float
    true: bool


@dataclass(eq=False)
class State:
    """Where the loop stands after some answers. scores: held-out recall at 1 in the mean of both directions, one before
    any answer and one after each. asked: what was proposed, the last one being the open question. right: of each
    answer, whether it was correct."""

    model: encoder.DualEncoder
    scores: list[float]
    asked: list[Proposal]
    accepted: list[tuple[int, int]] = field(default_factory=list)
    rejected: list[tuple[int, int]] = field(default_factory=list)
    right: list[bool] = field(default_factory=list)

    @property
    def open(self) -> Proposal:
        """The question that waits for an answer."""
        return self.asked[-1]


@functools.cache
def _order() -> Int:
    split, _, _ = training.data()
    return np.random.default_rng(41).permutation(len(split.train))


@functools.cache
def _world() -> tuple[torch.Tensor, torch.Tensor]:
    """One picture and the caption's tokens of every training scene."""
    run = Run(Setup(share=0.0), np.arange(len(training.data()[0].train)))
    return training.pictures_of(1), run.ids


def _learn(state: State, steps: int, seed: int) -> None:
    """A few steps on what is known, accepted and rejected."""
    pictures, ids = _world()
    random = np.random.default_rng([seed, len(state.right)])
    known = [(int(i), int(i)) for i in _order()[:KNOWN]] + state.accepted
    optimiser = torch.optim.AdamW(state.model.parameters(), lr=RATE, weight_decay=0.01)
    state.model.train()
    for _ in range(steps):
        # The newest answers are always among them.
        older = random.permutation(len(known) - min(8, len(state.accepted)))[: BATCH - 8]
        rows = [known[i] for i in older] + known[len(known) - min(8, len(state.accepted)) :]
        first, second = (torch.tensor(column) for column in zip(*rows, strict=True))
        loss = encoder.infonce(
            state.model.encode_images(pictures[first]), state.model.encode_texts(ids[second]), state.model.scale
        )
        if state.rejected:
            first, second = (torch.tensor(column) for column in zip(*state.rejected[-16:], strict=True))
            images = state.model.encode_images(torch.cat([pictures[first], pictures[torch.tensor(_order()[:16])]]))
            cosines = (images[: len(first)] * state.model.encode_texts(ids[second])).sum(dim=1)
            loss = loss + 0.5 * functional.softplus(state.model.scale.detach() * (cosines - APART)).mean()
        optimiser.zero_grad(set_to_none=True)
        loss.backward()  # type: ignore[no-untyped-call]
        optimiser.step()


def _score(model: encoder.DualEncoder) -> float:
    _, pictures, tokens = training.data()
    cosines = encoder.embed_images(model, pictures) @ encoder.embed_texts(model, tokens).T
    return 0.5 * (recall(cosines) + recall(cosines.T))


def _propose(state: State) -> Proposal:
    """The next picture in order, and the caption found first for it among those that no picture has been given."""
    pictures, ids = _world()
    picture = int(_order()[KNOWN + len(state.right)])
    taken = {caption for _, caption in state.accepted} | {int(i) for i in _order()[:KNOWN]}
    free = np.array([i for i in range(len(ids)) if i not in taken])
    was = state.model.training
    state.model.eval()
    with torch.inference_mode():
        image = state.model.encode_images(pictures[picture : picture + 1])
        cosines = (state.model.encode_texts(ids[torch.from_numpy(free)]) @ image[0]).numpy()
    state.model.train(was)
    best = int(cosines.argmax())
    return Proposal(picture, int(free[best]), float(cosines[best]), int(free[best]) == picture)


@functools.cache
def _start(seed: int) -> State:
    state = State(encoder.new(seed), [], [])
    _learn(state, FIRST_STEPS, seed)
    state.scores.append(_score(state.model))
    state.asked.append(_propose(state))
    return state


@functools.lru_cache(maxsize=64)
def _after(answers: str, seed: int) -> State:
    if not answers:
        return _start(seed)
    before = _after(answers[:-1], seed)
    state = State(
        copy.deepcopy(before.model), [*before.scores], [*before.asked],
        [*before.accepted], [*before.rejected], [*before.right],
    )  # fmt: skip
    asked, accepts = state.open, answers[-1] == "y"
    (state.accepted if accepts else state.rejected).append((asked.picture, asked.caption))
    state.right.append(accepts == asked.true)
    _learn(state, STEPS, seed)
    state.scores.append(_score(state.model))
    state.asked.append(_propose(state))
    return state


def after(answers: str, seed: int = 0, report: Report = silent) -> State:
    """The state after answers, one letter each: "y" accepts, "n" rejects; others and those past MOST are passed over.

    Every prefix is kept, so one more answer costs a few steps. Not to be changed by the caller.
    """
    given = "".join(letter for letter in answers if letter in "yn")[:MOST]
    state = _after("", seed)
    for many in range(1, len(given) + 1):
        report(many / (len(given) + 1), None)
        state = _after(given[:many], seed)
    return state


def annotator(kind: str, answers: str, many: int, seed: int = 0, report: Report = silent) -> str:
    """The answers with `many` more, as somebody gives them: "honest" knows the truth, "hasty" accepts everything,
    "mistaken" is wrong one time in four."""
    random = np.random.default_rng([seed, len(answers)])
    for turn in range(min(many, MOST - len(answers))):
        report(turn / many, None)
        asked = after(answers, seed).open
        truth = asked.true if kind != "mistaken" or random.random() >= 0.25 else not asked.true
        answers += "y" if kind == "hasty" or truth else "n"
    return answers
