"""Messages that go again by a person's word."""

from datetime import timedelta

import pytest
from django.utils import timezone

from gateway_project.lib.draining import run
from gateway_project.lib.identifiers import first_id
from gateway_project.lib.vocabulary import Channel, Status
from gateways import configuration
from gateways.providers.base import StatusUpdate
from messages_app import resending
from messages_app.housekeeping import close_expired
from messages_app.models import Message, State, StatusEvent
from messages_app.parked import count_as_sent, send_again
from messages_app.reports import apply_to_gateway
from messages_app.resending import Choice, resend, resendable, retry
from tests.factories import GatewayFactory, MessageFactory
from tests.messages_app.house import House
from users.models import Suppression

HOUR = timedelta(hours=1)


def report(message: Message, *statuses: Status) -> None:
    gateway = configuration.current().gateways[message.gateway_id]
    updates = [StatusUpdate(status=status, message_id=str(message.pk)) for status in statuses]
    apply_to_gateway(gateway, updates)
    message.refresh_from_db()


def told(message: Message) -> list[str]:
    reported = StatusEvent.objects.filter(message=message, is_reported=True)
    return list(reported.order_by("pk").values_list("status", flat=True))


def send(message: Message) -> None:
    run("send", str(message.gateway_id), linger=0)
    message.refresh_from_db()


@pytest.fixture
def failed(house: House) -> Message:
    """Taken by its provider, and reported as failed."""
    message = house.accepted(Channel.EMAIL)
    send(message)
    report(message, Status.FAILED)
    assert message.state == State.FAILED
    return message


def all_messages():
    return Message.objects.all()


def test_what_waits_for_a_later_try_is_due_now(house):
    message = house.accepted()
    Message.objects.update(due_at=timezone.now() + HOUR, attempts=3)
    assert retry(all_messages()) == 1
    message.refresh_from_db()
    assert message.due_at <= timezone.now()
    assert message.attempts == 3
    assert retry(all_messages()) == 0


@pytest.mark.parametrize("state", [State.SENDING, State.SENT, State.FAILED, State.UNKNOWN])
def test_only_what_is_queued_is_tried_sooner(house, state):
    house.accepted()
    Message.objects.update(state=state, due_at=timezone.now() + HOUR)
    assert retry(all_messages()) == 0


def test_a_resent_message_that_is_delivered_is_reported_delivered(failed):
    assert resend(all_messages()) == 1
    send(failed)
    assert (failed.state, failed.ended_at, failed.attempts) == (State.SENT, None, 1)
    assert told(failed) == ["accepted", "failed"]
    report(failed, Status.DELIVERED)
    assert (failed.state, failed.status) == (State.SENT, "delivered")
    assert told(failed) == ["accepted", "failed", "delivered"]


def test_it_is_the_same_message_and_has_all_its_time_again(failed):
    Message.objects.update(expires_at=timezone.now() - HOUR)
    resend(all_messages())
    failed.refresh_from_db()
    assert failed.state == State.QUEUED
    assert failed.expires_at > timezone.now() + 24 * HOUR
    assert failed.requeued_at is not None


def test_one_that_fails_again_has_ended_and_is_told_once(failed):
    resend(all_messages())
    send(failed)
    report(failed, Status.FAILED)
    assert (failed.state, failed.status) == (State.FAILED, "failed")
    assert failed.ended_at is not None
    assert told(failed) == ["accepted", "failed"]
    assert resend(all_messages()) == 1


def test_one_that_expires_again_is_closed_again(failed):
    resend(all_messages())
    Message.objects.update(expires_at=timezone.now() - HOUR)
    assert close_expired() == 1
    failed.refresh_from_db()
    assert (failed.state, failed.status) == (State.FAILED, "failed")
    assert close_expired() == 0


def test_one_whose_provider_is_away_waits_and_is_not_taken_for_sent(failed, house):
    house.user.properties["sandbox"] = "unavailable"
    house.user.save()
    resend(all_messages())
    send(failed)
    assert (failed.state, failed.status) == (State.QUEUED, "failed")
    assert failed.due_at > timezone.now()


def test_a_late_report_on_the_first_round_keeps_it_from_going_twice(failed):
    resend(all_messages())
    report(failed, Status.DELIVERED)
    assert (failed.state, failed.status) == (State.SENT, "delivered")
    assert run("send", str(failed.gateway_id), linger=0) == 0


def test_what_reached_the_person_before_it_failed_is_left_out(failed):
    StatusEvent.objects.filter(status="accepted").update(status="delivered")
    assert resend(all_messages()) == 0


def test_what_goes_to_a_suppressed_address_is_left_out(failed):
    index = failed.end_user.email_index
    by_phone = Suppression.objects.create(
        label=failed.label, channel="sms", address_index=index, reason="x"
    )
    assert resendable(all_messages()).exists()
    Suppression.objects.filter(pk=by_phone.pk).update(channel="email")
    assert not resendable(all_messages()).exists()


@pytest.mark.parametrize("lost", ["content", "end_user"])
def test_what_has_lost_its_content_or_its_end_user_is_left_out(failed, lost):
    Message.objects.update(**{lost: None})
    assert resend(all_messages()) == 0


@pytest.mark.parametrize("state", [State.QUEUED, State.SENDING, State.SENT, State.UNKNOWN])
def test_only_what_has_ended_is_resent(failed, state):
    Message.objects.update(state=state)
    assert resend(all_messages()) == 0


def test_it_goes_to_the_gateway_that_fits_best_now(failed, house):
    own = GatewayFactory(label=house.label, channel=Channel.EMAIL, brand=house.brand)
    resend(all_messages())
    failed.refresh_from_db()
    assert failed.gateway == own


def test_many_go_in_batches_and_each_tells_how_far_it_is(house, monkeypatch):
    monkeypatch.setattr(resending, "BATCH", 2)
    for _ in range(5):
        MessageFactory(
            label=house.label,
            end_user=house.user,
            gateway=house.gateways[Channel.SMS],
            state=State.FAILED,
        )
    so_far: list[int] = []
    assert resend(all_messages(), so_far.append) == 5
    assert so_far == [2, 4, 5]


def test_an_unknown_outcome_that_is_sent_again_has_all_its_time(house):
    message = house.accepted()
    Message.objects.update(state=State.UNKNOWN, expires_at=timezone.now() - HOUR)
    assert send_again(all_messages()) == 1
    assert close_expired() == 0
    message.refresh_from_db()
    assert message.state == State.QUEUED


def test_an_unknown_outcome_after_a_resend_counts_as_sent(failed):
    Message.objects.update(state=State.UNKNOWN)
    assert count_as_sent(all_messages()) == 1
    failed.refresh_from_db()
    assert failed.state == State.SENT
    assert told(failed) == ["accepted", "failed"]


@pytest.mark.parametrize(
    "choice",
    [
        lambda row: Choice(label=row.label.slug),
        lambda row: Choice(message=row.pk),
        lambda row: Choice(statuses=["failed"]),
        lambda row: Choice(since=timezone.now() - HOUR),
    ],
)
def test_each_condition_narrows_the_choice(failed, choice):
    MessageFactory(id=first_id(timezone.now() - 2 * HOUR), state=State.FAILED)
    assert list(choice(failed).messages()) == [failed]


def test_until_is_not_included(failed):
    earlier = MessageFactory(id=first_id(timezone.now() - 2 * HOUR))
    assert list(Choice(until=timezone.now() - HOUR).messages()) == [earlier]
