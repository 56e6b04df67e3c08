"""Figures of the attention page: its first picture, a new sentence, and (`lengths.py`) pictures of all lengths."""

from __future__ import annotations

from collections.abc import Callable

from playwright.sync_api import Browser

from benchmarks import lengths, servers
from benchmarks.browsers import profile, visit, visit_again
from benchmarks.measure import Peer, Row, row, with_p95
from benchmarks.texts import long_text, short_text

COLD_RUNS = 10
WARM_RUNS = 12
FIRST_VISITS = 3  # a browser fetches at the first, compiles for keeps at the second
SENTENCES = 20
PLAIN = "plain Streamlit page, same model"
FIELD = ".st-key-attention-a textarea"


def measure(browser: Browser) -> list[Row]:
    """All figures of the attention page."""
    rows = [row("attention.first_picture_cold", _cold(browser, ""), Peer(PLAIN, _cold(browser, "bert.py")))]
    with servers.plain("bert.py") as server:
        plain_warm, plain_empty = _warm(browser, server.url), _empty(browser, server.url)
        plain_typed = _typed(browser, server.url, ".st-key-a textarea", "paint.value.endsWith({said})")
    with servers.product() as server:
        page = f"{server.url}/attention?lang=en"
        rows.append(row("attention.first_picture_warm", _warm(browser, page), Peer(PLAIN, plain_warm)))
        rows.append(row("attention.first_picture_empty_browser", _empty(browser, page), Peer(PLAIN, plain_empty)))
        another = "paint.value.split(' ')[0] !== {before}"
        typed = _typed(browser, page, FIELD, another)
        rows += with_p95("attention.forward_20", typed, Peer(PLAIN, plain_typed))
        rows += with_p95("attention.forward_512", _typed(browser, page, FIELD, another, long_text))
        rows += lengths.measure(browser, page)
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


def _typed(
    browser: Browser, url: str, field: str, ready: str, text_of: Callable[[int], str] = short_text
) -> list[float]:
    """Milliseconds from Ctrl+Enter to the rendered picture of a text that was never asked before."""
    times: list[float] = []
    with visit(browser) as here:
        here.open(url)
        here.first_picture()
        here.settle()
        for number in range(SENTENCES):
            before = here.ask("JSON.stringify(bench.paints.at(-1).value.split(' ')[0])")
            here.page.locator(field).fill(text_of(number))
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
