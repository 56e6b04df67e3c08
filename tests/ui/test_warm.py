"""What runs in the background: each job once, and on each page what that page needs."""

from __future__ import annotations

import subprocess
import sys
import threading
from pathlib import Path

import pytest

import warmup
from study import catalogue
from ui import warm


@pytest.fixture(autouse=True)
def nothing_begun(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(warm, "_begun", set())


def test_a_job_runs_once_and_one_asked_for_later_still_runs() -> None:
    ran: list[str] = []
    done = {name: threading.Event() for name in "ab"}

    def job(name: str) -> None:
        ran.append(name)
        done[name].set()

    first, second = (lambda: job("a")), (lambda: job("b"))
    warm.begin((first,))
    assert done["a"].wait(10)
    warm.begin((first, second))
    assert done["b"].wait(10)
    warm.begin((first, second))
    assert ran == ["a", "b"]


def test_a_job_that_fails_does_not_hold_up_the_next() -> None:
    done = threading.Event()
    warm.begin((lambda: 1 / 0, done.set))
    assert done.wait(10)


def test_every_page_of_pictures_has_its_jobs_and_other_pages_all_of_them() -> None:
    pages = {concept.page for concept in catalogue.load().concepts}
    assert warmup.NEEDED.keys() <= pages
    assert set().union(*warmup.NEEDED.values()) == {*warmup.JOBS, warmup.first_models}
    assert warmup.jobs_of("home") == warmup.JOBS
    assert warmup.first_forward not in warmup.jobs_of("focal-loss")


def test_a_training_finds_its_imports_done() -> None:
    """What a whole training imports, beyond what the warm-up imported, is nothing that takes time."""
    script = (
        "import sys, warmup\n"
        "warmup.first_training()\n"
        "before = set(sys.modules)\n"
        "from explainers.focal_loss import experiment\n"
        "from explainers.focal_loss.datasets import PlaneSetup\n"
        "from explainers.focal_loss.training import Recipe\n"
        "experiment.train_plane(PlaneSetup(ratio=10, seed=3), Recipe(steps=2))\n"
        "print(*(name for name in sys.modules if name not in before), sep=',')\n"
    )
    root = Path(warmup.__file__).parent
    found = subprocess.run([sys.executable, "-c", script], cwd=root, capture_output=True, text=True, check=True)
    assert found.stdout.strip() == ""
