"""The message log, a message's page, and what a person may do there."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import connection
from django.test.utils import CaptureQueriesContext
from django.urls import reverse
from django.utils import timezone

from callbacks.models import CallbackDelivery, Settlement
from gateway_project.lib.draining import run
from gateway_project.lib.identifiers import first_id
from gateway_project.lib.vocabulary import Channel, Status
from gateways import configuration
from gateways.models import AuditEntry
from gateways.providers.base import StatusUpdate
from messages_app.models import Message, State
from messages_app.reports import apply_to_gateway
from tests.back_office.people import browser_of, person_with
from tests.factories import LabelFactory, MessageFactory
from tests.messages_app.house import House, build_house

LIST = reverse("admin:messages_app_message_changelist")
HOUR = timedelta(hours=1)


@pytest.fixture
def house(db) -> House:
    return build_house()


@pytest.fixture
def operator(db):
    return browser_of(person_with("operator"))


@pytest.fixture
def sent(house: House) -> Message:
    """A message that was sent, delivered and owed to Smartico."""
    message = house.accepted(Channel.EMAIL, body="the-body-of-the-mail")
    run("send", str(message.gateway_id), linger=0)
    report(message, Status.DELIVERED)
    return Message.objects.get(pk=message.pk)


def report(message: Message, status: Status) -> None:
    gateway = configuration.current().gateways[message.gateway_id]
    apply_to_gateway(gateway, [StatusUpdate(status=status, message_id=str(message.pk))])


def page(message: Message) -> str:
    return reverse("admin:messages_app_message_change", args=[message.pk])


def fragment(message: Message) -> str:
    return reverse("admin:messages_app_message_timeline", args=[message.pk])


def act(client, action: str, *messages: Message, confirmed: bool = True):
    data = {"action": action, "_selected_action": [str(message.pk) for message in messages]}
    return client.post(LIST, data | ({"confirmed": "yes"} if confirmed else {}), follow=True)


def told(client, message: Message) -> list[str]:
    return [entry.title for entry in client.get(page(message)).context["story"].entries]


def test_the_page_tells_the_whole_story_in_its_order(operator, sent):
    name = sent.gateway.name
    assert told(operator, sent) == [
        "Accepted from Smartico",
        f"Routed to {name}",
        f"Try 1 at {name}",
        "Learnt that it was accepted",
        "Learnt that it was delivered",
    ]
    waits = operator.get(page(sent)).context["story"].waits
    assert [wait.title for wait in waits] == [
        "Smartico is owed: accepted",
        "Smartico is owed: delivered",
    ]


def test_no_page_shows_an_address_a_body_or_a_url(operator, house, sent):
    confidential = [
        house.user.email.reveal(),
        house.user.phone.reveal(),
        "the-body-of-the-mail",
        "api.smartico.ai",
    ]
    for url in (LIST, page(sent), fragment(sent), f"{LIST}?q={sent.uid}"):
        response = operator.get(url)
        assert response.status_code == 200
        assert not [text for text in confidential if text in response.content.decode()]


def test_a_uid_that_is_an_address_is_shown_masked(operator):
    message = MessageFactory(uid="jane.doe@example.com")
    shown = operator.get(page(message)).content.decode()
    assert message.uid not in shown
    assert shown.count("j***@e***.com") == 2


def test_a_message_is_found_by_every_id_it_has(operator, house, sent):
    house.accepted(Channel.SMS, im_uid="another")
    for sought in (str(sent.pk), sent.uid, f"sandbox-{sent.pk}"):
        found = operator.get(LIST, {"q": sought}).context["cl"].result_list
        assert list(found) == [sent]
    assert not operator.get(LIST, {"q": "nothing"}).context["cl"].result_list


def test_the_list_is_narrowed_by_time(operator, house):
    now = timezone.now()
    for hours in (0, 2, 30):
        at = now - hours * HOUR
        MessageFactory(id=first_id(at), label=house.label, created_at=at)
    times = {"within": "24h"}
    assert len(operator.get(LIST, times).context["cl"].result_list) == 2
    span = {"since": f"{now - 3 * HOUR:%Y-%m-%dT%H:%M}", "until": f"{now - HOUR:%Y-%m-%dT%H:%M}"}
    assert len(operator.get(LIST, span).context["cl"].result_list) == 1
    kept = operator.get(LIST, {"state": "queued", "since": "1999-01-01T00:00"})
    assert len(kept.context["cl"].result_list) == 3
    assert '<input type="hidden" name="state' in kept.content.decode()


def test_a_time_that_is_none_is_left_out(operator, sent):
    assert operator.get(LIST, {"since": "yesterday"}, follow=True).status_code == 200


def test_the_list_takes_as_many_queries_for_many_as_for_few(operator, house):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert operator.get(LIST).status_code == 200
        return len(captured)

    MessageFactory(label=house.label, gateway=house.gateways[Channel.SMS])
    few = queries()
    for gateway in house.gateways.values():
        MessageFactory(label=house.label, brand=house.brand, gateway=gateway)
    assert queries() == few <= 14


def test_the_page_takes_as_many_queries_for_a_long_story(operator, sent):
    def queries() -> int:
        with CaptureQueriesContext(connection) as captured:
            assert operator.get(fragment(sent)).status_code == 200
        return len(captured)

    few = queries()
    for status in (Status.OPENED, Status.CLICKED, Status.UNSUBSCRIBED):
        report(sent, status)
    assert queries() == few <= 13


def test_the_page_comes_again_while_the_message_is_under_way_and_then_no_more(operator, sent):
    first = operator.get(fragment(sent))
    seen = first.context["story"].digest
    assert f'hx-get="{fragment(sent)}?seen={seen}"' in first.content.decode()
    assert operator.get(fragment(sent), {"seen": seen}).status_code == 204
    report(sent, Status.OPENED)
    assert operator.get(fragment(sent), {"seen": seen}).status_code == 200
    CallbackDelivery.objects.update(settlement=Settlement.ACKNOWLEDGED)
    assert "hx-get" not in operator.get(fragment(sent), {"seen": seen}).content.decode()


def test_the_content_is_not_read_for_the_list(operator, sent):
    with CaptureQueriesContext(connection) as captured:
        operator.get(LIST)
    assert not [one for one in captured if '"messages_app_message"."content"' in one["sql"]]


def test_what_waits_is_retried_now(operator, house):
    message = house.accepted()
    Message.objects.update(due_at=timezone.now() + HOUR)
    asked = act(operator, "retry", message, confirmed=False)
    assert "1 messages wait for a later try" in asked.content.decode()
    assert Message.objects.get().due_at > timezone.now()
    assert "Timeline" in act(operator, "retry", message).content.decode()
    assert Message.objects.get().due_at <= timezone.now()
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.subject_id) == ("retried", str(message.pk))


def test_what_failed_is_resent_and_many_are_one_entry_per_label(operator, house):
    messages = [house.accepted(im_uid=f"uid-{number}") for number in range(3)]
    Message.objects.filter(pk__in=[row.pk for row in messages[:2]]).update(state=State.FAILED)
    asked = act(operator, "resend", *messages, confirmed=False).content.decode()
    assert "2 messages failed or were rejected" in asked
    assert "1 of those chosen are left as they are" in asked
    act(operator, "resend", *messages)
    assert set(Message.objects.values_list("state", flat=True)) == {State.QUEUED}
    entry = AuditEntry.objects.get()
    assert (entry.action, entry.label, entry.changes) == (
        *("resent", house.label),
        {"messages": "2"},
    )


@pytest.mark.parametrize(
    ("action", "state", "status"),
    [("send_again", State.QUEUED, ""), ("count_as_sent", State.SENT, "accepted")],
)
def test_a_person_settles_an_unknown_outcome(operator, house, action, state, status):
    message = house.accepted()
    Message.objects.update(state=State.UNKNOWN, due_at=None)
    act(operator, action, message)
    message.refresh_from_db()
    assert (message.state, message.status) == (state, status)
    assert AuditEntry.objects.get().action == "settled"


def test_the_callbacks_of_a_message_are_replayed(operator, sent):
    CallbackDelivery.objects.update(settlement=Settlement.ACKNOWLEDGED)
    act(operator, "replay", sent)
    assert CallbackDelivery.objects.owed().count() == 2
    assert AuditEntry.objects.get().action == "replayed"


def test_what_is_done_to_none_is_not_written_down(operator, sent):
    act(operator, "retry", sent)
    assert not AuditEntry.objects.exists()


def buttons(client, message: Message) -> list[str]:
    return [name for name, _ in client.get(page(message)).context["deeds"]]


def test_the_page_offers_what_would_do_something(operator, house, sent):
    assert buttons(operator, sent) == []
    CallbackDelivery.objects.update(settlement=Settlement.DEAD)
    assert buttons(operator, sent) == ["replay"]
    message = house.accepted()
    for change, offered in (
        ({"due_at": timezone.now() + HOUR}, ["retry"]),
        ({"state": State.UNKNOWN}, ["count_as_sent", "send_again"]),
        ({"state": State.FAILED}, ["resend"]),
    ):
        Message.objects.filter(pk=message.pk).update(**change)
        assert buttons(operator, message) == offered


def test_who_may_only_look_is_offered_nothing_and_does_nothing(house):
    support = browser_of(person_with("support"))
    message = house.accepted()
    Message.objects.update(state=State.FAILED)
    assert buttons(support, message) == []
    act(support, "resend", message)
    assert Message.objects.get().state == State.FAILED


def test_of_another_label_nothing_is_seen_and_nothing_done(house):
    elsewhere = browser_of(person_with("operator", labels=[LabelFactory()]))
    message = house.accepted()
    Message.objects.update(state=State.FAILED)
    assert elsewhere.get(page(message)).status_code == 404
    assert elsewhere.get(fragment(message)).status_code == 404
    assert not elsewhere.get(LIST, {"q": message.uid}).context["cl"].result_list
    act(elsewhere, "resend", message)
    assert Message.objects.get().state == State.FAILED


@pytest.mark.parametrize("key", ["nonsense", "00000000-0000-0000-0000-000000000000"])
def test_a_message_that_is_not_there_is_not_found(operator, key):
    assert operator.get(f"{LIST}{key}/change/").status_code == 404
    assert operator.get(f"{LIST}{key}/timeline/").status_code == 404


def test_a_stranger_sees_nothing(client, sent):
    assert client.get(page(sent)).status_code == 302
    assert client.get(fragment(sent)).status_code == 302


def test_a_superuser_may_do_everything(client, house):
    client.force_login(User.objects.create_superuser("root"))
    message = house.accepted()
    Message.objects.update(state=State.FAILED)
    act(client, "resend", message)
    assert Message.objects.get().state == State.QUEUED


def test_nothing_is_counted_per_filter(operator, sent):
    for name in ("messages_app_message", "callbacks_callbackdelivery", "messages_app_inboxentry"):
        page = operator.get(reverse(f"admin:{name}_changelist"), {"_facets": "True"})
        assert "Show counts" not in page.content.decode()
        assert not page.context["cl"].add_facets
