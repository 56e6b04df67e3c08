"""Pictures of 32, 128 and 512 tokens beside bertviz's own of the same text: painting, bytes, what the hand does."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import quote

from playwright.sync_api import Browser, Error

from benchmarks import bertviz_pages, servers
from benchmarks.browsers import Visit, visit
from benchmarks.measure import Peer, Row, row, with_p95
from benchmarks.texts import LENGTHS, LONG_TOKENS, text_of

RUNS = 12
PEER_RUNS = 3
GIVE_UP_S = 120.0
"""A page of bertviz that has not drawn by then is written down as taking this long, and its name says so."""

MOVES = 60
IDLE_FRAMES = 40
LONGEST = max(LENGTHS)
MODEL_VIEW = "bertviz 1.4.1 model_view"
HEAD_VIEW = "bertviz 1.4.1 head_view"

# From the arrival of the last frame with weights to the rendered picture; bytes of all frames until then.
OVERVIEW = """() => {
  const paint = bench.paints.find(paint => paint.shown);
  const { payload, detail } = bench.find("[data-painted]").me;
  const sizes = [payload, detail].filter(Boolean).map((id) => illustratedNotes.payloads.get(id).byteLength);
  const frames = bench.frames.filter(frame => !frame.out && frame.at <= paint.at);
  // A frame is a payload and the few kilobytes of the component that receives it.
  const holding = (size) => frames.filter(({ bytes }) => bytes >= size).reduce((a, b) => (b.bytes < a.bytes ? b : a));
  const arrived = Math.max(...sizes.map((size) => holding(size).at));
  return [(paint.shown - arrived) / 1000, frames.reduce((sum, frame) => sum + frame.bytes, 0) / 1e6];
}"""
HOVER = """async ([moves, idle]) => {
  const canvas = bench.find("canvas.head");
  const box = canvas.getBoundingClientRect();
  const rest = await bench.each(idle, () => {});
  const move = (i) => new PointerEvent("pointermove", {
    clientX: box.left + 20 + ((i * 53) % moves) * (box.width - 40) / moves,
    clientY: box.top + 30 + ((i * 37) % moves) * (box.height - 40) / moves, bubbles: true, composed: true });
  const times = await bench.each(moves, (i) => canvas.dispatchEvent(move(i)));
  const leave = new PointerEvent("pointerleave", {});
  const leaves = await bench.each(moves, (i) => canvas.dispatchEvent(i % 2 ? leave : move(i)));
  return { rest, times, leaves: leaves.filter((_, i) => i % 2) };
}"""
PIN = """async ([at, idle]) => {
  const canvas = bench.find("canvas.head");
  const box = canvas.getBoundingClientRect();
  const rest = await bench.each(idle, () => {});
  const times = await bench.each(1, () => canvas.dispatchEvent(
    new MouseEvent("click", { clientX: box.left + 20, clientY: box.top + at, bubbles: true, composed: true })));
  return { rest, times };
}"""
SCROLL = """async ([moves, idle]) => {
  const stage = bench.find(".stage");
  const rest = await bench.each(idle, () => {});
  const times = await bench.each(moves, (i) => { stage.scrollTop = (i + 1) * 90; });
  return { rest, times };
}"""
HEAD = """async (place) => {
  const root = bench.find("[data-painted]");
  const cell = root.querySelectorAll(".cell")[place];
  const begun = performance.now();
  cell.click();
  while (root.me.shown.layer !== root.me.layer || root.me.shown.head !== root.me.head) await bench.rendered();
  return (await bench.rendered()) - begun;
}"""
SORT = """async (order) => {
  const choice = bench.find(".order select");
  const begun = performance.now();
  choice.value = order;
  choice.dispatchEvent(new Event("change"));
  return (await bench.rendered()) - begun;
}"""
DRAG = """async ([moves, idle]) => {
  const handle = bench.find("[role=separator]");
  const panes = document.querySelector(".st-key-panes").getBoundingClientRect();
  const rest = await bench.each(idle, () => {});
  const times = await bench.each(moves, (i) => handle.dispatchEvent(new PointerEvent("pointermove", {
    clientX: panes.left + panes.width * (0.4 + 0.08 * Math.sin(i / 4)), bubbles: true, composed: true })));
  return { rest, times };
}"""
TEMPERATURE = """async ([moves, idle]) => {
  const slider = bench.find(".temperature input");
  const rest = await bench.each(idle, () => {});
  const times = await bench.each(moves, (i) => {
    slider.value = 200 + 10 * i;
    slider.dispatchEvent(new Event("input"));
  });
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


@dataclass
class Bertviz:
    """bertviz's figures of one text: seconds to paint, 10^6 bytes, hover. Empty where bertviz is not installed."""

    painted: dict[str, Peer] = field(default_factory=dict)
    sent: dict[str, Peer] = field(default_factory=dict)
    hover: Motion | None = None

    def hovering(self, late: bool) -> Peer | None:
        if self.hover is None:
            return None
        return Peer(HEAD_VIEW, self.hover.late if late else self.hover.work)


def measure(browser: Browser, page: str) -> list[Row]:
    """All figures by length. page: the attention page's address, with its language."""
    rows: list[Row] = []
    for tokens in LENGTHS:
        peer = _bertviz(browser, tokens)
        address = f"{page}&a={quote(text_of(tokens))}"
        rows += _overview(browser, address, tokens, peer)
        rows += _hand(browser, address, tokens, peer)
    return rows + _longest(browser, f"{page}&a={quote(text_of(LONGEST))}")


def _overview(browser: Browser, url: str, tokens: int, peer: Bertviz) -> list[Row]:
    with visit(browser) as here:
        _settled(here, url)
    seconds: list[float] = []
    megabytes: list[float] = []
    for _ in range(RUNS):
        with visit(browser) as here:
            here.open(url)
            here.first_picture()
            shown, sent = here.ask(OVERVIEW)
            seconds.append(shown)
            megabytes.append(sent)
    return [
        row(f"attention.overview_{tokens}", seconds, peer.painted.get("model")),
        row(f"attention.overview_{tokens}_sent", megabytes, peer.sent.get("model")),
    ]


def _hand(browser: Browser, url: str, tokens: int, peer: Bertviz) -> list[Row]:
    """A head chosen, the pointer over its tokens; at 128 tokens also the line between the panes."""
    with visit(browser) as here:
        _settled(here, url)
        hover, leave = _hover(here)
        drag = _drag(here) if tokens == LONG_TOKENS else None
    with visit(browser) as here:
        _settled(here, url)
        heads = []
        for place in range(1, 1 + RUNS):
            heads.append(float(here.page.evaluate(HEAD, 5 * place)))
            here.settle()
    # The figures of 128 tokens are older than the others and keep their names.
    name = "attention.hover" if tokens == LONG_TOKENS else f"attention.hover_{tokens}"
    first = peer.painted.get("head")
    rows = [
        row(f"attention.head_{tokens}", heads, first and Peer(first.name, [1000 * value for value in first.values])),
        row(f"{name}_p95", hover.work, peer.hovering(late=False)),
        row(f"{name}_late_p95", hover.late, peer.hovering(late=True)),
    ]
    if drag is None:
        return rows
    return [
        *rows,
        row("attention.hover_leave_p95", leave.work),
        row("attention.divider_p95", drag.work),
        row("attention.divider_late_p95", drag.late),
    ]


def _longest(browser: Browser, url: str) -> list[Row]:
    """What only a long text asks of the page: the matrix, pinning, scrolling, sorting, the temperature."""
    with visit(browser) as here:
        _settled(here, f"{url}&view=matrix")
        matrix, _ = _hover(here)
    with visit(browser) as here:
        _settled(here, url)
        scroll = _motion(here.page.evaluate(SCROLL, [MOVES, IDLE_FRAMES]))
        pins: list[float] = []
        sorts: list[float] = []
        for run in range(RUNS):
            pins += _motion(here.page.evaluate(PIN, [60 + 40 * run, IDLE_FRAMES])).work
            here.settle()
            sorts.append(float(here.page.evaluate(SORT, ("entropy", "previous_token", "layers")[run % 3])))
            here.settle()
    with visit(browser) as here:
        _settled(here, f"{url}&lens=neuron&pin=300")
        warm = _motion(here.page.evaluate(TEMPERATURE, [MOVES, IDLE_FRAMES]))
    return [
        row("attention.matrix_512_p95", matrix.work),
        row("attention.pin_512_p95", pins),
        row("attention.scroll_512_p95", scroll.work),
        *with_p95("attention.sort_512", sorts),
        row("attention.temperature_512_p95", warm.work),
        row("attention.temperature_512_late_p95", warm.late),
    ]


def _settled(here: Visit, url: str) -> None:
    here.open(url)
    here.first_picture()
    here.settle()


def _hover(here: Visit) -> tuple[Motion, Motion]:
    found = here.page.evaluate(HOVER, [MOVES, IDLE_FRAMES])
    return _motion(found), _motion({"times": found["leaves"], "rest": found["rest"]})


def _drag(here: Visit) -> Motion:
    """Hold the divider with the real mouse and move it inside the page."""
    box = here.page.locator(".st-key-pane-divider [role=separator]").bounding_box()
    assert box is not None
    here.page.mouse.move(box["x"] + box["width"] / 2, box["y"] + min(200.0, box["height"] / 2))
    here.page.mouse.down()
    found = here.page.evaluate(DRAG, [MOVES, IDLE_FRAMES])
    here.page.mouse.up()
    return _motion(found)


def _motion(found: dict[str, Sequence[dict[str, float]]]) -> Motion:
    def idle(name: str) -> float:
        return sorted(one[name] for one in found["rest"])[len(found["rest"]) // 2]

    def above(name: str) -> list[float]:
        return [max(0.0, one[name] - idle(name)) for one in found["times"]]

    return Motion(above("work"), above("next"))


def _bertviz(browser: Browser, tokens: int) -> Bertviz:
    """bertviz's pages of the same model and text; nothing, with a word on stderr, where bertviz is not installed."""
    found = Bertviz()
    if not bertviz_pages.available():
        print("bertviz is not installed (benchmarks/requirements.txt): its columns stay empty", file=sys.stderr)
        return found
    with tempfile.TemporaryDirectory() as name, servers.files(Path(name)) as url:
        for view, label in (("model", MODEL_VIEW), ("head", HEAD_VIEW)):
            command = [sys.executable, "-m", "benchmarks.bertviz_pages", "--view", view, "--tokens", str(tokens), name]
            subprocess.run(command, cwd=servers.ROOT, check=True)
            made = Path(name) / f"{view}-{tokens}.html"
            found.sent[view] = Peer(label, [made.stat().st_size / 1e6])
            times = _drawn(browser, f"{url}/{made.name}")
            found.painted[view] = Peer(label, times) if times else Peer(f"{label}, stopped undrawn", [GIVE_UP_S])
            if view == "head" and times:
                found.hover = _peer_hover(browser, f"{url}/{made.name}", tokens)
            made.unlink()
    return found


def _drawn(browser: Browser, url: str) -> list[float]:
    """Seconds from the arrival of a bertviz page to its first rendered picture, each run; none when it gave up."""
    times: list[float] = []
    for _ in range(PEER_RUNS):
        with visit(browser) as here:
            try:
                here.open(url)
                here.wait("window.drawn !== undefined", limit_ms=1000 * GIVE_UP_S)
            except (TimeoutError, Error):  # the page's own process may also end for want of memory
                return times
            times.append(float(here.ask("window.drawn.at - window.drawn.loaded")) / 1000)
    return times


def _peer_hover(browser: Browser, url: str, tokens: int) -> Motion:
    with visit(browser) as here:
        here.open(url)
        here.wait("window.drawn !== undefined", limit_ms=1000 * GIVE_UP_S)
        here.settle()
        found = here.page.evaluate(PEER_HOVER, [RUNS, IDLE_FRAMES])
        assert found["tokens"] == tokens
        return _motion(found)
