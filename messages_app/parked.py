"""Settling messages whose outcome is unknown, by a person's word.

Or by the provider's, where it says that it never took them.
"""

from collections.abc import Collection, Iterable
from datetime import datetime, timedelta
from functools import partial
from uuid import UUID

from django.db import transaction
from django.db.models import Q

from gateway_project.lib.clock import database_now
from gateway_project.lib.kicks import kick
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Status
from gateways.values import GatewayValues
from messages_app.events import Fact, locked_messages, record
from messages_app.models import Message, SendAttempt, State
from messages_app.outcomes import NOT_TAKEN, UNKNOWN
from messages_app.resending import Messages, in_batches, requeue

ON_ITS_WAY = timedelta(minutes=10)


def parked(messages: Messages) -> Messages:
    """Those with an unknown outcome."""
    return messages.filter(state=State.UNKNOWN)


def send_again(messages: Messages) -> int:
    """Queues those with an unknown outcome again; answers how many. May send them twice."""
    return in_batches(parked(messages), _send_again)


def count_as_sent(messages: Messages) -> int:
    """Takes it that the provider has those with an unknown outcome; answers how many."""
    return in_batches(parked(messages), _count_as_sent)


def settle_never_taken(gateway: GatewayValues, ids: Iterable[UUID]) -> Collection[UUID]:
    """Lets those go again that this gateway's provider never took; answers which. Not yet where the
    last try is so young that its request may still be on its way there."""
    if not (ids := list(ids)):
        return ()
    with writing():
        now = database_now()
        parked_here = locked_messages(ids, Q(state=State.UNKNOWN, gateway=gateway.id)).keys()
        doubted = SendAttempt.objects.filter(gateway=gateway.id, outcome=UNKNOWN)
        young = doubted.filter(message__in=parked_here, finished_at__gt=now - ON_ITS_WAY)
        settled = parked_here - set(young.values_list("message_id", flat=True))
        doubted.filter(message__in=settled).update(outcome=NOT_TAKEN, ask_at=None)
        Message.objects.filter(pk__in=settled).update(state=State.QUEUED, due_at=now)
        if settled:
            transaction.on_commit(partial(kick, "send", str(gateway.id)))
    return settled


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
