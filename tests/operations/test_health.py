"""Whether the process lives and can do its work."""

from datetime import timedelta

import pytest
from django.db import OperationalError, connection
from django.utils import timezone

from gateway_project.operations import health
from tests.factories import BrandFactory, GatewayFactory, MessageFactory
from tests.raw_peers import raw_peer, reset

PROBES = 5


@pytest.fixture(autouse=True)
def _nothing_seen_yet(monkeypatch):
    monkeypatch.setattr(health, "_migrated", False)


@pytest.fixture
def broker(settings, monkeypatch):
    """A broker that hangs up on whoever knocks."""
    from gateway_project.celery import app

    with raw_peer(reset) as peer:
        settings.BROKER_URL = "set"
        monkeypatch.setattr(app.conf, "broker_write_url", f"amqp://127.0.0.1:{peer.port}//")
        yield peer


def ours(caplog):
    """What was logged, but for the libraries' own words."""
    return [each for each in caplog.records if each.name.startswith(("gateway", "django"))]


@pytest.mark.parametrize("path", ["/health/live", "/health/live/"])
def test_it_lives_without_asking_the_database(client, path):
    assert client.get(path).json() == {"status": "live"}


@pytest.mark.django_db
@pytest.mark.parametrize("path", ["/health/ready", "/health/ready/"])
def test_it_is_ready_when_everything_is_reached(client, path):
    answer = client.get(path)
    assert answer.status_code == 200
    assert answer.json() == {
        "status": "ready",
        "database": "ok",
        "migrations": "ok",
        "calls": "ok",
        "broker": "ok",
        "oldest_due": "ok",
        "clock": "ok",
    }
    assert not answer.cookies


@pytest.mark.django_db
def test_it_is_not_ready_without_its_database(client, monkeypatch):
    def lost():
        raise OperationalError("at postgres://user:password@host")

    monkeypatch.setattr(connection, "cursor", lost)
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["database"] == "OperationalError"
    assert answer.json()["oldest_due"] == "not asked"
    assert "password" not in answer.content.decode()


@pytest.mark.django_db
def test_it_is_not_ready_before_its_migrations(client, monkeypatch):
    monkeypatch.setattr(
        health.MigrationExecutor, "migration_plan", lambda self, targets: ["0002_next"]
    )
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["migrations"] == "not applied"


@pytest.mark.django_db
def test_a_lost_broker_is_named_and_takes_no_web_server_away(client, broker):
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["broker"].endswith("Error")
    answer = client.get("/health/ready?strict")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")


@pytest.mark.django_db
def test_probes_neither_call_the_broker_nor_log_each_time(client, broker, caplog):
    client.get("/health/ready?strict")
    knocks = len(broker.connections)
    for _ in range(PROBES):
        assert client.get("/health/ready?strict").status_code == 503
    assert len(broker.connections) == knocks > 0
    (line,) = ours(caplog)
    assert line.getMessage().startswith("health: broker: ")


def test_after_a_while_the_broker_is_called_again(broker):
    now = [0.0]
    looked = health.BrokerLook(lambda: now[0])
    looked.said()
    knocks = len(broker.connections)
    now[0] = health.BROKER_KEPT_SECONDS
    looked.said()
    assert len(broker.connections) > knocks


@pytest.mark.django_db
def test_a_trouble_is_logged_when_it_begins_and_when_it_is_over(client, monkeypatch, caplog):
    caplog.set_level("INFO")
    with monkeypatch.context() as lost:
        lost.setitem(health.LOOKS, "database", lambda: "OperationalError")
        for _ in range(PROBES):
            client.get("/health/ready")
    for _ in range(PROBES):
        client.get("/health/ready")
    assert [(each.levelname, each.getMessage()) for each in ours(caplog)] == [
        ("ERROR", "health: database: OperationalError"),
        ("INFO", "health: all is well again"),
    ]


@pytest.mark.django_db
def test_what_waits_too_long_is_named_and_takes_no_web_server_away(client):
    MessageFactory(due_at=timezone.now() - timedelta(minutes=11))
    answer = client.get("/health/ready")
    assert (answer.status_code, answer.json()["status"]) == (200, "degraded")
    assert answer.json()["oldest_due"].startswith("late by 66")


@pytest.mark.django_db
def test_a_script_may_ask_strictly(client):
    assert client.get("/health/ready?strict").status_code == 200
    MessageFactory(due_at=timezone.now() - timedelta(minutes=11))
    answer = client.get("/health/ready?strict")
    assert (answer.status_code, answer.json()["status"]) == (503, "not ready")


@pytest.mark.django_db
def test_what_is_held_is_not_late(client):
    held = GatewayFactory(is_paused=True)
    then = timezone.now() - timedelta(minutes=11)
    MessageFactory(gateway=held, label=held.label, due_at=then)
    assert client.get("/health/ready?strict").json()["oldest_due"] == "ok"


@pytest.mark.django_db
def test_what_a_paused_brand_holds_is_not_late(client):
    gateway = GatewayFactory()
    brand = BrandFactory(label=gateway.label, is_paused=True)
    then = timezone.now() - timedelta(minutes=11)
    MessageFactory(gateway=gateway, label=gateway.label, brand=brand, due_at=then)
    assert client.get("/health/ready?strict").json()["oldest_due"] == "ok"


@pytest.mark.django_db
@pytest.mark.parametrize("seconds", [40, -40])
def test_a_clock_that_is_wrong_is_named(client, monkeypatch, seconds):
    monkeypatch.setattr(health, "skew_seconds", lambda: seconds)
    assert client.get("/health/ready").json()["clock"] == f"off by {seconds} s"
    assert client.get("/health/ready?strict").status_code == 503
