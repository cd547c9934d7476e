"""Settling messages whose outcome is unknown, by a person's word."""

from collections.abc import Iterable
from datetime import datetime

from gateway_project.lib.vocabulary import Status
from messages_app.events import Fact, record
from messages_app.models import Message, State
from messages_app.resending import Messages, in_batches, requeue


def parked(messages: Messages) -> Messages:
    """Those with an unknown outcome."""
    return messages.filter(state=State.UNKNOWN)


def send_again(messages: Messages) -> int:
    """Queues those with an unknown outcome again; answers how many. May send them twice."""
    return in_batches(parked(messages), _send_again)


def count_as_sent(messages: Messages) -> int:
    """Takes it that the provider has those with an unknown outcome; answers how many."""
    return in_batches(parked(messages), _count_as_sent)


def _send_again(rows: Iterable[Message], now: datetime) -> int:
    return requeue([row for row in rows if row.state == State.UNKNOWN], now)


def _count_as_sent(rows: Iterable[Message], now: datetime) -> int:
    still_parked = {row.pk: row for row in rows if row.state == State.UNKNOWN}
    for row in still_parked.values():
        row.state, row.due_at, row.lease_until = State.SENT, None, None
    facts = [
        Fact(
            message_id=pk,
            status=Status.ACCEPTED,
            occurred_at=now,
            detail="counted as sent by a person",
        )
        for pk in still_parked
    ]
    record(facts, now=now, changed=still_parked)
    return len(still_parked)
