"""Relay: the drain of what providers, the platform and Smartico are told beside messages."""

import logging
import time
from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import Future
from datetime import datetime
from uuid import uuid4

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.db.models.expressions import Combinable

from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.draining import from_the_front, skipping_locked
from gateway_project.lib.futures import failed
from gateway_project.lib.http import HttpAnswer, TransportError, http_client
from gateway_project.lib.leases import LEASE
from gateway_project.lib.shares import part_of
from gateway_project.lib.transactions import writing
from gateways import configuration
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    ProviderError,
    transport_error,
)
from messages_app.models import Relay, RelayKind, RelayOutcome
from messages_app.relaying.errands import Errand, made_ready
from messages_app.relaying.label_listeners import listeners_of
from messages_app.relaying.listener import Listener
from messages_app.relaying.provider_listener import provider_listener
from messages_app.relaying.settling import end, prolong, put_off, release, taken

logger = logging.getLogger(__name__)

CALLS_IN_THE_AIR = 4
"""Of one `worker` command."""
LONGEST_SILENCE_SECONDS = 60.0
SHUT = "it cannot be decrypted with the present keys"

_silent_until: dict[tuple[str, str], float] = {}
"""Listeners and kinds of which this process tells nothing before then, by its monotonic clock. The
kinds go to different paths: one that does not answer keeps none of the others back."""


def due_listeners() -> list[str]:
    """Those, as drain keys, who have something to be told now."""
    now = moment()
    return [each.key for each in told_listeners() if _due(each, now, _told_kinds(each)).exists()]


def forget() -> None:
    """Lets all listeners be told again."""
    _silent_until.clear()


def told_listeners() -> Iterator[Listener]:
    """All that may be told at this moment."""
    current = configuration.current()
    for gateway in current.gateways.values():
        if (provider := provider_listener(gateway)) is not None:
            yield provider
    for label in current.labels.values():
        yield from (each for each in listeners_of(label) if each.is_told)


def _listener(key: str) -> Listener | None:
    """The one of this drain key; None where it may not be told at this moment."""
    who, _, number = key.rpartition("/")
    current = configuration.current()
    if not who:
        gateway = current.gateways.get(int(number))
        return None if gateway is None else provider_listener(gateway)
    label = current.labels.get(int(number))
    found = [] if label is None else listeners_of(label)
    return next((each for each in found if each.who == who and each.is_told), None)


def _told_kinds(listener: Listener) -> list[str]:
    now = time.monotonic()
    return [str(kind) for kind in RelayKind if _silent_until.get((listener.key, kind), 0.0) <= now]


def _due(listener: Listener, now: datetime | Combinable, kinds: Sequence[str]) -> "QuerySet[Relay]":
    """Of each subject only the oldest: a later one must not overtake it. What a worker holds is
    not due, nor what a lost one held, until it is taken back."""
    earlier = listener.relays().filter(
        subject=OuterRef("subject"), settled_at=None, pk__lt=OuterRef("pk")
    )
    waiting = listener.relays().filter(kind__in=kinds, settled_at=None, lease=None)
    return waiting.filter(Q(subject="") | ~Exists(earlier), due_at__lte=now)


class RelayWork:
    """Tells one listener, as many at a time as it takes; again after a lost answer where that may
    be."""

    is_paced = False

    def __init__(self, key: str) -> None:
        self.key, self.concurrency = key, part_of(CALLS_IN_THE_AIR)
        self._waiting: list[Errand] = []
        self._turn = 0

    def claim(self, free: int) -> list[Errand]:
        listener = _listener(self.key)
        if listener is None:
            self.close()
            return []
        if not self._waiting and _due(listener, moment(), _told_kinds(listener)).exists():
            self._waiting += self._claimed(listener)
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
            prolong(errand)

    def close(self) -> None:
        """What was claimed and has not left is due again."""
        waiting, self._waiting = self._waiting, []
        for errand in waiting:
            release(errand)

    def _claimed(self, listener: Listener) -> Sequence[Errand]:
        """A call's worth of the next kind that has something due, each kind in its turn."""
        kinds, told = [str(kind) for kind in RelayKind], _told_kinds(listener)
        for step in range(len(kinds)):
            kind = kinds[(self._turn + step) % len(kinds)]
            if kind not in told:
                continue
            size = max(1, listener.size(kind))
            relays = _lease(listener, kind, self.concurrency if size == 1 else size)
            if relays:
                self._turn += step + 1
                return _ready(listener, kind, relays)
        return []

    def _settle_untaken(self, errand: Errand, problem: ProviderError) -> None:
        if isinstance(problem, MessageRejected):
            end(errand, RelayOutcome.REJECTED, problem)
        elif isinstance(problem, OutcomeUnknown) and not errand.listener.may_repeat(errand.kind):
            end(errand, RelayOutcome.UNKNOWN, problem)
        else:
            wait = put_off(errand, problem)
            if not isinstance(problem, GatewayMisconfigured):
                silence = min(wait, LONGEST_SILENCE_SECONDS)
                _silent_until[errand.listener.key, errand.kind] = time.monotonic() + silence


def _lease(listener: Listener, kind: str, count: int) -> list[Relay]:
    """What is due, the longest due first."""
    with writing():
        now = database_now()
        due = _due(listener, now, [kind]).order_by("due_at")
        with from_the_front():
            relays = list(skipping_locked(due)[:count])
        ids, lease = [relay.pk for relay in relays], uuid4()
        # A contact that changes from now on is told once more.
        still_one = {"repeat_key": None} if kind == RelayKind.CONTACT else {}
        Relay.objects.filter(pk__in=ids).update(lease=lease, due_at=now + LEASE, **still_one)
    for relay in relays:
        relay.lease = lease
    return relays


def _ready(listener: Listener, kind: str, relays: list[Relay]) -> Sequence[Errand]:
    """What of it can leave. What no key opens waits for one, and loses nothing."""
    lease = relays[0].lease or uuid4()
    ready = made_ready(listener, kind, lease, relays)
    for errand in ready.shut:
        logger.error("relays of %s: %d cannot be decrypted", listener.key, len(errand.relays))
        put_off(errand, GatewayUnavailable(SHUT))
    with writing():
        for reason, rows in ready.not_needed.items():
            Relay.objects.filter(pk__in=[row.pk for row in rows], lease=lease).update(
                outcome=RelayOutcome.NOT_NEEDED,
                detail=reason,
                settled_at=database_now(),
                lease=None,
                payload=None,
                address=None,
            )
    return ready.errands


def _problem(errand: Errand, future: "Future[HttpAnswer]") -> ProviderError | None:
    """Why the call was not taken, whatever happened; None where it was."""
    try:
        return errand.listener.problem(future.result())
    except ProviderError as problem:
        return problem
    except TransportError as error:
        return transport_error(error)
    except Exception as error:  # noqa: BLE001  a drain must survive one adapter's fault
        return OutcomeUnknown(_fault(errand, error))


def _fault(errand: Errand, error: Exception) -> str:
    logger.error("relays of %s: the adapter failed: %s", errand.listener.key, type(error).__name__)
    return f"the adapter failed: {type(error).__name__}"
