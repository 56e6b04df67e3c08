"""A bounded pool for long work: two jobs at once, a short queue, progress, cancel, and results kept by key.

A job runs in a thread (work that spends its time in torch, which lets the other threads run) or, where it is plain
Python, in a worker process that stays warm for the next one. Two readers who ask for the same thing share one job:
it goes on while anybody watches. It knows no Streamlit; `work.py` shows a job on a page.
"""

from __future__ import annotations

import functools
import os
import pickle
import subprocess
import sys
import threading
import time
from collections import OrderedDict
from collections.abc import Callable, Hashable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, Literal

ROOT = Path(__file__).resolve().parent.parent
WORKERS = 2  # jobs at once
WAITING = 24  # jobs that may wait for a worker; one more is refused
KEPT = 48  # finished jobs whose results are remembered
ONE_THREAD = dict.fromkeys(("OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS", "MKL_NUM_THREADS"), "1")  # for each worker
UNWATCHED_S = 20.0  # a job that nobody has looked at for so long is called off

Call = functools.partial[Any]
State = Literal["waiting", "running", "done", "failed", "cancelled"]


class PoolIsFullError(Exception):
    """Too many jobs wait already."""


class CancelledError(Exception):
    """Raised inside a job's report to call it off."""


class WorkerDiedError(Exception):
    """The worker process ended before its job did."""


@dataclass
class Job:
    """One piece of long work. `partial` is the latest picture of the result that it reported."""

    key: Hashable
    call: Call
    process: bool
    state: State = "waiting"
    fraction: float = 0.0
    partial: Any = None
    result: Any = None
    error: BaseException | None = None
    begun: float = 0.0
    watchers: dict[str, float] = field(default_factory=dict)
    changed: threading.Condition = field(default_factory=threading.Condition)
    worker: _Worker | None = None

    @property
    def active(self) -> bool:
        return self.state in ("waiting", "running")

    @property
    def seconds_left(self) -> float | None:
        """An estimate from the part done so far; None while there is too little to tell."""
        if self.state != "running" or self.fraction < 0.05:
            return None
        return (time.monotonic() - self.begun) * (1 - self.fraction) / self.fraction

    def watch(self, who: str) -> None:
        self.watchers[who] = time.monotonic()

    def wait(self, seconds: float) -> None:
        """Return when the job has something to show or has ended, after `seconds` at most."""
        with self.changed:
            self.changed.wait_for(lambda: not self.active or self.partial is not None, seconds)

    def report(self, fraction: float, partial: object = None) -> None:
        """What the work calls: keep what it says; raise where nobody wants the work any more."""
        if self.state == "cancelled" or self._forsaken():
            raise CancelledError
        with self.changed:
            self.fraction = min(1.0, max(self.fraction, fraction))
            if partial is not None:
                self.partial = partial
                self.changed.notify_all()

    def _forsaken(self) -> bool:
        return time.monotonic() - max(self.watchers.values(), default=0.0) > UNWATCHED_S

    def end(self, state: State, *, result: object = None, error: BaseException | None = None) -> None:
        with self.changed:
            if self.state != "cancelled":
                self.state, self.result, self.error = state, result, error
            self.partial = None
            self.changed.notify_all()

    def cancel(self) -> None:
        with self.changed:
            if not self.active:
                return
            self.state = "cancelled"
            self.changed.notify_all()
        if self.worker is not None:
            self.worker.kill()


class _Worker:
    """A child process that runs one call after the other (`worker.py`); it imports `modules` before the first."""

    def __init__(self, *modules: str) -> None:
        self._child = subprocess.Popen(
            [sys.executable, "-m", "ui.worker", *modules],
            cwd=ROOT,
            env={**os.environ, **ONE_THREAD},
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
        )

    def run(self, call: Call, report: Callable[[float, object], None]) -> object:
        assert self._child.stdin is not None and self._child.stdout is not None
        try:
            pickle.dump(call, self._child.stdin)
            self._child.stdin.flush()
            while True:
                kind, value = pickle.load(self._child.stdout)
                if kind == "report":
                    report(*value)
                elif kind == "error":
                    raise value
                else:
                    return value
        except (EOFError, OSError, pickle.UnpicklingError) as error:
            raise WorkerDiedError from error

    def kill(self) -> None:
        self._child.kill()
        self._child.wait()

    @property
    def alive(self) -> bool:
        return self._child.poll() is None


class Pool:
    """Jobs by key, run by at most `workers` threads or processes at once."""

    def __init__(self, workers: int = WORKERS, waiting: int = WAITING) -> None:
        self._threads = ThreadPoolExecutor(workers, thread_name_prefix="work")
        self._most = workers + waiting
        self._jobs: OrderedDict[Hashable, Job] = OrderedDict()
        self._idle: list[_Worker] = []
        self._lock = threading.Lock()

    def find(self, key: Hashable, who: str = "") -> Job | None:
        """The job of `key`, if it waits, runs, is done or failed; asking for it counts as watching it."""
        with self._lock:
            job = self._jobs.get(key)
            if job is not None:
                job.watch(who)
                self._jobs.move_to_end(key)
            return job

    def start(self, key: Hashable, call: Call, *, process: bool = False, who: str = "") -> Job:
        """Start `call(report=...)`, or join the job that already has this key. Raises PoolIsFullError."""
        with self._lock:
            job = self._jobs.get(key)
            if job is not None and job.state != "failed":
                job.watch(who)
                return job
            if sum(known.active for known in self._jobs.values()) >= self._most:
                raise PoolIsFullError
            job = Job(key, call, process)
            job.watch(who)
            self._jobs[key] = job
            self._forget()
        self._threads.submit(self._run, job)
        return job

    def leave(self, key: Hashable, who: str) -> None:
        """`who` no longer wants the job; it is called off when nobody else watches it."""
        with self._lock:
            job = self._jobs.get(key)
            if job is None or not job.active:
                return
            job.watchers.pop(who, None)
            now = time.monotonic()
            if any(now - seen < UNWATCHED_S for seen in job.watchers.values()):
                return
            del self._jobs[key]
        job.cancel()

    def place(self, job: Job) -> int:
        """How many jobs stand before this one in the queue."""
        with self._lock:
            waiting = [known for known in self._jobs.values() if known.state == "waiting"]
        return waiting.index(job) if job in waiting else 0

    def prepare(self, *modules: str) -> None:
        """Start a worker process ahead of the first job that needs one; it imports `modules` meanwhile."""
        with self._lock:
            if not self._idle:
                self._idle.append(_Worker(*modules))

    def close(self) -> None:
        """Call everything off and end the worker processes."""
        with self._lock:
            jobs, self._jobs = list(self._jobs.values()), OrderedDict()
            idle, self._idle = self._idle, []
        for job in jobs:
            job.cancel()
        for worker in idle:
            worker.kill()
        self._threads.shutdown(wait=True, cancel_futures=True)

    def _forget(self) -> None:
        ended = [key for key, job in self._jobs.items() if not job.active]
        for key in ended[: max(0, len(ended) - KEPT)]:
            del self._jobs[key]

    def _run(self, job: Job) -> None:
        if job.state == "cancelled":
            return
        job.begun, job.state = time.monotonic(), "running"
        try:
            result = self._run_in_process(job) if job.process else job.call(report=job.report)
            job.end("done", result=result)
        except CancelledError:
            self._drop(job)
            job.end("cancelled")
        except BaseException as error:
            job.end("failed", error=error)

    def _drop(self, job: Job) -> None:
        with self._lock:
            if self._jobs.get(job.key) is job:
                del self._jobs[job.key]

    def _run_in_process(self, job: Job) -> object:
        with self._lock:
            worker = self._idle.pop() if self._idle else None
        if worker is None or not worker.alive:
            worker = _Worker()
        job.worker = worker
        try:
            if job.state == "cancelled":
                raise CancelledError
            return worker.run(job.call, job.report)
        except CancelledError:
            worker.kill()  # it is in the middle of something that nobody wants
            raise
        finally:
            job.worker = None
            if worker.alive:
                with self._lock:
                    self._idle.append(worker)


POOL = Pool()
