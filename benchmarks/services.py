"""Processes of a run: started with everything they need, watched, and stopped."""

import ctypes
import os
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager, suppress
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent
START_SECONDS = 60.0
GRACE_SECONDS = 10.0
LOOK_SECONDS = 0.05
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
        self.name, self._log = name, log
        with log.open("ab") as file:
            self._process = subprocess.Popen(  # noqa: S603  commands of ours
                command,
                cwd=directory,
                env={**os.environ, **(environment or {})},
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=file,
                start_new_session=True,
                preexec_fn=_end_with_parent,
            )
        if port is not None:
            self._wait_for(port)

    @property
    def pid(self) -> int:
        return self._process.pid

    def stop(self) -> None:
        """SIGTERM, time to finish, then SIGKILL to whatever is left of the group."""
        self._process.terminate()
        with suppress(subprocess.TimeoutExpired):
            self._process.wait(GRACE_SECONDS)
        with suppress(ProcessLookupError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()

    def _wait_for(self, port: int) -> None:
        until = time.monotonic() + START_SECONDS
        while not listens(port):
            if self._process.poll() is not None or time.monotonic() > until:
                self.stop()
                raise DidNotStart(f"{self.name}: {self._log.read_text(errors='replace')[-2000:]}")
            time.sleep(LOOK_SECONDS)


@contextmanager
def running(*services: Service) -> Iterator[tuple[Service, ...]]:
    try:
        yield services
    finally:
        for service in reversed(services):
            service.stop()


def python(*arguments: str) -> list[str]:
    return [sys.executable, *arguments]


def run(command: Sequence[str], environment: Mapping[str, str], log: Path) -> None:
    """Runs a command to its end; raises DidNotStart with what it wrote where it fails."""
    done = subprocess.run(  # noqa: S603  commands of ours
        command,
        cwd=ROOT,
        env={**os.environ, **environment},
        stdin=subprocess.DEVNULL,
        capture_output=True,
        text=True,
        check=False,
    )
    log.open("a").write(done.stdout + done.stderr)
    if done.returncode:
        raise DidNotStart(f"{' '.join(command[-3:])}: {(done.stdout + done.stderr)[-2000:]}")


def listens(port: int) -> bool:
    try:
        socket.create_connection(("127.0.0.1", port), timeout=1).close()
    except OSError:
        return False
    return True


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _end_with_parent() -> None:
    """Asks Linux for a SIGTERM when the parent is killed and cannot pass one on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
