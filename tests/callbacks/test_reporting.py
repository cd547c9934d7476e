"""Statuses told to a Smartico that is a real HTTP server, through the whole drain."""

import logging
from collections import defaultdict
from concurrent.futures import ThreadPoolExecutor
from datetime import timedelta
from uuid import uuid4

import pytest
import time_machine
from django.db import OperationalError, connection
from django.utils import timezone
from django.utils.http import http_date as date_of

from callbacks import calling, lanes
from callbacks.lanes import due_lanes
from callbacks.models import CallbackDelivery, DeliveryAttempt, Settlement
from callbacks.outcomes import MISMATCH_HINT
from callbacks.reporting import ReportWork
from callbacks.settling import GRACE_TRIES, SCHEDULE
from gateway_project.lib.draining import run
from gateway_project.lib.futures import failed
from gateway_project.lib.http import HttpAnswer, NotSent
from gateways import configuration
from gateways.models import ConfigurationVersion
from messages_app.models import Message
from tests.factories import API_KEY
from tests.lib.test_journal import events
from tests.lib.test_logs import sink  # noqa: F401  a fixture
from tests.peers import Answer, http_peer

NOT_FOUND = Answer(body={"error_code": 1, "error_message": "sms was not found"})
MINUTE = timedelta(minutes=1)


def http_date(moment):
    return date_of(moment.timestamp())


def wait_of(delivery):
    """Seconds between the last try's end and the next one."""
    tried = delivery.delivery_attempts.latest("pk")
    return (delivery.due_at - tried.finished_at).total_seconds()


def test_a_status_is_told_and_acknowledged(smartico):
    message = smartico.message(channel="viber")
    delivery = smartico.owe("delivered", message=message)

    assert smartico.report() == 1

    (asked,) = smartico.peer.asked
    assert (asked.method, asked.path) == ("GET", "/canary-path/cb")
    assert asked.query == {
        "canary": "callback-url",
        "type": "sms",
        "ext_message_id": str(message.pk),
        "status": "delivered",
        "api_key": API_KEY,
    }
    assert "referer" not in asked.headers
    delivery.refresh_from_db()
    assert delivery.settlement == Settlement.ACKNOWLEDGED
    assert (delivery.attempts, delivery.lease, delivery.lease_until) == (1, None, None)
    assert delivery.settled_at is not None
    (tried,) = delivery.delivery_attempts.all()
    assert (tried.outcome, tried.http_status, tried.detail) == ("acknowledged", 200, "")
    assert tried.started_at <= tried.finished_at


def test_what_was_acknowledged_is_not_told_again(smartico):
    smartico.owe("delivered")
    assert [smartico.report(), smartico.report()] == [1, 0]
    assert smartico.told == ["delivered"]


def test_what_is_not_yet_due_waits(smartico):
    smartico.owe("delivered", due_at=timezone.now() + MINUTE)
    assert smartico.report() == 0


def test_a_whole_batch_is_told_in_one_run(smartico):
    for _ in range(20):
        smartico.owe("accepted", "delivered")
    assert smartico.report() == 40
    assert set(CallbackDelivery.objects.values_list("settlement", "attempts")) == {
        (Settlement.ACKNOWLEDGED, 1)
    }
    told = [(asked.query["ext_message_id"], asked.query["status"]) for asked in smartico.peer.asked]
    assert len(set(told)) == len(told) == 40


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=500, body={"error_code": 0}),
        Answer(body="<html>all well</html>"),
        Answer(body=b""),
        Answer(body={"error_code": 7, "error_message": "later"}),
        Answer(body='{"error_code": 0, "x": "' + "x" * 70_000 + '"}'),
        Answer(hang_up=True),
        Answer(status=410),
    ],
)
def test_a_failure_is_tried_again_by_the_schedule(smartico, answer):
    smartico.answers["any"] = answer
    delivery = smartico.owe("delivered")
    for attempts, seconds in enumerate(SCHEDULE[:4], start=1):
        assert smartico.report() == 1
        delivery.refresh_from_db()
        assert delivery.settlement == Settlement.OWED
        assert (delivery.attempts, delivery.lease) == (attempts, None)
        assert wait_of(delivery) == pytest.approx(seconds, rel=0.11)
        assert delivery.first_failed_at == delivery.delivery_attempts.first().finished_at
        CallbackDelivery.objects.update(due_at=timezone.now())


def test_a_refused_connection_is_tried_again(smartico):
    delivery = smartico.owe("delivered")
    smartico.peer.server.server_close()
    smartico.report()
    delivery.refresh_from_db()
    assert (delivery.settlement, delivery.attempts) == (Settlement.OWED, 1)
    tried = delivery.delivery_attempts.get()
    assert tried.http_status is None
    assert tried.detail


@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_obeyed_where_it_is_longer(smartico, status):
    smartico.answers["any"] = Answer(status=status, headers={"Retry-After": "120"})
    delivery = smartico.owe("delivered")
    smartico.report()
    delivery.refresh_from_db()
    assert wait_of(delivery) == 120


def test_a_retry_after_with_a_date_is_by_the_clock_of_who_names_it(smartico):
    there = timezone.now() + timedelta(hours=3)
    headers = {"Date": http_date(there), "Retry-After": http_date(there + 2 * MINUTE)}
    smartico.answers["any"] = Answer(status=429, headers=headers)
    delivery = smartico.owe("delivered")
    smartico.report()
    delivery.refresh_from_db()
    assert wait_of(delivery) == 120


@pytest.mark.postgresql
def test_who_names_no_time_of_its_own_is_held_against_the_databases(smartico):
    headers = {"Date": "", "Retry-After": http_date(timezone.now() + 2 * MINUTE)}
    smartico.answers["any"] = Answer(status=429, headers=headers)
    delivery = smartico.owe("delivered")
    with time_machine.travel(timezone.now() + timedelta(hours=3)):
        smartico.report()
    delivery.refresh_from_db()
    assert 100 < wait_of(delivery) <= 120


@pytest.mark.parametrize(("longest_hold", "tries"), [(60.0, 0), (0.0, 1)])
def test_retry_after_holds_the_whole_lane_for_a_while(smartico, monkeypatch, longest_hold, tries):
    monkeypatch.setattr(lanes, "LONGEST_HOLD_SECONDS", longest_hold)
    smartico.answers["accepted"] = Answer(status=429, headers={"Retry-After": "86400"})
    smartico.owe("accepted")
    smartico.report()
    smartico.owe("delivered")
    assert len(due_lanes()) == tries
    assert smartico.report() == tries


def test_out_of_tries_is_dead(smartico):
    smartico.answers["any"] = Answer(status=500)
    delivery = smartico.owe("delivered", attempts=len(SCHEDULE))
    smartico.report()
    delivery.refresh_from_db()
    assert delivery.settlement == Settlement.DEAD
    assert delivery.settled_at is not None


def test_not_found_has_a_grace_time_and_is_then_a_mismatch(smartico):
    smartico.answers["any"] = NOT_FOUND
    young = smartico.owe("delivered")
    old = smartico.owe(
        "delivered", created_at=timezone.now() - 11 * MINUTE, times_not_found=GRACE_TRIES
    )
    smartico.report()
    young.refresh_from_db()
    old.refresh_from_db()
    assert (young.settlement, young.first_failed_at) == (Settlement.OWED, None)
    assert wait_of(young) == pytest.approx(SCHEDULE[0], rel=0.11)
    assert old.settlement == Settlement.MISMATCH
    assert old.delivery_attempts.get().detail == f"sms was not found {MISMATCH_HINT}"


def test_what_could_first_be_told_long_after_the_grace_time_is_not_ended_by_one_not_found(smartico):
    smartico.answers["any"] = NOT_FOUND
    late = smartico.owe("delivered", created_at=timezone.now() - 60 * MINUTE)
    smartico.report()
    late.refresh_from_db()
    assert late.settlement == Settlement.OWED
    assert wait_of(late) == pytest.approx(SCHEDULE[0], rel=0.11)


def test_a_long_fault_before_does_not_shorten_how_often_a_message_may_not_be_found(smartico):
    smartico.answers["any"] = NOT_FOUND
    hour_ago = timezone.now() - 60 * MINUTE
    tried = smartico.owe("delivered", created_at=hour_ago, attempts=6, first_failed_at=hour_ago)
    smartico.report()
    tried.refresh_from_db()
    assert (tried.settlement, tried.times_not_found) == (Settlement.OWED, 1)


def test_a_redirect_is_not_followed(smartico):
    with http_peer() as elsewhere:
        smartico.answers["any"] = Answer(status=302, headers={"Location": elsewhere.url})
        delivery = smartico.owe("delivered")
        smartico.report()
        assert elsewhere.asked == []
    assert "redirect" in delivery.delivery_attempts.get().detail


def test_a_black_hole_costs_its_own_slots_only(smartico, monkeypatch):
    monkeypatch.setattr(calling, "TIMEOUT_SECONDS", 0.3)
    smartico.answers["delivered"] = Answer(delay=30)
    stuck = smartico.owe("delivered")
    heard = smartico.owe("accepted")
    smartico.report()
    stuck.refresh_from_db()
    heard.refresh_from_db()
    assert heard.settlement == Settlement.ACKNOWLEDGED
    assert (stuck.settlement, stuck.attempts) == (Settlement.OWED, 1)


@pytest.mark.parametrize("status", [401, 403])
def test_a_key_turned_away_suspends_the_label_and_keeps_everything_owed(smartico, status, caplog):
    smartico.answers["any"] = Answer(status=status)
    first, later = smartico.owe("accepted", "delivered")
    other = smartico.owe("accepted")
    smartico.report()
    asked_then = len(smartico.peer.asked)

    assert smartico.report() == 0
    assert len(smartico.peer.asked) == asked_then <= 2
    for delivery in (first, later, other):
        delivery.refresh_from_db()
        assert (delivery.settlement, delivery.attempts) == (Settlement.OWED, 0)
    smartico.label.refresh_from_db()
    assert smartico.label.callbacks_suspended_at is not None
    assert str(status) in smartico.label.callbacks_suspended_because
    alarms = [entry for entry in caplog.records if entry.levelno == logging.ERROR]
    assert len(alarms) == 1
    assert smartico.label.slug in alarms[0].getMessage()


def test_a_messages_statuses_are_told_in_their_order(smartico):
    deliveries = smartico.owe("accepted", "delivered", "opened")
    CallbackDelivery.objects.filter(pk=deliveries[0].pk).update(due_at=timezone.now())
    smartico.report()
    assert smartico.told == ["accepted", "delivered", "opened"]


@pytest.mark.django_db(transaction=True)
def test_two_workers_tell_each_status_once_and_in_order(smartico):
    for _ in range(20):
        smartico.owe("accepted", "delivered", "opened")

    def work():
        try:
            return run("report", smartico.key, linger=0.2)
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as workers:
        counts = [future.result() for future in [workers.submit(work) for _ in range(2)]]
    assert sum(counts) == 60
    told = defaultdict(list)
    for asked in smartico.peer.asked:
        told[asked.query["ext_message_id"]].append(asked.query["status"])
    assert list(told.values()) == [["accepted", "delivered", "opened"]] * 20
    assert set(CallbackDelivery.objects.values_list("settlement", "attempts")) == {
        (Settlement.ACKNOWLEDGED, 1)
    }


def test_a_failing_status_holds_up_its_own_message_only(smartico):
    smartico.answers["accepted"] = lambda asked: (
        Answer(status=500) if asked.query["ext_message_id"] == str(stuck.message_id) else ok
    )
    ok = Answer(body={"error_code": 0})
    stuck, waiting = smartico.owe("accepted", "delivered")
    smartico.owe("accepted", "opened")
    smartico.report()
    assert sorted(smartico.told) == ["accepted", "accepted", "opened"]
    stuck.refresh_from_db()
    waiting.refresh_from_db()
    assert waiting.due_at == stuck.due_at


def test_a_status_that_failed_for_ten_minutes_lets_later_ones_pass(smartico):
    smartico.answers["accepted"] = Answer(status=500)
    failing, later = smartico.owe("accepted", "delivered")
    CallbackDelivery.objects.filter(pk=failing.pk).update(
        first_failed_at=timezone.now() - 10 * MINUTE, due_at=timezone.now() + 5 * MINUTE
    )
    smartico.report()
    assert smartico.told == ["delivered"]
    later.refresh_from_db()
    assert later.settlement == Settlement.ACKNOWLEDGED


def test_a_later_status_sleeps_no_longer_than_those_ten_minutes(smartico):
    smartico.answers["accepted"] = Answer(status=500)
    failing, later = smartico.owe("accepted", "delivered")
    failed_at = timezone.now() - 4 * MINUTE
    CallbackDelivery.objects.filter(pk=failing.pk).update(first_failed_at=failed_at, attempts=5)
    smartico.report()
    later.refresh_from_db()
    assert smartico.told == ["accepted"]
    assert later.due_at == failed_at + 10 * MINUTE


def test_a_leased_delivery_is_left_to_its_holder_until_the_lease_ends(smartico):
    delivery = smartico.owe("delivered", lease=uuid4(), lease_until=timezone.now() + MINUTE)
    assert smartico.report() == 0
    CallbackDelivery.objects.filter(pk=delivery.pk).update(lease_until=timezone.now())
    assert smartico.report() == 1
    assert smartico.told == ["delivered"]


def claimed_by_another(smartico):
    """A try whose lease ran out and was taken over."""
    delivery = smartico.owe("delivered")
    slow = ReportWork(smartico.key)
    (late,) = slow.claim(1)
    other = uuid4()
    CallbackDelivery.objects.update(lease=other, lease_until=timezone.now() + MINUTE)
    return delivery, slow, late, other


def answered(slow, late, answer):
    future = failed(NotSent("nothing came"))
    if answer is not None:
        future = type(future)()
        future.set_result(answer)
    slow.settle([(late, future)])


@pytest.mark.parametrize("rate", [None, 1000])
def test_what_the_database_was_lost_for_before_it_left_was_not_tried(smartico, monkeypatch, rate):
    type(smartico.label).objects.update(callback_rate_per_second=rate)
    configuration.forget_now()
    read, claim = ConfigurationVersion.read, ReportWork.claim
    is_lost = iter([True])

    def lose_the_database():
        if next(is_lost, False):
            raise OperationalError
        return read()

    def claim_and_lose_the_database(work, free):
        claimed = claim(work, free)
        if claimed:
            configuration.forget_now()
            monkeypatch.setattr(ConfigurationVersion, "read", lose_the_database)
        return claimed

    monkeypatch.setattr(ReportWork, "claim", claim_and_lose_the_database)
    delivery = smartico.owe("delivered")
    due_at = delivery.due_at
    assert smartico.report() == 2
    assert next(is_lost, "lost") == "lost"
    delivery.refresh_from_db()
    assert (delivery.settlement, delivery.attempts) == (Settlement.ACKNOWLEDGED, 1)
    assert (delivery.first_failed_at, delivery.due_at) == (None, due_at)
    assert delivery.delivery_attempts.count() == 1
    assert smartico.told == ["delivered"]


def test_who_lost_the_lease_reschedules_nothing(smartico):
    delivery, slow, late, other = claimed_by_another(smartico)
    answered(slow, late, None)
    delivery.refresh_from_db()
    assert (delivery.settlement, delivery.lease, delivery.attempts) == (Settlement.OWED, other, 0)
    assert delivery.delivery_attempts.count() == 1


def test_what_was_heard_counts_even_after_the_lease_was_lost(smartico):
    delivery, slow, late, _ = claimed_by_another(smartico)
    answered(slow, late, HttpAnswer(status=200, body=b'{"error_code": 0}'))
    delivery.refresh_from_db()
    assert (delivery.settlement, delivery.lease) == (Settlement.ACKNOWLEDGED, None)


def test_a_delivery_that_is_gone_when_the_answer_comes_is_no_trouble(smartico):
    delivery, slow, late, _ = claimed_by_another(smartico)
    delivery.delete()
    answered(slow, late, HttpAnswer(status=200, body=b'{"error_code": 0}'))
    assert not DeliveryAttempt.objects.exists()


def test_a_lease_is_renewed_only_by_its_holder(smartico):
    delivery, slow, late, _ = claimed_by_another(smartico)
    delivery.refresh_from_db()
    slow.renew([late])
    unchanged = CallbackDelivery.objects.get()
    assert unchanged.lease_until == delivery.lease_until
    CallbackDelivery.objects.update(lease=late.lease)
    slow.renew([late])
    assert CallbackDelivery.objects.get().lease_until > delivery.lease_until - MINUTE / 60


@pytest.mark.parametrize("hosts", [[], ["api.smartico.ai"], ["http://127.0.0.1:1"]])
def test_the_api_key_never_goes_to_a_host_that_is_not_on_the_list(smartico, hosts):
    delivery = smartico.owe("delivered")
    smartico.label.callback_hosts = hosts
    smartico.label.save()
    smartico.report()
    assert smartico.peer.asked == []
    delivery.refresh_from_db()
    assert (delivery.settlement, delivery.attempts) == (Settlement.OWED, 1)
    assert "not on the label's list" in delivery.delivery_attempts.get().detail


def test_a_host_inside_the_house_needs_egress_allow(smartico, settings):
    settings.EGRESS_ALLOW = []
    delivery = smartico.owe("delivered")
    smartico.report()
    assert smartico.peer.asked == []
    assert delivery.delivery_attempts.get().outcome == "failed"


def test_a_label_without_api_key_fails_visibly(smartico):
    smartico.label.callback_api_key = None
    smartico.label.save()
    delivery = smartico.owe("delivered")
    smartico.report()
    assert smartico.peer.asked == []
    assert "no api_key" in delivery.delivery_attempts.get().detail


def test_a_callback_url_that_does_not_open_fails_visibly_and_alone(smartico):
    damaged, sound = smartico.owe("delivered"), smartico.owe("delivered")
    with connection.cursor() as cursor:
        cursor.execute(
            "UPDATE messages_app_message SET callback_url = %s WHERE id = %s",
            ["t1$AAAA", Message._meta.pk.get_db_prep_value(damaged.message_id, connection)],
        )
    smartico.report()
    damaged.refresh_from_db()
    sound.refresh_from_db()
    assert sound.settlement == Settlement.ACKNOWLEDGED
    assert (damaged.settlement, damaged.attempts) == (Settlement.OWED, 1)


def test_key_and_url_are_in_no_log_and_no_stored_word(smartico, caplog):
    echo = f"bad request: {smartico.peer.url}/canary-path/cb?canary=callback-url&api_key={API_KEY}"
    smartico.answers["accepted"] = Answer(body={"error_code": 3, "error_message": echo})
    smartico.answers["delivered"] = Answer(body=f'{{"error_code": 1 {echo} not found')
    smartico.answers["opened"] = Answer(status=500, body=echo)
    smartico.answers["failed"] = Answer(hang_up=True)
    smartico.answers["clicked"] = Answer(status=410)
    for status in ("accepted", "delivered", "opened", "failed", "clicked", "rejected"):
        smartico.owe(status)
    caplog.set_level(logging.DEBUG)
    smartico.report()
    assert len(smartico.peer.asked) == 6
    words = [caplog.text, repr(caplog.records)]
    words += DeliveryAttempt.objects.values_list("detail", flat=True)
    for word in words:
        assert API_KEY not in word
        assert "canary" not in word


def test_a_lanes_trouble_names_the_messages_it_is_about(smartico, sink):  # noqa: F811
    smartico.answers["accepted"] = Answer(status=500)
    smartico.answers["opened"] = Answer(status=410)
    failed, gone = smartico.owe("accepted", "delivered")[0], smartico.owe("opened")
    smartico.report()
    told = {event["event"]: event.get("message_id") for event in events(sink)}
    label = smartico.label.pk
    assert told[f"label {label}: 1 callbacks failed (HTTP 500)"] == str(failed.message_id)
    assert told[f"label {label}: 1 callbacks failed (HTTP 410)"] == str(gone.message_id)
    alarm = f"label {label}: a callback_url is gone; its statuses stay owed"
    assert told[alarm] == str(gone.message_id)


def test_what_is_gone_alarms_and_stays_owed(smartico, caplog):
    smartico.answers["any"] = Answer(status=410)
    delivery = smartico.owe("delivered")
    smartico.report()
    alarms = [entry for entry in caplog.records if entry.levelno == logging.ERROR]
    assert ["a callback_url is gone" in alarm.getMessage() for alarm in alarms] == [True]
    delivery.refresh_from_db()
    assert delivery.settlement == Settlement.OWED


def test_what_is_written_at_the_second_try_is_scrubbed_like_at_the_first(smartico, monkeypatch):
    monkeypatch.setattr("gateway_project.lib.rounds.RECOVERY_SECONDS", 0)
    failures = [OperationalError("away"), OperationalError("away")]

    def suspend(*args):
        if failures:
            raise failures.pop()

    monkeypatch.setattr("callbacks.reporting.suspend", suspend)
    smartico.answers["accepted"] = Answer(status=401)
    smartico.answers["delivered"] = lambda asked: Answer(
        body={"error_code": 5, "error_message": f"no such key: {asked.query['api_key']}"}
    )
    refused, unauthorised = smartico.owe("delivered"), smartico.owe("accepted")
    smartico.report()
    assert not failures
    assert unauthorised.delivery_attempts.count() == 1
    assert "no such key" in refused.delivery_attempts.get().detail
    assert API_KEY not in refused.delivery_attempts.get().detail
