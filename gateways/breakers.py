"""Breakers: a gateway whose provider does not answer is left alone, and tried now and then; one
whose provider has asked for it, by Retry-After, is left in peace for so long.

The rows are shared by all workers and by whoever routes. A process knows them to the half second,
so that a gateway at which all is well costs neither a query for a message nor a write for a
success.
"""

import logging
import threading
import time
from collections.abc import Iterable, Mapping
from datetime import UTC, datetime

from django.db.models import Q

from gateway_project.lib.leases import LEASE
from gateway_project.lib.metrics import BREAKERS_OPENED
from gateway_project.lib.transactions import after_commit, writing
from gateways.circuits import Calls, Circuit, Standing, after
from gateways.models import Breaker, Gateway
from gateways.models.gateway import PAUSE_REASON_LENGTH
from gateways.signals import gateway_broke, gateway_recovered

logger = logging.getLogger(__name__)

PROBE_LEASE = LEASE
"""A worker that tried one message and was lost is not waited for any longer."""
LOOK_EVERY_SECONDS = 0.5


class _Mirror:
    """The rows that are not at rest, as this process last read them."""

    def __init__(self) -> None:
        self.lock = threading.Lock()
        self.rows: Mapping[int, Standing] = {}
        self.looked_at = 0.0

    def read(self) -> Mapping[int, Standing]:
        if self._is_old():
            with self.lock:
                if not self._is_old():  # somebody has looked meanwhile
                    return self.rows
                rows = Breaker.objects.filter(
                    Q(failures__gt=0) | Q(opened_at__isnull=False) | Q(not_before__isnull=False)
                )
                self.rows = {row.pk: standing_of(row) for row in rows}
                self.looked_at = time.monotonic()
        return self.rows

    def _is_old(self) -> bool:
        return time.monotonic() - self.looked_at >= LOOK_EVERY_SECONDS

    def forget(self) -> None:
        self.looked_at = 0.0


_mirror = _Mirror()
forget = _mirror.forget


def standing_of(row: Breaker) -> Standing:
    return Standing(**{name: getattr(row, name) for name in Standing.__slots__})


def circuit_of(gateway_id: int) -> Circuit:
    """Whether messages may pass through the gateway, as far as this process knows."""
    standing = _mirror.read().get(gateway_id)
    return Circuit.CLOSED if standing is None else standing.circuit(datetime.now(UTC))


def is_broken(gateway_id: int) -> bool:
    """Whether the gateway's breaker has opened and nothing has passed since."""
    standing = _mirror.read().get(gateway_id)
    return standing is not None and standing.opened_at is not None


def is_held(gateway_id: int) -> bool:
    """Whether the gateway's provider has asked for no calls now."""
    standing = _mirror.read().get(gateway_id)
    return standing is not None and standing.is_held(datetime.now(UTC))


def take_probe(gateway_id: int, now: datetime) -> bool:
    """Whether the caller is the one who may try one message now; nobody else is for a while."""
    due = Breaker.objects.filter(pk=gateway_id, opened_at__isnull=False, retry_at__lte=now)
    forget()
    return bool(due.exclude(not_before__gt=now).update(retry_at=now + PROBE_LEASE, is_probing=True))


def try_now(gateway_ids: list[int], now: datetime) -> int:
    """Lets the next message of these gateways be tried at once; answers how many were not used."""
    is_open, is_held = Q(opened_at__isnull=False), Q(not_before__gt=now)
    meant = Breaker.objects.filter(is_open | is_held, pk__in=gateway_ids)
    ids = [row.pk for row in meant.select_for_update().order_by("pk")]
    rows = Breaker.objects.filter(pk__in=ids)
    rows.update(not_before=None)
    rows.filter(is_open).update(retry_at=now)
    forget()
    return len(ids)


def note(all_calls: Iterable[Calls], now: datetime) -> None:
    """Writes what calls came to, where that changes anything, in the order of the gateways.

    What has opened and what has closed so is told once the transaction is through: nobody is told
    of what was taken back, nor twice of what was then done anew.
    """
    known = _mirror.read()
    telling = [one for one in all_calls if one.failures or one.rest or one.gateway_id in known]
    if not telling:
        return
    broke: dict[int, str] = {}
    recovered: list[int] = []
    with writing():
        for calls in sorted(telling, key=lambda one: one.gateway_id):
            row = Breaker.objects.select_for_update().filter(pk=calls.gateway_id).first()
            row = row or Breaker.objects.get_or_create(pk=calls.gateway_id)[0]
            before = standing_of(row)
            _write(row, calls, now)
            if row.opened_at is not None and before.opened_at is None:
                broke[row.pk] = row.reason
            elif row.opened_at is None and before.opened_at is not None:
                recovered.append(row.pk)
        after_commit(_tell, broke, recovered)
    forget()


def _write(row: Breaker, calls: Calls, now: datetime) -> None:
    before = standing_of(row)
    stands = after(before, calls, now)
    if stands == before:
        return
    for name in Standing.__slots__:
        setattr(row, name, getattr(stands, name))
    row.opened_times += stands.openings > before.openings
    row.reason = calls.reason[:PAUSE_REASON_LENGTH] if calls.failures else ""
    row.save()


def _tell(broke: Mapping[int, str], recovered: list[int]) -> None:
    """Others of this process look again, too: what they have read meanwhile was the old rows."""
    forget()
    for gateway_id, reason in broke.items():
        logger.error("gateway %s does not answer; nothing is sent: %s", gateway_id, reason)
    for gateway_id in recovered:
        logger.info("gateway %s answers again", gateway_id)
    if broke:
        gateway_broke.send_robust(Breaker, reasons=broke)
        _count(broke)
    if recovered:
        gateway_recovered.send_robust(Breaker, gateway_ids=recovered)


def _count(gateway_ids: Iterable[int]) -> None:
    for provider in Gateway.objects.filter(pk__in=gateway_ids).values_list("provider", flat=True):
        BREAKERS_OPENED.labels(provider).inc()
