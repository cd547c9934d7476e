"""The clock's round: lost workers, expired messages."""

from datetime import timedelta
from uuid import uuid4

import pytest
from django.utils import timezone

from gateway_project.lib.vocabulary import Channel
from messages_app import housekeeping
from messages_app.housekeeping import (
    DUTIES,
    WORKER_LOST,
    close_expired,
    take_back_lost_leases,
)
from messages_app.models import SendAttempt, State, StatusEvent
from tests.factories import GatewayFactory, MessageFactory
from tests.lib.test_journal import events
from tests.lib.test_logs import sink  # noqa: F401  a fixture

pytestmark = pytest.mark.django_db

PAST = timedelta(seconds=-1)
SMTP = {"host": "127.0.0.1", "port": 25, "security": "none"}


def tick():
    for duty in DUTIES:
        duty()


def in_the_hands_of_a_dead_worker(gateway, **changes):
    values = {
        "gateway": gateway,
        "label": gateway.label,
        "channel": gateway.channel,
        "state": State.SENDING,
        "attempts": 1,
        "lease": uuid4(),
        "lease_until": timezone.now() + PAST,
    }
    return MessageFactory(**(values | changes))


@pytest.mark.parametrize(
    ("provider", "on_unknown", "state", "status"),
    [
        ("sandbox", "park", State.QUEUED, ""),
        ("smtp", "park", State.UNKNOWN, ""),
        ("smtp", "repeat", State.QUEUED, ""),
        ("smtp", "fail", State.FAILED, "failed"),
        ("gone", "park", State.UNKNOWN, ""),
    ],
)
def test_a_message_of_a_dead_worker_goes_again_only_where_that_does_no_harm(
    provider, on_unknown, state, status
):
    config = SMTP if provider == "smtp" else {}
    gateway = GatewayFactory(
        channel=Channel.EMAIL, provider=provider, config=config, on_unknown=on_unknown
    )
    message = in_the_hands_of_a_dead_worker(gateway)
    tick()
    message.refresh_from_db()
    assert (message.state, message.status, message.lease) == (state, status, None)
    assert SendAttempt.objects.get().detail == WORKER_LOST


def test_what_the_provider_has_reported_on_was_sent():
    message = in_the_hands_of_a_dead_worker(GatewayFactory(), status="delivered")
    tick()
    message.refresh_from_db()
    assert message.state == State.SENT


def test_a_living_worker_keeps_its_messages():
    later = timezone.now() + timedelta(seconds=30)
    message = in_the_hands_of_a_dead_worker(GatewayFactory(), lease_until=later)
    tick()
    message.refresh_from_db()
    assert message.state == State.SENDING


def test_a_message_that_waited_too_long_fails_once():
    gateway = GatewayFactory(is_paused=True)
    message = MessageFactory(gateway=gateway, label=gateway.label, expires_at=timezone.now() + PAST)
    kept = MessageFactory(gateway=gateway, label=gateway.label)
    tick()
    tick()
    message.refresh_from_db()
    kept.refresh_from_db()
    assert (message.state, message.status, kept.state) == (State.FAILED, "failed", State.QUEUED)
    assert StatusEvent.objects.get().detail == "expired"


def test_who_was_taken_back_and_what_has_expired_is_found_in_the_log_by_its_id(sink):  # noqa: F811
    lost = [in_the_hands_of_a_dead_worker(GatewayFactory()) for _ in range(2)]
    late = MessageFactory(expires_at=timezone.now() + PAST)
    tick()
    told = {event.get("message_id"): event["event"] for event in events(sink)}
    assert told[str(late.pk)] == "it has waited too long: expired"
    assert {told[str(each.pk)] for each in lost} == {f"{WORKER_LOST}: queued"}
    (batch,) = [event for event in events(sink) if "message_ids" in event]
    assert set(batch["message_ids"]) == {str(each.pk) for each in lost}


def test_a_campaign_that_expired_while_it_was_held_is_closed_at_once(monkeypatch):
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    gateway = GatewayFactory(is_paused=True)
    expired = {"gateway": gateway, "label": gateway.label, "expires_at": timezone.now() + PAST}
    MessageFactory.create_batch(5, **expired)
    assert close_expired() == 5
    assert close_expired() == 0
    assert StatusEvent.objects.filter(status="failed", detail="expired").count() == 5


@pytest.mark.parametrize("duty", [close_expired, take_back_lost_leases])
def test_many_whose_time_is_over_at_once_do_not_trickle(monkeypatch, duty):
    monkeypatch.setattr(housekeeping, "BATCH", 2)
    monkeypatch.setattr(housekeeping, "BUSY_SECONDS", 60)
    gateway = GatewayFactory()
    for _ in range(5):
        in_the_hands_of_a_dead_worker(gateway)
        MessageFactory(gateway=gateway, label=gateway.label, expires_at=timezone.now() + PAST)
    assert duty() == 5


def test_what_waits_at_a_gateway_no_longer_used_goes_to_the_next_that_fits():
    gone = GatewayFactory(is_active=False)
    message = MessageFactory(gateway=gone, label=gone.label)
    tick()
    message.refresh_from_db()
    assert message.gateway == gone
    spare = GatewayFactory(label=gone.label)
    tick()
    message.refresh_from_db()
    assert (message.gateway, message.state) == (spare, State.QUEUED)
