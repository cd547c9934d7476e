"""What changes here is owed to the providers that keep it, too."""

import pytest
from django.utils import timezone

from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel, Status
from gateways import configuration
from gateways.providers.base import StatusUpdate
from messages_app.models import Relay, SendAttempt, State, WordMapping
from messages_app.reports import apply_to_gateway
from tests.factories import BrandFactory, EndUserFactory, GatewayFactory, MessageFactory
from tests.gateways.providers.examples import at
from tests.messages_app.relaying.peer import bodies, relay, standing
from tests.messages_app.test_reports import look_at_the_inbox
from users.importing import upsert
from users.rows import row_of
from users.suppressions import lift, suppress

pytestmark = pytest.mark.django_db
EMAIL = "jo@mailbox.example"


def elsewhere(gateway, peer, **changes):
    """Another account of the label."""
    config = {**at("esputnik", peer.url), **changes.pop("config", {})}
    return GatewayFactory(
        label=gateway.label,
        provider="esputnik",
        config=config,
        **({"channel": Channel.EMAIL} | changes),
    )


def owed() -> list[tuple[str, int]]:
    return sorted(Relay.objects.values_list("kind", "gateway"))


def told(ext_user_id="u-9", **fields):
    return row_of({"ext_user_id": ext_user_id, **fields})


def by_webhook(gateway, status: Status | None, **named) -> None:
    values = configuration.current().gateways[gateway.pk]
    apply_to_gateway(values, [StatusUpdate(status=status, **named)])


def test_only_gateways_that_push_opt_outs_are_owed_them(gateway, jo, peer):
    elsewhere(gateway, peer, config={"push_opt_outs": False})
    elsewhere(gateway, peer, is_active=False)
    GatewayFactory(label=gateway.label, channel=Channel.EMAIL)

    suppress(gateway.label_id, "email", [jo.email_index], "platform")

    assert owed() == [("opt_out", gateway.pk)]


def test_an_address_that_was_suppressed_before_is_not_owed_again(gateway, jo):
    for _ in range(2):
        suppress(gateway.label_id, "email", [jo.email_index], "platform")
    assert lift(gateway.label_id, "email", [jo.email_index], by="a test") == 1
    assert lift(gateway.label_id, "email", [jo.email_index], by="a test") == 0

    assert standing() == [("opt_out", ""), ("opt_in", "")]


def test_other_channels_and_labels_are_not_told(gateway, jo):
    other = EndUserFactory(email=EMAIL)

    suppress(gateway.label_id, "sms", [jo.phone_index], "platform")
    suppress(other.label_id, "email", [other.email_index], "platform")

    assert owed() == []


def test_an_index_whose_address_nobody_knows_is_not_owed(gateway):
    suppress(gateway.label_id, "email", ["0" * 64], "platform")
    assert owed() == []


def test_the_gateway_that_told_us_is_not_told(gateway, jo, peer):
    other = elsewhere(gateway, peer)
    message = MessageFactory(
        label=gateway.label,
        gateway=gateway,
        end_user=jo,
        channel=Channel.EMAIL,
        state=State.SENT,
        attempts=1,
    )
    now = timezone.now()
    SendAttempt.objects.create(
        message=message,
        gateway=gateway,
        number=1,
        provider_id="r-1",
        started_at=now,
        finished_at=now,
        outcome="accepted",
    )

    by_webhook(gateway, Status.UNSUBSCRIBED, provider_id="r-1")

    assert owed() == [("opt_out", other.pk)]


def test_nor_is_it_where_a_person_had_to_say_what_its_word_means(gateway, jo, peer):
    other = elsewhere(gateway, peer)
    message = MessageFactory(
        label=gateway.label, gateway=gateway, end_user=jo, channel=Channel.EMAIL, attempts=1
    )
    by_webhook(gateway, None, message_id=str(message.pk), word="AUF_WIEDERSEHEN")
    WordMapping.objects.create(
        label=gateway.label,
        provider="esputnik",
        word="auf_wiedersehen",
        status=Status.UNSUBSCRIBED,
    )

    look_at_the_inbox()

    assert owed() == [("opt_out", other.pk)]


def test_an_opt_out_of_a_stranger_is_told_to_the_others_with_the_address(gateway, peer):
    other = elsewhere(gateway, peer)

    by_webhook(gateway, Status.UNSUBSCRIBED, recipient=Personal("stranger@mailbox.example"))
    assert owed() == [("opt_out", other.pk)]
    relay(other)

    assert bodies(peer, "emails/unsubscribed/add") == [{"emails": ["stranger@mailbox.example"]}]


def test_new_and_changed_users_become_contacts(gateway, peer):
    upsert(gateway.label_id, [told(email=EMAIL, properties={"country": "DE"})])
    relay(gateway)
    upsert(gateway.label_id, [told(phone="+4915112345678")])
    upsert(gateway.label_id, [told(phone="+4915112345678")])
    relay(gateway)

    email, phone = {"type": "email", "value": EMAIL}, {"type": "sms", "value": "4915112345678"}
    fields = [{"id": 15869, "value": "DE"}]
    named = {"externalCustomerId": "u-9", "fields": fields}
    assert [each["contacts"] for each in bodies(peer, "contacts")] == [
        [{"channels": [email], **named}],
        [{"channels": [email, phone], **named}],
    ]
    assert standing() == [("contact", "taken"), ("contact", "taken")]


def test_changes_that_come_before_a_contact_has_left_leave_with_it(gateway, peer):
    for country in ("DE", "AT", "FR"):
        upsert(gateway.label_id, [told(email=EMAIL, properties={"country": country})])
    assert owed() == [("contact", gateway.pk)]

    relay(gateway)

    (body,) = bodies(peer, "contacts")
    assert body["contacts"][0]["fields"] == [{"id": 15869, "value": "FR"}]


def test_contacts_leave_a_hundred_at_a_time(gateway, peer):
    upsert(gateway.label_id, [told(str(n), email=f"u{n}@mailbox.example") for n in range(250)])

    relay(gateway)

    assert [len(body["contacts"]) for body in bodies(peer, "contacts")] == [100, 100, 50]


def test_only_users_that_fit_a_gateway_become_contacts_there(gateway, peer):
    brand = BrandFactory(label=gateway.label, slug="b")
    own = elsewhere(gateway, peer, brand=brand)
    austrian = elsewhere(gateway, peer, filters={"country": ["AT"]})
    elsewhere(gateway, peer, config={"keep_contacts": False})

    upsert(gateway.label_id, [told(email=EMAIL, properties={"country": "AT"})])
    assert owed() == [("contact", gateway.pk), ("contact", austrian.pk)]
    Relay.objects.all().delete()

    upsert(gateway.label_id, [told("b-1", brand="b", email="b@mailbox.example")])
    assert owed() == [("contact", gateway.pk), ("contact", own.pk)]


def test_who_does_not_fit_any_more_or_has_no_address_is_not_told(gateway, peer, configured):
    upsert(gateway.label_id, [told()])
    relay(gateway)
    upsert(gateway.label_id, [told("u-8", email=EMAIL)])
    configured(keep_contacts=False)
    relay(gateway)

    assert peer.asked == []
    assert standing() == [("contact", "not_needed"), ("contact", "not_needed")]


def test_a_dry_run_owes_nothing(gateway):
    upsert(gateway.label_id, [told(email=EMAIL)], dry_run=True)
    assert owed() == []


def test_an_import_costs_no_statement_more_where_nobody_keeps_contacts(
    gateway, configured, django_assert_num_queries
):
    configured(keep_contacts=False)
    configuration.current()
    rows = [told(str(n), email=f"u{n}@mailbox.example") for n in range(50)]
    with django_assert_num_queries(6):
        upsert(gateway.label_id, rows)
