"""What Smartico was told and is owed, as part of a message's story."""

from datetime import timedelta

import pytest
from django.utils import timezone

from callbacks import timeline
from callbacks.models import CallbackDelivery, Settlement
from messages_app.models import StatusEvent
from tests.peers import Answer

HOUR = timedelta(hours=1)


def test_every_try_is_told_with_the_answer(smartico):
    smartico.answers["delivered"] = Answer(status=503)
    delivery = smartico.owe("delivered")
    smartico.report()
    smartico.answers["delivered"] = Answer(body='{"error_code": 0}')
    CallbackDelivery.objects.update(due_at=timezone.now() - HOUR)
    smartico.report()
    told = timeline.told([delivery])
    assert [entry.badge for entry in told] == ["no good answer", "acknowledged"]
    assert [dict(entry.facts)["Smartico's answer"] for entry in told] == ["HTTP 503", "HTTP 200"]


@pytest.mark.parametrize(
    ("values", "words"),
    [
        ({"due_at": timezone.now() + HOUR}, "Next try at"),
        ({}, "Due now"),
        ({"lease_until": timezone.now() + HOUR}, "being told right now"),
    ],
)
def test_what_is_owed_says_what_it_waits_for(smartico, values, words):
    delivery = smartico.owe("delivered", **values)
    (wait,) = timeline.waits([delivery], smartico.label, timezone.now())
    assert words in wait.lines[0]


def test_suspended_callbacks_say_why(smartico):
    smartico.label.callbacks_suspended_at = timezone.now()
    smartico.label.callbacks_suspended_because = "the api_key was turned away"
    (wait,) = timeline.waits([smartico.owe("opened")], smartico.label, timezone.now())
    assert "the api_key was turned away" in wait.lines[0]


def test_what_is_settled_is_not_waited_for(smartico):
    delivery = smartico.owe("delivered", settlement=Settlement.ACKNOWLEDGED)
    assert timeline.waits([delivery], smartico.label, timezone.now()) == []


def test_a_status_that_is_owed_to_nobody_is_told(smartico):
    now = timezone.now()
    events = [
        StatusEvent(status=status, recorded_at=now, is_reported=is_reported)
        for status, is_reported in (("accepted", True), ("delivered", True), ("opened", False))
    ]
    (entry,) = timeline.untold(events, [smartico.owe("accepted")])
    assert entry.title == "No callback of delivered"
