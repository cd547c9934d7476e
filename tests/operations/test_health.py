"""Whether the process lives and can do its work."""

import pytest
from django.db import OperationalError, connection

from gateway_project.operations import health


@pytest.fixture(autouse=True)
def _nothing_seen_yet(monkeypatch):
    monkeypatch.setattr(health, "_migrated", False)


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
        "broker": "ok",
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
def test_it_is_not_ready_without_its_broker(client, settings, monkeypatch):
    from gateway_project.celery import app

    settings.BROKER_URL = "set"
    monkeypatch.setattr(app.conf, "broker_write_url", "redis://127.0.0.1:1/0")
    answer = client.get("/health/ready")
    assert answer.status_code == 503
    assert answer.json()["broker"] == "OperationalError"
