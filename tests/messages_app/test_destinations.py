"""Which address is closed after what was learnt about a message: the one it went to."""

import pytest
from django.utils import timezone

from gateway_project.lib.draining import run
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel, Status
from gateways.models import Gateway
from gateways.providers.base import StatusUpdate
from messages_app.models import Message, SendAttempt
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.messages_app.test_reports import apply, by_own_id, sent
from users.addresses import email_index, phone_index
from users.erasing import erase
from users.models import EndUser, Suppression

pytestmark = pytest.mark.django_db

OLD, NEW, OTHER = (f"canary.{name}@mailbox.example" for name in ("old", "new", "other"))
WENT_WRONG = [(Status.COMPLAINED, {}), (Status.FAILED, {"is_permanent": True})]


@pytest.fixture
def gateway():
    return GatewayFactory(
        channel=Channel.EMAIL, provider="sandbox", from_default="noreply@amazing.co"
    )


@pytest.fixture
def user(gateway):
    return EndUserFactory(label=gateway.label, email=OLD)


def mail(gateway, user, **changes) -> Message:
    """One that has just left."""
    message = MessageFactory(
        label=gateway.label, gateway=gateway, channel=gateway.channel, end_user=user, **changes
    )
    run("send", str(gateway.pk), linger=0)
    return message


def move(user: EndUser, email: str) -> None:
    user.email = email
    user.save()


def tried(
    message: Message,
    index: str,
    gateway: Gateway | None = None,
    *,
    channel: Channel = Channel.EMAIL,
    provider_id: str = "",
) -> None:
    """One more try, at that address."""
    now = timezone.now()
    SendAttempt.objects.create(
        message=message,
        gateway=gateway or message.gateway,
        number=message.send_attempts.count() + 1,
        outcome="accepted",
        address_index=index,
        address_channel=channel,
        provider_id=provider_id,
        started_at=now,
        finished_at=now,
    )


def closed() -> set[str]:
    return set(Suppression.objects.values_list("address_index", flat=True))


@pytest.mark.parametrize(("status", "more"), WENT_WRONG)
def test_it_is_the_address_it_went_to_and_not_the_one_the_user_has_by_now(
    gateway, user, status, more
):
    message = mail(gateway, user)
    move(user, NEW)
    apply(gateway, by_own_id(message, status, **more))
    assert closed() == {email_index(OLD)}


@pytest.mark.parametrize(("status", "more"), WENT_WRONG)
def test_an_address_is_closed_also_after_its_user_was_erased(gateway, user, status, more):
    message = mail(gateway, user)
    neighbour = EndUserFactory(label=gateway.label, email=OLD)
    erase([user], "a test")
    apply(gateway, by_own_id(message, status, **more))
    assert closed() == {neighbour.email_index}


def test_after_an_erasure_with_suppressions_nothing_tells_where_it_went(gateway, user):
    message = mail(gateway, user)
    erase([user], "a test", with_suppressions=True)
    assert set(SendAttempt.objects.values_list("address_index", flat=True)) == {""}
    apply(gateway, by_own_id(message, Status.COMPLAINED))
    assert closed() == set()


def test_what_a_provider_names_is_believed_where_no_try_is_kept(gateway, user):
    message = sent(gateway, end_user=None)
    apply(gateway, by_own_id(message, Status.COMPLAINED, recipient=Personal(OTHER)))
    assert closed() == {email_index(OTHER)}


def test_without_any_of_that_it_is_the_users_own(gateway, user):
    apply(gateway, by_own_id(sent(gateway, end_user=user), Status.COMPLAINED))
    assert closed() == {user.email_index}


def test_what_is_named_and_was_never_tried_stays_open(gateway, user):
    message = mail(gateway, user)
    apply(gateway, by_own_id(message, Status.COMPLAINED, recipient=Personal(OTHER)))
    assert closed() == {email_index(OLD)}


@pytest.mark.parametrize(("named", "meant"), [(None, NEW), (OLD, OLD), (OTHER, NEW)])
def test_of_several_tries_it_is_the_one_that_is_named_else_the_last(gateway, user, named, meant):
    message = sent(gateway, end_user=user)
    for address in (OLD, NEW):
        tried(message, email_index(address))
    recipient = Personal(named) if named else None
    apply(gateway, by_own_id(message, Status.COMPLAINED, recipient=recipient))
    assert closed() == {email_index(meant)}


def test_a_message_that_went_on_to_another_gateway_went_to_the_address_of_its_last_try(user):
    number = "+4915112345678"
    by_mail, by_sms = (
        GatewayFactory(label=user.label, channel=channel) for channel in ("email", "sms")
    )
    message = sent(by_sms, end_user=user, channel=Channel.SMS)
    tried(message, email_index(OLD), by_mail)
    tried(message, phone_index(number), channel=Channel.SMS)
    apply(by_sms, by_own_id(message, Status.UNSUBSCRIBED))
    rows = Suppression.objects.values_list("channel", "address_index")
    assert set(rows) == {("sms", phone_index(number))}


def test_who_looks_at_a_preview_is_written_to_again(gateway):
    preview = {"activity_type": "preview", "preview_address": OLD}
    message = mail(gateway, None, **preview)
    assert set(SendAttempt.objects.values_list("address_index", flat=True)) == {""}
    apply(gateway, by_own_id(message, Status.COMPLAINED, recipient=Personal(OLD)))
    assert closed() == set()


def test_the_addresses_of_many_messages_are_looked_up_together(
    gateway, django_assert_max_num_queries
):
    messages = [mail(gateway, EndUserFactory(label=gateway.label)) for _ in range(5)]
    complaints = [by_own_id(message, Status.COMPLAINED) for message in messages]
    apply(gateway, *complaints[:1])
    with django_assert_max_num_queries(40):
        apply(gateway, *complaints[1:])
    assert len(closed()) == len(messages)


def test_a_report_without_an_id_closes_what_it_names(gateway, user):
    mail(gateway, user)
    move(user, NEW)
    apply(gateway, StatusUpdate(status=Status.COMPLAINED, recipient=Personal(OLD)))
    assert closed() == {email_index(OLD)}


def test_a_late_report_on_an_earlier_try_closes_the_address_of_that_try(gateway, user):
    message = mail(gateway, user)
    tried(message, email_index(OTHER), provider_id="the-first")
    tried(message, email_index(NEW), provider_id="the-second")
    late = StatusUpdate(status=Status.FAILED, provider_id="the-first", is_permanent=True)
    apply(gateway, late)
    assert closed() == {email_index(OTHER)}


def test_a_report_of_one_gateway_closes_no_address_that_another_has_tried(gateway, user):
    other = GatewayFactory(label=gateway.label, channel=Channel.EMAIL, provider="sandbox")
    message = mail(gateway, user)
    tried(message, email_index(NEW), other)
    apply(gateway, by_own_id(message, Status.COMPLAINED))
    assert closed() == {email_index(OLD)}


def test_an_address_is_closed_on_the_channel_it_was_tried_on_however_its_gateway_is_set_by_now(
    gateway, user
):
    message = mail(gateway, user)
    tried(message, phone_index("+4915112345678"), channel=Channel.RCS)
    apply(gateway, by_own_id(message, Status.UNSUBSCRIBED))
    assert list(Suppression.objects.values_list("channel", flat=True)) == [Channel.RCS]
