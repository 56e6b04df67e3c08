"""Two runs side by side: what they share, what a record holds, what the shipped one shows; trainings here are tiny."""

from __future__ import annotations

import dataclasses
from collections.abc import Iterator

import numpy as np
import pytest
import torch
from sklearn.decomposition import PCA

from explainers.alignment import contrastive, retrieval, training
from explainers.alignment.training import Setup

TINY = Setup(share=1.0, steps=4, batch=32, frames=2)


@pytest.fixture(scope="module", autouse=True)
def _one_thread() -> Iterator[None]:
    before = torch.get_num_threads()
    torch.set_num_threads(1)
    yield
    torch.set_num_threads(before)


@pytest.fixture(scope="module")
def tiny() -> tuple[training.Trained, list[training.Moment]]:
    told: list[training.Moment] = []

    def report(fraction: float, partial: object = None) -> None:
        assert isinstance(partial, training.Moment)
        assert fraction == pytest.approx(partial.step / partial.steps)
        told.append(partial)

    return training.train(TINY, report), told


def test_both_begin_alike_and_part(tiny: tuple[training.Trained, list[training.Moment]]) -> None:
    course = tiny[0].course
    assert course.steps == [0, 2, 4]
    np.testing.assert_array_equal(course.embeddings[0][0], course.embeddings[0][1])
    assert course.frames[0][0].found == course.frames[0][1].found
    assert course.frames[0][0].loss != course.frames[0][1].loss  # the same pictures with other captions
    assert (course.embeddings[2][0] != course.embeddings[2][1]).any()


def test_without_a_swap_the_two_runs_are_one() -> None:
    course = training.train(dataclasses.replace(TINY, share=0.0, steps=2, frames=1)).course
    assert course.frames[-1][0] == course.frames[-1][1]


def test_a_training_can_be_repeated(tiny: tuple[training.Trained, list[training.Moment]]) -> None:
    assert training.train(TINY).record == tiny[0].record
    last = training.finish(TINY)
    assert last.found == tiny[0].course.last("broken").found


def test_the_first_moment_comes_before_anything_is_learned(
    tiny: tuple[training.Trained, list[training.Moment]],
) -> None:
    done, told = tiny
    assert [moment.step for moment in told] == [0, 2, 4]
    assert len({moment.record_id for moment in told} | {done.record_id}) == 4
    first = training.unpack(told[0].record)
    assert first.frames == [
        tuple(training._frame(training._rounded(dataclasses.asdict(f))) for f in done.course.frames[0])
    ]


def test_a_record_is_read_back(tiny: tuple[training.Trained, list[training.Moment]]) -> None:
    done = tiny[0]
    again = training.unpack(done.record)
    assert again.setup == TINY
    assert again.done
    assert again.steps == done.course.steps
    np.testing.assert_array_equal(np.stack(again.embeddings), np.stack(done.course.embeddings))
    assert again.last("aligned").loss == pytest.approx(done.course.last("aligned").loss, abs=1e-4)


def test_figures_are_those_of_the_embeddings(tiny: tuple[training.Trained, list[training.Moment]]) -> None:
    course = tiny[0].course
    images, texts = contrastive.unit(course.embeddings[-1][0].astype(np.float64) / 127)
    frame = course.last("aligned")
    assert frame.alignment == pytest.approx(contrastive.alignment(images, texts), abs=0.02)
    assert frame.gap == pytest.approx(float(np.linalg.norm(contrastive.gap(images, texts))), abs=0.02)


def test_the_plane_is_scikit_learns(tiny: tuple[training.Trained, list[training.Moment]]) -> None:
    last = tiny[0].course.embeddings[-1]
    basis, shown = training.planes(last)
    for run in range(2):
        points = contrastive.unit(last[run].reshape(-1, last.shape[-1]).astype(np.float64))
        pca = PCA(2).fit(points)
        assert shown[run] == pytest.approx(pca.explained_variance_ratio_.sum())
        np.testing.assert_allclose(np.abs(basis[run, 1:] @ pca.components_.T), np.eye(2), atol=1e-4)


def test_every_picture_is_seen_before_any_comes_again() -> None:
    batches = training.batches_of(Setup(steps=10, batch=20), 100)
    assert [len(batch) for batch in batches] == [20] * 10
    assert sorted(np.concatenate(batches[:5])) == list(range(100))
    assert sorted(np.concatenate(batches[5:])) == list(range(100))


# ---------------------------------------------------------------- what is shipped


def test_the_shipped_course_tells_the_lesson() -> None:
    course = training.shipped().course
    assert course.setup == Setup()
    first, last = course.frames[0], course.frames[-1]
    aligned, broken = last
    assert aligned.found.recall_1 >= 0.9
    assert aligned.loss < 0.3 * first[0].loss
    # The broken run's loss falls as low; it knows its own wrong pairs by heart, and finds nothing that is true.
    assert broken.loss < 0.3 * first[1].loss
    assert broken.own > 0.9
    lucky = retrieval.chance(np.random.default_rng(0).standard_normal((60, 60)))
    assert lucky.low <= broken.found.recall_1 <= lucky.high


@pytest.mark.parametrize("steps", [1, 2, 3, 4, 9, 10, 11, 19, 20, 240])
def test_the_rate_of_a_run_of_any_length_rises_to_its_top_and_falls(steps: int) -> None:
    optimiser = torch.optim.SGD([torch.zeros(1, requires_grad=True)], lr=1.0)
    rate, seen = training.one_cycle(optimiser, steps), []
    for _ in range(steps):
        seen.append(optimiser.param_groups[0]["lr"])
        optimiser.step()
        rate.step()
    assert 0 < min(seen) <= max(seen) <= training.LEARNING_RATE
    if steps > 3:
        assert max(seen) > 0.98 * training.LEARNING_RATE
        assert seen[-1] == min(seen)
