"""What is counted and logged of callbacks, and of a message's whole way."""

import io
import json
import logging
from datetime import timedelta

import pytest
from django.conf import settings
from django.utils import timezone
from prometheus_client import REGISTRY

from callbacks import reporting
from callbacks.models import CallbackDelivery
from callbacks.replaying import replay
from gateway_project.lib import logs
from gateway_project.lib.draining import run
from gateway_project.lib.futures import failed
from gateways import configuration
from gateways.models import Label
from tests.messages_app.house import build_house
from tests.peers import Answer

pytestmark = pytest.mark.django_db(transaction=True)


def told(smartico, name, **more):
    return REGISTRY.get_sample_value(f"gatehouse_{name}", {"label": smartico.label.slug, **more})


def test_what_came_of_a_try_is_counted_by_label(smartico):
    smartico.owe("accepted")
    smartico.report()
    smartico.answers["any"] = Answer(status=500)
    smartico.owe("delivered")
    smartico.report()
    assert told(smartico, "callback_attempts_total", outcome="acknowledged") == 1
    assert told(smartico, "callback_attempts_total", outcome="failed") == 1


def test_the_time_until_smartico_knew_is_counted_once(smartico):
    then = timezone.now() - timedelta(seconds=100)
    smartico.owe("accepted", created_at=then)
    smartico.report()
    assert told(smartico, "callback_seconds_count") == 1
    assert told(smartico, "callback_seconds_sum") == pytest.approx(100, abs=20)


def test_a_replay_is_no_news(smartico):
    smartico.owe("accepted", created_at=timezone.now() - timedelta(days=2))
    smartico.report()
    replay(CallbackDelivery.objects.all())
    smartico.report()
    assert told(smartico, "callback_attempts_total", outcome="acknowledged") == 2
    assert told(smartico, "callback_seconds_count") == 1


@pytest.fixture
def journal():
    """All steps, as JSON lines."""
    logs.configure({"level": "DEBUG", "as_json": True})
    stream = io.StringIO()
    logging.getLogger().handlers[0].setStream(stream)
    yield lambda: [json.loads(line) for line in stream.getvalue().splitlines()]
    logging.raiseExceptions = True
    logs.configure(settings.LOGGING)


def steps_of(journal, message):
    return [
        event["event"]
        for event in journal()
        if event.get("message_id") == str(message.pk) and event["logger"].endswith("journal")
    ]


def test_a_message_can_be_followed_by_its_id_through_all_processes(smartico, journal):
    house = build_house()
    Label.objects.filter(pk=house.label.pk).update(callback_hosts=[smartico.peer.url])
    configuration.forget_now()
    message = house.accepted(callback_url=f"{smartico.peer.url}/cb")
    gateway = message.gateway_id

    run("send", str(gateway), linger=0)
    CallbackDelivery.objects.update(due_at=timezone.now())
    run("report", f"{house.label.pk}/{smartico.peer.url}", linger=0)

    assert steps_of(journal, message) == [
        f"accepted for gateway {gateway}",
        f"try 1 at gateway {gateway}: accepted",
        "learnt that it is accepted",
        "callback of accepted: acknowledged",
    ]


def test_what_breaks_about_a_message_is_logged_with_its_id(smartico, journal, monkeypatch):
    monkeypatch.setattr(reporting, "http_client", lambda: Broken())
    delivery = smartico.owe("accepted")
    smartico.report()
    (event,) = [event for event in journal() if event["event"].startswith("a callback broke off")]
    assert event["message_id"] == str(delivery.message_id)


class Broken:
    def submit(self, call):
        return failed(RuntimeError("broken"))
