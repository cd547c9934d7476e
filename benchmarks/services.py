"""Processes of a run: started with everything they need, watched, and stopped."""

import ctypes
import os
import random
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
GRACE_SECONDS = 10.0
LOOK_SECONDS = 0.05
PORTS = range(16_384, 32_768)
PR_SET_PDEATHSIG = 1


class DidNotStart(Exception):
    """A process ended, or did not listen in time. What it wrote is told."""


class Service:
    """One process with its children. With a port it has started once that is listened on."""

    def __init__(
        self,
        name: str,
        command: Sequence[str],
        *,
        environment: Mapping[str, str] | None = None,
        log: Path,
        port: int | None = None,
        directory: Path = ROOT,
    ) -> None:
        self.name, self._command, self._log = name, command, log
        self._environment = {**os.environ, **(environment or {})}
        self._port, self._directory = port, directory
        self._process: subprocess.Popen[bytes] | None = None

    @property
    def pid(self) -> int:
        assert self._process is not None, f"{self.name} has not been started"
        return self._process.pid

    def start(self) -> None:
        """Raises DidNotStart."""
        with self._log.open("ab") as file:
            self._process = subprocess.Popen(  # noqa: S603  commands of ours
                self._command,
                cwd=self._directory,
                env=self._environment,
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        if self._port is not None:
            self._wait_for(self._process, self._port)

    def stop(self) -> None:
        """SIGTERM, time to finish, then SIGKILL to whatever is left of the group."""
        if self._process is None:
            return
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _wait_for(self, process: "subprocess.Popen[bytes]", port: int) -> None:
        until = time.monotonic() + START_SECONDS
        while not listens(port):
            if process.poll() is not None or time.monotonic() > until:
                raise DidNotStart(f"{self.name}: {self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(LOOK_SECONDS)


@contextmanager
def running(*services: Service) -> Iterator[tuple[Service, ...]]:
    """Started in this order and stopped in the other, whatever happens."""
    with ExitStack() as stack:
        for service in services:
            stack.callback(service.stop)
            service.start()
        yield services


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def run(command: Sequence[str], environment: Mapping[str, str], log: Path) -> str:
    """Runs a command to its end: what it printed. Raises DidNotStart with that where it fails."""
    done = subprocess.run(  # noqa: S603  commands of ours
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    with log.open("a") as file:
        file.write(done.stdout + done.stderr)
    if done.returncode:
        raise DidNotStart(f"{' '.join(command[-3:])}: {(done.stdout + done.stderr)[-2000:]}")
    return done.stdout


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    """Of those below what outgoing connections are given: none of them has it by the time that it
    is listened on."""
    while True:
        port = random.choice(PORTS)  # noqa: S311  no secret
        with socket.socket() as probe, suppress(OSError):
            probe.bind(("127.0.0.1", port))
            return port


def _end_with_parent() -> None:
    """Asks Linux for a SIGTERM when the parent is killed and cannot pass one on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
