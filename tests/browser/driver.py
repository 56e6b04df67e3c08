"""A reader at a real browser: opens pages of the running dashboard, waits until they are settled, and remembers
every complaint of the browser and every request that would have left this machine."""

from __future__ import annotations

import json
import os
import re
import shutil
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from playwright.sync_api import Browser, BrowserContext, ConsoleMessage, Locator, Page, WebSocket, expect

from study import catalogue

DESKTOP = (1440, 900)
STAGE = (1920, 1080)
PHONE = (390, 844)
# Pages of pictures, in the order of the bar, and around them the pages of the document.
PICTURES = tuple(concept.page for concept in catalogue.load().concepts if concept.ready)
PATHS = {"home": "/", **{page: f"/{page}" for page in (*PICTURES, "reader", "notes", "glossary")}}
LOCALES = {"zh-Hant": "zh-TW", "en": "en-US"}
LIMIT_MS = 60_000  # for machines that do much else besides; nothing here waits longer than it must

FLAGS = (
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-default-apps",
    "--disable-sync",
    "--no-first-run",
    # Whatever a page may ask for, no name outside this machine resolves.
    "--host-resolver-rules=MAP * ~NOTFOUND, EXCLUDE localhost",
)

_SETTLED = "[data-testid=stApp][data-test-script-state=notRunning]"
_IDLE_FRAMES = """() => new Promise((done) => requestAnimationFrame(() => requestAnimationFrame(done)))"""


@dataclass(frozen=True)
class Server:
    """The dashboard under test: its address and the file its log goes to."""

    url: str
    log: Path

    def complaints(self, since: int = 0) -> str:
        """What the server has logged after its first `since` characters, if it speaks of a failure."""
        text = self.log.read_text("utf-8", errors="replace")[since:]
        return text if re.search(r"Traceback|failed|Exception|ERROR", text) else ""


def browser_path() -> str | None:
    """A Chromium on PATH, or None for Playwright's own."""
    names = ("chromium", "chromium-browser", "google-chrome")
    return next((path for path in map(shutil.which, names) if path), None)


def flags() -> list[str]:
    """Chromium's own sandbox refuses to run as root, as in a container."""
    root = hasattr(os, "geteuid") and os.geteuid() == 0
    return [*FLAGS, "--no-sandbox"] if root else list(FLAGS)


@dataclass
class Sheet:
    """One page open in one browser context."""

    server: Server
    context: BrowserContext
    page: Page
    trouble: list[str] = field(default_factory=list)
    received: int = 0
    """Bytes that came through the websocket."""

    @classmethod
    def open(
        cls, browser: Browser, server: Server, size: tuple[int, int], theme: str, locale: str, **options: Any
    ) -> Sheet:
        width, height = size
        context = browser.new_context(
            viewport={"width": width, "height": height},
            color_scheme="dark" if theme == "dark" else "light",
            locale=locale,
            reduced_motion=options.pop("reduced_motion", "reduce"),
            **options,
        )
        context.set_default_timeout(LIMIT_MS)
        sheet = cls(server, context, context.new_page())
        sheet.page.on("console", sheet._heard)
        sheet.page.on("pageerror", lambda error: sheet.trouble.append(f"page error: {error}"))
        sheet.page.on("request", lambda request: sheet._asked(request.url))
        sheet.page.on("response", lambda answer: sheet._answered(answer.status, answer.url))
        sheet.page.on("dialog", lambda dialog: sheet._alarmed(dialog))
        sheet.page.on("websocket", sheet._connected)
        return sheet

    def _heard(self, message: ConsoleMessage) -> None:
        if message.type == "error":
            self.trouble.append(f"console: {message.text} ({message.location.get('url', '')})")

    def _asked(self, url: str) -> None:
        parts = urlsplit(url)
        if parts.scheme in ("http", "https", "ws", "wss") and parts.netloc != urlsplit(self.server.url).netloc:
            self.trouble.append(f"asked another host: {url}")

    def _answered(self, status: int, url: str) -> None:
        if status >= 400:
            self.trouble.append(f"answer {status}: {url}")

    def _alarmed(self, dialog: Any) -> None:
        self.trouble.append(f"dialog: {dialog.message}")
        dialog.dismiss()

    def _connected(self, socket: WebSocket) -> None:
        self._asked(socket.url)

        def count(frame: str | bytes) -> None:
            self.received += len(frame)

        socket.on("framereceived", count)

    def go(self, path: str) -> Sheet:
        """Open `path` as a reader who types the address, and wait until the page is settled."""
        self.page.goto(self.server.url + path)
        return self.settle()

    def resize(self, size: tuple[int, int]) -> None:
        self.page.set_viewport_size({"width": size[0], "height": size[1]})

    def settle(self) -> Sheet:
        """Wait until the server's script has ended and what the page shows has been painted."""
        page = urlsplit(self.page.url).path.strip("/") or "home"
        self.page.locator("#early").wait_for(state="detached")
        self.page.locator(_SETTLED).wait_for(state="attached")
        self.page.locator(".st-key-topbar .root nav").wait_for(state="attached")
        if page in ("reader", "notes", "glossary"):
            # The reader's other views, the map and the print view, are components of their own.
            self.page.locator(f".st-key-{self._list(page)} .root[data-ready]").wait_for()
        elif page == "home":
            self.page.locator(".st-key-home h1").wait_for()
        elif page in PICTURES:
            self.page.locator(".st-key-main-picture, .st-key-pane-doc").first.wait_for()
            # Another view than the first may be charts or tables alone: there the claim says that it is drawn.
            # A training that runs, or waits for its button, has neither yet.
            drawn = ":is(h2.claim, [data-testid=stProgress], [class*='-start'] button)"
            claims = f", .st-key-main-picture {drawn}" if "lens" in self.query() else ""
            pictures = ".root[data-painted], .trouble, .st-key-unseen" + claims
            self.page.locator(pictures).first.wait_for(state="attached")
        self.page.locator(_SETTLED).wait_for(state="attached")
        self.page.evaluate(_IDLE_FRAMES)
        return self

    def _list(self, page: str) -> str:
        query = self.query()
        if page == "reader" and "print" in query:
            return "printed"
        return "questionmap" if page == "reader" and query.get("view") == "map" else page

    @property
    def explorer(self) -> Locator:
        """The attention component's root."""
        return self.page.locator(".st-key-attention-explorer .root")

    def painted(self) -> list[str]:
        """What the attention picture says it shows: payload, layer, head, view, pin."""
        return (self.explorer.get_attribute("data-painted") or "").split()

    def expect_painted(self, layer: int, head: int, view: str = "lines", pin: int = -1) -> None:
        """Wait until the picture shows this state as the server knows it."""
        wanted = re.compile(rf"^\w+ {layer} {head} {view} {pin}$")
        expect(self.explorer).to_have_attribute("data-painted", wanted, timeout=LIMIT_MS)

    def field(self, name: str) -> Locator:
        """The text field of a control, named as its widget: "attention-a", "reader-find"."""
        return self.page.locator(f".st-key-{name} :is(textarea, input)")

    def write(self, name: str, text: str) -> None:
        """Type into a text field and hand the text in with the keyboard."""
        self.field(name).fill(text)
        self.field(name).press("Control+Enter" if name.startswith("attention") else "Enter")

    def slide(self, name: str, key: str) -> None:
        """Press a key on a slider's thumb."""
        self.page.locator(f".st-key-{name} input[type=range]").press(key)

    @property
    def claim(self) -> str:
        """The claim above the explorer."""
        return self.page.locator(".st-key-card-explorer h2.claim").inner_text()

    def query(self) -> dict[str, str]:
        """The address's query."""
        return {name: values[-1] for name, values in parse_qs(urlsplit(self.page.url).query).items()}

    def expect_query(self, **wanted: str | None) -> None:
        """Wait until the address holds these values; None for a name that must be absent."""
        self.page.wait_for_function(
            """(wanted) => {
              const query = new URLSearchParams(location.search);
              return Object.entries(wanted).every(([name, value]) => query.get(name) === value);
            }""",
            arg=wanted,
            timeout=LIMIT_MS,
        )

    def text(self) -> str:
        """All text a reader can meet on the page, in shadow roots too."""
        return str(self.page.evaluate(_ALL_TEXT))

    def sideways(self) -> int:
        """Pixels by which the page is wider than its window."""
        return int(self.page.evaluate(_SIDEWAYS))

    def check(self) -> None:
        """Nothing went wrong in the browser."""
        assert not self.trouble, json.dumps(self.trouble, ensure_ascii=False, indent=1)


_ALL_TEXT = """() => {
  const parts = [];
  const walk = (node) => {
    if (node.nodeType === Node.TEXT_NODE) parts.push(node.data);
    else if (!["SCRIPT", "STYLE", "NOSCRIPT"].includes(node.nodeName)) {
      if (node.shadowRoot) walk(node.shadowRoot);
      for (const child of node.childNodes) walk(child);
    }
  };
  walk(document.body);
  return parts.join("\\n");
}"""

# Streamlit scrolls in its own main element, not in the document.
_SIDEWAYS = """() => Math.max(...["html", "body", "[data-testid=stMain]", "[data-testid=stAppViewContainer]"]
  .map((name) => document.querySelector(name)).filter(Boolean).map((node) => node.scrollWidth - node.clientWidth))"""
