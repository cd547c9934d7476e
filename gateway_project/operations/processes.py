"""Several processes under one parent: started together, stopped together, none left behind."""

import gc
import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Mapping, Sequence
from contextlib import nullcontext, suppress
from functools import partial
from pathlib import Path

from django.conf import settings
from django.db import connections

from gateway_project.operations import supervising
from gateway_project.operations.cores import usable_cores

COMMANDS = ("serve", "worker", "scheduler")
GRACE_SECONDS = 35.0
LOOK_SECONDS = 0.2


def manage(*arguments: str) -> list[str]:
    """The command line of a management command."""
    return [sys.executable, str(settings.BASE_DIR / "manage.py"), *arguments]


def supervised(number: int, command: Sequence[str], children: Sequence[int] = ()) -> list[str]:
    """The command line of a parent that keeps so many processes of a command running, of which
    some may be there already."""
    # -P: what stands beside it does not hide the standard library's.
    pids = ",".join(map(str, children))
    return [sys.executable, "-P", supervising.__file__, str(number), pids, *command]


def prepare_to_fork() -> None:
    """Closes what children must not share, and leaves alone what they are to share."""
    connections.close_all()  # each makes its own
    gc.freeze()  # a collector that looked at what they share would copy all of it


def become_several(number: int, command: Sequence[str]) -> None:
    """Returns in each of so many processes, which share the memory of all that has been imported.
    This one becomes their parent, who starts the command in place of one that dies, or could not be
    forked. Where somebody has begun a thread, which would not come along, none is.
    """
    prepare_to_fork()
    signal.pthread_sigmask(signal.SIG_BLOCK, supervising.ENDING)
    signal.signal(signal.SIGCHLD, signal.SIG_DFL)  # one that is ignored is never heard of again
    parent, children = os.getpid(), []
    with suppress(OSError):
        for _ in range(number if threading.active_count() == 1 else 0):
            if (child := os.fork()) == 0:
                supervising.end_with_parent(parent)
                signal.pthread_sigmask(signal.SIG_UNBLOCK, supervising.ENDING)
                return
            children.append(child)
    os.execv(sys.executable, supervised(number, command, children))  # noqa: S606  our own


def one_for_each_core() -> int:
    """SQLite has one writer, and one process waits for it best; a server has one per core."""
    return 1 if settings.EMBEDDED else usable_cores()


class Processes:
    """Children, each with its own process group, which has none of the terminal's signals.

    With a `log` they write there, each line behind those of others, instead of to the terminal.
    """

    def __init__(
        self,
        commands: Mapping[str, Sequence[str]],
        environment: Mapping[str, str] | None = None,
        log: Path | None = None,
    ) -> None:
        self._commands = commands
        self._environment = environment
        self._log = log
        self._children: dict[str, subprocess.Popen[bytes]] = {}

    def start(self) -> None:
        with nullcontext() if self._log is None else self._log.open("ab") as log:
            for name, command in self._commands.items():
                self._children[name] = subprocess.Popen(  # noqa: S603  our own commands
                    command,
                    env=self._environment,
                    stdout=log,
                    stderr=log,
                    start_new_session=True,
                    preexec_fn=partial(supervising.end_with_parent, os.getpid()),
                )

    def ended(self) -> list[str]:
        """The names of those that are not running any more."""
        return [name for name, child in self._children.items() if child.poll() is not None]

    def watch(self, stop: threading.Event) -> list[str]:
        """Waits until `stop` is set, or a child ends: names those that ended by themselves."""
        while not stop.wait(LOOK_SECONDS):
            if ended := self.ended():
                return ended
        return []

    def stop(self, grace: float = GRACE_SECONDS) -> None:
        """SIGTERM to each child, time to finish, then SIGKILL to whatever is left of the groups."""
        for child in self._children.values():
            child.terminate()
        deadline = time.monotonic() + grace
        for child in self._children.values():
            with suppress(subprocess.TimeoutExpired):
                child.wait(max(0.0, deadline - time.monotonic()))
        self.kill()

    def kill(self) -> None:
        """SIGKILL to all of the groups at once, without a word before."""
        for child in self._children.values():
            with suppress(ProcessLookupError):
                os.killpg(child.pid, signal.SIGKILL)
        for child in self._children.values():
            child.wait()


def gatehouse(environment: Mapping[str, str] | None = None) -> Processes:
    """The three processes of a gateway, in this environment or the parent's own."""
    return Processes({command: manage(command) for command in COMMANDS}, environment)
