"""The guard at work: gateways that do what is not usual are paused, and a person is told."""

import time
from collections.abc import Callable
from datetime import datetime

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateways import configuration
from gateways.values import GatewayValues, GuardValues
from messages_app.guarding.reading import hour_of, present_counts, strikes_of, usual_of
from messages_app.guarding.verdict import ENOUGH_ENDED, LOOKED_BACK, Counts, Usual, Verdict, judge
from messages_app.models import Strike
from messages_app.pausing import pause

EVERY_SECONDS = 2.0


class Guarding:
    """A duty of the clock. What is usual is learnt anew every hour, of gateways that may have come
    to their limits."""

    def __init__(self, clock: Callable[[], float] = time.monotonic) -> None:
        self._clock = clock
        self._due_at = 0.0
        self._learnt: dict[int, tuple[datetime, Usual]] = {}

    def __call__(self) -> int:
        """Answers how many gateways were paused."""
        if self._clock() < self._due_at:
            return 0
        self._due_at = self._clock() + EVERY_SECONDS
        _note_releases()
        gateways = configuration.current().gateways
        guarded = {number: each for number, each in gateways.items() if _runs(each)}
        if not guarded:
            return 0
        now = database_now()
        present = present_counts(list(guarded), hour_of(now))
        busy = [each for each in guarded.values() if _may_be_too_much(each.guard, present[each.id])]
        return sum(self._look_at(each, present[each.id], now) for each in busy)

    def _look_at(self, gateway: GatewayValues, present: Counts, now: datetime) -> bool:
        hour = hour_of(now)
        usual = self._usual(gateway.id, hour)
        struck = strikes_of(gateway.id, hour).get(hour, ())
        verdict = judge(gateway.guard, usual, present, struck=struck)
        if verdict is None:
            return False
        with writing():
            return _strike(gateway.id, hour, verdict)

    def _usual(self, gateway_id: int, hour: datetime) -> Usual:
        learnt = self._learnt.get(gateway_id)
        if learnt is None or learnt[0] != hour:
            learnt = self._learnt[gateway_id] = hour, usual_of(gateway_id, hour)
        return learnt[1]


def _note_releases() -> None:
    """Of gateways that are not held any more, whoever has released them."""
    released = Strike.objects.filter(released_at=None, gateway__is_held_by_guard=False)
    if released.exists():
        with writing():
            released.update(released_at=database_now())


def _runs(gateway: GatewayValues) -> bool:
    return gateway.guard.is_on and gateway.is_active and not gateway.is_paused


def _may_be_too_much(guard: GuardValues, present: Counts) -> bool:
    """Whatever was learnt: limits lie never below those that are set."""
    return present.accepted > guard.least or present.ended >= ENOUGH_ENDED


def _strike(gateway_id: int, hour: datetime, verdict: Verdict) -> bool:
    """Pauses the gateway and remembers it, once. Where somebody is changing the configuration, or
    has paused it, the next look decides."""
    if not pause({gateway_id: verdict.reason}, by_guard=True):
        return False
    Strike.objects.filter(gateway=gateway_id, released_at__lt=hour - LOOKED_BACK).delete()
    Strike.objects.create(gateway_id=gateway_id, hour=hour, kind=verdict.kind)
    return True
