"""Gateways whose accounts are refused are paused: once, written down once, told once."""

import threading
from concurrent.futures import ThreadPoolExecutor

import pytest
from django.db import connection, transaction

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from gateways.models import AuditEntry, ConfigurationVersion, Gateway
from gateways.providers.custom_im_http import CustomImHttp
from gateways.signals import gateway_paused
from messages_app import settling
from messages_app.models import Message, State
from messages_app.pausing import pause
from tests.factories import GatewayFactory, MessageFactory
from tests.peers import Answer, http_peer

pytestmark = pytest.mark.django_db(transaction=True)


@pytest.fixture
def told():
    heard = []

    def paused(sender, reasons, **kwargs):
        heard.append(reasons)

    gateway_paused.connect(paused)
    yield heard
    gateway_paused.disconnect(paused)


def gateway_at(url: str) -> Gateway:
    config = {"url": url}
    return GatewayFactory(channel=Channel.CUSTOM_IM, provider="custom_im_http", config=config)


def queue(gateway: Gateway, count: int) -> None:
    for _ in range(count):
        MessageFactory(label=gateway.label, gateway=gateway, channel=gateway.channel)


def test_a_wave_of_refusals_pauses_once_and_is_written_down_and_told_once(
    told, caplog, monkeypatch
):
    pauses = []
    monkeypatch.setattr(settling, "pause", lambda details: (pauses.append(details), pause(details)))
    monkeypatch.setattr(CustomImHttp, "concurrency", 20)
    all_are_there = threading.Barrier(20)

    def refuse(asked):
        all_are_there.wait(20)
        return Answer(status=401, body="who are you")

    with http_peer(refuse) as peer:
        gateway = gateway_at(peer.url)
        queue(gateway, 20)
        run("send", str(gateway.pk), linger=0)
        assert len(peer.asked) == 20
    reason = {gateway.pk: "HTTP 401: who are you"}
    assert told == [reason]
    assert all(details == reason for details in pauses)
    assert caplog.text.count("is paused") == 1
    entry = AuditEntry.objects.get()
    assert (entry.subject_id, entry.reason) == (str(gateway.pk), reason[gateway.pk])
    assert entry.changes == {"is_paused": [False, True]}


def test_of_two_workers_one_pauses(told):
    gateway = gateway_at("http://127.0.0.1:9")
    start = threading.Barrier(2)

    def find_out(_: int) -> None:
        try:
            start.wait(20)
            with transaction.atomic():
                pause({gateway.pk: "HTTP 401"})
        finally:
            connection.close()

    with ThreadPoolExecutor(2) as threads:
        list(threads.map(find_out, range(2)))
    assert AuditEntry.objects.count() == len(told) == 1


def test_what_is_taken_back_is_told_to_nobody(told, caplog):
    gateway = gateway_at("http://127.0.0.1:9")
    with transaction.atomic():
        pause({gateway.pk: "HTTP 401"})
        transaction.set_rollback(True)
    assert (told, caplog.text) == ([], "")
    assert not Gateway.objects.get().is_paused


@pytest.mark.postgresql
@pytest.mark.parametrize("busy_with", [ConfigurationVersion, Gateway])
def test_nobody_who_is_changing_the_configuration_is_waited_for(busy_with):
    """They may be about to wait for what this transaction holds."""
    with http_peer(lambda asked: Answer(status=401)) as peer:
        gateway = gateway_at(peer.url)
        queue(gateway, 1)

        def send() -> None:
            try:
                run("send", str(gateway.pk), linger=0)
            finally:
                connection.close()

        with ThreadPoolExecutor(1) as threads, transaction.atomic():
            list(busy_with.objects.select_for_update(no_key=True))
            threads.submit(send).result(20)
            assert not Gateway.objects.get().is_paused
        message = Message.objects.get()
        assert message.state == State.QUEUED
        Message.objects.update(due_at=message.created_at)
        run("send", str(gateway.pk), linger=0)
    assert Gateway.objects.get().is_paused


def test_a_gateway_that_a_person_has_paused_meanwhile_keeps_their_reason(told):
    gateway = gateway_at("http://127.0.0.1:9")
    Gateway.objects.update(is_paused=True, paused_because="")
    with transaction.atomic():
        pause({gateway.pk: "HTTP 401"})
    assert Gateway.objects.get().paused_because == ""
    assert told == []
