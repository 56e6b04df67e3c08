"""A real Chromium with stop-watches inside the page (probe.js). Names outside this machine do not resolve in it."""

from __future__ import annotations

import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import urlsplit

from playwright.sync_api import Browser, BrowserContext, Page, sync_playwright

PROBE = Path(__file__).resolve().parent / "probe.js"
LIMIT_MS = 60_000
SETTLE_MS = 400
ASK_EVERY_MS = 50
HERE = ("localhost", "127.0.0.1")
FLAGS = ["--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost, EXCLUDE 127.0.0.1", "--no-sandbox"]
LOOK: dict[str, Any] = {"viewport": {"width": 1440, "height": 900}, "locale": "zh-TW"}


class OutsideRequestError(RuntimeError):
    """A page under measurement asked another host for something."""


def _program() -> str | None:
    """The machine's own Chromium; None: Playwright's."""
    return next(filter(None, map(shutil.which, ("chromium", "chromium-browser", "google-chrome"))), None)


@contextmanager
def chromium() -> Iterator[Browser]:
    """The machine's own Chromium, else Playwright's. Every page then gets a context of its own: an empty cache."""
    with sync_playwright() as driver:
        browser = driver.chromium.launch(executable_path=_program(), args=FLAGS)
        yield browser
        browser.close()


@dataclass
class Visit:
    """One page with its stop-watches."""

    page: Page
    outside: list[str] = field(default_factory=list)

    def open(self, url: str) -> None:
        self.page.goto(url, wait_until="commit", timeout=LIMIT_MS)

    def wait(self, condition: str, *, limit_ms: float = LIMIT_MS) -> None:
        """Wait until the JavaScript expression is true. It is asked seldom, so that asking costs nothing.

        (Playwright's own wait_for_function would need 'unsafe-eval', which the product's pages forbid.)
        """
        limit = time.perf_counter() + limit_ms / 1000
        while not self.ask(condition):
            if time.perf_counter() > limit:
                raise TimeoutError(f"{condition} on {self.page.url}")
            self.page.wait_for_timeout(ASK_EVERY_MS)

    def ask(self, expression: str) -> Any:
        return self.page.evaluate(expression)

    def heading(self) -> float:
        """Seconds from the navigation until the h1 was on the screen."""
        self.wait("bench.heading !== null")
        return float(self.ask("bench.heading")) / 1000

    def first_sight(self) -> float:
        """Seconds from the navigation until the first picture was on the screen, be it in the early look."""
        seen = "[...bench.early, ...bench.paints].filter(paint => paint.shown).map(paint => paint.shown)"
        self.wait(f"{seen}.length > 0")
        return float(self.ask(f"Math.min(...{seen})")) / 1000

    def first_picture(self) -> float:
        """Seconds from the navigation until the page's first picture that answers the hand was on the screen."""
        self.wait("bench.paints.some(paint => paint.shown)")
        return float(self.ask("bench.paints.find(paint => paint.shown).shown")) / 1000

    def settle(self) -> None:
        """Let what follows a paint (late scripts, fonts, idle work) pass."""
        self.wait("!document.querySelector('#early, [data-test-script-state=running]')")
        self.page.wait_for_timeout(SETTLE_MS)


@contextmanager
def visit(browser: Browser, *, strict: bool = True) -> Iterator[Visit]:
    """A page in a fresh context. Raises OutsideRequestError when it asked for anything beyond this machine; where a
    peer's page does so and is none the worse for it (`strict` False), it just gets no answer."""
    context = browser.new_context(**LOOK)
    context.add_init_script(path=PROBE)
    try:
        with _page(context, strict) as here:
            yield here
    finally:
        context.close()


def pictures(browser: Browser, url: str, runs: int) -> list[float]:
    """Seconds to the first picture in a browser with an empty cache, of a server that has drawn it before."""
    times: list[float] = []
    for _ in range(runs):
        with visit(browser) as here:
            here.open(url)
            times.append(here.first_picture())
            here.settle()
    return times


@contextmanager
def profile(browser: Browser) -> Iterator[BrowserContext]:
    """A browser as a reader has it, with a profile that is kept from visit to visit (`visit_again`): what was fetched
    and compiled once stays."""
    with tempfile.TemporaryDirectory() as folder:
        context = browser.browser_type.launch_persistent_context(folder, executable_path=_program(), args=FLAGS, **LOOK)
        context.add_init_script(path=PROBE)
        try:
            yield context
        finally:
            context.close()


@contextmanager
def visit_again(context: BrowserContext) -> Iterator[Visit]:
    """A new page of a kept profile; as `visit`."""
    with _page(context) as here:
        try:
            yield here
        finally:
            here.page.close()


@contextmanager
def _page(context: BrowserContext, strict: bool = True) -> Iterator[Visit]:
    here = Visit(context.new_page())

    def note(url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme not in ("data", "blob", "about") and parts.hostname not in HERE:
            here.outside.append(url)

    here.page.on("request", lambda request: note(request.url))
    yield here
    if strict and here.outside:
        raise OutsideRequestError(", ".join(here.outside[:3]))
