"""Poll: the drain of the messages whose provider has to be asked what became of them."""

import logging
import time
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import dataclass
from datetime import datetime

from django.db.models import QuerySet
from django.db.models.expressions import Combinable

from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.http import HttpAnswer, TransportError, http_client
from gateway_project.lib.leases import LEASE
from gateway_project.lib.transactions import writing
from gateways import configuration
from gateways.adapters import adapter_of
from gateways.providers.base import (
    GatewayMisconfigured,
    HttpProvider,
    MessageRejected,
    ProviderError,
    StatusUpdate,
    transport_error,
)
from gateways.values import GatewayValues
from messages_app.asking import Asking, asking_of, is_asked
from messages_app.models import Message, SendAttempt
from messages_app.reports import apply_to_gateway

logger = logging.getLogger(__name__)

BATCHES_IN_THE_AIR = 4
WAIT_SECONDS = 60.0
"""Before a provider that gave no answer is asked again, unless it names a wait itself."""
MISCONFIGURED_WAIT_SECONDS = 3600.0
"""The same where it refused the account: a person has to mend that."""

_silent_until: dict[int, float] = {}
"""Gateways that this process does not ask before then, by its monotonic clock."""
_refused: set[int] = set()
"""Gateways whose account was refused when they were last asked."""


@dataclass(slots=True, kw_only=True, eq=False)
class Question:
    """The tries that one call asks about."""

    gateway: GatewayValues
    provider: HttpProvider
    attempts: list[SendAttempt]

    @property
    def ids(self) -> list[int]:
        return [attempt.pk for attempt in self.attempts]


def due_gateways() -> list[str]:
    """The gateways, as drain keys, that have to be asked about something now."""
    now = moment()
    return [
        str(gateway.id)
        for gateway in configuration.current().gateways.values()
        if _asked(gateway) is not None and _due(gateway.id, now).exists()
    ]


def forget() -> None:
    """Lets all gateways be asked again."""
    _silent_until.clear()
    _refused.clear()


def _asked(gateway: GatewayValues) -> HttpProvider | None:
    """The gateway's adapter where it is one to ask, and may be asked at this moment."""
    if _silent_until.get(gateway.id, 0.0) > time.monotonic():
        return None
    try:
        adapter = adapter_of(gateway)
    except (Undecryptable, LookupError):
        return None
    return adapter if is_asked(adapter) else None


def _due(gateway_id: int, now: datetime | Combinable) -> "QuerySet[SendAttempt]":
    return SendAttempt.objects.filter(gateway=gateway_id, ask_at__lte=now)


class PollWork:
    """Asks one gateway's provider, a batch of ids a call, and applies what it answers.

    A claim moves `ask_at` behind the lease, so that what a killed worker had asked is asked again:
    to ask twice does no harm.
    """

    concurrency = BATCHES_IN_THE_AIR
    is_paced = False

    def __init__(self, key: str) -> None:
        self.gateway_id = int(key)
        self._halves: list[Question] = []

    def claim(self, free: int) -> list[Question]:
        gateway = configuration.current().gateways.get(self.gateway_id)
        provider = None if gateway is None else _asked(gateway)
        if gateway is None or provider is None:
            self._halves.clear()
            return []
        if self._halves:
            return self._taken_halves(free)
        if not _due(gateway.id, moment()).exists():  # the usual answer, without a transaction
            return []
        size = provider.poll_size
        attempts = _lease(gateway.id, free * size)
        return [
            Question(gateway=gateway, provider=provider, attempts=attempts[start : start + size])
            for start in range(0, len(attempts), size)
        ]

    def start(self, item: Question) -> "Future[HttpAnswer]":
        ids = [attempt.provider_id for attempt in item.attempts]
        return http_client().submit(item.provider.status_call(ids))

    def settle(self, finished: Sequence[tuple[Question, "Future[HttpAnswer]"]]) -> None:
        """A transaction for each batch: what is written twice after a fault is learnt once."""
        for question, future in finished:
            self._settle(question, future)

    def renew(self, items: Iterable[Question]) -> None:
        for item in items:
            _lease_again(item)

    def close(self) -> None:
        """Nothing is kept open: the client's connections are everybody's."""

    def _settle(self, question: Question, future: "Future[HttpAnswer]") -> None:
        try:
            updates = _answer(question, future)
        except MessageRejected as problem:
            self._settle_refused(question, problem)
        except ProviderError as problem:
            _silence(question.gateway, problem)
            _put_off(question, _wait(problem))
        else:
            _refused.discard(self.gateway_id)
            _apply(question, updates)

    def _settle_refused(self, question: Question, problem: MessageRejected) -> None:
        """One id that the provider does not like must not cost the others their answer: the halves
        are asked singly, down to that id, which then waits for its next turn."""
        middle = len(question.attempts) // 2
        if middle == 0:
            logger.info("gateway %s: an id cannot be asked about", question.gateway.id)
            _apply(question, [])
            return
        for attempts in (question.attempts[:middle], question.attempts[middle:]):
            half = Question(gateway=question.gateway, provider=question.provider, attempts=attempts)
            _lease_again(half)
            self._halves.append(half)

    def _taken_halves(self, free: int) -> list[Question]:
        taken, self._halves = self._halves[:free], self._halves[free:]
        return taken


def _lease(gateway_id: int, count: int) -> list[SendAttempt]:
    with writing():
        now = database_now()
        due = _due(gateway_id, now).order_by("ask_at")
        attempts = list(skipping_locked(due).defer("rendered")[:count])
        ids = [attempt.pk for attempt in attempts]
        SendAttempt.objects.filter(pk__in=ids).update(ask_at=now + LEASE)
    return attempts


def _lease_again(question: Question) -> None:
    held = SendAttempt.objects.filter(pk__in=question.ids).exclude(ask_at=None)
    held.update(ask_at=database_now() + LEASE)


def _answer(question: Question, future: "Future[HttpAnswer]") -> list[StatusUpdate]:
    """What the provider tells. Raises the ProviderError that there is instead."""
    try:
        return question.provider.statuses(future.result())
    except ProviderError:
        raise
    except TransportError as error:
        problem = transport_error(error)
    except Exception as error:  # noqa: BLE001  a drain must survive one adapter's fault
        logger.error(
            "gateway %s: its adapter failed: %s", question.gateway.id, type(error).__name__
        )
        problem = ProviderError("the adapter failed")
    raise problem


def _apply(question: Question, updates: Sequence[StatusUpdate]) -> None:
    """Records what was learnt, and sets when each message is asked about again. What nobody asked
    about is left aside."""
    asked = {attempt.provider_id for attempt in question.attempts}
    learnt = [update for update in updates if update.provider_id in asked]
    asking = _asking(question.gateway)
    with writing():
        apply_to_gateway(question.gateway, learnt)
        now = database_now()
        ids = {attempt.message_id for attempt in question.attempts}
        rows = Message.objects.filter(pk__in=ids).values_list("pk", "state", "status")
        standing = {pk: (state, status) for pk, state, status in rows}
        for attempt in question.attempts:
            state, status = standing.get(attempt.message_id, ("", ""))
            attempt.ask_at = asking.next(attempt.finished_at, now, state=state, status=status)
        SendAttempt.objects.bulk_update(question.attempts, ["ask_at"])


def _put_off(question: Question, wait: float) -> None:
    asking = _asking(question.gateway)
    with writing():
        now = database_now()
        for attempt in question.attempts:
            attempt.ask_at = asking.again(attempt.finished_at, now, wait)
        SendAttempt.objects.bulk_update(question.attempts, ["ask_at"])


def _asking(gateway: GatewayValues) -> Asking:
    return asking_of(configuration.current().labels[gateway.label_id].receipts)


def _wait(problem: ProviderError) -> float:
    if isinstance(problem, GatewayMisconfigured):
        return MISCONFIGURED_WAIT_SECONDS
    return problem.retry_after or WAIT_SECONDS


def _silence(gateway: GatewayValues, problem: ProviderError) -> None:
    """Leaves the provider in peace for all of the gateway's messages; told once where it refuses
    the account."""
    _silent_until[gateway.id] = time.monotonic() + _wait(problem)
    if isinstance(problem, GatewayMisconfigured) and gateway.id not in _refused:
        _refused.add(gateway.id)
        logger.error("gateway %s refuses to tell what became of messages", gateway.id)
