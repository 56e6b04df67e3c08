"""Streamlit's own browser scripts, served from memory.

A page of Streamlit is some hundred small scripts. From a thread pool and the disk each costs two milliseconds of the
server; from memory a tenth of that. Their names carry a hash of their content, so what was read once stays true.
"""

from __future__ import annotations

import functools
import re
from pathlib import Path

import streamlit
from starlette.types import ASGIApp, Receive, Scope, Send

ROOT = Path(streamlit.__file__).resolve().parent / "static"
SCRIPTS = ROOT / "static" / "js"
# The page asks early for a typeface that the house does not use.
UNUSED = re.compile(rb'<link\s+rel="preload"\s+href="\./static/media/SourceSans[^>]*>')


@functools.cache
def _names() -> frozenset[str]:
    return (
        frozenset(path.name for path in SCRIPTS.iterdir() if path.suffix == ".js") if SCRIPTS.is_dir() else frozenset()
    )


@functools.lru_cache(maxsize=512)
def _content(name: str) -> bytes:
    return (SCRIPTS / name).read_bytes()


def spared(page: bytes) -> bytes:
    """An HTML page that does not ask for what it will not use."""
    return UNUSED.sub(b"", page, count=1)


class FromMemory:
    """ASGI middleware: answer a plain request for one of Streamlit's scripts without asking the disk again."""

    def __init__(self, app: ASGIApp) -> None:
        self.app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        folder, _, name = scope.get("path", "").rpartition("/")
        plain = scope["type"] == "http" and scope["method"] == "GET" and folder == "/static/js" and name in _names()
        if not plain or any(
            header in (b"range", b"if-none-match", b"if-modified-since") for header, _ in scope["headers"]
        ):
            await self.app(scope, receive, send)
            return
        body = _content(name)
        headers = [
            (b"content-type", b"application/javascript"),
            (b"content-length", str(len(body)).encode()),
            (b"cache-control", b"public, immutable, max-age=31536000"),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": headers})
        await send({"type": "http.response.body", "body": body})
