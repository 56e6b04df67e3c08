"""Servers under measurement: the product as `make run` starts it, plain Streamlit pages, a notebook, plain files."""

from __future__ import annotations

import functools
import http.client
import os
import signal
import socket
import subprocess
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from http.server import SimpleHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
PLAIN = Path(__file__).resolve().parent / "plain"
NOTEBOOK = ROOT / ".setup" / "notebook" / "bin" / "python"
START_LIMIT_S = 60.0


@dataclass(frozen=True)
class Server:
    """A server that answers: its address, the seconds from its command to its first answer, its session."""

    url: str
    serving_s: float
    session: int = 0


def memory(server: Server) -> int:
    """Resident bytes of the process that serves: of its session the largest that is Streamlit, no worker of it."""
    found = 0
    for folder in Path("/proc").iterdir():
        try:
            command = (folder / "cmdline").read_bytes()
            if os.getsid(int(folder.name)) != server.session or b"streamlit" not in command:
                continue
            lines = (folder / "status").read_text().splitlines()
            found = max(found, *(1024 * int(line.split()[1]) for line in lines if line.startswith("VmRSS:")))
        except (OSError, ValueError):  # not a process, or one that has just ended
            continue
    return found


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("localhost", 0))
        return int(probe.getsockname()[1])


def product_command(port: int) -> list[str]:
    """`make run` once it has been set up, else the command that it ends in."""
    ready = subprocess.run(["make", "-q", ".venv/run.ready"], cwd=ROOT, capture_output=True, check=False)
    if ready.returncode == 0:
        return ["make", "run", f"PORT={port}"]
    return _streamlit("server.py", port)


def _streamlit(script: str, port: int) -> list[str]:
    return [
        *(sys.executable, "-m", "streamlit", "run", script),
        *("--server.port", str(port), "--server.address", "localhost", "--server.headless", "true"),
    ]


@contextmanager
def product() -> Iterator[Server]:
    """A fresh process of the dashboard."""
    port = free_port()
    with _running(product_command(port), port, ROOT) as server:
        yield server


@contextmanager
def plain(script: str) -> Iterator[Server]:
    """A fresh process of one page of `benchmarks/plain` in Streamlit's own settings, usage statistics aside."""
    port = free_port()
    command = [*_streamlit(script, port), "--browser.gatherUsageStats", "false"]
    with _running(command, port, PLAIN) as server:
        yield server


def notebooks() -> bool:
    """Whether the environment of benchmarks/requirements-notebook.txt is there."""
    return NOTEBOOK.exists()


@contextmanager
def notebook(name: str) -> Iterator[Server]:
    """A notebook of `benchmarks/plain` as voila serves it with its widgets; its kernel starts with the first visit."""
    port = free_port()
    command = [str(NOTEBOOK), "-m", "voila", name, "--no-browser", f"--port={port}", "--Voila.ip=localhost"]
    with _running(command, port, PLAIN, "/voila/static/voila.js") as server:
        yield server


@contextmanager
def _running(command: list[str], port: int, folder: Path, answers: str = "/_stcore/health") -> Iterator[Server]:
    environment = {**os.environ, "STREAMLIT_SERVER_HEADLESS": "true", "HF_HUB_OFFLINE": "1"}
    begun = time.perf_counter()
    process = subprocess.Popen(
        command,
        cwd=folder,
        env=environment,
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        start_new_session=True,
    )
    try:
        _wait_for(process, port, answers)
        yield Server(f"http://localhost:{port}", time.perf_counter() - begun, process.pid)
    finally:
        _end(process)


def _wait_for(process: subprocess.Popen[bytes], port: int, path: str) -> None:
    limit = time.perf_counter() + START_LIMIT_S
    while time.perf_counter() < limit:
        if process.poll() is not None:
            raise RuntimeError(f"the server ended with status {process.returncode} before it answered")
        connection = http.client.HTTPConnection("localhost", port, timeout=2)
        try:
            connection.request("GET", path)
            if connection.getresponse().status == 200:
                return
        except OSError:
            pass
        finally:
            connection.close()
        time.sleep(0.01)
    raise RuntimeError(f"the server did not answer within {START_LIMIT_S:g} s")


def _end(process: subprocess.Popen[bytes]) -> None:
    """End the whole session that the command began: `make` has the server as its child."""
    for number in (signal.SIGTERM, signal.SIGKILL):
        try:
            os.killpg(process.pid, number)
            process.wait(timeout=5)
        except ProcessLookupError:
            return
        except subprocess.TimeoutExpired:
            continue


class _Quiet(SimpleHTTPRequestHandler):
    def log_message(self, format: str, *args: object) -> None:
        """Say nothing: the table is the only output."""


@contextmanager
def files(folder: Path) -> Iterator[str]:
    """Serve a folder and yield its address."""
    handler = functools.partial(_Quiet, directory=str(folder))
    with ThreadingHTTPServer(("localhost", 0), handler) as server:
        thread = threading.Thread(target=server.serve_forever, daemon=True)
        thread.start()
        yield f"http://localhost:{server.server_address[1]}"
        server.shutdown()
