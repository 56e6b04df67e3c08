"""Figures of the house: how soon it serves, how soon the home page can be read, what one control change costs."""

from __future__ import annotations

from dataclasses import dataclass, field

from playwright.sync_api import Browser

from benchmarks import servers
from benchmarks.browsers import Visit, visit
from benchmarks.measure import Peer, Row, row, with_p95

COLD_RUNS = 10
KEY_PRESSES = 40
PAUSE_MS = 250
HELLO = "plain Streamlit hello page"
PLAIN = "plain Streamlit page, same model"
# From the first frame out after the key press to the frame that ends the script run, and to the rendered picture.
CHANGE = """() => {
  const key = bench.keys[0].at;
  const sent = bench.frames.find(frame => frame.out && frame.at >= key);
  const done = bench.frames.find(frame => frame.done && frame.at >= sent.at);
  return [done.at - sent.at, bench.paints.at(-1).shown - key];
}"""


@dataclass
class Changes:
    """Milliseconds of each control change at the websocket and to the screen."""

    websocket: list[float] = field(default_factory=list)
    painted: list[float] = field(default_factory=list)


def measure(browser: Browser) -> list[Row]:
    """All figures of the house."""
    serving, home = _starts(browser, "")
    hello_serving, hello_home = _starts(browser, "hello.py")
    with servers.product() as server, visit(browser) as here:
        here.open(f"{server.url}/attention?lang=en")
        ours = _changes(here, ".st-key-attention-layer input[type=range]", "paint.value.split(' ')[1] === '{layer}'")
    with servers.plain("bert.py") as server, visit(browser) as here:
        here.open(server.url)
        theirs = _changes(here, ".st-key-layer input[type=range]", "paint.value.startsWith('layer {layer}:')")
    return [
        row("house.serving", serving, Peer(HELLO, hello_serving)),
        row("house.home_cold", home, Peer(HELLO, hello_home)),
        *with_p95("house.control_websocket", ours.websocket, Peer(PLAIN, theirs.websocket)),
        *with_p95("house.control_painted", ours.painted, Peer(PLAIN, theirs.painted)),
    ]


def _starts(browser: Browser, plain: str) -> tuple[list[float], list[float]]:
    """Seconds to serve and seconds to the first heading, each time of a fresh process and an empty cache."""
    serving: list[float] = []
    home: list[float] = []
    for _ in range(COLD_RUNS):
        with servers.plain(plain) if plain else servers.product() as server, visit(browser) as here:
            here.open(f"{server.url}/")
            serving.append(server.serving_s)
            home.append(here.heading())
    return serving, home


def _changes(here: Visit, slider: str, ready: str) -> Changes:
    """Step the layer slider up and down with the arrow keys; `ready` tells the paint of the layer asked for."""
    here.first_picture()
    here.settle()
    changes = Changes()
    handle = here.page.locator(slider)
    layer = int(handle.input_value())
    key = "ArrowRight"
    for _ in range(KEY_PRESSES):
        key = {1: "ArrowRight", 6: "ArrowLeft"}.get(layer, key)
        layer += 1 if key == "ArrowRight" else -1
        handle.focus()
        here.page.wait_for_timeout(PAUSE_MS)
        here.ask("bench.clear()")
        here.page.keyboard.press(key)
        shown = f"bench.paints.some(paint => paint.shown && {ready.format(layer=layer)})"
        here.wait(f"{shown} && bench.frames.some(frame => frame.done)")
        websocket, painted = here.ask(CHANGE)
        changes.websocket.append(websocket)
        changes.painted.append(painted)
    return changes
