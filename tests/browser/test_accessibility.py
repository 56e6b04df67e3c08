"""An automated audit of every page against WCAG 2 A and AA, colour contrast included, with axe-core."""

from __future__ import annotations

from importlib.resources import files

import pytest
from driver import DESKTOP, PATHS, STAGE, Sheet

AXE = files("axe_playwright_python").joinpath("axe.min.js").read_text("utf-8")
# Streamlit's own DOM, out of reach of this product's style and scripts; each with its reason.
NOT_OURS: list[str] = []
AUDIT = """async (excluded) => {
  const found = await axe.run({ include: [["body"]], exclude: excluded.map((name) => [name]) }, {
    runOnly: { type: "tag", values: ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa"] },
    resultTypes: ["violations"],
  });
  return { rules: found.passes.length, violations: found.violations.map((rule) => ({
    id: rule.id, help: rule.help,
    nodes: rule.nodes.map((node) => `${node.target.flat(9).join(" >> ")}: ${node.failureSummary}`),
  })) };
}"""


def audit(sheet: Sheet) -> list[object]:
    # Evaluated, not injected as a script element, so that the page's own content policy stays as it is.
    sheet.page.evaluate(AXE)
    found = sheet.page.evaluate(AUDIT, NOT_OURS)
    assert found["rules"] > 10  # the audit has looked at something
    return found["violations"]


@pytest.mark.parametrize("theme", ["light", "dark"])
@pytest.mark.parametrize("page", PATHS)
def test_no_violation_on(page_at, page: str, theme: str) -> None:
    sheet = page_at(f"{PATHS[page]}?lang=en", size=DESKTOP, theme=theme)
    assert audit(sheet) == []
    sheet.resize(STAGE)
    sheet.go(f"{PATHS[page]}?lang=zh-Hant&present=1")
    assert audit(sheet) == []


@pytest.mark.parametrize("theme", ["light", "dark"])
def test_no_violation_in_less_usual_states(page_at, theme: str) -> None:
    sheet = page_at("/attention?lang=en&view=matrix&aside=1&pin=3&layer=99&q=B56", theme=theme)
    assert audit(sheet) == []
    for path in ("/attention?lang=en&a=", "/reader?lang=en&find=quantizaton", "/reader?lang=en&find=zzzzqq"):
        assert audit(sheet.go(path)) == [], path
