"""Render the pictures of the home page's cards and of the README: screenshots of the product itself.

Starts the dashboard on a free port, opens each concept's page in Chromium and saves its picture.
"""

from __future__ import annotations

import contextlib
import shutil
import socket
import subprocess
import sys
import time
import urllib.request
from collections.abc import Iterator
from pathlib import Path

from PIL import Image
from playwright.sync_api import Browser, sync_playwright

ROOT = Path(__file__).resolve().parent.parent
CARDS = ROOT / "assets" / "media" / "cards"
README_PICTURE = ROOT / "docs" / "attention.png"
FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
# The picture of a card: page and state, and the part of the page that is taken.
SHOTS = {
    "attention": ("/attention?layer=4&head=2&pin=10&pane=0", ".st-key-attention-explorer"),
    "embeddings": ("/embeddings?pane=0", ".st-key-embeddings-maps .root"),
    "focal-loss": ("/focal-loss?pane=0", ".st-key-focal-curves .picture"),
    "quantization": ("/quantization?pane=0", ".st-key-quant-tensor .picture"),
    "alignment": ("/alignment?pane=0&lens=matrix", ".st-key-align-matrix .stage"),
}
LANGUAGES = ("zh-Hant", "en")
COLOURS = 256  # enough for drawings, those of many words too; a third of the bytes


@contextlib.contextmanager
def dashboard() -> Iterator[str]:
    """The running dashboard's address."""
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        port = probe.getsockname()[1]
    command = [sys.executable, "-m", "streamlit", "run", "server.py", "--server.headless", "true"]
    command += ["--server.port", str(port), "--server.address", "localhost"]
    server = subprocess.Popen(command, cwd=ROOT, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL)
    try:
        for _ in range(300):
            with contextlib.suppress(OSError):
                urllib.request.urlopen(f"http://localhost:{port}/_stcore/health")
                break
            time.sleep(0.1)
        yield f"http://localhost:{port}"
    finally:
        server.terminate()
        server.wait()


def take(browser: Browser, address: str, part: str | None, target: Path, width: int, height: int) -> None:
    """Save a picture of `part` of the page (or of the first screen) once the attention canvas is painted."""
    page = browser.new_page(viewport={"width": width, "height": height}, locale="zh-TW")
    page.goto(address)
    page.locator(".root[data-painted]").first.wait_for(timeout=60_000)
    page.wait_for_timeout(500)
    (page.locator(part) if part else page).screenshot(path=target)
    page.close()
    Image.open(target).convert("RGB").quantize(COLOURS, dither=Image.Dither.NONE).save(target, optimize=True)


def main() -> None:
    found = next((path for path in map(shutil.which, ("chromium", "chromium-browser", "google-chrome")) if path), None)
    CARDS.mkdir(parents=True, exist_ok=True)
    with dashboard() as address, sync_playwright() as playwright:
        browser = playwright.chromium.launch(executable_path=found, args=list(FLAGS))
        for concept, (path, part) in SHOTS.items():
            for lang in LANGUAGES:
                take(browser, f"{address}{path}&lang={lang}", part, CARDS / f"{concept}.{lang}.png", 1000, 900)
        take(browser, address + "/attention?lang=zh-Hant&pin=10", None, README_PICTURE, 1440, 900)
        browser.close()


if __name__ == "__main__":
    main()
