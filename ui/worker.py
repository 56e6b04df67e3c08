"""A worker process of the pool: read a call, run it, send back what it reports and what comes of it; again.

Calls and answers are pickles over the process's own pipes. What the work prints goes to the error stream.
"""

from __future__ import annotations

import importlib
import io
import os
import pickle
import sys
import time
from typing import Any, BinaryIO

EVERY_S = 0.05  # a report that carries no picture is sent at most so often


def serve(calls: BinaryIO, answers: BinaryIO) -> None:
    """Run calls until the pipe closes."""

    def send(kind: str, value: Any) -> None:
        message = io.BytesIO()
        pickle.dump((kind, value), message, protocol=pickle.HIGHEST_PROTOCOL)
        answers.write(message.getvalue())
        answers.flush()

    sent = 0.0

    def report(fraction: float, partial: object = None) -> None:
        nonlocal sent
        now = time.monotonic()
        if partial is not None or now - sent >= EVERY_S:
            sent = now
            send("report", (fraction, partial))

    while True:
        try:
            call = pickle.load(calls)
        except EOFError:
            return
        try:
            send("result", call(report=report))
        except Exception as error:
            try:
                pickle.loads(pickle.dumps(error))
                send("error", error)
            except Exception:
                send("error", RuntimeError(f"{type(error).__name__}: {error}"))


def main() -> None:
    """Keep the pipes for ourselves, import what the command line names, and serve."""
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "wb")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    for name in sys.argv[1:]:
        importlib.import_module(name)
    serve(sys.stdin.buffer, answers)


if __name__ == "__main__":
    main()
