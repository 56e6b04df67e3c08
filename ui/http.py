"""What the server adds to every answer: headers that keep the browser on this machine, and one line in the page.

Streamlit alone sends no security headers, and a page opened at /reader first looks for the server under /reader/,
which answers 404. Naming the server's own address in the page spares those requests.
Reference: the ASGI specification; Content Security Policy level 3.
"""

from __future__ import annotations

import logging
from collections.abc import Callable, Mapping
from urllib.parse import parse_qsl

from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from ui import language, scripts

# Path, query and language asked for, to the HTML of an early look.
Look = Callable[[str, Mapping[str, str], str], str]

POLICY = "; ".join(
    (
        "default-src 'self'",
        "script-src 'self' 'unsafe-inline' blob: 'wasm-unsafe-eval'",
        "style-src 'self' 'unsafe-inline'",
        "img-src 'self' data: blob:",
        "font-src 'self' data:",
        "media-src 'self' blob: data:",
        "connect-src 'self' ws: wss:",
        "worker-src 'self' blob:",
        "object-src 'none'",
        "base-uri 'self'",
        "frame-ancestors 'self'",
    )
)
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Content-Type-Options": "nosniff",
}
# Evaluated in the browser, so that it holds behind any proxy and under any host name.
WHERE_THE_SERVER_IS = (
    b"<script>window.__streamlit={BACKEND_BASE_URL:location.origin+'/',MAIN_PAGE_BASE_URL:location.origin+'/'}</script>"
)


class PageHeaders:
    """ASGI middleware: add HEADERS to every answer, and WHERE_THE_SERVER_IS and an early look to every HTML page.

    `opened` is told the path of every request, before it is answered; `look(path, query, language)` gives the HTML of
    the early look, "" for none.
    """

    def __init__(
        self, app: ASGIApp, opened: Callable[[str], None] = lambda path: None, look: Look = lambda *asked: ""
    ) -> None:
        self.app = app
        self.opened = opened
        self.look = look

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        if scope["type"] != "http":
            await self.app(scope, receive, send)
            return
        self.opened(scope["path"])
        await self.app(_uncompressed(scope), receive, _Answer(send, lambda: self._early(scope)))

    def _early(self, scope: Scope) -> str:
        query = dict(parse_qsl(scope["query_string"].decode("latin-1"), keep_blank_values=True))
        spoken = next((value.decode("latin-1") for name, value in scope["headers"] if name == b"accept-language"), "")
        try:
            return self.look(scope["path"], query, language.guess(spoken))
        except Exception:
            # The page itself does without; it meets the same trouble and says so.
            logging.getLogger("illustrated_notes").warning("no early look", exc_info=True)
            return ""


def _uncompressed(scope: Scope) -> Scope:
    """A page's own address is asked for without compression: its text is about to be changed, and it is small."""
    headers = scope["headers"]
    if any(name == b"accept" and b"text/html" in value for name, value in headers):
        return {**scope, "headers": [(name, value) for name, value in headers if name != b"accept-encoding"]}
    return scope


class _Answer:
    """Passes one answer on; an HTML page is held back until its text can be completed."""

    def __init__(self, send: Send, early: Callable[[], str]) -> None:
        self.send = send
        self.early = early
        self.start: Message | None = None
        self.body = b""

    async def __call__(self, message: Message) -> None:
        if message["type"] == "http.response.start":
            headers = MutableHeaders(scope=message)
            for name, value in HEADERS.items():
                headers[name] = value
            whole = headers.get("content-type", "").startswith("text/html") and "content-encoding" not in headers
            if whole and message["status"] == 200:
                self.start = message
                return
        elif self.start is not None:
            await self._finish(message)
            return
        await self.send(message)

    async def _finish(self, message: Message) -> None:
        assert self.start is not None
        self.body += message.get("body", b"")
        if message.get("more_body"):
            return
        page = scripts.spared(self.body.replace(b"<head>", b"<head>" + WHERE_THE_SERVER_IS, 1))
        page = page.replace(b"</body>", self.early().encode("utf-8") + b"</body>", 1)
        MutableHeaders(scope=self.start)["content-length"] = str(len(page))
        await self.send(self.start)
        await self.send({"type": "http.response.body", "body": page})
        self.start = None
