"""What the snippets of code tabs print when they are pasted into a fresh Python, as a reader would paste them."""

from __future__ import annotations

import json
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
# Each has names of its own; most of the time goes to imports, and one process pays for them once.
RUN = """
import contextlib, io, json, sys, traceback
said = []
for text in json.load(sys.stdin):
    out = io.StringIO()
    try:
        with contextlib.redirect_stdout(out):
            exec(compile(text, "snippet", "exec"), {"__name__": "__main__"})
        said.append((out.getvalue(), ""))
    except BaseException:
        said.append((out.getvalue(), traceback.format_exc()))
print(json.dumps(said))
"""


def printed(snippets: Sequence[str], timeout_s: float = 400) -> list[str]:
    """What each of them prints. Fails with the traceback of those that do not run."""
    done = subprocess.run(
        [sys.executable, "-c", RUN],
        input=json.dumps(list(snippets)),
        cwd=ROOT,
        capture_output=True,
        text=True,
        timeout=timeout_s,
    )
    assert done.returncode == 0, done.stderr
    said = json.loads(done.stdout.splitlines()[-1])
    assert not any(trouble for _, trouble in said), "\n".join(trouble for _, trouble in said)
    return [out for out, _ in said]
