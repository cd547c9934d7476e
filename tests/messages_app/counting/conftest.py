"""A house with a past, and tallies added up."""

from collections import Counter
from datetime import timedelta
from uuid import UUID, uuid4

import pytest

from gateway_project.lib.clock import database_now
from gateway_project.lib.identifiers import first_id
from messages_app.counting import recounting
from messages_app.models import Message, SendAttempt, StatusEvent, Tally
from tests.factories import GatewayFactory, MessageFactory


@pytest.fixture
def always_due(monkeypatch):
    """As if the last count were ten seconds ago, and the last of all that is not final a minute."""
    monkeypatch.setattr(recounting, "EVERY", timedelta(0))
    monkeypatch.setattr(recounting, "brief_window", lambda *_: None)


class Past:
    """Messages as they would have come: the id, the row, the try and its statuses."""

    def __init__(self) -> None:
        self.now = database_now()
        self.gateway = GatewayFactory()

    def message(self, ago: timedelta, *statuses: str, took: float = 0.5) -> Message:
        at = self.now - ago
        message = MessageFactory(
            id=id_made_at(at), gateway=self.gateway, label=self.gateway.label, created_at=at
        )
        SendAttempt.objects.create(
            message=message,
            gateway=self.gateway,
            number=1,
            outcome="accepted",
            started_at=at,
            finished_at=at + timedelta(seconds=took),
        )
        for status in statuses:
            self.learnt(message, status, at)
        return message

    def learnt(self, message, status, at):
        StatusEvent.objects.create(
            message=message, status=status, occurred_at=at, recorded_at=at, is_reported=True
        )


def id_made_at(moment):

    return UUID(int=first_id(moment).int | (uuid4().int & ((1 << 62) - 1)))


@pytest.fixture
def past(db) -> Past:
    return Past()


def sums(**narrowed) -> dict[str, int]:
    """All that is counted of each measure, whatever the span."""
    found: Counter[str] = Counter()
    for measure, count in Tally.objects.filter(**narrowed).values_list("measure", "count"):
        found[measure] += count
    return dict(found)
