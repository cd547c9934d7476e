"""Providers' webhooks, over the whole of Django."""

import hashlib
import hmac
import json
import logging
from uuid import uuid4

import pytest
from django.contrib.auth.middleware import AuthenticationMiddleware
from django.contrib.messages.middleware import MessageMiddleware
from django.contrib.sessions.middleware import SessionMiddleware
from django.db import OperationalError
from django.test import Client
from prometheus_client import REGISTRY

from callbacks import receiving
from callbacks.api.webhooks import BODY_LIMIT
from callbacks.models import CallbackDelivery
from gateways import configuration
from gateways.models import Contact
from messages_app.models import InboxEntry, SendAttempt, State, StatusEvent, Wait
from messages_app.rereading import read_again
from messages_app.unreadable import shown
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory, timezone
from tests.gateways.providers.accounts.http_api import CONFIG as API
from tests.statements import statements_told
from users.models import Suppression

pytestmark = pytest.mark.django_db
CANARY = "canary@mailbox.example"


@pytest.fixture
def gateway():
    return GatewayFactory()


@pytest.fixture
def message(gateway):
    return MessageFactory(gateway=gateway, label=gateway.label, attempts=1)


def path_of(gateway):
    return f"/callbacks/webhooks/{gateway.token.reveal()}"


def post(client, gateway, told, *, path="", **headers):
    body = told if isinstance(told, bytes | str) else json.dumps(told)
    return client.post(
        path or path_of(gateway), body, content_type="application/json", headers=headers
    )


def statuses():
    return list(StatusEvent.objects.order_by("pk").values_list("status", flat=True))


@pytest.mark.parametrize("slash", ["", "/"])
def test_a_report_is_recorded_and_owed(client, gateway, message, slash):
    told = {"id": str(message.pk), "status": "delivered"}
    answer = post(client, gateway, told, path=path_of(gateway) + slash)
    assert (answer.status_code, answer.content) == (200, b"ok")
    assert statuses() == ["delivered"]
    assert CallbackDelivery.objects.get().status == "delivered"


def test_neither_csrf_nor_cookies_stand_in_the_way(gateway, message):
    strict = Client(enforce_csrf_checks=True)
    answer = post(strict, gateway, {"id": str(message.pk), "status": "delivered"})
    assert answer.status_code == 200
    assert not answer.cookies


def test_what_is_for_people_does_not_stand_in_the_way(client, gateway, message, monkeypatch):
    def trip(*_):
        raise AssertionError

    for layer in (SessionMiddleware, AuthenticationMiddleware, MessageMiddleware):
        monkeypatch.setattr(layer, "process_request", trip)
    assert post(client, gateway, {"id": str(message.pk), "status": "delivered"}).status_code == 200


@pytest.mark.parametrize("token", ["", "canary-token"])
def test_a_browser_makes_nothing_of_the_answer(client, gateway, token):
    path = f"/callbacks/webhooks/{token}" if token else path_of(gateway)
    answer = client.get(path)
    assert answer["Content-Security-Policy"] == "default-src 'none'; frame-ancestors 'none'"
    assert answer["X-Content-Type-Options"] == "nosniff"
    assert answer["Content-Length"] == str(len(answer.content))


@pytest.mark.parametrize("path", ["/callbacks/webhooks", "/callbacks/webhooks/a/b", "/callbacks"])
def test_below_and_above_there_is_nothing(client, path):
    assert client.get(path).status_code == 404


@pytest.mark.parametrize("named_by", ["our id", "the provider's"])
def test_a_hundred_reports_cost_the_same_statements_as_ten(client, gateway, named_by, monkeypatch):
    monkeypatch.setattr(configuration, "LOOK_EVERY_SECONDS", 3_600)
    costs = []
    for count in (10, 100):
        known = {"gateway": gateway, "label": gateway.label, "attempts": 1, "state": State.SENT}
        messages = [MessageFactory(**known) for _ in range(count)]
        for each in messages:
            tried(each, provider_id=f"sandbox-{each.pk}")
        prefix = "sandbox-" if named_by == "the provider's" else ""
        told = [{"id": f"{prefix}{each.pk}", "status": "delivered"} for each in messages]
        post(client, gateway, told[:1])
        with statements_told() as statements:
            assert post(client, gateway, told).status_code == 200
        costs.append(len(statements))
        assert statuses() == ["delivered"] * count
        StatusEvent.objects.all().delete()
    assert costs[0] == costs[1] < 15


def tried(message, provider_id):
    now = timezone.now()
    SendAttempt.objects.create(
        message=message,
        gateway=message.gateway,
        number=1,
        outcome="sent",
        provider_id=provider_id,
        started_at=now,
        finished_at=now,
    )


def test_the_same_webhook_many_times_is_one_event(client, gateway, message):
    for _ in range(10):
        assert post(client, gateway, {"id": str(message.pk), "status": "delivered"})
    assert statuses() == ["delivered"]
    assert CallbackDelivery.objects.count() == 1


def test_of_a_list_the_good_ones_are_recorded_and_the_broken_one_stands_in_the_inbox(
    client, gateway, message
):
    told = [{"id": str(message.pk), "status": "delivered"}, 42, {"id": "x", "status": "Zugestellt"}]
    assert post(client, gateway, told).status_code == 200
    assert statuses() == ["delivered"]
    waits = set(InboxEntry.objects.values_list("waits_for", "word"))
    assert waits == {(Wait.A_READER, ""), (Wait.A_MAPPING, "Zugestellt")}
    assert shown(InboxEntry.objects.get(waits_for=Wait.A_READER)) == "42"


@pytest.mark.parametrize("body", [b"", b"{", b"\xff\xfe", b"<xml/>", f'{{"email": "{CANARY}"'])
def test_what_cannot_be_read_stands_in_the_inbox_without_its_content(client, gateway, body):
    assert post(client, gateway, body).status_code == 200
    entry = InboxEntry.objects.get()
    assert entry.waits_for == Wait.A_READER
    assert CANARY not in entry.detail
    assert CANARY not in shown(entry)
    assert post(client, gateway, body).status_code == 200
    assert InboxEntry.objects.count() == 1


@pytest.mark.parametrize("field", ["id", "status"])
def test_text_that_the_database_cannot_hold_is_no_trouble(client, gateway, message, field):
    told = {"id": "sandbox-x", "status": "delivered"} | {field: "sandbox-\x00\ud800"}
    good = {"id": str(message.pk), "status": "delivered"}
    assert post(client, gateway, [told, good]).status_code == 200
    assert statuses() == ["delivered"]


def test_an_early_report_waits_for_its_message(client, gateway):
    assert post(client, gateway, {"id": str(uuid4()), "status": "delivered"}).status_code == 200
    assert InboxEntry.objects.get().waits_for == Wait.ITS_MESSAGE


def test_another_gateways_message_is_left_alone(client, gateway, message):
    stranger = GatewayFactory()
    told = {"id": str(message.pk), "status": "failed"}
    assert post(client, stranger, told).status_code == 200
    assert statuses() == []


def test_an_inactive_gateway_still_receives(client, gateway, message):
    gateway.is_active = False
    gateway.save()
    post(client, gateway, {"id": str(message.pk), "status": "delivered"})
    assert statuses() == ["delivered"]


@pytest.mark.parametrize("method", ["get", "head"])
def test_a_probe_is_answered_without_effect(client, gateway, method):
    answer = getattr(client, method)(path_of(gateway))
    assert (answer.status_code, answer.content) == (200, b"")
    assert not InboxEntry.objects.exists()


def test_other_methods_are_refused(client, gateway):
    assert client.put(path_of(gateway)).status_code == 405


@pytest.mark.parametrize("method", ["get", "head", "post"])
def test_an_unknown_token_finds_nothing_and_is_not_logged(client, method, caplog, gateway):
    assert getattr(client, method)("/callbacks/webhooks/canary-token").status_code == 404
    assert "canary-token" not in caplog.text


def test_a_call_under_a_foreign_name_is_refused_and_its_token_not_logged(client, caplog):
    told = client.post("/callbacks/webhooks/canary-token", headers={"Host": "elsewhere.example"})
    assert told.status_code == 400
    assert "canary-token" not in caplog.text


def test_a_body_over_the_limit_is_refused(client, gateway):
    answer = post(client, gateway, b"x" * (BODY_LIMIT + 1))
    assert answer.status_code == 413
    assert not InboxEntry.objects.exists()


@pytest.mark.parametrize("megabytes", [3, 4])
def test_a_body_as_large_as_providers_send_them_is_taken(client, gateway, message, megabytes):
    report = {"id": str(message.pk), "status": "delivered"}
    answer = post(client, gateway, report | {"around": "x" * megabytes * 1024 * 1024})
    assert answer.status_code == 200
    assert statuses() == ["delivered"]


def test_more_parameters_than_are_read_are_refused_without_a_page(client, gateway):
    answer = post(client, gateway, {}, path=f"{path_of(gateway)}?{'a=1&' * 2_000}")
    assert (answer.status_code, answer.content) == (400, b"too many parameters")


def test_database_trouble_asks_the_provider_to_come_again(client, gateway, message, monkeypatch):
    def broken(*args):
        raise OperationalError("the database is away")

    monkeypatch.setattr(receiving, "apply_to_gateway", broken)
    answer = post(client, gateway, {"id": str(message.pk), "status": "delivered"})
    assert answer.status_code == 503
    assert b"database" not in answer.content


def test_a_gateway_whose_adapter_cannot_be_made_asks_to_come_again(client, gateway):
    gateway.provider = "gone"
    gateway.save()
    assert post(client, gateway, {}).status_code == 503


class TestReportsByGet:
    """An API that puts its reports into the query of our webhook URL."""

    CONFIG = API | {
        "report_method": "get",
        "webhook_proof": "token",
        "reports_path": "",
        "statuses": {"DELIVRD": "delivered", "BAD": "permanent"},
    }

    @pytest.fixture
    def gateway(self):
        return GatewayFactory(provider="http_api", config=self.CONFIG)

    def test_a_report_is_recorded_and_owed(self, client, gateway, message):
        told = {"ref": str(message.pk), "state": "DELIVRD"}
        for _ in range(2):
            answer = client.get(path_of(gateway), told)
        assert (answer.status_code, answer.content) == (200, b"ok")
        assert statuses() == ["delivered"]
        assert CallbackDelivery.objects.get().status == "delivered"

    def test_a_look_at_the_url_is_none(self, client, gateway, message):
        assert client.get(path_of(gateway)).status_code == 200
        assert client.head(path_of(gateway), {"ref": str(message.pk), "state": "BAD"})
        assert not statuses()
        assert not InboxEntry.objects.exists()

    def test_an_address_at_fault_is_closed(self, client, gateway):
        user = EndUserFactory(label=gateway.label)
        message = MessageFactory(gateway=gateway, label=gateway.label, end_user=user, attempts=1)
        client.get(path_of(gateway), {"ref": str(message.pk), "state": "BAD"})
        assert statuses() == ["failed"]
        assert Suppression.objects.get().channel == gateway.channel

    def test_those_that_cannot_be_read_wait_each_by_itself(self, client, gateway):
        gateway.config = self.CONFIG | {"reports_path": "reports"}
        gateway.save()
        configuration.forget_now()
        for number in ("1", "2", "2"):
            assert client.get(path_of(gateway), {"n": number, "to": CANARY}).status_code == 200
        assert InboxEntry.objects.filter(waits_for=Wait.A_READER).count() == 2
        assert CANARY not in str([entry.kept.reveal() for entry in InboxEntry.objects.all()])

    def test_what_could_not_be_read_is_read_again(self, client, gateway, message):
        gateway.config = self.CONFIG | {"reports_path": "reports"}
        gateway.save()
        configuration.forget_now()
        client.get(path_of(gateway), {"ref": str(message.pk), "state": "DELIVRD"})
        gateway.config = self.CONFIG
        gateway.save()
        configuration.forget_now()
        assert read_again(InboxEntry.objects.all()) == 1
        assert statuses() == ["delivered"]


class TestWebexConnect:
    SECRET = "webhook-secret-canary"

    @pytest.fixture
    def gateway(self):
        return GatewayFactory(
            provider="webex_connect",
            config={
                "base_url": "https://api.example.com",
                "service_key": "service-key",
                "webhook_secret": self.SECRET,
            },
        )

    def report(self, provider_id):
        return json.dumps(
            {
                "deliveryInfoNotification": {
                    "deliveryInfo": {
                        "deliveryStatus": "Delivered",
                        "destination": "+4915100000000",
                        "code": "7503",
                    },
                    "transid": provider_id,
                    "correlationid": "",
                }
            }
        )

    def signed(self, body):
        return hmac.new(self.SECRET.encode(), body.encode(), hashlib.sha256).hexdigest()

    def test_a_missing_or_wrong_signature_is_refused_and_counted(self, client, gateway, caplog):
        body = self.report("tid-1")
        for signature in ("", "0" * 64, self.signed(body + " ")):
            answer = post(client, gateway, body, **{"X-Hub-Signature": signature})
            assert answer.status_code == 401
        refusals = [entry for entry in caplog.records if entry.levelno == logging.WARNING]
        assert len(refusals) == 3
        for secret in (self.SECRET, gateway.token.reveal(), "4915100000000"):
            assert secret not in caplog.text
        assert not InboxEntry.objects.exists()

    def test_a_signed_report_finds_its_message_by_the_providers_id(self, client, gateway, message):
        tried(message, provider_id="tid-1")
        body = self.report("tid-1")
        answer = post(client, gateway, body, **{"X-Hub-Signature": self.signed(body)})
        assert answer.status_code == 200
        assert statuses() == ["delivered"]


def contact_of(gateway):
    contact = Contact.objects.filter(gateway=gateway).first()
    columns = ("probed_at", "webhook_at", "refused_at")
    return {name for name in columns if contact and getattr(contact, name)}


def test_it_is_noted_that_a_provider_has_met_us(client, gateway):
    client.get(path_of(gateway))
    assert contact_of(gateway) == {"probed_at"}
    post(client, gateway, {"id": "x", "status": "delivered"})
    assert contact_of(gateway) == {"probed_at", "webhook_at"}


def test_it_is_noted_that_a_webhook_did_not_prove_itself(client):
    gateway = GatewayFactory(provider="smtp", channel="email")
    assert post(client, gateway, {}).status_code == 401
    assert contact_of(gateway) == {"refused_at"}


def test_webhooks_that_did_not_prove_themselves_are_counted_by_provider(client, gateway):
    def count() -> float:
        name, by = "gatehouse_webhooks_refused_total", {"provider": "smtp"}
        return REGISTRY.get_sample_value(name, by) or 0.0

    refusing, before = GatewayFactory(provider="smtp", channel="email"), count()
    for _ in range(2):
        post(client, refusing, {})
    post(client, gateway, {"id": "x", "status": "delivered"})

    assert count() == before + 2
