"""Settling messages whose outcome is unknown, by a person's word."""

from uuid import UUID

from django.db.models import QuerySet

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Status
from messages_app.events import Fact, locked_messages, record
from messages_app.models import Message, State


def send_again(messages: "QuerySet[Message]") -> int:
    """Makes those with an unknown outcome due again; answers how many. May send them twice."""
    with writing():
        parked = Message.objects.filter(pk__in=_locked(messages))
        return parked.update(state=State.QUEUED, due_at=database_now())


def count_as_sent(messages: "QuerySet[Message]") -> int:
    """Takes it that the provider has those with an unknown outcome; answers how many."""
    with writing():
        now = database_now()
        facts = [
            Fact(
                message_id=message_id,
                status=Status.ACCEPTED,
                occurred_at=now,
                detail="counted as sent by a person",
            )
            for message_id in _locked(messages)
        ]
        record(facts, now=now)
    return len(facts)


def _locked(messages: "QuerySet[Message]") -> list[UUID]:
    """Those that are parked, and stay so until the transaction ends."""
    parked = messages.filter(state=State.UNKNOWN).order_by().values_list("pk", flat=True)
    return [pk for pk, row in locked_messages(parked).items() if row.state == State.UNKNOWN]
