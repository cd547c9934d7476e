"""Outcomes of tries to tell a status: what Smartico has heard, and what it has not."""

from collections.abc import Iterable, Mapping, Sequence
from datetime import datetime

from django.db import connection
from django.db.models import F, Q

from callbacks.metering import count_callbacks
from callbacks.models import CallbackDelivery, DeliveryAttempt, Settlement
from callbacks.reconciling.booking import Book, line_of
from callbacks.settling import hold_back, settle
from callbacks.tries import Told
from gateway_project.lib import bulk, prepared
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

ACKNOWLEDGE = """
    WITH told AS (
        SELECT * FROM unnest(
            %(ids)s::bigint[], %(channels)s::text[], %(started)s::timestamptz[],
            %(answers)s::smallint[]
        ) AS each (id, channel, started_at, http_status)
    ), here AS (
        SELECT id, label_id, status, settlement, (created_at AT TIME ZONE 'UTC')::date AS day
        FROM callbacks_callbackdelivery WHERE id = ANY (%(ids)s::bigint[])
        ORDER BY id FOR UPDATE
    ), heard AS (
        UPDATE callbacks_callbackdelivery AS mine
        SET settlement = 'acknowledged', settled_at = statement_timestamp(),
            attempts = mine.attempts + 1, lease = NULL, lease_until = NULL
        FROM here WHERE mine.id = here.id AND here.settlement <> 'acknowledged'
    ), tried AS (
        INSERT INTO callbacks_deliveryattempt
            (delivery_id, started_at, finished_at, http_status, outcome, detail)
        SELECT id, started_at, statement_timestamp(), http_status, 'acknowledged', ''
        FROM told JOIN here USING (id) ORDER BY id
    ), booked AS (
        INSERT INTO callbacks_booking (label_id, day, channel, status, standing, count)
        SELECT label_id, day, channel, status, standing, sum(change)
        FROM here JOIN (SELECT DISTINCT id, channel FROM told) AS channels USING (id)
        CROSS JOIN LATERAL (
            VALUES (settlement, -1), ('acknowledged', 1)
        ) AS moved (standing, change)
        WHERE settlement <> 'acknowledged'
        GROUP BY label_id, day, channel, status, standing
    )
    SELECT id, statement_timestamp() FROM here
"""
"""What `write_any` does with tries that were all heard, as nearly all are: in one statement, which
needs no transaction around it, and without an instance of thirty columns for each."""


def write(told: Sequence[Told]) -> None:
    """Writes all outcomes and attempts in one transaction, a handful of statements for any number.

    Who has lost the lease reschedules nothing; that Smartico has heard counts whoever told it.
    """
    if connection.vendor == "postgresql" and all(one.is_heard for one in told):
        _acknowledge_at_once(told)
    else:
        write_any(told)


def _acknowledge_at_once(told: Sequence[Told]) -> None:
    rows = prepared.rows(
        ACKNOWLEDGE,
        {
            "ids": bulk.array(one.delivery_id for one in told),
            "channels": bulk.array(one.tried.channel for one in told),
            "started": bulk.array(one.tried.started_at for one in told),
            "answers": bulk.array(one.verdict.http_status for one in told),
        },
    )
    here = dict(rows)
    if here:
        now = next(iter(here.values()))
        count_callbacks([one for one in told if one.delivery_id in here], now)


def write_any(told: Sequence[Told]) -> None:
    """`write`, on any database and whatever came of the tries."""
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
        count_callbacks(here, now)


def _locked(told: Iterable[Told]) -> dict[int, CallbackDelivery]:
    """The deliveries by id, and with one that was not heard all that its message is still owed.

    Locked in one statement and one order, so that two workers never wait for each other.
    """
    wanted = Q(pk__in=[one.delivery_id for one in told])
    unheard = {one.tried.message_id for one in told if not one.is_heard}
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
        bulk.write(bulk.saving(CallbackDelivery, WRITTEN, changed.values()))


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
