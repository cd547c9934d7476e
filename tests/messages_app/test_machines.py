"""Opens and clicks of scanners: kept, marked, and told only where the label wants them told."""

from datetime import timedelta
from itertools import permutations

import pytest
from django.utils import timezone

from callbacks.models import CallbackDelivery
from gateway_project.lib.vocabulary import Channel, Status
from gateways import configuration
from gateways.models import Label
from gateways.providers.base import StatusUpdate
from messages_app.machines import Known, looks_like_a_machine, step_of
from messages_app.models import Message, State, StatusEvent
from messages_app.reports import apply_to_gateway
from messages_app.timeline import story
from tests.factories import GatewayFactory, MessageFactory

AT = timezone.now().replace(microsecond=0)
EMAIL = Channel.EMAIL


def known(status: str, seconds: float = 0, *, is_machine=False, is_reported=True) -> Known:
    at = AT + timedelta(seconds=seconds)
    return Known(status=status, occurred_at=at, is_machine=is_machine, is_reported=is_reported)


@pytest.mark.parametrize(
    ("status", "channel", "after", "is_machine"),
    [
        ("opened", EMAIL, 0.0, True),
        ("opened", EMAIL, 1.0, True),
        ("opened", EMAIL, 1.1, False),
        ("opened", EMAIL, -60.0, False),
        ("clicked", EMAIL, 0.4, True),
        ("clicked", Channel.SMS, 0.4, True),
        ("clicked", Channel.SMS, 5.0, False),
        ("opened", Channel.WHATSAPP, 0.4, False),
        ("delivered", EMAIL, 0.4, False),
        ("unsubscribed", EMAIL, 0.4, False),
    ],
)
def test_a_look_within_a_second_of_the_delivery_is_a_machines(status, channel, after, is_machine):
    looks = looks_like_a_machine(
        Status(status), AT + timedelta(seconds=after), channel, [known("delivered")]
    )
    assert looks is is_machine


def test_before_a_delivery_is_known_the_acceptance_counts():
    looks = [
        looks_like_a_machine(Status.OPENED, AT, EMAIL, learnt)
        for learnt in ([known("accepted")], [known("accepted", -30)], [])
    ]
    assert looks == [True, False, False]


def test_a_persons_look_is_told_once_whatever_a_machine_did_before_or_does_after():
    for is_told in (True, False):
        for order in set(permutations([True, False, True, False])):
            learnt, told = [known("delivered")], 0
            for is_machine in order:
                step = step_of(
                    Status.OPENED, "delivered", learnt, is_machine=is_machine, is_told=is_told
                )
                if step is not None:
                    told += step.is_reported
                    learnt.append(
                        known("opened", is_machine=is_machine, is_reported=step.is_reported)
                    )
            assert told == 1


def test_a_machines_look_that_is_not_told_moves_nothing_and_hides_no_delivery():
    step = step_of(Status.OPENED, "accepted", [known("accepted")], is_machine=True, is_told=False)
    assert step is not None
    assert (step.status, step.is_reported) == ("accepted", False)
    learnt = [known("accepted"), known("opened", is_machine=True, is_reported=False)]
    late = step_of(Status.DELIVERED, "accepted", learnt, is_machine=False, is_told=False)
    assert late is not None
    assert (late.status, late.is_reported) == ("delivered", True)


@pytest.fixture
def gateway(db):
    return GatewayFactory(channel=EMAIL)


def sent(gateway) -> Message:
    return MessageFactory(
        gateway=gateway, label=gateway.label, channel=EMAIL, state=State.SENT, due_at=None
    )


def apply(message: Message, *looks: tuple[str, float, bool | None]) -> None:
    apply_to_gateway(
        configuration.current().gateways[message.gateway_id],
        [
            StatusUpdate(
                status=Status(status),
                message_id=str(message.pk),
                occurred_at=AT + timedelta(seconds=seconds),
                is_machine=is_machine,
            )
            for status, seconds, is_machine in looks
        ],
    )


def owed(message: Message) -> list[str]:
    rows = CallbackDelivery.objects.filter(message=message).order_by("pk")
    return list(rows.values_list("status", flat=True))


def silence_machines(message: Message) -> None:
    label = Label.objects.get(pk=message.label_id)
    label.report_machine_opens = False
    label.save()


def test_a_scanners_open_is_kept_marked_and_told_unless_the_label_says_otherwise(gateway):
    message = sent(gateway)
    apply(message, ("delivered", 0, None), ("opened", 0.3, None))
    event = StatusEvent.objects.get(message=message, status="opened")
    assert (event.is_machine, event.is_reported) == (True, True)
    assert owed(message) == ["delivered", "opened"]


def test_where_it_is_not_told_the_persons_open_that_comes_later_is(gateway):
    message = sent(gateway)
    silence_machines(message)
    apply(message, ("delivered", 0, None), ("opened", 0.3, None))
    message.refresh_from_db()
    assert message.status == "delivered"
    assert owed(message) == ["delivered"]
    apply(message, ("opened", 0.3, None), ("opened", 3600, None), ("opened", 7200, None))
    message.refresh_from_db()
    assert message.status == "opened"
    assert owed(message) == ["delivered", "opened"]
    looks = StatusEvent.objects.filter(message=message, status="opened").order_by("pk")
    assert [(look.is_machine, look.is_reported) for look in looks] == [(True, False), (False, True)]


def test_both_in_one_request_and_in_any_order_come_to_the_same(gateway):
    looks = [("delivered", 0, None), ("opened", 0.3, None), ("opened", 60, None)]
    for order in permutations(looks):
        message = sent(gateway)
        silence_machines(message)
        apply(message, *order)
        assert owed(message) == ["delivered", "opened"]


def test_what_the_provider_says_goes_before_the_clock(gateway):
    message = sent(gateway)
    apply(message, ("delivered", 0, None), ("opened", 0.3, False), ("clicked", 600, True))
    looks = StatusEvent.objects.filter(message=message, status__in=["opened", "clicked"])
    assert dict(looks.values_list("status", "is_machine")) == {"opened": False, "clicked": True}


def test_the_timeline_marks_it_and_says_why_it_is_not_told(gateway):
    message = sent(gateway)
    silence_machines(message)
    apply(message, ("delivered", 0, None), ("opened", 0.3, None))
    entry = story(message, [], StatusEvent.objects.filter(message=message, status="opened"))[-1]
    assert entry.badge == "not told"
    assert entry.lines[0].startswith("Probably a machine")
    assert "what machines do" in entry.lines[1]
