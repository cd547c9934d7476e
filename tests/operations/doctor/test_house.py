"""What every label stands on."""

from datetime import timedelta

import pytest
from django.contrib.auth.models import User
from django.db import OperationalError, connection
from django.utils import timezone

from gateway_project.operations import health
from gateway_project.operations.doctor import house as foundations
from gateway_project.operations.doctor.examination import examine_house
from gateway_project.operations.pulse import Pulse
from gateways.models import Heartbeat, TokenApp
from messages_app.models import Message
from tests.factories import MessageFactory
from tests.operations.doctor.conftest import of_house

pytestmark = pytest.mark.django_db


@pytest.mark.parametrize("name", ["Database", "Migrations"])
def test_a_house_that_stands_is_good(name):
    assert of_house(name).state == "green"


def test_a_lost_database_is_told_and_ends_no_examination(monkeypatch):
    def lost():
        raise OperationalError("at postgres://user:password@host")

    monkeypatch.setitem(health.LOOKS, "database", lost)
    report = examine_house()
    assert report.state == "red"
    assert "password" not in str(report)
    assert any(finding.name == "DEBUG" for finding in report.findings)


def test_missing_migrations_are_a_problem(monkeypatch):
    monkeypatch.setitem(health.LOOKS, "migrations", lambda: "not applied")
    assert of_house("Migrations").state == "red"


def test_a_broker_is_looked_at_where_there_is_one(settings, monkeypatch):
    assert of_house("Broker").state == "grey"
    settings.BROKER_URL = "set"
    monkeypatch.setitem(health.LOOKS, "broker", lambda: health.OK)
    assert of_house("Broker").state == "green"
    monkeypatch.setitem(health.LOOKS, "broker", lambda: "OperationalError")
    assert of_house("Broker").state == "red"


@pytest.mark.parametrize("kind", ["worker", "scheduler"])
def test_a_process_must_give_signs_of_life(kind):
    assert of_house(kind.capitalize()).state == "red"
    Pulse(kind).beat()
    assert of_house(kind.capitalize()).state == "green"
    Heartbeat.objects.update(at=timezone.now() - timedelta(minutes=1))
    assert of_house(kind.capitalize()).state == "red"


def test_a_process_that_should_be_beside_others_needs_a_look():
    Pulse("worker", siblings=2).beat()
    found = of_house("Worker")
    assert found.state == "yellow"
    assert found.text.startswith("1 alive, 1 missing")


@pytest.mark.parametrize(("minutes", "state"), [(0, "green"), (3, "yellow"), (30, "red")])
def test_messages_and_callbacks_may_not_wait_long(minutes, state, smartico):
    then = timezone.now() - timedelta(minutes=minutes)
    message = MessageFactory()
    Message.objects.filter(pk=message.pk).update(due_at=then)
    smartico.owe("accepted", due_at=then)
    assert of_house("Due messages").state == state
    assert of_house("Due callbacks").state == state


@pytest.mark.postgresql
@pytest.mark.parametrize(("seconds", "state"), [(0, "green"), (-10, "yellow"), (60, "red")])
def test_both_clocks_say_the_same(seconds, state, monkeypatch):
    monkeypatch.setattr(foundations, "skew_seconds", lambda: seconds)
    assert of_house("Clock").state == state


def test_a_check_that_breaks_is_a_finding(monkeypatch):
    monkeypatch.setattr(foundations, "alive", lambda kind: 1 / 0)
    finding = of_house("The check itself")
    assert (finding.state, "ZeroDivisionError" in finding.text) == ("red", True)
    assert connection.is_usable()


@pytest.mark.parametrize(
    ("url", "environment", "state"),
    [
        ("https://gateway.example.com", "production", "green"),
        ("http://gateway.example.com", "production", "red"),
        ("http://gateway.example.com", "staging", "yellow"),
    ],
)
def test_the_public_url_is_https(settings, url, environment, state):
    settings.PUBLIC_URL, settings.ENVIRONMENT = url, environment
    assert of_house("PUBLIC_URL").state == state


@pytest.mark.parametrize(("debug", "state"), [(False, "green"), (True, "red")])
def test_debug_is_off(settings, debug, state):
    settings.DEBUG = debug
    assert of_house("DEBUG").state == state


def test_keys_are_kept_apart_from_the_data(settings, tmp_path):
    settings.DATA_DIR, settings.EMBEDDED = tmp_path, True
    assert of_house("Keys of personal data").state == "grey"
    settings.EMBEDDED = False
    assert of_house("Keys of personal data").state == "green"
    (tmp_path / "keys").mkdir()
    (tmp_path / "keys" / "pii_keys").write_text(settings.PII_KEYS)
    finding = of_house("Keys of personal data")
    assert finding.state == "red"
    assert settings.PII_KEYS not in finding.text


def test_a_password_alone_is_looked_at(settings):
    person = User.objects.create_superuser("root")
    assert of_house("Second factor").state == "yellow"
    settings.REQUIRE_TWO_FACTOR = True
    assert of_house("Second factor").state == "green"
    settings.REQUIRE_TWO_FACTOR = False
    TokenApp.objects.create(user=person, confirmed=True)
    assert of_house("Second factor").state == "green"
