"""What erasing a user means for the messages to that user."""

import pytest
from django.utils import timezone

from gateway_project.lib.identifiers import new_id
from messages_app.models import Message, SendAttempt, State, StatusEvent
from messages_app.signals import statuses_recorded
from tests.factories import EndUserFactory, MessageFactory
from users.erasing import erase

pytestmark = pytest.mark.django_db


@pytest.fixture
def reported():
    """The statuses that the floor above was told to report."""
    heard = []

    def hear(sender, events, **kwargs):
        heard.extend((event.message_id, event.status, event.detail) for event in events)

    statuses_recorded.connect(hear)
    yield heard
    statuses_recorded.disconnect(hear)


def message_to(user, **changes) -> Message:
    return MessageFactory(label=user.label, end_user=user, **changes)


@pytest.mark.parametrize("state", [State.QUEUED, State.UNKNOWN])
def test_what_waits_fails_and_is_reported(reported, state):
    user = EndUserFactory()
    waiting = message_to(user, state=state)
    erase([user], "a test")
    waiting.refresh_from_db()
    assert (waiting.state, waiting.status, waiting.due_at) == (State.FAILED, "failed", None)
    assert waiting.ended_at is not None
    assert reported == [(waiting.pk, "failed", "erased")]


@pytest.mark.parametrize("state", [State.SENT, State.SENDING, State.REJECTED])
def test_what_has_left_keeps_its_standing(reported, state):
    user = EndUserFactory()
    left = message_to(user, state=state)
    erase([user], "a test")
    left.refresh_from_db()
    assert left.state == state
    assert reported == []
    assert not StatusEvent.objects.exists()


@pytest.mark.parametrize("state", [State.QUEUED, State.SENT])
def test_nothing_of_what_was_said_is_kept(state):
    user = EndUserFactory()
    message = message_to(user, state=state)
    now = timezone.now()
    SendAttempt.objects.create(
        message=message,
        gateway=message.gateway,
        number=1,
        outcome="accepted",
        rendered="To: somebody",
        rendered_as=new_id(),
        started_at=now,
        finished_at=now,
    )
    erase([user], "a test")
    message.refresh_from_db()
    assert (message.content, message.end_user) == (None, None)
    assert SendAttempt.objects.get().rendered is None


def test_messages_to_others_stay_as_they_are(reported):
    gone, other = EndUserFactory(), message_to(EndUserFactory())
    erase([gone], "a test")
    other.refresh_from_db()
    assert (other.state, other.content.reveal()) == (State.QUEUED, {"body": "Best offer ever"})
    assert reported == []
