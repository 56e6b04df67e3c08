"""Figures of the embeddings page: its first picture, a slider on the shipped grid, pan and zoom of the whole vocabulary
beside TensorBoard's Embedding Projector. What is computed for it, and its memory: `embedding_work.py`."""

from __future__ import annotations

import numpy as np
from playwright.sync_api import Browser

from benchmarks import embedding_work, projector, servers
from benchmarks.browsers import Visit, pictures, visit
from benchmarks.measure import Peer, Row, row
from explainers.embeddings import layouts
from explainers.embeddings.layouts import Setting

WARM_RUNS = 8
MOVES = 90
IDLE_FRAMES = 40
RATE_RUNS = 3
RATE_FRAMES = 120
FIRST_FRAMES = 20  # labels are painted once each and copied from then on; the projector fills its buffers
PROJECTOR = "TensorBoard's Embedding Projector, one map without labels"
PAGE = "/embeddings?lang=en"
DRAWN = "bench.find('#scatter canvas') !== undefined && bench.points > 0"

FIND = """() => {
  const mine = (one) => one.host?.closest(".st-key-card-maps") && one.querySelector(".root[data-shown]");
  bench.maps = () => bench.roots.map(mine).find(Boolean);
}"""
# A slider moved before a frame, as a held mouse does.
SLIDER = """async ([name, moves, idle]) => {
  const root = bench.maps();
  const input = [...root.querySelectorAll("input[type=range]")].find((one) => one.getAttribute("aria-label") === name);
  const { frame } = bench;
  const rest = [];
  for (let i = 0; i < idle; i += 1) rest.push(await frame(() => {}));
  const last = Number(input.max);
  let drawn = 0;
  const seen = new Set();
  new MutationObserver((changes) => { drawn += changes.length; seen.add(root.dataset.shown); })
    .observe(root, { attributeFilter: ["data-draw-ms"] });
  const times = [];
  for (let i = 0; i < moves; i += 1) times.push(await frame(() => {
    if (i % 3) return; // a new setting every third frame; the words are on their way in the others
    const turn = (i / 3) % (2 * last);
    input.value = turn > last ? 2 * last - turn : turn;
    input.dispatchEvent(new Event("input"));
  }));
  return { rest, times, drawn, settings: seen.size };
}"""
# Frames a second while the picture is moved before each of them; `drawn` counts the pictures that were painted.
RATE = """async ([target, way, count, skip]) => {
  const canvas = bench.find(target);
  const { left, top, width, height } = canvas.getBoundingClientRect();
  const [x, y] = [left + width / 2, top + height / 2];
  const send = (type, dx, dy, more = {}) => {
    const at = { clientX: x + dx, clientY: y + dy, pointerId: 1, ...more };
    const about = { bubbles: true, cancelable: true, composed: true, ...at };
    for (const Kind of type === "wheel" ? [WheelEvent] : [PointerEvent, MouseEvent]) {
      const name = Kind === PointerEvent ? type.replace("mouse", "pointer") : type;
      canvas.dispatchEvent(new Kind(name, about));
    }
  };
  canvas.setPointerCapture = () => {};
  const acts = {
    pan: (i) => send("mousemove", 60 * Math.sin(i / 9), 40 * Math.cos(i / 7), { buttons: 1 }),
    zoom: (i) => send("wheel", 0, 0, { deltaY: 60 * Math.sign(Math.sin(i / 12)), ctrlKey: true }),
  };
  if (way === "pan") send("mousedown", 0, 0, { buttons: 1 });
  let [begun, before] = [0, 0];
  for (let i = 0; i < count + skip; i += 1) {
    if (i === skip) [begun, before] = [performance.now(), bench.drawn()];
    acts[way](i);
    await new Promise((resolve) => requestAnimationFrame(resolve));
  }
  const seconds = (performance.now() - begun) / 1000;
  const drawn = bench.drawn() - before;
  if (way === "pan") send("mouseup", 0, 0);
  return { rate: count / seconds, drawn };
}"""
COUNT_OURS = """() => {
  let drawn = 0;
  const root = bench.maps();
  new MutationObserver((changes) => { drawn += changes.length; }).observe(root, { attributeFilter: ["data-draw-ms"] });
  bench.drawn = () => drawn;
}"""
COUNT_PROJECTOR = """(() => {
  bench.points = 0;
  for (const Kind of [WebGLRenderingContext, WebGL2RenderingContext]) {
    const draw = Kind.prototype.drawArrays;
    Kind.prototype.drawArrays = function (mode, first, count) {
      if (count > 20000) bench.points += 1;
      return draw.call(this, mode, first, count);
    };
  }
  bench.drawn = () => bench.points;
})()"""


def measure(browser: Browser) -> list[Row]:
    """All figures of the embeddings page."""
    theirs = {way: _projector(browser, way) for way in ("pan", "zoom")} if projector.available() else {}
    with servers.product() as server:
        work, late = _slider(browser, server.url + PAGE)
        ours = {way: _maps(browser, server.url, way) for way in ("pan", "zoom")}
        warm = pictures(browser, server.url + PAGE, WARM_RUNS)
    return [
        row("embeddings.first_picture_warm", warm),
        row("embeddings.slider_p95", work),
        row("embeddings.slider_late_p95", late),
        *(row(f"embeddings.{way}_fps", ours[way], Peer(PROJECTOR, theirs.get(way, []))) for way in ours),
        *embedding_work.measure(browser),
    ]


def _open(here: Visit, url: str) -> None:
    """The maps, with every payload there."""
    here.open(url)
    here.first_picture()
    here.page.evaluate(FIND)
    here.wait("bench.maps() !== undefined")
    here.settle()


def _slider(browser: Browser, url: str) -> tuple[list[float], list[float]]:
    """Milliseconds of work and of lateness per frame, those of an idle frame taken off."""
    with visit(browser) as here:
        _open(here, url)
        # The whole grid has come.
        here.wait("[...bench.maps().querySelectorAll('input[type=range]')].every((one) => Number(one.max) > 2)")
        here.settle()
        found = here.page.evaluate(SLIDER, ["n_neighbors", MOVES, IDLE_FRAMES])
    assert found["drawn"] >= MOVES - 2, found["drawn"]  # every frame was drawn
    assert found["settings"] >= 5, found["settings"]

    def above(what: str) -> list[float]:
        idle = sorted(one[what] for one in found["rest"])[IDLE_FRAMES // 2]
        return [max(0.0, one[what] - idle) for one in found["times"]]

    return above("work"), above("next")


def _maps(browser: Browser, url: str, way: str) -> list[float]:
    """Frames a second of three maps of the whole vocabulary, with labels."""
    with visit(browser) as here:
        _open(here, f"{url}{PAGE}&shown=all&word=")
        here.page.evaluate(COUNT_OURS)
        return _rates(here, "canvas[role=application]", way)


def _projector(browser: Browser, way: str) -> list[float]:
    """The same of the projector: one map, the first of ours, flat."""
    maps = layouts.shipped("en", "all")
    flat = maps.layout(Setting()).points[0]
    points = np.hstack([flat, np.zeros((len(flat), 1), dtype=np.float32)])
    with projector.served(maps.words, points) as address, visit(browser) as here:
        here.page.add_init_script(COUNT_PROJECTOR)
        here.open(address)
        here.wait(DRAWN)
        here.settle()
        return _rates(here, "#scatter canvas", way)


def _rates(here: Visit, canvas: str, way: str) -> list[float]:
    rates: list[float] = []
    for _ in range(RATE_RUNS):
        found = here.page.evaluate(RATE, [canvas, way, RATE_FRAMES, FIRST_FRAMES])
        assert found["drawn"] >= 0.9 * RATE_FRAMES, found  # frames without a picture would be cheap
        rates.append(float(found["rate"]))
    return rates
