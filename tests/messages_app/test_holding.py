"""What a paused gateway, brand or label holds, and how it is let go."""

import json
from datetime import UTC, datetime, timedelta
from types import SimpleNamespace

import pytest
from django.db import connection
from django.utils import timezone

from gateway_project.lib.draining import run
from gateway_project.operations.lateness import standing_messages
from gateway_project.operations.queues import lines
from gateways import configuration
from messages_app import holding
from messages_app.housekeeping import close_expired
from messages_app.models import Message, SendAttempt, State, StatusEvent
from messages_app.sending import SendWork, due_gateways
from tests.factories import BrandFactory, EndUserFactory, GatewayFactory, MessageFactory

pytestmark = pytest.mark.django_db

HOUR = timedelta(hours=1)


@pytest.fixture(autouse=True)
def nothing_known():
    holding._marks.clear()


@pytest.fixture
def gateway():
    """One for any brand."""
    return GatewayFactory()


@pytest.fixture
def paused(gateway):
    return BrandFactory(label=gateway.label, is_paused=True)


def waits(gateway, due_at=None, **values):
    known = {"gateway": gateway, "label": gateway.label, "due_at": due_at or timezone.now()}
    return MessageFactory(**(known | values))


def campaign(gateway, count, since, **values):
    """So many that were accepted one after the other from `since` on, written the last first."""
    user = EndUserFactory(label=gateway.label)
    moments = [since + timedelta(milliseconds=number) for number in reversed(range(count))]
    known = {"label": gateway.label, "gateway": gateway, "end_user": user}
    Message.objects.bulk_create(
        MessageFactory.build(**(known | values), due_at=at, created_at=at) for at in moments
    )


def drain(gateway):
    return run("send", str(gateway.pk), linger=0)


def claimed(gateway, free):
    work = SendWork(str(gateway.pk))
    try:
        return [message for parcel in work.claim(free) for message in parcel.messages]
    finally:
        work.close()


def states(*messages):
    return [Message.objects.get(pk=message.pk).state for message in messages]


class TestBrandsAndLabels:
    def test_what_waits_for_a_paused_brand_is_held_and_the_rest_leaves(self, gateway, paused):
        other = BrandFactory(label=gateway.label)
        held = waits(gateway, brand=paused)
        others = [waits(gateway, brand=other), waits(gateway, brand=None)]
        assert drain(gateway) == 2
        assert states(held, *others) == [State.QUEUED, State.SENT, State.SENT]
        assert due_gateways() == []

    def test_a_gateway_of_the_paused_brand_alone_sends_nothing(self, gateway, paused):
        own = GatewayFactory(label=gateway.label, brand=paused)
        waits(own, brand=paused)
        assert (due_gateways(), drain(own)) == ([], 0)

    def test_a_paused_label_holds_everything_of_its_own(self, gateway):
        held, elsewhere = waits(gateway), waits(GatewayFactory())
        gateway.label.is_paused = True
        gateway.label.save()
        assert due_gateways() == [str(elsewhere.gateway_id)]
        assert drain(gateway) == 0
        assert states(held) == [State.QUEUED]

    def test_tests_leave_all_the_same(self, gateway, paused):
        test = waits(gateway, brand=paused, is_test=True)
        assert due_gateways() == [str(gateway.pk)]
        drain(gateway)
        assert states(test) == [State.SENT]

    def test_after_the_release_the_oldest_go_first_and_nothing_new_overtakes(self, gateway, paused):
        now = timezone.now()
        middle = waits(gateway, now - 2 * HOUR, brand=paused)
        oldest = waits(gateway, now - 3 * HOUR, brand=paused)
        assert drain(gateway) == 0
        paused.is_paused = False
        paused.save()
        new = waits(gateway, brand=paused)
        order = [message.pk for message in claimed(gateway, 3)]
        assert order == [oldest.pk, middle.pk, new.pk]

    def test_what_is_held_expires_once(self, gateway, paused):
        past = timezone.now() - HOUR
        expired = waits(gateway, past, brand=paused, expires_at=past)
        assert (close_expired(), close_expired(), drain(gateway)) == (1, 0, 0)
        assert states(expired) == [State.FAILED]
        assert StatusEvent.objects.get().detail == "expired"

    def test_what_is_found_held_is_not_looked_at_again_for_a_while(
        self, gateway, paused, monkeypatch
    ):
        clock = [1000.0]
        monkeypatch.setattr(holding, "time", SimpleNamespace(monotonic=lambda: clock[0]))
        waits(gateway, timezone.now() - HOUR, brand=paused)
        assert due_gateways() == []
        # So late that nobody expects it: for a minute it is not seen.
        stray = waits(gateway, timezone.now() - 2 * HOUR)
        assert due_gateways() == []
        waits(gateway, timezone.now() - timedelta(seconds=5))
        assert drain(gateway) == 1
        clock[0] += holding.KEPT_SECONDS
        assert drain(gateway) == 1
        assert states(stray) == [State.SENT]

    def test_a_claim_beside_a_held_campaign_reads_none_of_it(self, gateway, paused):
        if connection.vendor != "postgresql":
            pytest.skip("reads the plan of a PostgreSQL server")
        campaign(gateway, 3_000, timezone.now() - 3 * HOUR, brand=paused)
        assert due_gateways() == []
        waits(gateway)
        rows = Message.objects.filter(gateway=gateway.pk, state=State.QUEUED)
        values = _values(gateway)
        plan = _plan(holding.unheld(rows, values).order_by("due_at")[:10])
        assert plan.get("Rows Removed by Filter", 0) == 0
        assert plan["Index Name"] == "message_due"


class TestGateways:
    def test_a_held_campaign_is_released_oldest_first_and_no_expired_one_leaves(self, gateway):
        gateway.is_paused = True
        gateway.save()
        campaign(gateway, 300, timezone.now() - 3 * HOUR)
        past_it = Message.objects.order_by("due_at").values_list("pk", flat=True)[:100]
        Message.objects.filter(pk__in=list(past_it)).update(expires_at=timezone.now() - HOUR)
        assert drain(gateway) == 0
        gateway.is_paused = False
        gateway.save()
        new = waits(gateway)
        assert drain(gateway) == 201
        left = SendAttempt.objects.order_by("started_at", "pk")
        created = list(left.values_list("message__created_at", flat=True))
        assert created == sorted(created)
        assert created[-1] == new.created_at
        assert close_expired() == 100
        assert StatusEvent.objects.filter(detail="expired").count() == 100

    def test_after_hours_of_holding_there_is_no_burst(self, gateway):
        gateway.rate_per_second = 50
        gateway.is_paused = True
        gateway.save()
        campaign(gateway, 200, timezone.now() - 3 * HOUR)
        assert claimed(gateway, 500) == []
        gateway.is_paused = False
        gateway.save()
        work = SendWork(str(gateway.pk))
        moments = [parcel.started_at for parcel in work.claim(500)]
        work.close()
        assert 0 < len(moments) <= 7
        span = (moments[-1] - moments[0]).total_seconds()
        assert span >= (len(moments) - 1) / 50

    def test_the_claim_reads_the_front_of_its_index_however_much_waits(self, gateway):
        if connection.vendor != "postgresql":
            pytest.skip("reads the plan of a PostgreSQL server")
        campaign(gateway, 3_000, timezone.now() - 3 * HOUR)
        rows = Message.objects.filter(
            gateway=gateway.pk, state=State.QUEUED, expires_at__gt=datetime.now(UTC)
        )
        plan = _plan(rows.order_by("due_at")[:10])
        assert (plan["Index Name"], plan["Actual Rows"]) == ("message_due", 10)


def _values(gateway):
    return configuration.current().gateways[gateway.pk]


def _plan(rows):
    """The scan at the bottom of how the server reads these rows."""
    with connection.cursor() as cursor:
        cursor.execute("ANALYZE messages_app_message")
    told = rows.explain(analyze=True, format="json")
    node = json.loads(told)[0]["Plan"]
    while "Plans" in node:
        node = node["Plans"][0]
    return node


@pytest.mark.parametrize("look", ["queues", "lateness"])
def test_who_only_counts_does_not_read_what_is_held_at_every_look(gateway, paused, look):
    def oldest():
        if look == "lateness":
            return next((each.oldest for each in standing_messages(timezone.now())), None)
        (line,) = [each for each in lines() if each.gateway == gateway.slug]
        return line.oldest

    now = timezone.now()
    waits(gateway, now - HOUR, brand=paused)
    assert oldest() is None
    stray = waits(gateway, now - 2 * HOUR)
    assert oldest() is None, "what was held the last time is passed over"
    holding._marks.clear()
    assert oldest() == stray.due_at
