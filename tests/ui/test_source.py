"""The code tab: what it shows is the function's own source, and runs as it stands."""

from __future__ import annotations

import inspect
import subprocess
import sys
from pathlib import Path

from explainers import attention, models
from ui import source

ROOT = Path(__file__).resolve().parents[2]


def run(code: str) -> str:
    done = subprocess.run([sys.executable, "-c", code], cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_forward_pass_runs_when_pasted() -> None:
    lines = (
        'tokens = trace("Hi there", "").tokens\n'
        "result = forward(load_bert(), tokens)\n"
        "print(result.attention.shape, float(result.attention.sum(-1).min()) > 0.999)"
    )
    code = source.snippet(attention.forward, lines, (attention.trace, models.load_bert))
    assert inspect.getsource(attention.forward).strip() in code
    assert run(code).strip() == "(6, 12, 4, 4) True"


def test_a_sentence_with_quotes_and_newlines_stays_one_string() -> None:
    sentence = "He said \"no\"\n''' \\ done"
    lines = f"print(len(trace({sentence!r}).tokens))"
    expected = len(attention.trace(sentence).tokens)
    assert run(source.snippet(attention.assemble, lines, (attention.trace,))).strip() == str(expected)
