"""Send: the drain of one gateway's due messages."""

import threading
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import suppress
from contextvars import copy_context
from datetime import datetime
from functools import partial
from typing import Any
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import Combinable

from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.connections import DATABASE_TROUBLE
from gateway_project.lib.departures import departures
from gateway_project.lib.draining import from_the_front
from gateway_project.lib.futures import done, failed
from gateway_project.lib.http import HttpCall, http_client
from gateway_project.lib.journal import about
from gateway_project.lib.leases import LEASE
from gateway_project.lib.sentinel import watching
from gateway_project.lib.shares import part_of
from gateway_project.lib.transactions import writing
from gateways import breakers, configuration
from gateways.adapters import new_adapter
from gateways.circuits import Circuit
from gateways.pacing import Pacer, claimed_ahead
from gateways.providers.base import (
    BlockingProvider,
    GatewayUnavailable,
    HttpProvider,
    InstantProvider,
    Provider,
    ProviderError,
)
from gateways.values import GatewayValues
from messages_app.events import locked_messages
from messages_app.freshness import set_aside, stale_among
from messages_app.holding import is_any, is_held, unheld
from messages_app.leasing import lease, lease_at_once, may_lease_at_once
from messages_app.models import Message, State
from messages_app.parcels import Parcel, Wave, fault, pack, suppressed_of
from messages_app.settling import settle
from messages_app.tries import tries_of
from users.directories.refreshing import want_fresh


def due_gateways() -> list[str]:
    """The gateways, as drain keys, that have due messages and may send them."""
    gateways, now = configuration.current().gateways.values(), moment()
    tests = Message.objects.filter(is_test=True, state=State.QUEUED, due_at__lte=now)
    found = set(tests.values_list("gateway_id", flat=True))
    running = [each for each in gateways if may_send(each)]
    with from_the_front():
        found |= {each.id for each in running if is_any(unheld(_due(each, now), each), each)}
    return [str(gateway_id) for gateway_id in sorted(found)]


def _due(gateway: GatewayValues, now: datetime | Combinable) -> "QuerySet[Message]":
    return Message.objects.filter(gateway=gateway.id, state=State.QUEUED, due_at__lte=now)


def may_send(gateway: GatewayValues) -> bool:
    """Whether messages may leave through it; of one that was broken, a single one now and then."""
    return circuit_of(gateway) is not Circuit.OPEN


def circuit_of(gateway: GatewayValues) -> Circuit:
    """As the breaker has it; open where nothing at all is to be sent through the gateway."""
    if not gateway.is_active or gateway.is_paused or is_held(gateway):
        return Circuit.OPEN
    return breakers.circuit_of(gateway.id)


class SendWork:
    """Claims a gateway's due messages, sends them and settles what came of it."""

    def __init__(self, key: str) -> None:
        self.gateway_id = int(key)
        self.gateway: GatewayValues | None = None
        self.provider: Provider | None = None
        self.threads: ThreadPoolExecutor | None = None
        self.concurrency, self.is_paced = 1, False
        self.together = 1
        self._use(configuration.current().gateways.get(self.gateway_id))

    def claim(self, free: int) -> list[Parcel]:
        """Leases due messages, oldest first: the gateway's rate and slots decide how many, and the
        rate, when each of them leaves."""
        gateway = self._use(configuration.current().gateways.get(self.gateway_id))
        if gateway is None or self.provider is None:
            return []
        wave = self._claimed(gateway, self._wanted(free, self.provider.batch_size))
        if wave is None:
            return []
        parcels = pack(wave, gateway, self.provider)
        if parcels:
            self.together = len(wave.messages) // len(parcels)
        for parcel in parcels:
            since = parcel.started_at - wave.claimed_at
            parcel.leaves_at = wave.clock + since.total_seconds()
        _ask_about(wave.waited_for, wave.claimed_at)
        return parcels

    def _claimed(self, gateway: GatewayValues, wanted: int) -> Wave | None:
        circuit = circuit_of(gateway)
        if circuit is Circuit.CLOSED and may_lease_at_once(gateway):
            return lease_at_once(gateway, wanted)
        due = _due(gateway, moment())
        if circuit is Circuit.OPEN:
            # Tests leave all the same: that is how a gateway is tried before it is used.
            due = due.filter(is_test=True)
            is_due = due.exists()
        else:
            due = unheld(due, gateway)
            is_due = is_any(due, gateway)
        if not is_due:  # the usual answer, without a transaction
            return None
        with writing():
            now, clock = database_now(), time.monotonic()
            pacer = Pacer(gateway.rate_per_second, now, gateway_id=gateway.id)
            count = pacer.free(wanted)
            if circuit is Circuit.HALF_OPEN and count:
                count = int(breakers.take_probe(gateway.id, now))
            return _wave(lease(due, count, now), gateway, pacer, clock)

    def _wanted(self, free: int, size: int) -> int:
        """How many messages to claim for so many free places. How many will leave together is seen
        only when they are made ready: it is taken to be up to twice what it was the last time."""
        return free if size == 1 else min(free * 2 * self.together, max(free, size))

    def start(self, item: Parcel) -> "Future[Any]":
        """Sets the parcel going, at its moment where its gateway keeps a rate."""
        if self.is_paced:
            return departures.at(item.leaves_at, partial(self._start, item))
        return self._start(item)

    def _start(self, item: Parcel) -> "Future[Any]":
        """What cannot even be set going is its outcome."""
        with watching(*item.recipients), about(*item.message_ids):
            return self._begin(item)

    def _begin(self, item: Parcel) -> "Future[Any]":
        provider = item.provider
        try:
            if item.problem is not None:
                return failed(item.problem)
            if isinstance(provider, HttpProvider):
                return http_client().submit(_call(provider, item))
            if isinstance(provider, BlockingProvider) and self.threads is not None:
                return self.threads.submit(copy_context().run, provider.send, item.outbound[0])
            if isinstance(provider, InstantProvider):
                return done(provider.send(item.outbound[0]))
            raise TypeError(f"{type(provider).__name__} cannot send")
        except (ProviderError, TypeError) as problem:
            return failed(problem)

    def settle(self, finished: Sequence[tuple[Parcel, "Future[Any]"]]) -> None:
        """One transaction for all that has finished: attempts, states, statuses."""
        settle([tried for parcel, future in finished for tried in tries_of(parcel, future)])

    def renew(self, items: Iterable[Parcel]) -> None:
        """Prolongs the leases; a lease that was lost meanwhile stays lost."""
        parcels = list(items)
        with writing():
            rows = locked_messages(pk for parcel in parcels for pk in parcel.message_ids)
            leases = {parcel.lease for parcel in parcels}
            held = Message.objects.filter(pk__in=rows, lease__in=leases, state=State.SENDING)
            held.update(lease_until=database_now() + LEASE)

    def close(self) -> None:
        if self.provider is not None:
            _let_go(self.provider, self.threads)

    def _use(self, gateway: GatewayValues | None) -> GatewayValues | None:
        """Takes on the gateway's present configuration; what is in the air ends with the former."""
        if gateway is not None and gateway is not self.gateway:
            provider = new_adapter(gateway)
            self.close()
            self.gateway, self.provider, self.threads = gateway, provider, None
            self.is_paced = gateway.rate_per_second is not None
            places = part_of(provider.concurrency)
            self.concurrency = places + claimed_ahead(gateway.rate_per_second)
            if isinstance(provider, BlockingProvider):
                self.threads = ThreadPoolExecutor(places, f"send-{gateway.id}")
        return gateway


def _wave(claimed: Sequence[Message], gateway: GatewayValues, pacer: Pacer, clock: float) -> Wave:
    """What of it leaves, and when; what has to wait for the directory is given back.

    All that is asked of the database about it is asked here, in the claim's own transaction: what
    is leased and lost afterwards is in doubt, although it has not left.
    """
    stale = stale_among(claimed, gateway, pacer.now)
    if stale:
        set_aside(sorted(stale), pacer.now)
    messages = [message for message in claimed if message.pk not in stale]
    return Wave(
        claimed_at=pacer.now,
        clock=clock,
        messages=messages,
        moments=pacer.take(len(messages)),
        suppressed=suppressed_of(messages, gateway),
        waited_for=[row.end_user_id for row in claimed if row.pk in stale],
    )


def _ask_about(end_user_ids: Sequence[UUID | None], now: datetime) -> None:
    """After the claim: who erases a user locks the user first, and then the messages. Where the
    database is lost meanwhile, the next claim asks."""
    if end_user_ids:
        with suppress(*DATABASE_TROUBLE):
            want_fresh(end_user_ids, now)


def _let_go(provider: Provider, threads: ThreadPoolExecutor | None) -> None:
    """Closes an adapter once the last of its sends has ended; whoever has more to do does not wait
    for that, nor for a server that takes its time over a good-bye."""
    if threads is None:
        provider.close()
        return

    def close() -> None:
        threads.shutdown()
        provider.close()

    threading.Thread(target=close, name="good-bye", daemon=True).start()


def _call(provider: HttpProvider, item: Parcel) -> HttpCall:
    """The request; an adapter that fails to make one has sent nothing."""
    try:
        return provider.call(item.outbound)
    except ProviderError:
        raise
    except Exception as error:  # noqa: BLE001  a drain must survive one adapter's fault
        raise GatewayUnavailable(fault(item, error)) from None
