"""Streamlit's own browser scripts: served from memory, and those a page will ask for named before it asks.

A page of Streamlit is some sixty small scripts, and the widgets on it fetch forty more once the server has said which
they are. From a thread pool and the disk each costs two milliseconds of the server; from memory a tenth of that. Their
names carry a hash of their content, so what was read once stays true.
Reference: the HTML standard, "Link type modulepreload".
"""

from __future__ import annotations

import functools
import re
from collections.abc import Iterable
from pathlib import Path

import streamlit
from starlette.types import ASGIApp, Receive, Scope, Send

ROOT = Path(streamlit.__file__).resolve().parent / "static"
SCRIPTS = ROOT / "static" / "js"
# What every page of ours mounts, and the widgets that most of them show.
ALWAYS = ("BidiComponent", "Html")
WIDGETS = ("Radio", "TextArea", "Slider", "Checkbox", "Button", "DownloadButton")
IMPORTS = re.compile(rb'(?:from|import)\s*"\./([\w.@+-]+\.js)"')
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


@functools.cache
def needed(widgets: tuple[str, ...]) -> tuple[str, ...]:
    """File names of the scripts of `widgets`, with all that they import, less those the page names itself."""
    page = (ROOT / "index.html").read_bytes() if (ROOT / "index.html").is_file() else b""
    found: dict[str, None] = {}
    waiting = [name for widget in widgets for name in sorted(_names()) if name.startswith(f"{widget}.")]
    while waiting:
        name = waiting.pop()
        if name in found or name.encode() in page:
            continue
        found[name] = None
        waiting += [other.decode() for other in IMPORTS.findall(_content(name)) if other.decode() in _names()]
    return tuple(found)


def complete(page: bytes, names: Iterable[str]) -> bytes:
    """An HTML page that asks for the scripts `names` at once, and not for what it will not use."""
    links = b"".join(b'<link rel="modulepreload" crossorigin href="/static/js/%s">' % name.encode() for name in names)
    return UNUSED.sub(b"", page, count=1).replace(b"</head>", links + b"</head>", 1)


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
