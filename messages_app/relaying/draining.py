"""Relay: the drain of what a gateway's provider is told beside messages."""

import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from datetime import datetime, timedelta
from uuid import uuid4

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable

from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.futures import failed
from gateway_project.lib.http import HttpAnswer, TransportError, http_client
from gateway_project.lib.transactions import writing
from gateways import configuration
from gateways.models.gateway import OnUnknown
from gateways.providers.base import (
    GatewayMisconfigured,
    MessageRejected,
    OutcomeUnknown,
    Provider,
    ProviderError,
    transport_error,
)
from gateways.providers.capabilities import TakesRelays
from gateways.values import GatewayValues
from messages_app.models import Relay, RelayKind, RelayOutcome
from messages_app.relaying.able import relay_adapter
from messages_app.relaying.errands import Errand, made_ready, size_of
from messages_app.relaying.settling import end, put_off, release, taken

logger = logging.getLogger(__name__)

LEASE = timedelta(seconds=60)
CALLS_IN_THE_AIR = 4
LONGEST_SILENCE_SECONDS = 60.0

_silent_until: dict[tuple[int, str], float] = {}
"""Gateways and kinds of which this process tells nothing before then, by its monotonic clock. The
kinds go to different paths: one that does not answer keeps none of the others back."""


def due_gateways() -> list[str]:
    """The gateways, as drain keys, that have something to be told now."""
    now = moment()
    return [
        str(gateway.id)
        for gateway in configuration.current().gateways.values()
        if _teller(gateway) is not None and _due(gateway.id, now, _told_kinds(gateway)).exists()
    ]


def forget() -> None:
    """Lets all gateways be told again."""
    _silent_until.clear()


def _teller(gateway: GatewayValues) -> Provider | None:
    """The gateway's adapter where it takes relays, and may be told at this moment."""
    if not gateway.is_active or gateway.is_paused:
        return None
    adapter = relay_adapter(gateway)
    return adapter if isinstance(adapter, TakesRelays) else None


def _told_kinds(gateway: GatewayValues) -> list[str]:
    now = time.monotonic()
    return [str(kind) for kind in RelayKind if _silent_until.get((gateway.id, kind), 0.0) <= now]


def _due(gateway_id: int, now: datetime | Combinable, kinds: Sequence[str]) -> "QuerySet[Relay]":
    """Of each subject only the oldest: a later one must not overtake it."""
    earlier = Relay.objects.filter(
        gateway=OuterRef("gateway"), subject=OuterRef("subject"), settled_at=None
    ).filter(pk__lt=OuterRef("pk"))
    due = Relay.objects.filter(gateway=gateway_id, kind__in=kinds, settled_at=None, due_at__lte=now)
    return due.filter(Q(subject="") | ~Exists(earlier))


class RelayWork:
    """Tells one gateway's provider, as many at a time as it takes.

    All but events may come twice without harm: a list, a contact and an order are then as they
    were. So after a lost worker or answer they are told again; an event is only where the
    gateway's operator has said so.
    """

    concurrency = CALLS_IN_THE_AIR
    is_paced = False

    def __init__(self, key: str) -> None:
        self.gateway_id = int(key)
        self._waiting: list[Errand] = []
        self._turn = 0

    def claim(self, free: int) -> list[Errand]:
        gateway = configuration.current().gateways.get(self.gateway_id)
        provider = None if gateway is None else _teller(gateway)
        if gateway is None or provider is None:
            self.close()
            return []
        if not self._waiting and _due(gateway.id, moment(), _told_kinds(gateway)).exists():
            self._waiting += self._claimed(gateway, provider)
        taken_now, self._waiting = self._waiting[:free], self._waiting[free:]
        return taken_now

    def start(self, item: Errand) -> "Future[HttpAnswer]":
        try:
            call = item.call()
        except ProviderError as problem:
            return failed(problem)
        except Exception as error:  # noqa: BLE001  a drain must survive one adapter's fault
            return failed(MessageRejected(_fault(item, error)))
        return http_client().submit(call)

    def settle(self, finished: Sequence[tuple[Errand, "Future[HttpAnswer]"]]) -> None:
        """A transaction for each call."""
        for errand, future in finished:
            problem = _problem(errand, future)
            if problem is None:
                taken(errand)
            elif isinstance(problem, MessageRejected) and errand.halves():
                self._waiting += errand.halves()
            else:
                self._settle_untaken(errand, problem)

    def renew(self, items: Iterable[Errand]) -> None:
        for errand in (*items, *self._waiting):
            held = Relay.objects.filter(pk__in=[each.pk for each in errand.relays])
            held.filter(lease=errand.lease).update(due_at=database_now() + LEASE)

    def close(self) -> None:
        """What was claimed and has not left is due again."""
        waiting, self._waiting = self._waiting, []
        for errand in waiting:
            release(errand)

    def _claimed(self, gateway: GatewayValues, provider: Provider) -> list[Errand]:
        """A call's worth of the next kind that has something due, each kind in its turn."""
        kinds, told = [str(kind) for kind in RelayKind], _told_kinds(gateway)
        for step in range(len(kinds)):
            kind = kinds[(self._turn + step) % len(kinds)]
            if kind not in told:
                continue
            count = size_of(provider, kind) * (CALLS_IN_THE_AIR if kind == RelayKind.EVENT else 1)
            relays = _lease(gateway, kind, max(1, count))
            if relays:
                self._turn += step + 1
                return _ready(gateway, provider, kind, relays)
        return []

    def _settle_untaken(self, errand: Errand, problem: ProviderError) -> None:
        if isinstance(problem, MessageRejected):
            end(errand, RelayOutcome.REJECTED, problem)
        elif isinstance(problem, OutcomeUnknown) and not _may_repeat(errand.gateway, errand.kind):
            end(errand, RelayOutcome.UNKNOWN, problem)
        else:
            wait = put_off(errand, problem)
            if not isinstance(problem, GatewayMisconfigured):
                silence = min(wait, LONGEST_SILENCE_SECONDS)
                _silent_until[errand.gateway.id, errand.kind] = time.monotonic() + silence


def _may_repeat(gateway: GatewayValues, kind: str) -> bool:
    return kind != RelayKind.EVENT or gateway.on_unknown == OnUnknown.REPEAT


def _lease(gateway: GatewayValues, kind: str, count: int) -> list[Relay]:
    """What is due, the longest due first; an event that a lost worker may have told ends here."""
    with writing():
        now = database_now()
        due = _due(gateway.id, now, [kind]).order_by("due_at")
        relays = list(skipping_locked(due)[:count])
        ids, lease = [relay.pk for relay in relays], uuid4()
        # A contact that changes from now on is told once more.
        still_one = {"repeat_key": None} if kind == RelayKind.CONTACT else {}
        Relay.objects.filter(pk__in=ids).update(lease=lease, due_at=now + LEASE, **still_one)
        lost = [relay.pk for relay in relays if relay.lease and not _may_repeat(gateway, kind)]
        Relay.objects.filter(pk__in=lost).update(
            outcome=RelayOutcome.UNKNOWN,
            detail="the worker was lost while it was told",
            settled_at=now,
            lease=None,
        )
    for relay in relays:
        relay.lease = lease
    return [relay for relay in relays if relay.pk not in lost]


def _ready(
    gateway: GatewayValues, provider: Provider, kind: str, relays: list[Relay]
) -> list[Errand]:
    lease = relays[0].lease or uuid4()
    errands, ended = made_ready(gateway, provider, kind, lease, relays)
    with writing():
        for reason, rows in ended.items():
            Relay.objects.filter(pk__in=[row.pk for row in rows], lease=lease).update(
                outcome=RelayOutcome.NOT_NEEDED,
                detail=reason,
                settled_at=database_now(),
                lease=None,
                payload=None,
                address=None,
            )
    return errands


def _problem(errand: Errand, future: "Future[HttpAnswer]") -> ProviderError | None:
    """Why the call was not taken, whatever happened; None where it was."""
    provider = errand.provider
    try:
        answer = future.result()
        return provider.relay_problem(answer) if isinstance(provider, TakesRelays) else None
    except ProviderError as problem:
        return problem
    except TransportError as error:
        return transport_error(error)
    except Exception as error:  # noqa: BLE001  a drain must survive one adapter's fault
        return OutcomeUnknown(_fault(errand, error))


def _fault(errand: Errand, error: Exception) -> str:
    logger.error("gateway %s: its adapter failed: %s", errand.gateway.id, type(error).__name__)
    return f"the adapter failed: {type(error).__name__}"
