"""The pulse of a long-running process: every few seconds a sign of life in the database."""

import os
import socket
import time
from datetime import timedelta

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateways.models import Heartbeat

EVERY_SECONDS = 10.0
ALIVE_WITHIN = timedelta(seconds=3 * EVERY_SECONDS)
FORGOTTEN_AFTER = timedelta(days=1)


class Pulse:
    """The pulse of this process. `beat` is called as often as one likes, by a clock."""

    def __init__(self, kind: str) -> None:
        self._kind = kind
        self._name = f"{_machine()}{os.getpid()}"
        self._beaten_at: float | None = None

    def beat(self) -> None:
        """Writes that the process lives, if it is time to; raises what the database raises."""
        now = time.monotonic()
        if self._beaten_at is not None and now - self._beaten_at < EVERY_SECONDS:
            return
        with writing():
            at = database_now()
            Heartbeat.objects.filter(kind=self._kind, at__lt=at - FORGOTTEN_AFTER).delete()
            Heartbeat.objects.update_or_create(
                name=self._name, defaults={"kind": self._kind, "at": at}
            )
        self._beaten_at = now


def alive(kind: str, *, here: bool = False) -> int:
    """How many processes of this kind have given a sign of life within half a minute; with `here`,
    those of this machine."""
    beats = Heartbeat.objects.filter(kind=kind, at__gte=database_now() - ALIVE_WITHIN)
    return (beats.filter(name__startswith=_machine()) if here else beats).count()


def _machine() -> str:
    return f"{socket.gethostname()[:100]}:"
