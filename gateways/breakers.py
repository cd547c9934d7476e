"""Breakers: a gateway whose provider does not answer is left alone, and tried now and then.

The rows are shared by all workers. A process knows them to the half second, so that a gateway at
which all is well costs neither a query for a message nor a write for a success.
"""

import logging
import threading
import time
from collections.abc import Mapping
from dataclasses import dataclass, replace
from datetime import UTC, datetime, timedelta
from enum import Enum, auto

from django.db.models import Q

from gateway_project.lib.transactions import writing
from gateways.models import Breaker
from gateways.models.gateway import PAUSE_REASON_LENGTH
from gateways.signals import gateway_broke, gateway_recovered

logger = logging.getLogger(__name__)

FAILURES_TO_OPEN = 5
"""In a row: fewer are a hiccup, of which the single message's next try takes care."""
FIRST_PAUSE = timedelta(seconds=30)
LONGEST_PAUSE = timedelta(minutes=10)
PROBE_LEASE = timedelta(seconds=60)
"""A worker that tried one message and was lost is not waited for any longer."""
LOOK_EVERY_SECONDS = 0.5


class Circuit(Enum):
    """Whether messages may pass."""

    CLOSED = auto()
    OPEN = auto()
    HALF_OPEN = auto()
    """One message may."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Standing:
    """What a row says; at its defaults all is well."""

    failures: int = 0
    opened_at: datetime | None = None
    retry_at: datetime | None = None
    is_probing: bool = False
    openings: int = 0

    def circuit(self, now: datetime) -> Circuit:
        if self.opened_at is None:
            return Circuit.CLOSED
        is_due = self.retry_at is not None and self.retry_at <= now
        return Circuit.HALF_OPEN if is_due else Circuit.OPEN


def after(standing: Standing, *, failures: int, successes: int, now: datetime) -> Standing:
    """The standing after so many calls have failed and succeeded. Pure.

    Any success closes it. What was in the air when it opened fails without a further word; a probe
    that fails opens it anew, each time for twice as long.
    """
    if successes:
        return Standing()
    if not failures:
        return standing
    total = standing.failures + failures
    is_open = standing.opened_at is not None
    if (is_open and not standing.is_probing) or (not is_open and total < FAILURES_TO_OPEN):
        return replace(standing, failures=total)
    return Standing(
        failures=total,
        opened_at=standing.opened_at or now,
        retry_at=now + pause(standing.openings),
        openings=standing.openings + 1,
    )


def pause(openings: int) -> timedelta:
    """How long nothing is sent after so many openings in a row."""
    doubled: timedelta = FIRST_PAUSE * 2 ** min(openings, 10)
    return min(doubled, LONGEST_PAUSE)


class _Mirror:
    """The rows that are not at rest, as this process last read them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.rows: Mapping[int, Standing] = {}
        self.looked_at = 0.0

    def read(self) -> Mapping[int, Standing]:
        if time.monotonic() - self.looked_at >= LOOK_EVERY_SECONDS:
            with self.lock:
                rows = Breaker.objects.filter(Q(failures__gt=0) | Q(opened_at__isnull=False))
                self.rows = {row.pk: standing_of(row) for row in rows}
                self.looked_at = time.monotonic()
        return self.rows

    def forget(self) -> None:
        self.looked_at = 0.0


_mirror = _Mirror()
forget = _mirror.forget


def standing_of(row: Breaker) -> Standing:
    return Standing(
        failures=row.failures,
        opened_at=row.opened_at,
        retry_at=row.retry_at,
        is_probing=row.is_probing,
        openings=row.openings,
    )


def circuit_of(gateway_id: int) -> Circuit:
    """Whether messages may pass through the gateway, as far as this process knows."""
    standing = _mirror.read().get(gateway_id)
    return Circuit.CLOSED if standing is None else standing.circuit(datetime.now(UTC))


def is_broken(gateway_id: int) -> bool:
    """Whether the gateway's breaker has opened and nothing has passed since."""
    standing = _mirror.read().get(gateway_id)
    return standing is not None and standing.opened_at is not None


def take_probe(gateway_id: int, now: datetime) -> bool:
    """Whether the caller is the one who may try one message now; nobody else is for a while."""
    due = Breaker.objects.filter(pk=gateway_id, opened_at__isnull=False, retry_at__lte=now)
    forget()
    return bool(due.update(retry_at=now + PROBE_LEASE, is_probing=True))


def try_now(gateway_ids: list[int], now: datetime) -> int:
    """Lets the next message of these gateways be tried at once; answers how many were open."""
    is_open = Breaker.objects.filter(pk__in=gateway_ids, opened_at__isnull=False)
    forget()
    return is_open.update(retry_at=now)


def note(gateway_id: int, *, failures: int, successes: int, reason: str, now: datetime) -> None:
    """Writes what calls came to, where that changes anything."""
    if not failures and gateway_id not in _mirror.read():
        return
    with writing():
        row = Breaker.objects.select_for_update().filter(pk=gateway_id).first()
        row = row or Breaker.objects.get_or_create(pk=gateway_id)[0]
        before = standing_of(row)
        now_stands = after(before, failures=failures, successes=successes, now=now)
        if now_stands == before:
            return
        row.failures, row.is_probing = now_stands.failures, now_stands.is_probing
        row.opened_at, row.retry_at = now_stands.opened_at, now_stands.retry_at
        has_opened = now_stands.openings > before.openings
        row.openings = now_stands.openings
        row.opened_times += has_opened
        row.reason = reason[:PAUSE_REASON_LENGTH] if failures else ""
        row.save()
        _tell(row, before)
    forget()


def _tell(row: Breaker, before: Standing) -> None:
    if row.opened_at is not None and before.opened_at is None:
        logger.error("gateway %s does not answer; nothing is sent: %s", row.pk, row.reason)
        gateway_broke.send(Breaker, gateway_id=row.pk, reason=row.reason)
    elif row.opened_at is None and before.opened_at is not None:
        logger.info("gateway %s answers again", row.pk)
        gateway_recovered.send(Breaker, gateway_id=row.pk)
