"""Poll: the drain of the messages whose provider has to be asked what became of them."""

import logging
import time
from collections.abc import Collection, Iterable, Sequence
from concurrent.futures import Future
from datetime import datetime
from uuid import UUID

from django.db.models import QuerySet
from django.db.models.expressions import Combinable

from gateway_project.lib import bulk
from gateway_project.lib.clock import database_now, moment
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.draining import from_the_front, skipping_locked
from gateway_project.lib.http import HttpAnswer, TransportError, http_client
from gateway_project.lib.leases import LEASE
from gateway_project.lib.shares import part_of
from gateway_project.lib.transactions import writing
from gateways import configuration
from gateways.adapters import adapter_of
from gateways.providers.base import (
    Findings,
    GatewayMisconfigured,
    HttpProvider,
    MessageRejected,
    ProviderError,
    transport_error,
)
from gateways.values import GatewayValues
from messages_app.asking import Asking, asking_of
from messages_app.models import Message, SendAttempt
from messages_app.parked import settle_never_taken
from messages_app.questions import Question, Way, ways_of
from messages_app.reports import apply_to_gateway

logger = logging.getLogger(__name__)

BATCHES_IN_THE_AIR = 4
"""Of one `worker` command."""
WAIT_SECONDS = 60.0
"""Before a provider that gave no answer is asked again, unless it names a wait itself."""
MISCONFIGURED_WAIT_SECONDS = 3600.0
"""The same where it refused the account: a person has to mend that."""

_silent_until: dict[int, float] = {}
"""Gateways that this process does not ask before then, by its monotonic clock."""
_refused: set[int] = set()
"""Gateways whose account was refused when they were last asked."""


def due_gateways() -> list[str]:
    """The gateways, as drain keys, that have to be asked about something now."""
    now = moment()
    return [
        str(gateway.id)
        for gateway in configuration.current().gateways.values()
        if (ways := _ways(gateway)) and _due(gateway.id, ways, now).exists()
    ]


def forget() -> None:
    """Lets all gateways be asked again."""
    _silent_until.clear()
    _refused.clear()


def _ways(gateway: GatewayValues) -> Collection[Way]:
    """How the gateway's provider may be asked at this moment."""
    if _silent_until.get(gateway.id, 0.0) > time.monotonic():
        return ()
    try:
        return ways_of(adapter_of(gateway), gateway)
    except (Undecryptable, LookupError):
        return ()


def _due(
    gateway_id: int, ways: Iterable[Way], now: datetime | Combinable
) -> "QuerySet[SendAttempt]":
    due = SendAttempt.objects.filter(gateway=gateway_id, ask_at__lte=now)
    return due.filter(outcome__in=[way.outcome for way in ways])


class PollWork:
    """Asks one gateway's provider, a batch of ids a call, and applies what it answers.

    A claim moves `ask_at` behind the lease, so that what a killed worker had asked is asked again:
    to ask twice does no harm.
    """

    is_paced = False

    def __init__(self, key: str) -> None:
        self.gateway_id, self.concurrency = int(key), part_of(BATCHES_IN_THE_AIR)
        self._halves: list[Question] = []

    def claim(self, free: int) -> list[Question]:
        gateway = configuration.current().gateways.get(self.gateway_id)
        ways = () if gateway is None else _ways(gateway)
        if gateway is None or not ways:
            self._halves.clear()
            return []
        if self._halves:
            return self._taken_halves(free)
        if not _due(gateway.id, ways, moment()).exists():
            return []  # the usual answer, without a transaction
        questions: list[Question] = []
        for way in ways:
            questions += _questions(gateway, way, free - len(questions))
        return questions

    def start(self, item: Question) -> "Future[HttpAnswer]":
        return http_client().submit(item.way.call(item))

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
            findings = _answer(question, future)
        except MessageRejected as problem:
            self._settle_refused(question, problem)
        except ProviderError as problem:
            _silence(question.gateway, problem)
            _put_off(question, _wait(problem))
        else:
            _refused.discard(self.gateway_id)
            _apply(question, findings)

    def _settle_refused(self, question: Question, problem: MessageRejected) -> None:
        """One id that the provider does not like must not cost the others their answer: the halves
        are asked singly, down to that id, which then waits for its next turn."""
        middle = len(question.attempts) // 2
        if middle == 0:
            logger.info("gateway %s: an id cannot be asked about", question.gateway.id)
            _apply(question, Findings())
            return
        for attempts in (question.attempts[:middle], question.attempts[middle:]):
            half = question.about(attempts)
            _lease_again(half)
            self._halves.append(half)

    def _taken_halves(self, free: int) -> list[Question]:
        taken, self._halves = self._halves[:free], self._halves[free:]
        return taken


def _questions(gateway: GatewayValues, way: Way, count: int) -> list[Question]:
    """At most so many, about what is due."""
    provider = adapter_of(gateway)
    if count <= 0 or not isinstance(provider, HttpProvider):
        return []
    size = way.size(provider, gateway)
    attempts = _lease(gateway.id, way, count * size)
    return [
        Question(
            gateway=gateway, provider=provider, way=way, attempts=attempts[start : start + size]
        )
        for start in range(0, len(attempts), size)
    ]


def _lease(gateway_id: int, way: Way, count: int) -> list[SendAttempt]:
    with writing():
        now = database_now()
        due = _due(gateway_id, [way], now).order_by("ask_at")
        with from_the_front():
            attempts = list(skipping_locked(due).defer("rendered")[:count])
        ids = [attempt.pk for attempt in attempts]
        SendAttempt.objects.filter(pk__in=ids).update(ask_at=now + LEASE)
    return attempts


def _lease_again(question: Question) -> None:
    held = SendAttempt.objects.filter(pk__in=question.ids).exclude(ask_at=None)
    held.update(ask_at=database_now() + LEASE)


def _answer(question: Question, future: "Future[HttpAnswer]") -> Findings:
    """What the provider tells. Raises the ProviderError that there is instead."""
    try:
        return question.way.findings(question, future.result())
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


def _apply(question: Question, findings: Findings) -> None:
    """Records what was learnt, and sets when each message is asked about again."""
    asking = _asking(question.gateway)
    never_taken = settle_never_taken(question.gateway, map(UUID, findings.never_taken))
    attempts = [each for each in question.attempts if each.message_id not in never_taken]
    with writing():
        apply_to_gateway(question.gateway, findings.updates)
        now = database_now()
        ids = {attempt.message_id for attempt in attempts}
        rows = Message.objects.filter(pk__in=ids).values_list("pk", "state", "status")
        standing = {pk: (state, status) for pk, state, status in rows}
        for attempt in attempts:
            state, status = standing.get(attempt.message_id, ("", ""))
            attempt.ask_at = asking.next(attempt.finished_at, now, state=state, status=status)
        bulk.write(bulk.saving(SendAttempt, ("ask_at",), attempts))


def _put_off(question: Question, wait: float) -> None:
    asking = _asking(question.gateway)
    with writing():
        now = database_now()
        for attempt in question.attempts:
            attempt.ask_at = asking.again(attempt.finished_at, now, wait)
        bulk.write(bulk.saving(SendAttempt, ("ask_at",), question.attempts))


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
