"""The scheduler: what has to happen every second, whichever process does it. Two do no harm."""

import logging
import threading
from collections.abc import Callable, Sequence

from django.db import connections

from gateway_project.operations import drains

logger = logging.getLogger(__name__)

TICK_SECONDS = 1.0

Duty = Callable[[], object]


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
