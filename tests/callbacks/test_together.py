"""Webhooks and status reports that come at the same moment are written in one transaction."""

import json
from collections.abc import Callable
from concurrent.futures import Future, ThreadPoolExecutor
from functools import partial
from typing import Any

import pytest
from django.db import connection, transaction
from django.test import Client

from callbacks.api import webhooks
from callbacks.models import CallbackDelivery
from gateway_project.lib.vocabulary import Status
from gateways import configuration
from gateways.models import Gateway
from gateways.providers.base import StatusUpdate
from messages_app import reports
from messages_app.events import locked_messages
from messages_app.models import InboxEntry, State, StatusEvent
from tests.factories import STATUS_KEY, GatewayFactory, KeyFactory, LabelFactory, MessageFactory
from tests.operations.surroundings import wait_until

pytestmark = [pytest.mark.postgresql, pytest.mark.django_db(transaction=True)]

WAIT = 20.0
Call = Callable[[], Any]


def message_of(gateway, **values):
    known = {"gateway": gateway, "label": gateway.label, "channel": gateway.channel}
    return MessageFactory(**{**known, "state": State.SENT, "attempts": 1, **values})


def webhook(gateway, message_id, status="delivered"):
    path = f"/callbacks/webhooks/{gateway.token.reveal()}"
    told = json.dumps({"id": str(message_id), "status": status})
    return Client().post(path, told, content_type="application/json").status_code


def status_report(message_id, secret=STATUS_KEY):
    told = {"type": "cim", "ext_message_id": str(message_id), "status": "opened"}
    return Client().get("/callbacks/status", told | {"api_key": secret}).json()["error_code"]


def gateways_of_one_label(number):
    """What holds up one label holds up no other: only a label's own are written together."""
    label = LabelFactory()
    return [GatewayFactory(label=label, channel="custom_im") for _ in range(number)]


def come_of(lanes, first: Call, message, others: list[Call]) -> list[Any]:
    """What the first comes to, who has to wait for its message, and those who ask meanwhile."""
    together = lanes._lanes[message.label_id]

    def hang_up(call: Call) -> Any:
        try:
            return call()
        finally:
            connection.close()

    with ThreadPoolExecutor(len(others) + 1) as threads:
        with transaction.atomic():
            assert locked_messages([message.pk])
            asked: list[Future[Any]] = [threads.submit(hang_up, first)]
            wait_until(lambda: together._is_led and not together._waiting)
            asked += [threads.submit(hang_up, each) for each in others]
            wait_until(lambda: len(together._waiting) == len(others))
        return [each.result(WAIT) for each in asked]


def transactions() -> int:
    """What is written together is recorded at one moment."""
    return StatusEvent.objects.values("recorded_at").distinct().count()


def test_webhooks_of_several_gateways_are_written_together():
    gateways = gateways_of_one_label(8)
    messages = [message_of(gateway) for gateway in gateways]
    first, *others = [
        partial(webhook, gateway, message.pk)
        for gateway, message in zip(gateways, messages, strict=True)
    ]
    answers = come_of(reports._apply_telling, first, messages[0], others)
    assert answers == [200] * 8
    assert transactions() == 2
    learnt = StatusEvent.objects.values_list("message_id", "status")
    assert sorted(learnt) == sorted((each.pk, "delivered") for each in messages)
    assert CallbackDelivery.objects.count() == 8


def test_status_reports_are_written_together_and_each_is_told_its_own():
    gateways = gateways_of_one_label(4)
    KeyFactory(label=gateways[0].label, kind="status", secret=STATUS_KEY)
    messages = [message_of(gateway) for gateway in gateways]
    first, *others = [partial(status_report, message.pk) for message in messages]
    others.append(partial(status_report, message_of(GatewayFactory(channel="custom_im")).pk))
    answers = come_of(reports._apply_claim, first, messages[0], others)
    assert answers == [0, 0, 0, 0, 1]
    assert transactions() == 2
    assert StatusEvent.objects.count() == 4


def test_a_message_that_somebody_has_locked_holds_up_no_other_label():
    held, free = (message_of(GatewayFactory(channel="custom_im")) for _ in range(2))
    with ThreadPoolExecutor(2) as threads:
        with transaction.atomic():
            assert locked_messages([held.pk])
            waits = threads.submit(told_and_hung_up, held)
            wait_until(lambda: reports._apply_telling._lanes[held.label_id]._is_led)
            assert threads.submit(told_and_hung_up, free).result(WAIT) == 200
            assert not waits.done()
        assert waits.result(WAIT) == 200


def test_of_a_label_one_long_telling_is_written_at_a_time():
    gateway = GatewayFactory(channel="custom_im")
    held = message_of(gateway)
    lane = reports._apply_long_telling._lanes[gateway.label_id]
    update = StatusUpdate(status=Status.DELIVERED, message_id=str(held.pk))
    many = [update] * (reports.MOST_IN_COMPANY + 1)
    values = configuration.current().gateways[gateway.pk]

    def tell():
        try:
            return reports.apply_to_gateway(values, many)
        finally:
            connection.close()

    with ThreadPoolExecutor(3) as threads:
        with transaction.atomic():
            assert locked_messages([held.pk])
            told = [threads.submit(tell) for _ in range(3)]
            wait_until(lambda: lane._is_led and len(lane._waiting) == 2)
        assert [each.result(WAIT) for each in told] == [len(many)] * 3


def told_and_hung_up(message):
    try:
        return webhook(message.gateway, message.pk)
    finally:
        connection.close()


def test_a_gateway_that_is_deleted_meanwhile_costs_no_other_its_report(monkeypatch):
    gateways = gateways_of_one_label(4)
    gone, messages = gateways.pop(), [message_of(gateway) for gateway in gateways]
    find, token = webhooks.gateway_of_token, gone.token.reveal()

    def look_up(asked):
        found = find(asked)
        if asked == token:
            Gateway.objects.filter(pk=gone.pk).delete()
        return found

    monkeypatch.setattr(webhooks, "gateway_of_token", look_up)
    first, *others = [
        partial(webhook, gateway, message.pk)
        for gateway, message in zip(gateways, messages, strict=True)
    ]
    others.insert(1, partial(webhook, gone, "sandbox-1"))
    answers = come_of(reports._apply_telling, first, messages[0], others)
    assert answers == [200, 200, 503, 200]
    assert StatusEvent.objects.count() == 3
    assert not InboxEntry.objects.exists()


def test_what_is_answered_200_is_there(monkeypatch):
    """The commit of all of them fails: so it does for each."""
    gateway = GatewayFactory(channel="custom_im")
    messages = [message_of(gateway) for _ in range(3)]
    first, *others = [partial(webhook, gateway, each.pk) for each in messages]

    record = reports.record_reports

    def record_and_be_cut(*arguments: Any) -> Any:
        told = record(*arguments)
        if len(told) == len(others):
            with connection.cursor() as cursor:
                cursor.execute("SELECT pg_terminate_backend(pg_backend_pid())")
        return told

    monkeypatch.setattr(reports, "record_reports", record_and_be_cut)
    answers = come_of(reports._apply_telling, first, messages[0], others)
    assert answers == [200, 503, 503]
    assert StatusEvent.objects.get().message_id == messages[0].pk
