"""Figures of the quantization page's tensor under the hand: what a frame costs while a control of the grid is dragged
over the 589,824 weights of a matrix, and a warm first picture."""

from __future__ import annotations

from playwright.sync_api import Browser

from benchmarks import servers
from benchmarks.browsers import Visit, pictures, visit
from benchmarks.focal_loss import DRAG, IDLE_FRAMES, MOVES
from benchmarks.measure import Row, row

TENSOR = "/quantization?lang=en"
WARM_RUNS = 8
MEASURED = "document.querySelector('.st-key-card-surprise caption')?.textContent.startsWith('Measured')"
CASES = {
    "quantization.scale_tensor_p95": ("", "scale_by"),
    "quantization.scale_channel_p95": ("&grain=channel", "scale_by"),
    "quantization.scale_group_p95": ("&grain=g32", "scale_by"),
    "quantization.bits_p95": ("&grain=channel", "bits"),
    "quantization.bits_least_squares_p95": ("&grain=channel&clipping=mse", "bits"),
    "quantization.percentile_p95": ("&grain=channel&clipping=percentile", "percentile"),
    "quantization.zero_point_p95": ("&grid=affine", "zero_shift"),
}


def measure(browser: Browser) -> list[Row]:
    """All figures of the grid."""
    with servers.product() as server:
        rows = [
            row(name, _drag(browser, server.url + TENSOR + query, control)) for name, (query, control) in CASES.items()
        ]
        return [row("quantization.first_picture_warm", pictures(browser, server.url + TENSOR, WARM_RUNS)), *rows]


def _drag(browser: Browser, url: str, control: str) -> list[float]:
    """Milliseconds of work per moved frame, those of an idle frame taken off."""
    with visit(browser) as here:
        _open(here, url)
        found = here.page.evaluate(DRAG, [control, "quant-tensor", MOVES, IDLE_FRAMES])
    assert found["drawn"] > 0, found["drawn"]
    idle = sorted(one["work"] for one in found["rest"])[IDLE_FRAMES // 2]
    return [max(0.0, one["work"] - idle) for one in found["times"]]


def _open(here: Visit, url: str) -> None:
    """The picture, and the measurement beside it done: it would run while the hand moves."""
    here.open(url)
    here.first_picture()
    here.wait(MEASURED)
    here.settle()
