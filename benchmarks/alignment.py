"""Figures of the alignment page: its first picture, the matrix of 64 pairs while its temperature and a caption are
dragged, and a typed sentence answered by the small encoder. Live training is measured in `alignment_training.py` where
that exists."""

from __future__ import annotations

import time

from playwright.sync_api import Browser

from benchmarks import servers
from benchmarks.browsers import pictures, visit
from benchmarks.focal_loss import DRAG, IDLE_FRAMES, MOVES
from benchmarks.measure import Row, row, with_p95
from explainers.alignment import batch, captions, encoder, scenes

MATRIX = "/alignment?lang=en&lens=matrix&batch=64"
PAGE = "/alignment?lang=en"
WARM_RUNS = 8
SENTENCES = 60
LANGUAGES: tuple[captions.Language, ...] = ("en", "zh-Hant")
POOL = 360  # pictures that a sentence is compared with

# Carries a caption over the rows of the matrix, a row before every frame, as a held mouse does.
CARRY = """async ([moves, idle]) => {
  const mine = (one) => one.host?.closest(".st-key-align-matrix") && one.querySelector(".root");
  const root = bench.roots.map(mine).find(Boolean);
  const { me } = root;
  const canvas = root.querySelector("canvas");
  canvas.setPointerCapture = () => {};
  const rect = canvas.getBoundingClientRect();
  const at = (row, column) => ({
    clientX: rect.left + me.box.left + (column + 0.5) * me.box.cell,
    clientY: rect.top + me.box.top + (row + 0.5) * me.box.cell,
    pointerId: 1,
    bubbles: true,
  });
  const { frame } = bench;
  const rest = [];
  for (let i = 0; i < idle; i += 1) rest.push(await frame(() => {}));
  let drawn = 0;
  new MutationObserver((changes) => { drawn += changes.length; }).observe(root, { attributeFilter: ["data-draw-ms"] });
  canvas.dispatchEvent(new PointerEvent("pointerdown", at(3, 3)));
  const times = [];
  const carry = (i) => canvas.dispatchEvent(new PointerEvent("pointermove", at(4 + (i % 59), 3)));
  for (let i = 0; i < moves; i += 1) times.push(await frame(() => carry(i)));
  canvas.dispatchEvent(new PointerEvent("pointercancel", { pointerId: 1 }));
  return { rest, times, drawn };
}"""


def measure(browser: Browser) -> list[Row]:
    """All figures of the page but those of training."""
    with servers.product() as server:
        temperature, temperature_late = _moved(
            browser, server.url + MATRIX, DRAG, ["scale", "align-matrix", MOVES, IDLE_FRAMES]
        )
        carried, carried_late = _moved(browser, server.url + MATRIX, CARRY, [MOVES, IDLE_FRAMES])
        warm = pictures(browser, server.url + PAGE, WARM_RUNS)
    return [
        row("alignment.first_picture_warm", warm),
        row("alignment.temperature_64_p95", temperature),
        row("alignment.temperature_64_late_p95", temperature_late),
        row("alignment.carry_64_p95", carried),
        row("alignment.carry_64_late_p95", carried_late),
        *with_p95("alignment.typed", _typed()),
    ]


def _moved(browser: Browser, url: str, script: str, given: list[object]) -> tuple[list[float], list[float]]:
    """Milliseconds of work and of lateness per moved frame, those of an idle frame taken off."""
    with visit(browser) as here:
        here.open(url)
        here.first_picture()
        here.settle()
        found = here.page.evaluate(script, given)
    assert found["drawn"] >= MOVES, found["drawn"]  # every move was drawn

    def above(what: str) -> list[float]:
        idle = sorted(one[what] for one in found["rest"])[IDLE_FRAMES // 2]
        return [max(0.0, one[what] - idle) for one in found["times"]]

    return above("work"), above("next")


def _typed() -> list[float]:
    """Milliseconds from a sentence's characters to the order of all pictures; the pictures' vectors are known."""
    model = batch.shipped()
    drawn = scenes.singles()
    vectors = encoder.embed_images(model, scenes.render(drawn, 1))[:POOL]
    times = []
    told = [captions.caption(scene, LANGUAGES[number % 2]) for number, scene in enumerate(drawn[::6])]
    for text in told[:SENTENCES]:
        begun = time.perf_counter()
        asked = encoder.embed_texts(model, captions.read(text).ids[None])
        (vectors @ asked[0]).argsort()
        times.append(1000 * (time.perf_counter() - begun))
    return times
