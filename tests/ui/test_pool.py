"""The pool of long work: shared by key, bounded, called off, in threads and in worker processes."""

from __future__ import annotations

import functools
import operator
import threading
import time
from collections.abc import Iterator

import pytest

from tests.ui.jobs import Report, broken, imported, own_process, slow, variable
from ui import pool
from ui.pool import Pool, PoolIsFullError


@pytest.fixture
def workers() -> Iterator[Pool]:
    made = Pool(workers=1, waiting=1)
    yield made
    made.close()


def ended(job: pool.Job, seconds: float = 20.0) -> pool.Job:
    until = time.monotonic() + seconds
    while job.active and time.monotonic() < until:
        time.sleep(0.01)
    return job


@pytest.mark.parametrize("process", [False, True])
def test_a_job_shows_parts_and_then_the_whole(workers: Pool, process: bool) -> None:
    job = workers.start("k", functools.partial(slow, 0.5), process=process, who="a")
    job.wait(20)
    assert str(job.partial).startswith("part")
    assert 0 <= job.fraction < 1
    ended(job)
    assert (job.state, job.result, job.partial) == ("done", "whole", None)


@pytest.mark.parametrize("process", [False, True])
def test_an_error_arrives_as_it_was_raised(workers: Pool, process: bool) -> None:
    job = ended(workers.start("k", functools.partial(broken), process=process))
    assert job.state == "failed"
    assert isinstance(job.error, LookupError)
    assert job.error.args == ("no such thing",)


def test_the_same_key_is_the_same_job(workers: Pool) -> None:
    first = workers.start("k", functools.partial(slow, 0.3), who="a")
    assert workers.start("k", functools.partial(slow, 0.3), who="b") is first
    workers.leave("k", "a")
    assert first.active, "one reader leaving must not end what another watches"
    workers.leave("k", "b")
    assert ended(first).state == "cancelled"
    assert workers.find("k") is None


def test_cancelling_ends_a_process_at_once(workers: Pool) -> None:
    job = workers.start("k", functools.partial(slow, 60), process=True, who="a")
    job.wait(20)
    begun = time.monotonic()
    workers.leave("k", "a")
    again = ended(workers.start("other", functools.partial(slow, 0.1), process=True, who="a"))
    assert again.result == "whole"
    assert time.monotonic() - begun < 15


def test_a_worker_process_stays_for_the_next_job(workers: Pool) -> None:
    first = ended(workers.start(1, functools.partial(own_process), process=True))
    second = ended(workers.start(2, functools.partial(own_process), process=True))
    assert isinstance(first.result, int)
    assert first.result == second.result
    assert first.result != own_process(report=lambda *_: None)


def test_a_prepared_worker_has_its_imports_and_one_thread(workers: Pool) -> None:
    workers.prepare("colorsys")
    first = ended(workers.start(1, functools.partial(imported, "colorsys", "torch"), process=True))
    assert first.result == (True, False)
    assert ended(workers.start(2, functools.partial(variable, "OMP_NUM_THREADS"), process=True)).result == "1"


def test_a_full_pool_refuses(workers: Pool) -> None:
    workers.start(1, functools.partial(slow, 5), who="a")
    workers.start(2, functools.partial(slow, 5), who="a")
    with pytest.raises(PoolIsFullError):
        workers.start(3, functools.partial(slow, 5), who="a")


def test_what_nobody_watches_is_called_off(workers: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "UNWATCHED_S", 0.2)
    job = ended(workers.start("k", functools.partial(slow, 30), who="a"), seconds=10)
    assert job.state == "cancelled"


def test_a_failed_job_can_be_started_again(workers: Pool) -> None:
    first = ended(workers.start("k", functools.partial(broken)))
    again = ended(workers.start("k", functools.partial(slow, 0.01)))
    assert again is not first
    assert again.result == "whole"


def test_only_so_many_results_are_kept(workers: Pool, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(pool, "KEPT", 3)
    for number in range(6):
        ended(workers.start(number, functools.partial(slow, 0.0)))
    held = [number for number in range(6) if workers.find(number)]
    assert len(held) <= 4
    assert held[-1] == 5


def test_a_report_never_goes_back(workers: Pool) -> None:
    gate = threading.Event()

    def back(*, report: Report) -> None:
        report(0.8)
        report(0.2)
        gate.wait(5)

    job = workers.start("k", functools.partial(back), who="a")
    until = time.monotonic() + 5
    while not job.fraction and time.monotonic() < until:
        time.sleep(0.01)
    assert operator.eq(job.fraction, 0.8)
    gate.set()
