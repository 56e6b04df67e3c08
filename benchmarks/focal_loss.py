"""Figures of the focal-loss page: what a frame costs while gamma is dragged, and a key press to the picture beside a
plain Streamlit page with a Plotly chart and a notebook with an ipywidgets slider. Its training: `focal_training.py`."""

from __future__ import annotations

from playwright.sync_api import Browser

from benchmarks import servers
from benchmarks.browsers import Visit, pictures, visit
from benchmarks.measure import Peer, Row, row, with_p95

MOVES = 90
IDLE_FRAMES = 40
KEYS = 30
WARM_RUNS = 8
PAUSE_MS = 450
PLAIN = "plain Streamlit page with Plotly"
NOTEBOOK = "ipywidgets notebook with Plotly, by voila"
DRAWN = "document.querySelector('.js-plotly-plot .scatterlayer .js-line') !== null"
CURVES = "/focal-loss?lang=en&gammas=2,0.5,5,1&also=ce"
BUDGET = "/focal-loss?lang=en&lens=budget"

# Moves a slider before every frame, as a held mouse does. work: from the beginning of the frame that draws to its
# rendering; late: how much later than in an idle page the frame after it begins.
DRAG = """async ([control, name, moves, idle]) => {
  const mine = (one) => one.host?.closest(`.st-key-${name}`) && one.querySelector(".root");
  const root = bench.roots.map(mine).find(Boolean);
  const input = root.querySelector(`input[data-control=${control}]`);
  const { frame } = bench;
  const [low, high] = [Number(input.min), Number(input.max)];
  const rest = [];
  for (let i = 0; i < idle; i += 1) rest.push(await frame(() => {}));
  const times = [];
  let drawn = 0;
  new MutationObserver((changes) => { drawn += changes.length; }).observe(root, { attributeFilter: ["data-draw-ms"] });
  for (let i = 0; i < moves; i += 1) times.push(await frame(() => {
    input.value = low + (high - low) * (0.5 + 0.49 * Math.sin(i / 7));
    input.dispatchEvent(new Event("input"));
  }));
  return { rest, times, drawn };
}"""
WATCH_OURS = """() => {
  bench.drawn = [];
  const watch = (root) => new MutationObserver(() => bench.rendered().then((at) => bench.drawn.push(at)))
    .observe(root, { attributeFilter: ["data-draw-ms"] });
  bench.roots.map((one) => one.querySelector(".root[data-draw-ms]")).filter(Boolean).forEach(watch);
}"""
WATCH_PLOTLY = """() => {
  bench.drawn = [];
  const inside = (node) => node.closest?.(".js-plotly-plot") || node.querySelector?.(".js-plotly-plot");
  new MutationObserver((changes) => {
    if (changes.some(({ target }) => inside(target))) bench.rendered().then((at) => bench.drawn.push(at));
  }).observe(document.body, { subtree: true, childList: true, attributes: true, attributeFilter: ["d"] });
}"""


def measure(browser: Browser) -> list[Row]:
    """All figures of the focal-loss page."""
    with servers.plain("focal.py") as server, visit(browser) as here:
        plain = _plotly(here, server.url, ".st-key-gamma input[type=range]")
    notebook: list[float] = []
    if servers.notebooks():
        with servers.notebook("focal.ipynb") as server, visit(browser, strict=False) as here:
            notebook = _plotly(here, server.url, ".widget-slider [role=slider]")
    with servers.product() as server:
        curves, curves_late = _drag(browser, server.url + CURVES, "gammas", "focal-curves")
        shares, shares_late = _drag(browser, server.url + BUDGET, "gamma", "focal-budget")
        batch, _ = _drag(browser, server.url + BUDGET, "ratio", "focal-budget")
        cumulative, _ = _drag(browser, server.url + BUDGET, "gamma", "focal-cumulative")
        with visit(browser) as here:
            here.open(server.url + CURVES)
            here.first_picture()
            here.settle()
            here.page.evaluate(WATCH_OURS)
            ours = _keys(here, "input[data-control=gammas]", last=False)
        warm = pictures(browser, server.url + CURVES, WARM_RUNS)
    return [
        row("focal.first_picture_warm", warm),
        row("focal.curves_drag_p95", curves),
        row("focal.curves_late_p95", curves_late),
        row("focal.budget_drag_p95", shares),
        row("focal.budget_late_p95", shares_late),
        row("focal.batch_drag_p95", batch),
        row("focal.cumulative_drag_p95", cumulative),
        *with_p95("focal.key_painted", ours, Peer(PLAIN, plain)),
        *with_p95("focal.key_painted_notebook", ours, Peer(NOTEBOOK, notebook)),
    ]


def _drag(browser: Browser, url: str, control: str, name: str) -> tuple[list[float], list[float]]:
    """Milliseconds of work and of lateness per moved frame, those of an idle frame taken off."""
    with visit(browser) as here:
        here.open(url)
        here.first_picture()
        here.settle()
        found = here.page.evaluate(DRAG, [control, name, MOVES, IDLE_FRAMES])
    assert found["drawn"] >= MOVES, found["drawn"]  # every move was drawn

    def above(what: str) -> list[float]:
        idle = sorted(one[what] for one in found["rest"])[IDLE_FRAMES // 2]
        return [max(0.0, one[what] - idle) for one in found["times"]]

    return above("work"), above("next")


def _plotly(here: Visit, url: str, slider: str) -> list[float]:
    """Milliseconds from an arrow key on a peer's slider to the end of the last step in which its chart is drawn."""
    here.open(url)
    here.wait(DRAWN)
    here.settle()
    here.page.evaluate(WATCH_PLOTLY)
    return _keys(here, slider, last=True)


def _keys(here: Visit, slider: str, *, last: bool) -> list[float]:
    """Milliseconds from an arrow key on the slider to the picture; `last`: the last drawing of it, else the first."""
    times: list[float] = []
    handle = here.page.locator(slider).first
    for number in range(KEYS):
        handle.focus()
        here.ask("bench.clear(); bench.drawn.length = 0")
        here.page.keyboard.press("ArrowRight" if number % 2 else "ArrowLeft")
        here.page.wait_for_timeout(PAUSE_MS)
        here.settle()
        times.append(float(here.ask(f"bench.drawn.at({-1 if last else 0}) - bench.keys[0].at")))
    return times
