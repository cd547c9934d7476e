"""The nursery: a process that has everything loaded and becomes another of the crew in no time.

    python -m gateway_project.operations.drill.nursery

For every line on its standard input it forks one that runs the management command of that name,
and answers its pid on its standard output. A drill kills more of them than could be started from
nothing in a minute, and between two deaths there has to be time for work.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

MODULE = "gateway_project.operations.drill.nursery"
PR_SET_PDEATHSIG = 1
LOOK_SECONDS = 0.005
ALONE = {"worker": {"processes": 1}}
"""A worker that is to be killed is one process, and nobody is there to start it again."""


class Nursery:
    """The one who asks for them. They write to the log, and die when the nursery does."""

    def __init__(self, environment: Mapping[str, str], log: Path) -> None:
        with log.open("ab") as file:
            self._process = subprocess.Popen(  # noqa: S603  our own module
                [sys.executable, "-m", MODULE],
                env=environment,
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=file,
                text=True,
            )

    def bear(self, command: str) -> "Foundling":
        """One more process that runs this command."""
        asking, answering = self._process.stdin, self._process.stdout
        assert asking is not None  # noqa: S101  both are pipes
        assert answering is not None  # noqa: S101
        asking.write(f"{command}\n")
        asking.flush()
        return Foundling(int(answering.readline()))

    def close(self) -> None:
        self._process.kill()
        self._process.communicate()


class Foundling:
    """A process that is somebody else's child, with its own process group."""

    def __init__(self, pid: int) -> None:
        self._pid = pid

    @property
    def has_ended(self) -> bool:
        try:
            os.kill(self._pid, 0)
        except ProcessLookupError:
            return True
        return False

    def kill(self) -> None:
        """SIGKILL to it and its group; returns when it is gone."""
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGKILL)
        while not self.has_ended:
            time.sleep(LOOK_SECONDS)

    def stop(self) -> None:
        """Stands still at this very instruction, with everything in its hands."""
        os.killpg(self._pid, signal.SIGSTOP)

    def go_on(self) -> None:
        with suppress(ProcessLookupError):
            os.killpg(self._pid, signal.SIGCONT)


def main() -> None:
    import django

    django.setup()
    from django.urls import get_resolver

    from gateway_project.operations import drains

    drains.load()
    get_resolver().url_patterns  # noqa: B018  loads the views
    signal.signal(signal.SIGCHLD, signal.SIG_IGN)  # nobody waits for them: none stays a zombie
    for line in sys.stdin:
        pid = os.fork()
        if pid == 0:
            _live(line.strip())
        print(pid, flush=True)  # noqa: T201


def _live(command: str) -> None:
    """The whole life of one of them."""
    from django.core.management import call_command

    os.setsid()
    if sys.platform == "linux":
        # The web server has children of its own to see to.
        last_word = signal.SIGTERM if command == "serve" else signal.SIGKILL
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, last_word)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)
    os.dup2(os.open(os.devnull, os.O_RDWR), sys.stdin.fileno())
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())
    try:
        call_command(command, **ALONE.get(command, {}))
    finally:
        os._exit(0)


if __name__ == "__main__":
    main()
