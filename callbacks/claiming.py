"""Claiming: the deliveries of a lane that are to be told next, leased to whoever asks for them."""

from datetime import datetime
from typing import Any
from uuid import UUID, uuid4

from django.db import connection

from callbacks.lanes import Lane
from callbacks.models import PASSED_AFTER, CallbackDelivery, DeliveryQuerySet
from callbacks.tries import Try
from gateway_project.lib import prepared
from gateway_project.lib.clock import database_now
from gateway_project.lib.draining import from_the_front, skipping_locked
from gateway_project.lib.fields import Ciphertext, Sealed
from gateway_project.lib.leases import LEASE
from gateway_project.lib.transactions import writing
from messages_app.models import Message

READ = ("label_id", "status", "created_at", "message__channel", "message__callback_url")
URL = Message._meta.get_field("callback_url")

CLAIM = """
    UPDATE callbacks_callbackdelivery AS mine
    SET lease = %(lease)s, lease_until = statement_timestamp() + %(length)s
    FROM messages_app_message AS message
    WHERE message.id = mine.message_id AND mine.id = ANY (ARRAY(
        SELECT due.id FROM callbacks_callbackdelivery AS due
        WHERE due.label_id = %(label)s AND due.host = %(host)s AND due.settlement = 'owed'
            AND due.due_at <= statement_timestamp()
            AND (due.lease_until IS NULL OR due.lease_until <= statement_timestamp())
            AND NOT EXISTS (
                SELECT 1 FROM callbacks_callbackdelivery AS earlier
                WHERE earlier.message_id = due.message_id AND earlier.id < due.id
                    AND earlier.settlement = 'owed'
                    AND (earlier.first_failed_at IS NULL
                        OR earlier.first_failed_at > statement_timestamp() - %(passed)s)
            )
        ORDER BY due.due_at, due.id LIMIT %(count)s FOR UPDATE SKIP LOCKED
    ))
    RETURNING mine.due_at, mine.id, mine.message_id, mine.status, mine.created_at,
        message.channel, message.callback_url, statement_timestamp()
"""
"""`lease` of what is `due` and `first_in_line`, in one statement and without a row of thirty
columns for each."""


def claim_due(lane: Lane, count: int) -> list[Try]:
    """At most so many that are due and first in line, the longest due first."""
    if connection.vendor == "postgresql":
        return _claim_at_once(lane, count)
    if not lane.has_due():  # the usual answer, without a transaction
        return []
    with writing():
        now = database_now()
        due = lane.deliveries().due(now).first_in_line(now)
        return lease(due.order_by("due_at", "pk"), count, now)


def lease(deliveries: DeliveryQuerySet, count: int, now: datetime) -> list[Try]:
    """At most so many of these, in the transaction around this."""
    with from_the_front():
        rows = list(skipping_locked(deliveries.select_related("message").only(*READ))[:count])
    ours = uuid4()
    tries = [_try(row, ours, now) for row in rows]
    held = CallbackDelivery.objects.filter(pk__in=[item.delivery_id for item in tries])
    if tries:
        held.update(lease=ours, lease_until=now + LEASE)
    return tries


def _try(row: CallbackDelivery, lease: UUID, now: datetime) -> Try:
    return Try(
        delivery_id=row.pk,
        message_id=row.message_id,
        label_id=row.label_id,
        status=row.status,
        channel=row.message.channel,
        callback_url=row.message.callback_url,
        created_at=row.created_at,
        lease=lease,
        started_at=now,
    )


def _claim_at_once(lane: Lane, count: int) -> list[Try]:
    ours = uuid4()
    named: dict[str, Any] = {"label": lane.label_id, "host": lane.host, "count": count}
    given = {"lease": ours, "length": LEASE, "passed": PASSED_AFTER}
    with from_the_front():
        rows = sorted(prepared.rows(CLAIM, named | given))
    return [
        Try(
            delivery_id=pk,
            message_id=message_id,
            label_id=lane.label_id,
            status=status,
            channel=channel,
            callback_url=None if url is None else Sealed(URL, Ciphertext(url), str(message_id)),
            created_at=created_at,
            lease=ours,
            started_at=now,
        )
        for _, pk, message_id, status, created_at, channel, url, now in rows
    ]
