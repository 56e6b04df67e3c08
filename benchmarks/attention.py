"""Figures of the attention page: its first picture, a new sentence, and (`lengths.py`) pictures of all lengths."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field

from playwright.sync_api import Browser

from benchmarks import lengths, servers
from benchmarks.browsers import Visit, profile, visit, visit_again
from benchmarks.measure import Peer, Row, row, with_p95
from benchmarks.texts import long_text, short_text

COLD_RUNS = 10
WARM_RUNS = 12
FIRST_VISITS = 3  # a browser fetches at the first, compiles for keeps at the second
SENTENCES = 20
PLAIN = "plain Streamlit page, same model"
SENTENCE = ".st-key-attention-a textarea"


def measure(browser: Browser) -> list[Row]:
    """All figures of the attention page."""
    rows = _first("cold", _cold(browser, ""), _cold(browser, "bert.py"))
    with servers.plain("bert.py") as server:
        plain_warm, plain_empty = _warm(browser, server.url), _empty(browser, server.url)
        plain_typed = _typed(browser, server.url, ".st-key-a textarea", "paint.value.endsWith({said})")
    with servers.product() as server:
        page = f"{server.url}/attention?lang=en"
        rows += _first("warm", _warm(browser, page), plain_warm)
        rows += _first("empty_browser", _empty(browser, page), plain_empty)
        another = "paint.value.split(' ')[0] !== {before}"
        typed = _typed(browser, page, SENTENCE, another)
        rows += with_p95("attention.forward_20", typed, Peer(PLAIN, plain_typed))
        rows += with_p95("attention.forward_512", _typed(browser, page, SENTENCE, another, long_text))
        rows += lengths.measure(browser, page)
    return rows


@dataclass
class Opened:
    """Seconds of each visit until a picture was to be seen, and until it answered the hand."""

    seen: list[float] = field(default_factory=list)
    own: list[float] = field(default_factory=list)

    def note(self, here: Visit) -> None:
        self.seen.append(here.first_sight())
        self.own.append(here.first_picture())


def _first(name: str, ours: Opened, plain: Opened) -> list[Row]:
    return [
        row(f"attention.first_picture_{name}", ours.seen, Peer(PLAIN, plain.seen)),
        row(f"attention.answers_{name}", ours.own, Peer(PLAIN, plain.own)),
    ]


def _cold(browser: Browser, plain: str) -> Opened:
    """The first picture of a fresh process in a browser with an empty cache."""
    times = Opened()
    for _ in range(COLD_RUNS):
        with servers.plain(plain) if plain else servers.product() as server, visit(browser) as here:
            here.open(server.url if plain else f"{server.url}/attention?lang=en")
            times.note(here)
    return times


def _warm(browser: Browser, url: str) -> Opened:
    """The first picture of a process that has served it, in a browser that has shown it before."""
    times = Opened()
    with profile(browser) as context:
        for _ in range(WARM_RUNS + FIRST_VISITS):
            with visit_again(context) as here:
                here.open(url)
                times.note(here)
                here.settle()
    return Opened(times.seen[FIRST_VISITS:], times.own[FIRST_VISITS:])


def _empty(browser: Browser, url: str) -> Opened:
    """The same in a browser with an empty cache."""
    times = Opened()
    for run in range(WARM_RUNS + 1):
        with visit(browser) as here:
            here.open(url)
            times.note(here)
            if run == 0:
                here.settle()
    return Opened(times.seen[1:], times.own[1:])


def _typed(browser: Browser, url: str, box: str, ready: str, text_of: Callable[[int], str] = short_text) -> list[float]:
    """Milliseconds from Ctrl+Enter to the rendered picture of a text that was never asked before."""
    times: list[float] = []
    with visit(browser) as here:
        here.open(url)
        here.first_picture()
        here.settle()
        for number in range(SENTENCES):
            before = here.ask("JSON.stringify(bench.paints.at(-1).value.split(' ')[0])")
            here.page.locator(box).fill(text_of(number))
            here.page.wait_for_timeout(250)
            here.ask("bench.clear()")
            here.page.keyboard.press("Control+Enter")
            painted = ready.format(before=before, said=repr(text_of(number)))
            here.wait(f"bench.paints.some(paint => paint.shown && {painted})")
            done = f"bench.paints.find(paint => paint.shown && {painted}).shown"
            times.append(float(here.ask(f"{done} - bench.keys.find(press => press.key === 'Enter').at")))
            here.settle()
            here.ask("bench.paints.splice(0, bench.paints.length - 1)")
    return times
