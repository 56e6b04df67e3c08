"""One server and one browser for all browser tests, and a fresh context for each of them. Every page a test opens
is checked when the test ends: no complaint of the browser, no request to another host, none in the server's log."""

from __future__ import annotations

import os
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from driver import DESKTOP, LOCALES, Server, Sheet, browser_path, flags
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parents[2]
START_LIMIT_S = 60.0

PageAt = Callable[..., Sheet]


# One view each, looked at closely. They take longer than a change should wait for: `make test` runs those marked
# `core` and visits every view (test_every_page.py), `make deep` runs them all.
CLOSE = frozenset(
    {
        "test_alignment_pictures.py",
        "test_alignment_learning.py",
        "test_attention_lenses.py",
        "test_attention_long.py",
        "test_attention_order.py",
        "test_bertviz.py",
        "test_embedding_lenses.py",
        "test_embedding_map.py",
        "test_focal_pictures.py",
        "test_focal_training_pictures.py",
        "test_glossary_page.py",
        "test_neuron_picture.py",
        "test_notes_page.py",
        "test_quantization_pictures.py",
        "test_reading.py",
    }
)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    for item in items:
        if Path(__file__).parent in item.path.parents:
            item.add_marker(pytest.mark.browser)
            if item.path.name in CLOSE and not item.get_closest_marker("core"):
                item.add_marker(pytest.mark.deep)


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def _answers(url: str) -> bool:
    try:
        with urllib.request.urlopen(f"{url}/_stcore/health", timeout=2) as answer:
            return bool(answer.status == 200)
    except (OSError, urllib.error.URLError):
        return False


@pytest.fixture(scope="session")
def server(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Server]:
    log = tmp_path_factory.mktemp("server") / "server.log"
    port = _free_port()
    url = f"http://localhost:{port}"
    command = [sys.executable, "-m", "streamlit", "run", "server.py", "--server.headless", "true"]
    command += ["--server.address", "localhost", "--server.port", str(port)]
    environment = {**os.environ, "HF_HUB_OFFLINE": "1"}
    with log.open("wb") as file:
        process = subprocess.Popen(command, cwd=ROOT, env=environment, stdout=file, stderr=subprocess.STDOUT)
    try:
        limit = time.monotonic() + START_LIMIT_S
        while not _answers(url):
            assert process.poll() is None, log.read_text("utf-8", errors="replace")
            assert time.monotonic() < limit, "the server did not answer in time"
            time.sleep(0.05)
        yield Server(url, log)
    finally:
        process.terminate()
        try:
            process.wait(timeout=10)
        except subprocess.TimeoutExpired:
            process.kill()


@pytest.fixture(scope="session")
def browser() -> Iterator[Browser]:
    with sync_playwright() as playwright:
        chromium = playwright.chromium.launch(executable_path=browser_path(), args=flags())
        yield chromium
        chromium.close()


@pytest.fixture
def page_at(server: Server, browser: Browser) -> Iterator[PageAt]:
    """`page_at("/attention?layer=2")` opens a page in a fresh context. The rest: see `open_page`."""
    sheets: list[Sheet] = []

    def open_page(
        path: str = "/",
        size: tuple[int, int] = DESKTOP,
        theme: str = "light",
        locale: str = LOCALES["zh-Hant"],
        **options: Any,
    ) -> Sheet:
        sheet = Sheet.open(browser, server, size, theme, locale, **options)
        sheets.append(sheet)
        return sheet.go(path)

    before = len(server.log.read_text("utf-8", errors="replace"))
    yield open_page
    for sheet in sheets:
        sheet.context.close()
    for sheet in sheets:
        sheet.check()
    assert not server.complaints(before)
