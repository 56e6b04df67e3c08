"""Figures of the attention page: its first picture, hover and drag, the overview of 128 tokens, a new sentence."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser

from benchmarks import bertviz_pages, servers
from benchmarks.browsers import Visit, profile, visit, visit_again
from benchmarks.measure import Peer, Row, row, with_p95
from benchmarks.texts import LONG_TEXT, LONG_TOKENS, short_text

COLD_RUNS = 10
PEER_RUNS = 3
WARM_RUNS = 12
FIRST_VISITS = 3  # a browser fetches at the first, compiles for keeps at the second
SENTENCES = 20
MOVES = 60
IDLE_FRAMES = 40
PLAIN = "plain Streamlit page, same model"
MODEL_VIEW = "bertviz 1.4.1 model_view"
HEAD_VIEW = "bertviz 1.4.1 head_view"

# From the arrival of the frame with the payload (the largest) to the rendered picture; bytes of all frames until then.
OVERVIEW = """() => {
  const paint = bench.paints.find(paint => paint.shown);
  const frames = bench.frames.filter(frame => !frame.out && frame.at <= paint.at);
  const payload = frames.reduce((a, b) => (b.bytes > a.bytes ? b : a));
  return [(paint.shown - payload.at) / 1000, frames.reduce((sum, frame) => sum + frame.bytes, 0) / 1e6];
}"""
HOVER = """async ([moves, idle]) => {
  const canvas = bench.find("canvas.head");
  const box = canvas.getBoundingClientRect();
  const rest = await bench.each(idle, () => {});
  const at = (i) => box.top + 30 + ((i * 37) % moves) * (box.height - 40) / moves;
  const times = await bench.each(moves, (i) => canvas.dispatchEvent(
    new PointerEvent("pointermove", { clientX: box.left + 20, clientY: at(i), bubbles: true, composed: true })));
  const leaves = await bench.each(moves, (i) => canvas.dispatchEvent(i % 2
    ? new PointerEvent("pointerleave", {})
    : new PointerEvent("pointermove", { clientX: box.left + 20, clientY: at(i), bubbles: true, composed: true })));
  return { rest, times, leaves: leaves.filter((_, i) => i % 2) };
}"""
DRAG = """async ([moves, idle]) => {
  const handle = bench.find("[role=separator]");
  const panes = document.querySelector(".st-key-panes").getBoundingClientRect();
  const rest = await bench.each(idle, () => {});
  const times = await bench.each(moves, (i) => handle.dispatchEvent(new PointerEvent("pointermove", {
    clientX: panes.left + panes.width * (0.4 + 0.08 * Math.sin(i / 4)), bubbles: true, composed: true })));
  return { rest, times };
}"""
PEER_HOVER = """async ([moves, idle]) => {
  const tokens = document.querySelectorAll("#left > g:last-child > g");
  const rest = await bench.each(idle, () => {});
  const times = await bench.each(moves, (i) => tokens[(i * 37) % tokens.length].dispatchEvent(
    new MouseEvent("mouseover", { bubbles: true })));
  return { rest, times, tokens: tokens.length };
}"""


@dataclass(frozen=True)
class Motion:
    """Milliseconds per movement. work: until its frame is rendered, less that of an idle frame; late: how much later
    than in an idle page the next frame begins."""

    work: list[float]
    late: list[float]


def measure(browser: Browser) -> list[Row]:
    """All figures of the attention page."""
    rows = [row("attention.first_picture_cold", _cold(browser, ""), Peer(PLAIN, _cold(browser, "bert.py")))]
    peers = _peers(browser)
    with servers.plain("bert.py") as server:
        plain_warm, plain_empty = _warm(browser, server.url), _empty(browser, server.url)
        plain_typed = _typed(browser, server.url, ".st-key-a textarea", "paint.value.endsWith({said})")
    with servers.product() as server:
        page = f"{server.url}/attention?lang=en"
        rows.append(row("attention.first_picture_warm", _warm(browser, page), Peer(PLAIN, plain_warm)))
        rows.append(row("attention.first_picture_empty_browser", _empty(browser, page), Peer(PLAIN, plain_empty)))
        rows += _long_text(browser, f"{page}&a={quote(LONG_TEXT)}", peers)
        typed = _typed(browser, page, ".st-key-attention-a textarea", "paint.value.split(' ')[0] !== {before}")
        rows += with_p95("attention.forward_20", typed, Peer(PLAIN, plain_typed))
    return rows


def _cold(browser: Browser, plain: str) -> list[float]:
    """Seconds to the first picture of a fresh process in a browser with an empty cache."""
    times: list[float] = []
    for _ in range(COLD_RUNS):
        with servers.plain(plain) if plain else servers.product() as server, visit(browser) as here:
            here.open(server.url if plain else f"{server.url}/attention?lang=en")
            times.append(here.first_picture())
    return times


def _warm(browser: Browser, url: str) -> list[float]:
    """Seconds to the first picture of a process that has served it, in a browser that has shown it before."""
    times: list[float] = []
    with profile(browser) as context:
        for _ in range(WARM_RUNS + FIRST_VISITS):
            with visit_again(context) as here:
                here.open(url)
                times.append(here.first_picture())
                here.settle()
    return times[FIRST_VISITS:]


def _empty(browser: Browser, url: str) -> list[float]:
    """The same in a browser with an empty cache."""
    times: list[float] = []
    for run in range(WARM_RUNS + 1):
        with visit(browser) as here:
            here.open(url)
            times.append(here.first_picture())
            if run == 0:
                here.settle()
    return times[1:]


def _typed(browser: Browser, url: str, field: str, ready: str) -> list[float]:
    """Milliseconds from Ctrl+Enter to the rendered picture of a sentence of 20 tokens that was never asked before."""
    times: list[float] = []
    with visit(browser) as here:
        here.open(url)
        here.first_picture()
        here.settle()
        for number in range(SENTENCES):
            before = here.ask("JSON.stringify(bench.paints.at(-1).value.split(' ')[0])")
            here.page.locator(field).fill(short_text(number))
            here.page.wait_for_timeout(250)
            here.ask("bench.clear()")
            here.page.keyboard.press("Control+Enter")
            painted = ready.format(before=before, said=repr(short_text(number)))
            here.wait(f"bench.paints.some(paint => paint.shown && {painted})")
            done = f"bench.paints.find(paint => paint.shown && {painted}).shown"
            times.append(float(here.ask(f"{done} - bench.keys.find(press => press.key === 'Enter').at")))
            here.settle()
            here.ask("bench.paints.splice(0, bench.paints.length - 1)")
    return times


def _long_text(browser: Browser, url: str, peers: Mapping[str, Peer]) -> list[Row]:
    """Overview, hover and drag at 128 tokens."""
    _warm_once(browser, url)
    seconds: list[float] = []
    megabytes: list[float] = []
    for _ in range(WARM_RUNS):
        with visit(browser) as here:
            here.open(url)
            here.first_picture()
            shown, sent = here.ask(OVERVIEW)
            seconds.append(shown)
            megabytes.append(sent)
    with visit(browser) as here:
        here.open(url)
        here.first_picture()
        here.settle()
        found = here.page.evaluate(HOVER, [MOVES, IDLE_FRAMES])
        hover, leave = _motion(found["times"], found["rest"]), _motion(found["leaves"], found["rest"])
        drag = _drag(here)
    return [
        row("attention.overview_128", seconds, peers.get("model")),
        row("attention.overview_128_sent", megabytes, peers.get("model_sent")),
        row("attention.hover_p95", hover.work, peers.get("hover")),
        row("attention.hover_late_p95", hover.late, peers.get("hover_late")),
        row("attention.hover_leave_p95", leave.work),
        row("attention.divider_p95", drag.work),
        row("attention.divider_late_p95", drag.late),
    ]


def _warm_once(browser: Browser, url: str) -> None:
    with visit(browser) as here:
        here.open(url)
        here.first_picture()
        here.settle()


def _drag(here: Visit) -> Motion:
    """Hold the divider with the real mouse and move it inside the page."""
    box = here.page.locator(".st-key-pane-divider [role=separator]").bounding_box()
    assert box is not None
    here.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + min(200.0, box["height"] / 2))
    here.page.mouse.down()
    found = here.page.evaluate(DRAG, [MOVES, IDLE_FRAMES])
    here.page.mouse.up()
    return _motion(found["times"], found["rest"])


def _motion(times: list[dict[str, float]], rest: list[dict[str, float]]) -> Motion:
    def idle(name: str) -> float:
        return sorted(one[name] for one in rest)[len(rest) // 2]

    def above(name: str) -> list[float]:
        return [max(0.0, one[name] - idle(name)) for one in times]

    return Motion(above("work"), above("next"))


def _peers(browser: Browser) -> dict[str, Peer]:
    """bertviz's pages of the same model and text; empty, with a word on stderr, where bertviz is not installed."""
    if not bertviz_pages.available():
        print("bertviz is not installed (benchmarks/requirements.txt): its columns stay empty", file=sys.stderr)
        return {}
    painted: list[float] = []
    hover: list[Motion] = []
    with tempfile.TemporaryDirectory() as name, servers.files(Path(name)) as url:
        for view in ("model", "head"):
            command = [sys.executable, "-m", "benchmarks.bertviz_pages", "--view", view, name]
            subprocess.run(command, cwd=servers.ROOT, check=True)
        sent = (Path(name) / "model.html").stat().st_size / 1e6
        for _ in range(PEER_RUNS):
            with visit(browser) as here:
                painted.append(_drawn(here, f"{url}/model.html"))
        with visit(browser) as here:
            _drawn(here, f"{url}/head.html")
            here.settle()
            found = here.page.evaluate(PEER_HOVER, [WARM_RUNS, IDLE_FRAMES])
            assert found["tokens"] == LONG_TOKENS
            hover.append(_motion(found["times"], found["rest"]))
    return {
        "model": Peer(MODEL_VIEW, painted),
        "model_sent": Peer(MODEL_VIEW, [sent]),
        "hover": Peer(HEAD_VIEW, hover[0].work),
        "hover_late": Peer(HEAD_VIEW, hover[0].late),
    }


def _drawn(here: Visit, url: str) -> float:
    """Seconds from the arrival of a bertviz page to its first rendered picture."""
    here.open(url)
    here.wait("window.drawn !== undefined", limit_ms=300_000)
    return float(here.ask("window.drawn.at - window.drawn.loaded")) / 1000
