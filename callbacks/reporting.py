"""Reporting: the drain that tells Smartico the statuses it is owed."""

import logging
import time
from collections import defaultdict
from collections.abc import Iterable, Sequence
from concurrent.futures import Future
from dataclasses import replace
from functools import cache, partial
from http import HTTPStatus
from typing import Any
from uuid import UUID

from callbacks.answers import Outcome, Verdict, judge
from callbacks.calling import confidences, status_call
from callbacks.claiming import claim_due
from callbacks.easing import room_of
from callbacks.lanes import Lane
from callbacks.models import CallbackDelivery, DeliveryQuerySet
from callbacks.outcomes import write
from callbacks.suspension import suspend
from callbacks.tries import Told, Try
from gateway_project.lib.clock import database_now
from gateway_project.lib.connections import DATABASE_TROUBLE
from gateway_project.lib.crypto import Undecryptable
from gateway_project.lib.departures import departures
from gateway_project.lib.futures import failed
from gateway_project.lib.http import (
    HttpAnswer,
    HttpCall,
    NoAnswer,
    NotSent,
    TransportError,
    http_client,
)
from gateway_project.lib.journal import about
from gateway_project.lib.leases import LEASE
from gateway_project.lib.personal import Personal
from gateway_project.lib.redaction import scrub
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import CALLBACK_TYPES
from gateways import configuration
from gateways.callback_hosts import CallbackRefused
from gateways.pacing import Pacer, claimed_ahead
from gateways.values import LabelValues

logger = logging.getLogger(__name__)


class ReportWork:
    """The callbacks of one lane. A URL, with the api_key in it, exists only in its call."""

    def __init__(self, key: str) -> None:
        self.lane = Lane.of_key(key)
        self.room = room_of(self.lane)
        self._confidences: dict[int, tuple[Personal, ...]] = {}

    @property
    def rate_per_second(self) -> int | None:
        label = configuration.current().labels.get(self.lane.label_id)
        return label.callback_rate_per_second if label else None

    @property
    def concurrency(self) -> int:
        return self.room.places + claimed_ahead(self.rate_per_second)

    @property
    def is_paced(self) -> bool:
        return self.rate_per_second is not None

    def claim(self, free: int) -> list[Try]:
        if not self.lane.is_open:
            return []
        return self._paced(free) if self.is_paced else claim_due(self.lane, free)

    def _paced(self, free: int) -> list[Try]:
        """As many as the label's rate lets out, and when each of them leaves."""
        if not self.lane.has_due():
            return []
        with writing():
            now, clock = database_now(), time.monotonic()
            pacer = Pacer(self.rate_per_second, now, label_id=self.lane.label_id)
            count = pacer.free(free)
            tries = claim_due(self.lane, count) if count else []
            moments = pacer.take(len(tries))
        return [
            replace(item, started_at=moment, leaves_at=clock + (moment - now).total_seconds())
            for item, moment in zip(tries, moments, strict=True)
        ]

    def start(self, item: Try) -> "Future[Any]":
        """Sets the call going, at its moment where the label keeps a rate."""
        if item.leaves_at > time.monotonic():
            return departures.at(item.leaves_at, partial(self._start, item))
        return self._start(item)

    def _start(self, item: Try) -> "Future[HttpAnswer]":
        """Asks the database for the label, and nothing of it once the call is on its way."""
        label = configuration.current().labels[self.lane.label_id]
        with about(*item.message_ids):
            try:
                call = self._call(item, label)
            except (CallbackRefused, Undecryptable) as problem:
                return failed(NotSent(str(problem)))
            return http_client().submit(call)

    def settle(self, finished: Sequence[tuple[Try, "Future[HttpAnswer]"]]) -> None:
        untried = {item.delivery_id: item for item, future in finished if _never_left(future)}
        self._let_go(list(untried.values()))
        if tried := [one for one in finished if one[0].delivery_id not in untried]:
            self._write(self.told(tried))
        for item, _ in finished:
            self._confidences.pop(item.delivery_id, None)

    def _write(self, told: Sequence[Told]) -> None:
        if all(one.is_heard for one in told):
            write(told)
        else:
            with writing():
                write(told)
                _tell_of_trouble(self.lane, told)
            _leave_in_peace(self.lane, told)
        self.room.learn(told)

    def _let_go(self, untried: Sequence[Try]) -> None:
        """They are due as they were."""
        if untried:
            self._still_ours(untried).update(lease=None, lease_until=None)

    def told(self, finished: Sequence[tuple[Try, "Future[HttpAnswer]"]]) -> list[Told]:
        """What came of these tries; waits for one that is still in the air."""
        now = cache(database_now)
        told = []
        for item, future in finished:
            verdict = judge(_came(item, future), now=now)
            told.append(Told(tried=item, verdict=verdict, detail=self._scrubbed(item, verdict)))
        return told

    def renew(self, items: Iterable[Try]) -> None:
        self._still_ours(list(items)).update(lease_until=database_now() + LEASE)

    def _still_ours(self, tries: Sequence[Try]) -> DeliveryQuerySet:
        return CallbackDelivery.objects.filter(
            pk__in=[item.delivery_id for item in tries], lease__in={item.lease for item in tries}
        )

    def close(self) -> None:
        """Nothing is kept open: the client's connections are everybody's."""

    def _call(self, item: Try, label: LabelValues) -> HttpCall:
        call = status_call(
            label,
            item.callback_url,
            type=CALLBACK_TYPES[item.channel],
            ext_message_id=str(item.message_id),
            status=item.status,
        )
        self._confidences[item.delivery_id] = confidences(label, item.callback_url)
        return call

    def _scrubbed(self, item: Try, verdict: Verdict) -> str:
        """The peer's words without what it was told in confidence."""
        confidences = self._confidences.get(item.delivery_id, ())
        return scrub(verdict.detail, *confidences) if verdict.detail else ""


def _never_left(future: "Future[Any]") -> bool:
    """Whether the database was lost before the call: no call meets it."""
    return isinstance(future.exception(), DATABASE_TROUBLE)


def _came(item: Try, future: "Future[HttpAnswer]") -> HttpAnswer | TransportError:
    problem = future.exception()
    if problem is None:
        return future.result()
    if isinstance(problem, TransportError):
        return problem
    with about(*item.message_ids):
        logger.error("a callback broke off with %s", type(problem).__name__)
    return NoAnswer("the call broke off")


def _tell_of_trouble(lane: Lane, told: Sequence[Told]) -> None:
    """Logs and alarms, by label and in numbers: nothing that a peer said, no URL."""
    troubles: defaultdict[tuple[Outcome, int | None], list[UUID]] = defaultdict(list)
    for one in told:
        if not one.is_heard:
            troubles[one.verdict.outcome, one.verdict.http_status] += one.tried.message_ids
    for (outcome, http_status), message_ids in troubles.items():
        with about(*message_ids):
            _tell_of(lane, outcome, http_status, len(message_ids))


def _tell_of(lane: Lane, outcome: Outcome, http_status: int | None, count: int) -> None:
    logger.warning(
        "label %s: %d callbacks %s (HTTP %s)", lane.label_id, count, outcome, http_status
    )
    if outcome == Outcome.UNAUTHORISED:
        suspend(lane.label_id, f"the api_key was turned away with HTTP {http_status}")
    if http_status == HTTPStatus.GONE:
        logger.error("label %s: a callback_url is gone; its statuses stay owed", lane.label_id)


def _leave_in_peace(lane: Lane, told: Sequence[Told]) -> None:
    """Obeys the longest Retry-After for the whole lane: it is the host that asked."""
    asked_for = max((one.verdict.retry_after or 0.0 for one in told if not one.is_heard), default=0)
    if asked_for:
        lane.hold(asked_for)
