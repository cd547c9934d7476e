"""The home page: right figures, of the right labels, at a bounded price."""

import re
from datetime import timedelta

import pytest
from django.contrib.auth.models import Permission
from django.test import Client
from django.urls import reverse

from callbacks.models import CallbackDelivery, Settlement
from gateway_project.back_office.dashboard.period import PERIODS
from gateway_project.lib import paging
from gateway_project.lib.clock import database_now
from gateway_project.lib.paging import MOST_COUNTED
from gateways.models import Breaker, Contact
from messages_app.counting.adding import add
from messages_app.counting.window import floor
from messages_app.models import Counted, InboxEntry, Measure, Relay, Span, State, Tally, Wait
from tests.back_office.people import browser_of, person_with
from tests.factories import BrandFactory, EndUserFactory, GatewayFactory, KeyFactory, MessageFactory
from users.models import MissingUser

pytestmark = pytest.mark.django_db


def home(client: Client, **chosen):
    answer = client.get("/admin/", chosen)
    assert answer.status_code == 200
    return answer


@pytest.fixture
def ours():
    return GatewayFactory(name="Our gateway")


@pytest.fixture
def theirs():
    return GatewayFactory(name="Their gateway")


def happened(gateway, measure, count, ago=timedelta(0), **values):
    start = floor(database_now() - ago, Span.MINUTE)
    values = {"channel": "sms", "gateway_id": gateway.pk, "label_id": gateway.label_id} | values
    add([Tally(span=Span.MINUTE, start=start, measure=measure, count=count, **values)])


def trouble(gateway):
    """One of everything that needs a person."""
    now = database_now()
    label = gateway.label
    type(gateway).objects.filter(pk=gateway.pk).update(is_paused=True)
    type(label).objects.filter(pk=label.pk).update(callbacks_suspended_at=now, is_paused=True)
    BrandFactory(label=label, is_paused=True)
    MessageFactory(label=label, gateway=gateway, state=State.UNKNOWN)
    message = MessageFactory(label=label, gateway=gateway, due_at=now - timedelta(hours=2))
    for settlement in (Settlement.DEAD, Settlement.MISMATCH, Settlement.OWED):
        CallbackDelivery.objects.create(
            message=message,
            label=label,
            host="api.smartico.ai",
            status=settlement[:8],
            settlement=settlement,
            due_at=now,
            created_at=now,
        )
    for outcome, settled_at in (("failed", now), ("", None)):
        Relay.objects.create(
            label=label,
            gateway=gateway,
            kind="opt_out",
            outcome=outcome,
            settled_at=settled_at,
            due_at=now,
            created_at=now - timedelta(hours=2),
        )
    for wait in (Wait.A_MAPPING, Wait.A_READER):
        InboxEntry.objects.create(
            gateway=gateway, waits_for=wait, meaning=wait, occurred_at=now, received_at=now
        )
    MissingUser.objects.create(
        label=label, ext_user_id="anna", times=3, first_asked_at=now, last_asked_at=now
    )
    KeyFactory(label=label, secret=f"of-{label.slug}", expires_at=now + timedelta(days=3))
    broken = GatewayFactory(label=label)
    Breaker.objects.create(gateway=broken, opened_at=now, retry_at=now)
    Contact.objects.create(gateway=broken, refused_at=now)
    draft = GatewayFactory(label=label, is_draft=True, is_active=False)
    type(draft).objects.filter(pk=draft.pk).update(created_at=now - timedelta(days=6))


NEEDS = 16


def test_an_empty_house_is_told_what_to_do_first(admin_client):
    answer = home(admin_client)
    assert [step.is_done for step in answer.context["first_steps"]] == [False] * 4
    assert b"apply_config" in answer.content
    assert answer.context["needs"] == []


def test_the_first_steps_are_ticked_off_and_end_with_the_first_message(admin_client, ours):
    KeyFactory(label=ours.label)
    EndUserFactory(label=ours.label)
    steps = home(admin_client).context["first_steps"]
    assert [step.is_done for step in steps] == [True, True, False, False]
    MessageFactory(gateway=ours, label=ours.label)
    assert home(admin_client).context["first_steps"] == []


@pytest.mark.parametrize("key", PERIODS)
def test_what_happened_in_the_time_is_added_up(admin_client, ours, key):
    for ago in (timedelta(0), timedelta(minutes=50), timedelta(hours=20), timedelta(days=5)):
        happened(ours, Measure.ACCEPTED, 10, ago)
    happened(ours, Measure.ACCEPTED, 10, timedelta(days=20))
    context = home(admin_client, range=key).context
    expected = {"1h": 20, "24h": 30, "7d": 40, "30d": 50}[key]
    (card,) = context["channels"]
    assert context["numbers"][0].count == card.numbers[0].count == expected
    assert sum(numbers[0] for _, numbers in card.rows) == expected


def test_an_unknown_range_or_label_is_the_usual_one(admin_client):
    context = home(admin_client, range="century", label="x").context
    assert (context["period"].key, context["sight"].chosen) == ("24h", None)


def test_a_funnel_is_a_share_of_what_was_accepted(admin_client, ours):
    for measure, count in (("accepted", 200), ("sent", 150), ("delivered", 100), ("opened", 50)):
        happened(ours, measure, count)
    (card,) = home(admin_client).context["channels"]
    assert [(stage.title, stage.share) for stage in card.funnel] == [
        ("Accepted", 100),
        ("Sent", 75),
        ("Delivered", 50),
        ("Opened", 25),
    ]


def test_failed_are_the_rejected_too(admin_client, ours):
    happened(ours, Measure.FAILED, 2)
    happened(ours, Measure.REJECTED, 3)
    numbers = {number.title: number.count for number in home(admin_client).context["numbers"]}
    assert numbers["Failed"] == 5


def test_latencies_are_read_from_their_histograms(admin_client, ours):
    for part, count in ((4, 95), (20, 5)):
        happened(ours, Measure.ACCEPT_LATENCY, count, part=part, gateway_id=0)
    accept, send, callback = home(admin_client).context["latencies"]
    assert (accept.half, accept.most, accept.count) == ("4.1 ms", "5 ms", 100)
    assert (send.half, callback.half) == ("-", "-")


def test_refusals_are_told_by_their_number(admin_client, ours):
    happened(ours, Measure.REFUSED, 3, part=1, gateway_id=0)
    happened(ours, Measure.REFUSED, 7, part=22, gateway_id=0)
    found = home(admin_client).context["refusals"]
    assert [(one.code, one.count) for one in found] == [(22, 7), (1, 3)]


def test_errors_of_a_gateway_are_a_share_of_its_tries(admin_client, ours):
    for measure, count in (("try_taken", 90), ("try_broken", 4), ("try_unknown", 1)):
        happened(ours, measure, count)
    happened(ours, Measure.TRY_REJECTED, 5)
    (row,) = home(admin_client).context["gateways"]
    assert (row.tries, row.errors, row.rejected) == (100, 5.0, 5.0)


def test_the_oldest_queued_message_is_told_with_its_gateway(admin_client, ours, theirs):
    for gateway, hours in ((ours, 1), (theirs, 3)):
        due_at = database_now() - timedelta(hours=hours)
        MessageFactory(gateway=gateway, label=gateway.label, due_at=due_at)
    oldest, queued, _ = home(admin_client).context["waiting"]
    assert (oldest.value, oldest.note) == ("due for 3 h", "at Their gateway")
    assert queued.value == "2"


def test_all_that_needs_a_person_is_listed_and_its_link_leads_to_it(admin_client, ours):
    trouble(ours)
    needs = home(admin_client).context["needs"]
    assert len(needs) == NEEDS
    assert [need.count for need in needs] == ["1"] * NEEDS
    for need in needs:
        answer = admin_client.get(need.link)
        assert answer.status_code == 200, need.link
        if "draft" not in need.title:
            assert answer.context["cl"].queryset.count() == 1, need.title


@pytest.mark.parametrize("key", PERIODS)
def test_every_link_of_the_page_opens_what_it_says(admin_client, ours, key):
    trouble(ours)
    happened(ours, Measure.ACCEPTED, 1)
    page = home(admin_client, label=ours.label_id, range=key).content.decode()
    content = page[page.index('class="dashboard"') :]
    links = set(re.findall(r'href="(/admin/[^"]+|\?[^"]+)"', content))
    assert len(links) > 15
    for link in links:
        path = link.replace("&amp;", "&")
        path = path if path.startswith("/") else f"/admin/{path}"
        assert admin_client.get(path).status_code == 200, path


def test_very_many_are_not_counted_to_the_end(admin_client, ours, monkeypatch):
    monkeypatch.setattr(paging, "MOST_COUNTED", 2)
    for _ in range(5):
        MessageFactory(gateway=ours, label=ours.label, state=State.UNKNOWN)
    (need,) = home(admin_client).context["needs"]
    assert need.count == "2+"
    assert MOST_COUNTED == 10_000


def test_a_silent_scheduler_is_told(admin_client):
    long_ago = database_now() - timedelta(minutes=10)
    Counted.objects.create(family="messages", until=long_ago, counted_at=long_ago)
    (need,) = home(admin_client).context["needs"]
    assert "scheduler is silent" in need.title


def test_who_is_limited_sees_nothing_of_other_labels(ours, theirs):
    trouble(theirs)
    for measure in Measure:
        happened(theirs, measure, 9)
    happened(theirs, Measure.REFUSED, 9, label_id=0)
    client = browser_of(person_with("operator", labels=[ours.label]))
    for chosen in ({}, {"label": theirs.label_id}):
        context = home(client, **chosen).context
        assert context["needs"] == context["refusals"] == context["channels"] == []
        assert {number.count for number in context["numbers"]} == {0}
        assert {latency.count for latency in context["latencies"]} == {0}
        assert [row.name for row in context["gateways"]] == ["Our gateway"]
        assert [each.value for each in context["waiting"]] == ["none is due", "0", "0"]
        assert context["sight"].labels == {ours.label_id: ours.label.name}
    assert b"Their gateway" not in home(client).content


def test_a_chosen_label_leaves_the_others_out(admin_client, ours, theirs):
    happened(ours, Measure.ACCEPTED, 1)
    happened(theirs, Measure.ACCEPTED, 9)
    trouble(theirs)
    context = home(admin_client, label=ours.label_id).context
    assert context["numbers"][0].count == 1
    assert context["needs"] == []


def test_a_stranger_sees_no_figure(ours):
    trouble(ours)
    happened(ours, Measure.ACCEPTED, 4_711)
    answer = home(browser_of(person_with()))
    assert answer.context["needs"] == []
    assert "numbers" not in answer.context
    assert b"4,711" not in answer.content


def test_who_may_not_open_a_list_is_not_told_of_it(ours):
    trouble(ours)
    user = person_with()
    user.user_permissions.set(Permission.objects.filter(codename="view_gateway"))
    titles = {need.title for need in home(browser_of(user)).context["needs"]}
    assert titles == {
        "gateway is paused",
        "gateway's provider does not answer",
        "gateway was sent webhooks that it refused",
        "draft of a gateway ends soon",
    }


def test_the_number_of_statements_does_not_grow(admin_client, ours, django_assert_max_num_queries):
    trouble(ours)
    for number in range(30):
        gateway = GatewayFactory(label=ours.label, channel="email", name=f"Mail {number}")
        happened(gateway, Measure.ACCEPTED, 1, timedelta(minutes=number))
        MessageFactory(gateway=gateway, label=ours.label)
    home(admin_client)
    with django_assert_max_num_queries(40):
        home(admin_client)


def test_missing_users_are_masked(admin_client, ours):
    now = database_now()
    for name in ("anna@mailbox.example", "", "player-7"):
        MissingUser.objects.create(
            label=ours.label, ext_user_id=name, times=1, first_asked_at=now, last_asked_at=now
        )
    page = admin_client.get(reverse("admin:users_missinguser_changelist")).content.decode()
    assert "anna@mailbox.example" not in page
    assert "a***@m***.example" in page
    assert "player-7" in page
    assert "too many to list" in page
