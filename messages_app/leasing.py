"""Leasing: due messages of a gateway become a worker's own for a while, oldest first.

On a database server one statement claims a batch: it finds the messages, marks them, and answers
what sending needs of them and of their users. It says what `lease`, `suppressed_of` and the clock
say one after the other, and knows no pace, no pause of a brand and no directory.
"""

import time
from datetime import datetime
from functools import cache
from typing import Any
from uuid import UUID, uuid4

from django.db import connection
from django.db.models import F, Field, Model, QuerySet

from gateway_project.lib import bulk, prepared
from gateway_project.lib.draining import from_the_front, skipping_locked
from gateway_project.lib.leases import LEASE
from gateways import configuration
from gateways.adapters import address_channel
from gateways.values import GatewayValues
from messages_app.holding import held_brands
from messages_app.models import Message, State
from messages_app.parcels import Wave
from users.addresses import index_column
from users.models import EndUser

NEEDED: dict[type[Model], tuple[str, ...]] = {
    Message: (
        *("id", "label_id", "brand_id", "gateway_id", "end_user_id", "channel", "uid"),
        *("activity_type", "content", "preview_address", "is_test", "attempts"),
        *("expires_at", "created_at"),
    ),
    EndUser: (
        *("id", "label_id", "brand_id", "ext_user_id", "sealed_properties"),
        *("email", "email_index", "phone", "phone_index"),
    ),
}
"""The columns that sending a message reads."""

CLAIM = """
WITH claimed AS (
    UPDATE messages_app_message SET
        state = 'sending', lease = %(lease)s, lease_until = statement_timestamp() + %(length)s,
        is_set_aside = FALSE, attempts = attempts + 1
    WHERE id = ANY (ARRAY (
        SELECT id FROM messages_app_message
        WHERE gateway_id = %(gateway)s AND state = 'queued'
            AND due_at <= statement_timestamp() AND expires_at > statement_timestamp()
        ORDER BY due_at LIMIT %(count)s
        FOR UPDATE SKIP LOCKED
    ))
    RETURNING {message}, due_at
)
SELECT statement_timestamp(), closed.id IS NOT NULL, {claimed}, {user}
FROM claimed
LEFT JOIN users_enduser AS person ON person.id = claimed.end_user_id
LEFT JOIN users_suppression AS closed ON closed.label_id = claimed.label_id
    AND closed.channel = %(channel)s AND closed.address_index = person.{index}
ORDER BY claimed.due_at
"""
"""The array keeps the planner from guessing how many there will be. What is locked is passed over,
so nobody waits here."""


def lease(due: "QuerySet[Message]", count: int, now: datetime) -> list[Message]:
    """At most so many of the due messages, theirs from now on whose lease they bear."""
    if count <= 0:
        return []
    alive = due.filter(expires_at__gt=now).order_by("due_at")
    with from_the_front():
        messages = list(skipping_locked(alive).select_related("end_user")[:count])
    mark = uuid4()
    if messages:
        Message.objects.filter(pk__in=[message.pk for message in messages]).update(
            state=State.SENDING,
            lease=mark,
            lease_until=now + LEASE,
            is_set_aside=False,
            attempts=F("attempts") + 1,
        )
    for message in messages:
        message.lease, message.attempts = mark, message.attempts + 1
    return messages


def may_lease_at_once(gateway: GatewayValues) -> bool:
    """Whether one statement says all there is to say about what may leave through the gateway."""
    return (
        connection.vendor == "postgresql"
        and gateway.rate_per_second is None
        and configuration.current().labels[gateway.label_id].directory is None
        and not held_brands(gateway)
    )


def lease_at_once(gateway: GatewayValues, count: int) -> Wave | None:
    """The wave of at most so many due messages, which leave now; None where nothing is due."""
    if count <= 0:
        return None
    channel, clock, mark = address_channel(gateway), time.monotonic(), uuid4()
    statement = _statement(index_column(channel or ""))
    given = {
        "lease": mark,
        "length": LEASE,
        "gateway": gateway.id,
        "count": count,
        "channel": channel.value if channel else "",
    }
    with from_the_front():
        rows = prepared.rows(statement, given)
    if not rows:
        return None
    now: datetime = rows[0][0]
    messages = _messages([row[2:] for row in rows], mark)
    return Wave(
        claimed_at=now,
        clock=clock,
        messages=messages,
        moments=[now] * len(messages),
        suppressed={
            message.pk for row, message in zip(rows, messages, strict=True) if row[1] is True
        },
    )


def _messages(rows: list[tuple[Any, ...]], mark: UUID) -> list[Message]:
    split = len(NEEDED[Message])
    messages = bulk.instances(Message, NEEDED[Message], [row[:split] for row in rows])
    users = bulk.instances(EndUser, NEEDED[EndUser], [row[split:] for row in rows])
    user_of = Message._meta.get_field("end_user")
    for message, user in zip(messages, users, strict=True):
        message.lease = mark
        user_of.set_cached_value(message, None if message.end_user_id is None else user)
    return messages


@cache
def _statement(index: str) -> str:
    columns = [_column(field) for field in _fields(Message)]
    return CLAIM.format(
        message=", ".join(columns),
        claimed=", ".join(f"claimed.{column}" for column in columns),
        user=", ".join(f"person.{_column(field)}" for field in _fields(EndUser)),
        index=index,
    )


def _column(field: "Field[Any, Any]") -> str:
    return str(field.column)


def _fields(model: type[Model]) -> "list[Field[Any, Any]]":
    return [model._meta.get_field(name) for name in NEEDED[model]]  # type: ignore[misc]
