"""`/metrics`: who may read it, and what it says."""

import json
import urllib.request
from datetime import timedelta

import pytest
from django.db import OperationalError
from django.utils import timezone
from prometheus_client.parser import text_string_to_metric_families

from callbacks.models import CallbackDelivery
from gateway_project.lib.metrics import LEAKS_STOPPED
from gateway_project.operations import gauges, metrics
from gateway_project.operations.processes import Processes, manage
from gateway_project.operations.pulse import Pulse
from gateways.models import Breaker
from messages_app.models import Relay, SendAttempt, State
from tests import factories
from tests.operations.surroundings import database_url, environment, wait_until
from tests.operations.web_server import web_server

WHERE, HERE = {"label": "amazing", "channel": "sms"}, {"gateway": "sms-de"}
TOKEN = "the-token-of-prometheus"
NEAR, FAR = {"REMOTE_ADDR": "127.0.0.1"}, {"REMOTE_ADDR": "203.0.113.9"}


@pytest.fixture(autouse=True)
def _read_anew():
    read_anew()


def read_anew():
    for collector in list(metrics.REGISTRY._collector_to_names):
        if isinstance(collector, gauges.Gauges):
            collector.forget()


def scraped(client, **more):
    answer = client.get("/metrics", **more)
    assert answer.status_code == 200
    return values_of(answer.content.decode())


def series(name, **labels):
    return f"gatehouse_{name}", frozenset(labels.items())


def values_of(text):
    return {
        (sample.name, frozenset(sample.labels.items())): sample.value
        for family in text_string_to_metric_families(text)
        for sample in family.samples
    }


@pytest.mark.django_db
class TestWhoMayRead:
    @pytest.mark.parametrize("path", ["/metrics", "/metrics/"])
    def test_who_calls_from_this_machine(self, client, path):
        answer = client.get(path, **NEAR)
        assert answer.status_code == 200
        assert answer["Content-Type"].startswith("text/plain; version=0.0.4")
        assert not answer.cookies

    def test_strangers_are_told_nothing(self, client):
        answer = client.get("/metrics", **FAR)
        assert answer.status_code == 403
        assert b"gatehouse_" not in answer.content

    @pytest.mark.parametrize("header", [TOKEN, f"Bearer {TOKEN}"])
    def test_whoever_has_the_token(self, client, settings, header):
        settings.METRICS_TOKEN = TOKEN
        assert client.get("/metrics", headers={"Authorization": header}, **FAR).status_code == 200

    @pytest.mark.parametrize("header", ["", "Bearer ", "Bearer", f"{TOKEN}x", "B\xe4rer \udcff"])
    @pytest.mark.parametrize("token", ["", TOKEN])
    def test_nobody_has_it_by_another_word(self, client, settings, header, token):
        settings.METRICS_TOKEN = token
        answer = client.get("/metrics", HTTP_AUTHORIZATION=header, **FAR)
        assert answer.status_code == 403

    def test_who_calls_from_a_listed_network(self, client, settings):
        settings.METRICS_ALLOW = ["203.0.113.0/24"]
        assert client.get("/metrics", **FAR).status_code == 200
        assert client.get("/metrics", **NEAR).status_code == 403

    def test_the_address_behind_the_proxy_counts(self, client, settings):
        settings.TRUSTED_PROXIES = 1
        outside = {"HTTP_X_FORWARDED_FOR": "127.0.0.1, 203.0.113.9", **NEAR}
        assert client.get("/metrics", **outside).status_code == 403
        assert client.get("/metrics", HTTP_X_FORWARDED_FOR="127.0.0.1", **NEAR).status_code == 200

    def test_a_proxy_that_nobody_told_us_of_lets_nobody_in(self, client):
        forwarded = {"HTTP_X_FORWARDED_FOR": "203.0.113.9", **NEAR}
        assert client.get("/metrics", **forwarded).status_code == 403

    def test_nothing_can_be_posted_there(self, client):
        assert client.post("/metrics", **NEAR).status_code == 405

    @pytest.mark.parametrize("path", ["/metrics", "/health/live", "/health/ready"])
    def test_the_machine_is_called_by_any_name(self, client, path):
        assert client.get(path, HTTP_HOST="10.2.3.4:8000", **NEAR).status_code == 200


@pytest.mark.django_db
class TestHowTheHouseStands:
    def test_queues_are_told_by_depth_and_by_the_age_of_their_oldest(self, client):
        label = factories.LabelFactory(slug="amazing")
        gateway = factories.GatewayFactory(label=label, slug="sms-de")
        factories.GatewayFactory(label=label, slug="idle")
        then = timezone.now() - timedelta(minutes=2)
        message = factories.MessageFactory(label=label, gateway=gateway, due_at=then)
        later = timezone.now() + timedelta(hours=1)
        factories.MessageFactory(label=label, gateway=gateway, due_at=later)
        CallbackDelivery.objects.create(
            message=message, label=label, host="h", status="accepted", due_at=then, created_at=then
        )

        found = scraped(client)

        depth, oldest = "queue_depth", "queue_oldest_due_seconds"
        busy = {"queue": "send", "label": "amazing", "gateway": "sms-de"}
        idle, told = {**busy, "gateway": "idle"}, {**busy, "queue": "report", "gateway": ""}
        assert found[series(depth, **busy)] == 2
        assert found[series(depth, **idle)] == 0
        assert found[series(depth, **told)] == 1
        assert found[series(oldest, **busy)] == pytest.approx(120, abs=20)
        assert found[series(oldest, **told)] == pytest.approx(120, abs=20)
        assert found[series(oldest, **idle)] == 0

    def test_a_queue_that_stands_still_is_told_apart_from_a_long_one(self, client):
        label = factories.LabelFactory(slug="amazing")
        gateway = factories.GatewayFactory(label=label, slug="sms-de")
        then = timezone.now() - timedelta(minutes=20)
        message = factories.MessageFactory(
            label=label, gateway=gateway, due_at=then, created_at=then
        )
        name, where = "queue_standstill_seconds", {"queue": "send", "label": "amazing"}
        assert scraped(client)[series(name, **where)] == pytest.approx(1200, abs=60)
        read_anew()
        now = timezone.now()
        SendAttempt.objects.create(
            message=message, gateway=gateway, number=1, outcome="unavailable",
            started_at=now, finished_at=now,
        )  # fmt: skip
        found = scraped(client)
        assert found[series(name, **where)] == 0
        assert found[series("queue_oldest_due_seconds", **where, gateway="sms-de")] > 1100

    def test_relays_that_a_suspended_listener_is_not_told_count_and_are_not_late(self, client):
        label = factories.LabelFactory(slug="amazing", opt_outs_suspended={"platform": "HTTP 410"})
        then = timezone.now() - timedelta(minutes=20)
        for listener in ("platform", "smartico"):
            Relay.objects.create(
                label=label, listener=listener, kind="opt_out", due_at=then, created_at=then
            )
            then += timedelta(minutes=10)
        found = scraped(client)
        where = {"queue": "relay", "label": "amazing", "gateway": ""}
        assert found[series("queue_depth", **where)] == 2
        oldest = found[series("queue_oldest_due_seconds", **where)]
        assert oldest == pytest.approx(600, abs=60)

    def test_what_is_held_waits_and_is_not_late(self, client):
        then = timezone.now() - timedelta(hours=1)
        label = factories.LabelFactory(slug="amazing", callbacks_suspended_at=then)
        gateway = factories.GatewayFactory(label=label, slug="sms-de", is_paused=True)
        message = factories.MessageFactory(label=label, gateway=gateway, due_at=then)
        CallbackDelivery.objects.create(
            message=message, label=label, host="h", status="accepted", due_at=then, created_at=then
        )

        found = scraped(client)

        for queue, name in (("send", "sms-de"), ("report", "")):
            held = {"queue": queue, "label": "amazing", "gateway": name}
            assert found[series("queue_depth", **held)] == 1
            assert found[series("queue_oldest_due_seconds", **held)] == 0
        assert found[series("gateway_paused", label="amazing", gateway="sms-de")] == 1
        assert found[series("callbacks_suspended", label="amazing")] == 1

    def test_what_needs_a_person_is_told(self, client):
        label = factories.LabelFactory(slug="amazing")
        gateway = factories.GatewayFactory(label=label, slug="sms-de")
        Breaker.objects.create(gateway=gateway, opened_at=timezone.now())
        message = factories.MessageFactory(label=label, gateway=gateway, state=State.UNKNOWN)
        CallbackDelivery.objects.create(
            message=message, label=label, host="h", status="accepted", settlement="dead",
            due_at=timezone.now(), created_at=timezone.now(),
        )  # fmt: skip
        Pulse("worker").beat()

        found = scraped(client)

        where = {"label": "amazing", "gateway": "sms-de"}
        assert found[series("breaker_open", **where)] == 1
        assert found[series("gateway_paused", **where)] == 0
        assert found[series("messages_unknown", label="amazing")] == 1
        assert found[series("callbacks_unheard", label="amazing", settlement="dead")] == 1
        assert found[series("callbacks_unheard", label="amazing", settlement="mismatch")] == 0
        assert found[series("processes_alive", kind="worker")] == 1
        assert found[series("processes_alive", kind="scheduler")] == 0
        assert abs(found[series("clock_skew_seconds")]) < 30
        assert found[series("database_up")] == 1

    def test_without_a_database_it_says_so_and_tells_what_was_counted(self, client, monkeypatch):
        def lost():
            raise OperationalError("at postgres://user:password@host")

        monkeypatch.setattr(gauges, "lines", lost)
        LEAKS_STOPPED.labels("of this test").inc()
        answer = client.get("/metrics")
        found = values_of(answer.content.decode())
        assert found[series("database_up")] == 0
        assert series("processes_alive", kind="worker") not in found
        assert found[series("leaks_stopped_total", where="of this test")] >= 1
        assert b"password" not in answer.content

    def test_the_database_is_not_asked_at_every_scrape(self, client, django_assert_num_queries):
        scraped(client)
        with django_assert_num_queries(0):
            scraped(client)

    def test_no_series_names_a_user_or_a_message(self, client):
        message = factories.MessageFactory()
        scraped(client)
        text = client.get("/metrics").content.decode()
        user = message.end_user
        for secret in (user.ext_user_id, str(user.pk), str(message.pk), message.uid):
            assert secret not in text


@pytest.mark.django_db(transaction=True)
def test_one_scrape_tells_what_web_and_worker_have_counted(tmp_path):
    label = factories.LabelFactory(
        slug="amazing",
        callback_url=factories.CALLBACK_URL,
        callbacks_suspended_at=timezone.now(),
    )
    factories.KeyFactory(label=label)
    factories.GatewayFactory(label=label, slug="sms-de")
    factories.EndUserFactory(label=label, ext_user_id="somebody")
    with web_server(tmp_path) as port:
        surroundings = environment(tmp_path, port, DATABASE_URL=database_url())
        worker = Processes({"worker": manage("worker")}, surroundings)
        worker.start()
        try:
            ask(port, "/api/v1/sms", {"ext_user_id": "somebody", "body": "x", "im_uid": "1"})
            ask(port, "/api/v1/sms", {"ext_user_id": "nobody", "body": "x", "im_uid": "2"})
            sent = series("send_attempts_total", **WHERE, **HERE, outcome="accepted")
            wait_until(lambda: sent in values_of(ask(port, "/metrics")))
        finally:
            worker.stop()
        found = values_of(ask(port, "/metrics"))
    assert found[sent] == 1
    assert found[series("requests_total", **WHERE, error_code="0")] == 1
    assert found[series("requests_total", **WHERE, error_code="1")] == 1
    assert found[series("accept_seconds_count", **WHERE)] == 1
    assert found[series("provider_seconds_count", label="amazing", **HERE)] == 1


def ask(port, path, body=None):
    request = urllib.request.Request(
        f"http://127.0.0.1:{port}{path}",
        data=None if body is None else json.dumps(body).encode(),
        headers={"Authorization": factories.SECRET},
    )
    with urllib.request.urlopen(request, timeout=30) as answer:
        return answer.read().decode()
