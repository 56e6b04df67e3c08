"""The code tab: the actual source of the function behind a figure, as one snippet that runs in a notebook.

A notebook started in the repository's folder can paste and run it: imports come first, then what the function uses
from its own module, then its source as it stands in the file, then lines that call it with the values now on the page.
"""

from __future__ import annotations

import ast
import functools
import inspect
from collections.abc import Callable
from types import ModuleType


@functools.cache
def _definition(function: Callable[..., object]) -> str:
    function = inspect.unwrap(function)
    module = inspect.getmodule(function)
    assert module is not None
    source = inspect.getsource(function)
    used = {node.id for node in ast.walk(ast.parse(source)) if isinstance(node, ast.Name)}
    imports, own = _origins(module, used - {function.__name__})
    future = ["from __future__ import annotations"]
    local = [f"from {module.__name__} import {', '.join(sorted(own))}"] if own else []
    return "\n".join([*future, "", *imports, *local, "", "", source.rstrip()])


def _origins(module: ModuleType, used: set[str]) -> tuple[list[str], set[str]]:
    """Import lines of `module` that bind names in `used`, and the used names that the module defines itself."""
    imports: list[str] = []
    own: set[str] = set()
    for node in ast.parse(inspect.getsource(module)).body:
        if isinstance(node, ast.Import | ast.ImportFrom):
            wanted = [n for n in node.names if (n.asname or n.name).split(".")[0] in used]
            if wanted and getattr(node, "module", "") != "__future__":
                imports.append(ast.unparse(_narrowed(node, wanted)))
        elif isinstance(node, ast.FunctionDef | ast.ClassDef):
            own |= {node.name} & used
        elif isinstance(node, ast.Assign | ast.AnnAssign):
            targets = node.targets if isinstance(node, ast.Assign) else [node.target]
            own |= {t.id for t in targets if isinstance(t, ast.Name)} & used
    return imports, own


def _narrowed(node: ast.Import | ast.ImportFrom, names: list[ast.alias]) -> ast.stmt:
    if isinstance(node, ast.Import):
        return ast.Import(names=names)
    return ast.ImportFrom(module=node.module, names=names, level=node.level)


def snippet(function: Callable[..., object], run: str, needs: tuple[Callable[..., object], ...] = ()) -> str:
    """Source of `function`, ready to run, then the lines `run`, which may use `function` and everything in `needs`."""
    imports = [f"from {inspect.unwrap(need).__module__} import {need.__name__}" for need in needs]
    return "\n".join([_definition(function), "", "", *imports, "", run, ""])
