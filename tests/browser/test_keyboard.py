"""Everything can be reached by keyboard, in reading order, and nothing moves for those who asked for calm."""

from __future__ import annotations

from driver import Sheet
from playwright.sync_api import expect

FOCUSED = """() => {
  let node = document.activeElement;
  const keys = [];
  while (node) {
    const key = node.closest?.("[class*=st-key-]");
    if (key) keys.push([...key.classList].find((name) => name.startsWith("st-key-")).slice(7));
    if (!node.shadowRoot?.activeElement) break;
    node = node.shadowRoot.activeElement;
  }
  if (!node || node === document.body) return null;
  return { at: keys.at(-1) ?? "", tag: node.localName, kind: node.className, role: node.getAttribute("role"),
    bind: node.dataset?.bind ?? null };
}"""


def walk(sheet: Sheet, steps: int) -> list[dict[str, str | None]]:
    """What Tab reaches, from the top of the page."""
    reached = []
    for _ in range(steps):
        sheet.page.keyboard.press("Tab")
        found = sheet.page.evaluate(FOCUSED)
        if found is not None:
            reached.append(found)
    return reached


def test_tab_reaches_everything_in_order(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    reached = walk(sheet, 60)

    def first(**wanted: str) -> int:
        for at, found in enumerate(reached):
            if all((found[name] or "") == value for name, value in wanted.items()):
                return at
        raise AssertionError(f"{wanted} is not reached: {reached}")

    order = [
        first(at="topbar", kind="skip"),
        first(at="topbar", tag="select"),
        next(at for at, found in enumerate(reached) if found["bind"]),
        first(at="divider", role="separator"),
        first(at="attention-a", tag="textarea"),
        first(at="attention-b", tag="textarea"),
        first(at="attention-explorer", role="gridcell"),
        first(at="attention-explorer", tag="canvas"),
        first(at="attention-layer"),
        first(at="attention-head"),
        first(at="attention-view"),
        first(at="attention-aside"),
        first(at="attention-reset"),
    ]
    assert order == sorted(order)
    # All heads are one stop: arrow keys move within.
    assert sum(found["role"] == "gridcell" for found in reached) == 1


def test_the_skip_link_shows_itself_and_leads_to_the_picture(page_at) -> None:
    sheet = page_at("/attention?lang=en")
    skip = sheet.page.locator(".st-key-topbar .skip")
    reached = walk(sheet, 3)  # Streamlit's own skip link and main area come first
    assert reached[-1]["kind"] == "skip"
    expect(skip).to_be_focused()
    box = skip.bounding_box()
    assert box and box["x"] >= 0
    sheet.page.keyboard.press("Enter")
    expect(sheet.page.locator(".st-key-main-picture")).to_be_focused()


def test_nothing_moves_under_reduced_motion(page_at) -> None:
    sheet = page_at("/attention?lang=en", reduced_motion="reduce")
    sheet.page.get_by_role("gridcell", name="Layer 2, head 9").click()
    sheet.expect_painted(2, 9)
    moving = sheet.page.evaluate(
        "() => document.getAnimations().filter((one) => one.playState === 'running').map((one) => one.constructor.name)"
    )
    assert moving == []
