"""Settling messages whose outcome is unknown, by a person's word."""

from django.db.models import QuerySet

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Status
from messages_app.events import Fact, record
from messages_app.models import Message, State


def send_again(messages: "QuerySet[Message]") -> int:
    """Makes those with an unknown outcome due again; answers how many. May send them twice."""
    parked = messages.filter(state=State.UNKNOWN)
    return parked.update(state=State.QUEUED, due_at=database_now())


def count_as_sent(messages: "QuerySet[Message]") -> int:
    """Takes it that the provider has those with an unknown outcome; answers how many."""
    with writing():
        now = database_now()
        parked = messages.filter(state=State.UNKNOWN).order_by("pk").values_list("pk", flat=True)
        facts = [
            Fact(
                message_id=message_id,
                status=Status.ACCEPTED,
                occurred_at=now,
                detail="counted as sent by a person",
            )
            for message_id in parked
        ]
        record(facts, now=now)
    return len(facts)
