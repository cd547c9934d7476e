"""Supervising: `supervising.py NUMBER PIDS COMMAND...` keeps so many processes running.

It is run as a program of its own that imports next to nothing: a parent with the whole house in its
memory would take as much of it as a child, and do nothing with it. Who forked before becoming this
program names those children, with commas between them: they are the first. The command is started
in place of one that dies.
"""

import ctypes
import json
import os
import select
import signal
import subprocess
import sys
import time
from collections.abc import Sequence
from contextlib import suppress
from datetime import UTC, datetime
from functools import partial
from types import FrameType

QUICK_SECONDS = 60.0
"""Who ends sooner after its start has died quickly, and may do so again."""
FIRST_PAUSE_SECONDS, LONGEST_PAUSE_SECONDS = 1.0, 300.0
"""Before it is started again: twice as long each time."""
MOST_DOUBLINGS = 30
"""More than enough, and not yet too large a number."""
MOST_QUICK_DEATHS = 5
"""So many in a row of each process: none of them can live."""
GIVEN_UP = 1
ENDING = (signal.SIGTERM, signal.SIGINT)
"""Who becomes the supervisor holds them back until there is somebody to hear them."""
PR_SET_PDEATHSIG = 1


class Place:
    """One of the processes that are to run, and how those before it have fared."""

    def __init__(self) -> None:
        self.child: int | None = None
        self.due_at = self.started_at = time.monotonic()
        self.quick_deaths = 0

    @property
    def is_lost(self) -> bool:
        return self.child is None and self.quick_deaths >= MOST_QUICK_DEATHS

    def begin(self) -> None:
        self.started_at = time.monotonic()

    def take(self, child: int) -> None:
        """The process of that id."""
        self.child = child

    def leave(self) -> float:
        """After its death. Answers in how many seconds the next one is due."""
        self.child, now = None, time.monotonic()
        is_quick = now - self.started_at < QUICK_SECONDS
        self.quick_deaths = self.quick_deaths + 1 if is_quick else 0
        pause = pause_after(self.quick_deaths)
        self.due_at = now + pause
        return pause


class Supervisor:
    """The parent of children that all do the same. Who dies is started again, ever later where it
    dies quickly; where all of them do, and none is left, it gives up. A SIGTERM or SIGINT ends all,
    and it with the last of them. Children outlive it by what they have in the air."""

    def __init__(self, number: int, command: Sequence[str], children: Sequence[int] = ()) -> None:
        self._command = command
        self._places = [Place() for _ in range(number)]
        for place, child in zip(self._places, children, strict=False):
            place.take(child)
        self._is_ending = False
        self._ear, self._mouth = os.pipe()

    def run(self) -> int:
        """Answers the exit status."""
        self._listen()
        self._bury_the_dead()  # who died before there was anybody to hear of it
        while not self._is_over():
            self._start_who_is_due()
            self._rest()
            self._bury_the_dead()
        if self._is_ending:
            return 0
        tell(f"each of {len(self._places)} processes dies time and again: given up")
        return GIVEN_UP

    def _listen(self) -> None:
        """To signals, which end a rest."""
        for end in (self._ear, self._mouth):
            os.set_blocking(end, False)
        signal.set_wakeup_fd(self._mouth, warn_on_full_buffer=False)
        signal.signal(signal.SIGCHLD, lambda *_: None)  # one that is ignored wakes nobody
        for number in ENDING:
            signal.signal(number, self._end)
        signal.pthread_sigmask(signal.SIG_UNBLOCK, ENDING)

    def _is_over(self) -> bool:
        if self._is_ending:
            return all(place.child is None for place in self._places)
        return all(place.is_lost for place in self._places)

    def _start_who_is_due(self) -> None:
        for place in self._places:
            is_due = place.child is None and place.due_at <= time.monotonic()
            if is_due and not self._is_ending:
                self._start(place)

    def _start(self, place: Place) -> None:
        mind = partial(end_with_parent, os.getpid())
        place.begin()
        try:
            child = subprocess.Popen(self._command, preexec_fn=mind)  # noqa: S603  our own
        except (OSError, subprocess.SubprocessError) as error:  # as one that died at once
            self._leave(place, f"a process could not be started ({reason(error)})")
            return
        child.returncode = 0  # it is waited for here, not when this object is cleared away
        place.take(child.pid)
        if self._is_ending:  # the signal came while it was started
            self._ask_to_end(child.pid)

    def _rest(self) -> None:
        """Until a child dies, one is due, or there is a signal."""
        now = time.monotonic()
        pauses = [place.due_at - now for place in self._places if place.child is None]
        pause = None if self._is_ending or not pauses else max(0.0, min(pauses))
        select.select([self._ear], [], [], pause)
        with suppress(BlockingIOError):
            os.read(self._ear, 4096)

    def _bury_the_dead(self) -> None:
        """Strangers' too: the first process of a container is given all whose parent has gone."""
        with suppress(ChildProcessError):
            while (found := os.waitpid(-1, os.WNOHANG))[0]:
                pid, status = found
                for place in self._places:
                    if place.child == pid:
                        self._bury(place, os.waitstatus_to_exitcode(status))

    def _bury(self, place: Place, code: int) -> None:
        lived = time.monotonic() - place.started_at
        self._leave(place, f"a process ended with {code} after {lived:.0f} s")

    def _leave(self, place: Place, what: str) -> None:
        pause = place.leave()
        if not self._is_ending:
            again = f"started again in {pause:.0f} s" if pause else "started again"
            tell(f"{what}; {again}")

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._is_ending = True
        for place in self._places:
            if place.child is not None:
                self._ask_to_end(place.child)

    def _ask_to_end(self, child: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(child, signal.SIGTERM)


def pause_after(quick_deaths: int) -> float:
    """So many in a row."""
    if not quick_deaths:
        return 0.0
    doublings: int = min(quick_deaths - 1, MOST_DOUBLINGS)
    return min(FIRST_PAUSE_SECONDS * 2.0**doublings, LONGEST_PAUSE_SECONDS)


def reason(error: Exception) -> str:
    """What the system says, without the path of what it was to run."""
    return getattr(error, "strerror", None) or type(error).__name__


def tell(trouble: str) -> None:
    """A line of the log, as the children write theirs."""
    line = f"error: {trouble}"
    if not sys.stderr.isatty():
        timestamp = datetime.now(UTC).isoformat().replace("+00:00", "Z")
        told = {"event": trouble, "logger": "supervising", "level": "error"}
        line = json.dumps({**told, "timestamp": timestamp})
    with suppress(OSError):  # whoever read the log may have ended
        sys.stderr.write(f"{line}\n")
        sys.stderr.flush()


def end_with_parent(parent: int) -> None:
    """Between fork and exec: asks Linux for a SIGTERM when the parent, of that id, is killed and
    cannot pass one on. Where it has been by now, there is nothing to begin."""
    signal.signal(signal.SIGTERM, signal.SIG_DFL)  # the parent's own would be run, and lost
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)
    if os.getppid() != parent:
        os._exit(GIVEN_UP)


def main(number: str, pids: str, *command: str) -> int:
    return Supervisor(int(number), command, [int(pid) for pid in pids.split(",") if pid]).run()


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
