"""The guard over real counts: what it holds, whom it tells, and what a release means to it."""

from datetime import UTC, datetime, timedelta

import pytest
from django.urls import reverse
from django.utils import timezone

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Status
from gateway_project.operations.alerts.causes import causes
from gateways import configuration
from gateways.models import AuditEntry, Gateway
from gateways.providers.base import StatusUpdate
from messages_app.counting.adding import add
from messages_app.counting.recounting import recount
from messages_app.guarding import watching
from messages_app.guarding.reading import hour_of, past_of, present_counts
from messages_app.guarding.verdict import Counts
from messages_app.guarding.watching import EVERY_SECONDS, Guarding
from messages_app.housekeeping import close_expired, move_from_unusable_gateways
from messages_app.models import Measure, Span, State, Strike, Tally
from messages_app.reports import apply_to_gateway
from messages_app.routes import preferred
from tests.factories import GatewayFactory, MessageFactory

pytestmark = pytest.mark.django_db

NOW = datetime(2026, 3, 30, 10, 20, tzinfo=UTC)
HOUR, DAY = timedelta(hours=1), timedelta(days=1)


@pytest.fixture(autouse=True)
def at_twenty_past_ten(monkeypatch):
    monkeypatch.setattr(watching, "database_now", lambda: NOW)


@pytest.fixture
def gateway():
    return GatewayFactory(slug="sms-de", guard_is_on=True, guard_least=10)


def tallies(gateway, counts, at=NOW, span=Span.MINUTE):
    known = {"label_id": gateway.label_id, "channel": gateway.channel, "gateway_id": gateway.pk}
    add(
        Tally(**known, start=at, span=span, measure=measure, count=count)
        for measure, count in counts.items()
    )


def weeks(gateway, most):
    """A month in which never more came at this hour."""
    for back in range(1, 28):
        at = NOW.replace(minute=0) - back * DAY
        tallies(gateway, {Measure.ACCEPTED: most, Measure.SENT: most}, at, Span.HOUR)


def watch():
    configuration.forget_now()
    return Guarding()()


def resume(gateway):
    Gateway.objects.filter(pk=gateway.pk).update(
        is_paused=False, paused_because="", is_held_by_guard=False
    )


def fresh(gateway):
    return Gateway.objects.get(pk=gateway.pk)


class TestAStrike:
    def test_too_many_messages_pause_the_gateway_and_say_why(self, gateway):
        weeks(gateway, 90)
        tallies(gateway, {Measure.ACCEPTED: 270})
        assert watch() == 0
        tallies(gateway, {Measure.ACCEPTED: 1}, NOW - timedelta(minutes=20))
        assert watch() == 1
        held = fresh(gateway)
        assert (held.is_paused, held.is_held_by_guard) == (True, True)
        assert held.paused_because == "blast guard: 271 messages this hour, usual at most 90"
        entry = AuditEntry.objects.get()
        assert (entry.actor_name, entry.reason) == ("blast guard", held.paused_because)

    def test_its_people_are_told_in_its_own_words(self, gateway):
        tallies(gateway, {Measure.ACCEPTED: 11})
        watch()
        (cause,) = causes(NOW)
        assert (cause.kind, cause.subject) == ("blast_guard", "sms-de")
        assert cause.reason.startswith("blast guard: 11 messages")

    def test_failures_pause_it_too(self, gateway):
        tallies(gateway, {Measure.SENT: 40, Measure.FAILED: 50, Measure.REJECTED: 11})
        assert watch() == 1
        assert "of 101 messages failed" in fresh(gateway).paused_because

    def test_what_expired_while_it_was_held_is_no_failure(self, gateway):
        tallies(gateway, {Measure.FAILED: 500, Measure.ENDED_HERE: 500, Measure.SENT: 100})
        assert watch() == 0

    def test_the_hour_before_counts_for_nothing(self, gateway):
        tallies(gateway, {Measure.ACCEPTED: 500}, NOW - timedelta(minutes=21))
        assert watch() == 0

    @pytest.mark.parametrize("off", [{"guard_is_on": False}, {"is_active": False}])
    def test_a_gateway_without_a_guard_is_left_alone(self, gateway, off):
        Gateway.objects.update(**off)
        tallies(gateway, {Measure.ACCEPTED: 500})
        assert watch() == 0

    def test_one_that_is_paused_already_keeps_its_reason(self, gateway):
        Gateway.objects.update(is_paused=True, paused_because="401")
        tallies(gateway, {Measure.ACCEPTED: 500})
        assert (watch(), fresh(gateway).paused_because) == (0, "401")

    def test_it_looks_every_few_seconds(self, gateway):
        clock = [100.0]
        guarding = Guarding(lambda: clock[0])
        guarding()
        tallies(gateway, {Measure.ACCEPTED: 500})
        assert guarding() == 0
        clock[0] += EVERY_SECONDS
        assert guarding() == 1


class TestWhatIsHeld:
    def test_nothing_leaves_and_nothing_moves_elsewhere(self, gateway):
        spare = GatewayFactory(label=gateway.label)
        message = MessageFactory(gateway=gateway, label=gateway.label)
        tallies(gateway, {Measure.ACCEPTED: 500})
        watch()
        configuration.forget_now()
        assert run("send", str(gateway.pk), linger=0) == 0
        assert move_from_unusable_gateways() == 0
        message.refresh_from_db()
        assert (message.gateway_id, message.state) == (gateway.pk, State.QUEUED)
        assert spare.pk != gateway.pk

    def test_the_rest_of_the_campaign_waits_there_too(self, gateway):
        spare = GatewayFactory(label=gateway.label)
        tallies(gateway, {Measure.ACCEPTED: 500})
        watch()
        configuration.forget_now()
        known = configuration.current().gateways
        assert preferred((known[gateway.pk], known[spare.pk])).id == gateway.pk

    def test_released_all_of_it_leaves(self, gateway):
        MessageFactory.create_batch(3, gateway=gateway, label=gateway.label)
        tallies(gateway, {Measure.ACCEPTED: 500})
        watch()
        resume(gateway)
        configuration.forget_now()
        assert run("send", str(gateway.pk), linger=0) == 3


class TestARelease:
    def test_in_the_same_hour_it_does_not_strike_again_for_the_same(self, gateway):
        tallies(gateway, {Measure.ACCEPTED: 500})
        assert watch() == 1
        resume(gateway)
        tallies(gateway, {Measure.ACCEPTED: 500})
        assert (watch(), fresh(gateway).is_paused) == (0, False)

    def test_it_does_for_something_else(self, gateway):
        tallies(gateway, {Measure.ACCEPTED: 500})
        watch()
        resume(gateway)
        tallies(gateway, {Measure.FAILED: 200})
        assert watch() == 1

    def test_such_an_hour_teaches_nothing(self, gateway):
        weeks(gateway, 90)
        tallies(gateway, {Measure.ACCEPTED: 500_000}, NOW - 2 * DAY, Span.HOUR)
        Strike.objects.create(
            gateway=gateway,
            hour=(NOW - 2 * DAY).replace(minute=0),
            kind="volume",
            released_at=NOW - 2 * DAY,
        )
        tallies(gateway, {Measure.ACCEPTED: 271})
        assert watch() == 1

    def test_it_is_noted_for_the_hours_of_the_hold_teach_nothing(self, gateway, monkeypatch):
        tallies(gateway, {Measure.ACCEPTED: 500})
        watch()
        watch()
        assert Strike.objects.get().released_at is None
        two_hours_on = NOW + 2 * HOUR
        for hours in range(4):
            tallies(gateway, {Measure.ACCEPTED: 500}, NOW + hours * HOUR)
        Gateway.objects.update(guard_is_on=False)
        resume(gateway)
        monkeypatch.setattr(watching, "database_now", lambda: two_hours_on)
        watch()
        watch()
        assert Strike.objects.get().released_at == two_hours_on
        past = past_of(gateway.pk, hour_of(NOW + 2 * DAY))
        assert list(past) == [hour_of(NOW + 3 * HOUR)]

    def test_by_the_back_office_it_is_a_gateway_like_any(self, gateway, admin_client):
        tallies(gateway, {Measure.ACCEPTED: 500})
        watch()
        url = reverse("admin:gateways_gateway_changelist")
        admin_client.post(
            url, {"action": "resume", "_selected_action": gateway.pk, "confirmed": "yes"}
        )
        freed = fresh(gateway)
        assert (freed.is_paused, freed.paused_because, freed.is_held_by_guard) == (False, "", False)


def test_the_counts_are_those_of_real_messages(gateway):
    known = {"gateway": gateway, "label": gateway.label}
    MessageFactory.create_batch(3, **known)
    expired = MessageFactory(**known, expires_at=timezone.now() - DAY)
    MessageFactory(**known, is_test=True, due_at=timezone.now() + HOUR)
    run("send", str(gateway.pk), linger=0)
    close_expired()
    recount()
    found = present_counts([gateway.pk], hour_of(expired.created_at))
    assert found == {gateway.pk: Counts(accepted=4, went_well=3, failed=0)}


def test_what_a_provider_calls_expired_is_a_failure_and_what_expired_here_is_none(gateway):
    known = {"gateway": gateway, "label": gateway.label, "channel": gateway.channel}
    told = MessageFactory(**known, state=State.SENT, status=Status.ACCEPTED, due_at=None)
    update = StatusUpdate(status=Status.FAILED, message_id=str(told.pk), detail="expired")
    apply_to_gateway(configuration.current().gateways[gateway.pk], [update])
    MessageFactory(**known, expires_at=timezone.now() - DAY)
    close_expired()
    erased = MessageFactory(**known, end_user=None)
    run("send", str(gateway.pk), linger=0)
    assert erased.status_events.get().detail == "erased"
    recount()
    (counts,) = present_counts([gateway.pk], hour_of(told.created_at)).values()
    assert (counts.accepted, counts.failed) == (3, 1)
