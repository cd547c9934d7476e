"""The scheduler: what has to happen every second, whichever process does it. Two do no harm."""

import logging
import threading
import time
from collections.abc import Callable, Sequence

from django.db import connections

from gateway_project.lib.kicks import kick
from gateway_project.operations import drains

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0
KICK_AGAIN_SECONDS = 5.0

Duty = Callable[[], object]


class Sweep:
    """Kicks every drain that has something due: what a lost kick left behind.

    A key that stays due, since its worker is busy or there is none, is kicked every few seconds
    only, so that no heap of kicks awaits the workers after an outage of theirs.
    """

    def __init__(self) -> None:
        self._kicked: dict[tuple[str, str], float] = {}

    def __call__(self) -> None:
        now = time.monotonic()
        due = set(drains.due())
        self._kicked = {
            one: at
            for one, at in self._kicked.items()
            if one in due and now - at < KICK_AGAIN_SECONDS
        }
        for name, key in due - self._kicked.keys():
            kick(name, key)
            self._kicked[name, key] = now


class Clock:
    """Does its duties at every tick until `stop` is set. One that breaks does not stop the rest."""

    def __init__(self, duties: Sequence[Duty], stop: threading.Event) -> None:
        self._duties = duties
        self._stop = stop
        self._broken: set[Duty] = set()

    def run(self) -> None:
        while not self._stop.is_set():
            for duty in self._duties:
                self._do(duty)
            self._stop.wait(TICK_SECONDS)
        connections.close_all()

    def _do(self, duty: Duty) -> None:
        try:
            duty()
        except Exception as error:  # noqa: BLE001  a duty that breaks is done at the next tick
            if duty not in self._broken:
                logger.error("%s broke: %s", _name(duty), drains.where(error))
            self._broken.add(duty)
            connections.close_all()
        else:
            if duty in self._broken:
                logger.info("%s works again", _name(duty))
            self._broken.discard(duty)


def _name(duty: Duty) -> str:
    return getattr(duty, "__name__", type(duty).__name__.lower())
