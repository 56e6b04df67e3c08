"""Texts that no plain search for keys can check: what a component's script takes from its group, and the words of
every refusal that an explainer can raise."""

from __future__ import annotations

import ast
import re
from pathlib import Path

import pytest

from ui import language

ROOT = Path(__file__).resolve().parents[2]
TEXTS = language.load("en").texts
# Which scripts a group's texts go to whole. `t.group` of `tokens` goes to ui/tokentable.py, by row name.
GROUPS = {
    "topbar": "topbar.js",
    "paneswitch": "paneswitch.js",
    "passage": "passage.js",
    "reader": "reader.js",
    "explorer": "attention.js",
}
# Names that a script builds: the values of THEMES in topbar.js and of SHARES in paneswitch.js.
BUILT = {f"topbar.theme_{name}" for name in ("system", "light", "dark")}
BUILT |= {f"paneswitch.{name}" for name in ("beside", "hidden", "only")}
PYTHON = "\n".join(path.read_text("utf-8") for folder in ("pages", "ui") for path in (ROOT / folder).rglob("*.py"))


@pytest.mark.parametrize("group", GROUPS)
def test_a_script_uses_every_text_of_its_group_and_no_other(group: str) -> None:
    source = (ROOT / "ui" / "components" / GROUPS[group]).read_text("utf-8")
    used = {f"{group}.{name}" for name in re.findall(r"\blabels\.(\w+)", source) if name != "lang"}
    given = {key for key in TEXTS if key.startswith(f"{group}.")}
    assert used <= given
    assert {key for key in given - used - BUILT if f'"{key}"' not in PYTHON} == set()


def raised() -> dict[str, set[str]]:
    """Codes that explainers raise and the details each of them gives at every place, read off their source."""
    codes: dict[str, set[str]] = {}
    for path in sorted((ROOT / "explainers").rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text("utf-8"))):
            name = node.func.id if isinstance(node, ast.Call) and isinstance(node.func, ast.Name) else ""
            if name == "_refuse":
                code = node.args[1]
                assert isinstance(code, ast.Constant), f"{path.name}:{node.lineno}"
                given = {word.arg or "" for word in node.keywords} | {"kind", "location"}
                codes[code.value] = codes.get(code.value, given) & given
    return codes


def test_a_refusal_of_a_model_is_said_with_what_it_tells() -> None:
    found = raised()
    assert {"package-missing", "checksum", "file-missing"} <= set(found)
    for code, details in found.items():
        assert language.fields(TEXTS[f"error.{code}"]) <= details, code
