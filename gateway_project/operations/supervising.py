"""Supervising: `supervising.py NUMBER COMMAND...` keeps so many processes of a command running.

It is run as a program of its own that imports next to nothing: a parent with the whole house in its
memory would take as much of it as a child, and do nothing with it.
"""

import ctypes
import os
import signal
import subprocess
import sys
import time
from contextlib import suppress
from types import FrameType

SHORT_SECONDS = 5.0
"""Who ends sooner after its start is waited for before it is started again: it would just end."""
REST_SECONDS = 1.0
PR_SET_PDEATHSIG = 1


class Supervisor:
    """The parent of children that all do the same. Started again is whoever dies; a SIGTERM or
    SIGINT ends all, and it with the last of them. Children outlive it by what they have in the
    air."""

    def __init__(self, number: int, command: list[str]) -> None:
        self._number, self._command = number, command
        self._children: dict[int, tuple[subprocess.Popen[bytes], float]] = {}
        self._is_ending = False

    def run(self) -> None:
        for number in (signal.SIGTERM, signal.SIGINT):
            signal.signal(number, self._end)
        while len(self._children) < self._number and not self._is_ending:
            self._start()
        while self._children:
            pid, status = os.wait()
            child, started_at = self._children.pop(pid, (None, 0.0))
            if child is None:
                continue
            child.returncode = os.waitstatus_to_exitcode(status)
            if not self._is_ending and time.monotonic() - started_at < SHORT_SECONDS:
                time.sleep(REST_SECONDS)
            if not self._is_ending:
                sys.stderr.write(f"a process ended with {child.returncode}; started again\n")
                self._start()

    def _start(self) -> None:
        child = subprocess.Popen(self._command, preexec_fn=end_with_parent)  # noqa: S603  our own
        self._children[child.pid] = child, time.monotonic()
        if self._is_ending:  # the signal came while it was started
            self._tell(child.pid)

    def _end(self, number: int, frame: FrameType | None) -> None:
        self._is_ending = True
        for pid in list(self._children):
            self._tell(pid)

    def _tell(self, pid: int) -> None:
        with suppress(ProcessLookupError):
            os.kill(pid, signal.SIGTERM)


def end_with_parent() -> None:
    """Asks Linux for a SIGTERM when the parent is killed and cannot pass one on."""
    if sys.platform == "linux":
        ctypes.CDLL(None).prctl(PR_SET_PDEATHSIG, signal.SIGTERM)


if __name__ == "__main__":
    Supervisor(int(sys.argv[1]), sys.argv[2:]).run()
