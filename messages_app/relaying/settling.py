"""Settling relays: what came of a call, written where its lease still holds."""

from collections.abc import Sequence
from datetime import timedelta
from typing import Any

from django.db.models import F, QuerySet

from gateway_project.lib.clock import database_now
from gateway_project.lib.leases import LEASE
from gateway_project.lib.redaction import scrub
from gateway_project.lib.schedules import delay
from gateway_project.lib.storable import storable
from gateway_project.lib.transactions import writing
from gateways.providers.base import GatewayMisconfigured, ProviderError
from messages_app.models import DETAIL_LENGTH, Relay, RelayOutcome
from messages_app.relaying.errands import Errand
from messages_app.relaying.locking import locked

RELAY_SCHEDULE: Sequence[float] = (
    *(5, 30, 120, 600, 1800, 3600),
    *(7200, 14400, 28800, 43200),
)
"""Seconds between tries: a good day in all."""
PAUSED_SECONDS = 1.0
"""What had been claimed of a listener who is told no more waits for its release after that."""
FEW = 20
"""Of so many people the provider's words are scrubbed name by name. Of more, only what stands
before them is kept."""


def taken(errand: Errand) -> None:
    """The listener has it: what it said is not needed any more."""
    _write(
        errand,
        outcome=RelayOutcome.TAKEN,
        detail="",
        settled_at=database_now(),
        payload=None,
        address=None,
    )


def end(errand: Errand, outcome: RelayOutcome, problem: ProviderError) -> None:
    """It is not told again, unless a person says so."""
    _write(errand, outcome=outcome, detail=_detail(errand, problem), settled_at=database_now())


def put_off(errand: Errand, problem: ProviderError) -> float:
    """It is told again later, or has failed where it was out of tries. Answers the seconds until
    then. A listener who turns our account away is told no more, and the try is not counted."""
    detail, now = _detail(errand, problem), database_now()
    if isinstance(problem, GatewayMisconfigured):
        with writing():
            errand.listener.stop(detail)
            due_at = now + timedelta(seconds=PAUSED_SECONDS)
            _held(errand).update(lease=None, due_at=due_at, detail=detail)
        return PAUSED_SECONDS
    attempts = errand.relays[0].attempts + 1
    wait = delay(RELAY_SCHEDULE, attempts)
    if wait is None:
        _write(errand, outcome=RelayOutcome.FAILED, detail=detail, settled_at=now)
        return 0.0
    wait = max(wait, problem.retry_after or 0.0)
    _write(errand, detail=detail, due_at=now + timedelta(seconds=wait))
    return wait


def prolong(errand: Errand) -> None:
    """It is still on its way: nobody takes it back yet."""
    with writing():
        _held(errand).update(due_at=database_now() + LEASE)


def release(errand: Errand) -> None:
    """It has not left: it is due, as it was."""
    with writing():
        _held(errand).update(lease=None, due_at=database_now())


def _write(errand: Errand, **values: Any) -> None:
    with writing():
        _held(errand).update(lease=None, attempts=F("attempts") + 1, **values)


def _held(errand: Errand) -> "QuerySet[Relay]":
    """What of it is still this worker's."""
    ids = [relay.pk for relay in errand.relays]
    return locked(Relay.objects.filter(pk__in=ids, lease=errand.lease, settled_at=None))


def _detail(errand: Errand, problem: ProviderError) -> str:
    """The listener's words without anybody's address and our own secrets."""
    words, hidden = problem.detail, errand.hidden()
    if len(errand.items) > FEW:
        words, hidden = words.partition(":")[0], []
    return storable(scrub(words, *hidden, *errand.listener.secrets()))[:DETAIL_LENGTH]
