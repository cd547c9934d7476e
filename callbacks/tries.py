"""Tries to tell a status, and writing down what came of them."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from uuid import UUID

from django.db.models import F, Q

from callbacks.answers import Outcome, Verdict
from callbacks.metering import count_callbacks
from callbacks.models import CallbackDelivery, DeliveryAttempt, DeliveryQuerySet, Settlement
from callbacks.reconciling.booking import Book, line_of
from callbacks.settling import hold_back, settle
from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from messages_app.models import DETAIL_LENGTH

MISMATCH_HINT = "Is the api_key the one of the Smartico label that sent this message?"
WRITTEN = (
    *("settlement", "settled_at", "attempts", "due_at", "lease", "lease_until"),
    *("first_failed_at", "times_not_found"),
)
READ_BACK = ("message_id", "label_id", "status", "created_at", *WRITTEN)
"""With all that is written: what is not read here would be read row by row, under the locks."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Try:
    """A delivery on which this worker holds a lease."""

    delivery: CallbackDelivery
    lease: UUID
    started_at: datetime
    leaves_at: float = 0.0
    """By the monotonic clock; what is past leaves at once."""

    @property
    def message_ids(self) -> list[UUID]:
        return [self.delivery.message_id]

    @property
    def channel(self) -> str:
        channel: str = self.delivery.message.channel
        return channel


@dataclass(frozen=True, slots=True, kw_only=True)
class Told:
    """A try that is over. `detail` is scrubbed."""

    tried: Try
    verdict: Verdict
    detail: str = field(repr=False)

    @property
    def delivery_id(self) -> int:
        return self.tried.delivery.pk

    @property
    def is_heard(self) -> bool:
        return self.verdict.outcome == Outcome.ACKNOWLEDGED


def deliveries_of(tries: Iterable[Try]) -> DeliveryQuerySet:
    return CallbackDelivery.objects.filter(pk__in=[item.delivery.pk for item in tries])


def write(told: Sequence[Told]) -> None:
    """Writes all outcomes and attempts in one transaction, a handful of statements for any number.

    Who has lost the lease reschedules nothing; that Smartico has heard counts whoever told it.
    """
    with writing():
        now = database_now()
        rows = _locked(told)
        here = [one for one in told if one.delivery_id in rows]
        before = {pk: row.settlement for pk, row in rows.items()}
        _acknowledge([rows[one.delivery_id] for one in here if one.is_heard], now)
        unheard = [one for one in here if not one.is_heard]
        held = [one for one in unheard if rows[one.delivery_id].lease == one.tried.lease]
        _reschedule(held, rows, now)
        _book(here, rows, before)
        DeliveryAttempt.objects.bulk_create(
            [_attempt(one, rows[one.delivery_id], now) for one in here]
        )
        count_callbacks(
            [(rows[one.delivery_id], one.verdict.outcome, one.tried.started_at) for one in here],
            now,
        )


def _locked(told: Iterable[Told]) -> dict[int, CallbackDelivery]:
    """The deliveries by id, and with one that was not heard all that its message is still owed.

    Locked in one statement and one order, so that two workers never wait for each other.
    """
    wanted = Q(pk__in=[one.delivery_id for one in told])
    unheard = {one.tried.delivery.message_id for one in told if not one.is_heard}
    if unheard:
        wanted |= Q(message__in=unheard, settlement=Settlement.OWED)
    rows = CallbackDelivery.objects.select_for_update().filter(wanted).only(*READ_BACK)
    return {row.pk: row for row in rows.order_by("pk")}


def _acknowledge(rows: Sequence[CallbackDelivery], now: datetime) -> None:
    new = [row for row in rows if row.settlement != Settlement.ACKNOWLEDGED]
    for row in new:
        row.settlement = Settlement.ACKNOWLEDGED
    CallbackDelivery.objects.filter(pk__in=[row.pk for row in new]).update(
        settlement=Settlement.ACKNOWLEDGED,
        settled_at=now,
        attempts=F("attempts") + 1,
        lease=None,
        lease_until=None,
    )


def _reschedule(told: Iterable[Told], rows: dict[int, CallbackDelivery], now: datetime) -> None:
    changed = {}
    for one in told:
        changed[one.delivery_id] = rows[one.delivery_id]
        settle(rows[one.delivery_id], one.verdict, now)
    if changed:
        owed = [row for row in rows.values() if row.settlement == Settlement.OWED]
        changed |= {row.pk: row for row in hold_back(owed, now)}
        CallbackDelivery.objects.bulk_update(list(changed.values()), WRITTEN)


def _book(
    told: Iterable[Told], rows: Mapping[int, CallbackDelivery], before: Mapping[int, str]
) -> None:
    """Counts those that stand otherwise now."""
    book, channels = Book(), {one.delivery_id: one.tried.channel for one in told}
    for pk, channel in channels.items():
        if rows[pk].settlement != before[pk]:
            book.move(line_of(rows[pk], channel), before[pk], rows[pk].settlement)
    book.write()


def _attempt(one: Told, row: CallbackDelivery, now: datetime) -> DeliveryAttempt:
    hint = f" {MISMATCH_HINT}" if row.settlement == Settlement.MISMATCH else ""
    return DeliveryAttempt(
        delivery_id=one.delivery_id,
        started_at=one.tried.started_at,
        finished_at=now,
        http_status=one.verdict.http_status,
        outcome=one.verdict.outcome,
        detail=(one.detail[: DETAIL_LENGTH - len(hint)] + hint).strip(),
    )
