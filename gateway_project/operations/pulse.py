"""The pulse of a long-running process: every few seconds a sign of life in the database."""

import os
import socket
import time
from datetime import timedelta

from django.db.models import Count, QuerySet

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateways.models import Heartbeat

EVERY_SECONDS = 10.0
ALIVE_WITHIN = timedelta(seconds=3 * EVERY_SECONDS)
FORGOTTEN_AFTER = timedelta(days=1)


class Pulse:
    """The pulse of this process, one of so many that its parent keeps running. `beat` is called as
    often as one likes, by a clock."""

    def __init__(self, kind: str, *, siblings: int = 1) -> None:
        self._name = f"{_machine()}{os.getpid()}"
        parent = f"{_machine()}{os.getppid()}" if siblings > 1 else self._name
        self._told = {"kind": kind, "parent": parent, "siblings": siblings}
        self._beaten_at: float | None = None

    def beat(self) -> None:
        """Writes that the process lives, if it is time to; raises what the database raises."""
        now = time.monotonic()
        if self._beaten_at is not None and now - self._beaten_at < EVERY_SECONDS:
            return
        with writing():
            at = database_now()
            old = Heartbeat.objects.filter(kind=self._told["kind"], at__lt=at - FORGOTTEN_AFTER)
            old.delete()
            Heartbeat.objects.update_or_create(name=self._name, defaults={**self._told, "at": at})
        self._beaten_at = now


def alive(kind: str, *, here: bool = False) -> int:
    """How many processes of this kind have given a sign of life within half a minute; with `here`,
    those of this machine."""
    return _lately(kind, here).count()


def missing(kind: str, *, here: bool = False) -> int:
    """How many processes should be beside those that are alive: who has a living sibling ought to
    live. Of those that have none left nobody knows whether they are to be."""
    families = _lately(kind, here).order_by().values_list("parent", "siblings")
    return sum(
        max(0, siblings - count) for _, siblings, count in families.annotate(count=Count("*"))
    )


def _lately(kind: str, here: bool) -> "QuerySet[Heartbeat]":
    beats = Heartbeat.objects.filter(kind=kind, at__gte=database_now() - ALIVE_WITHIN)
    return beats.filter(name__startswith=_machine()) if here else beats


def _machine() -> str:
    return f"{socket.gethostname()[:100]}:"
