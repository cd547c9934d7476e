"""A server of somebody else's that runs for a while beside a test."""

import socket
import subprocess
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

START_SECONDS = 15.0


@contextmanager
def foreign_server(command: Sequence[str], *, port: int, log: Path) -> Iterator[None]:
    """Takes connections at that port of loopback; a RuntimeError with its log if it never does."""
    running = subprocess.Popen(command)
    try:
        _wait_for(port, running, log)
        yield
    finally:
        running.terminate()
        running.wait(10)


def _wait_for(port: int, running: "subprocess.Popen[bytes]", log: Path) -> None:
    until = time.monotonic() + START_SECONDS
    while time.monotonic() < until and running.poll() is None:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1):
            return
        time.sleep(0.05)
    raise RuntimeError(log.read_text() if log.exists() else f"{running.args!r} did not start")
