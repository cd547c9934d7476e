"""The status receiver: Smartico's own reporting protocol from the other side."""

from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from gateways import allowances
from gateways.models import Contact
from messages_app.models import InboxEntry, SendAttempt, StatusEvent, Wait, WordMapping
from tests.factories import (
    API_KEY,
    STATUS_KEY,
    BrandFactory,
    GatewayFactory,
    KeyFactory,
    MessageFactory,
)

pytestmark = pytest.mark.django_db
OK = {"error_code": 0}


@pytest.fixture
def gateway():
    return GatewayFactory(channel="custom_im")


@pytest.fixture
def label(gateway):
    KeyFactory(label=gateway.label, kind="status", secret=STATUS_KEY)
    return gateway.label


@pytest.fixture
def message(gateway, label):
    return MessageFactory(gateway=gateway, label=label, channel="custom_im", attempts=1)


def told(path="/callbacks/status", client=None, **query):
    answer = (client or Client(enforce_csrf_checks=True)).get(path, query)
    assert answer.status_code == 200
    assert answer.headers["Content-Type"] == "application/json"
    assert not answer.cookies
    return answer.json()


def report_of(message, **changes):
    return {
        "type": "cim",
        "ext_message_id": str(message.pk),
        "status": "delivered",
        "api_key": STATUS_KEY,
    } | changes


def statuses():
    return list(StatusEvent.objects.values_list("status", flat=True))


class TestByStatusKey:
    @pytest.mark.parametrize("path", ["/callbacks/status", "/callbacks/status/"])
    def test_a_status_is_recorded(self, message, path):
        assert told(path, **report_of(message)) == OK
        assert told(path, **report_of(message)) == OK
        assert statuses() == ["delivered"]

    @pytest.mark.parametrize("key", ["", "wrong", STATUS_KEY + "x", "é" * 9, "x" * 5_000])
    def test_a_wrong_key_is_not_authorised(self, message, key):
        assert told(**report_of(message, api_key=key))["error_code"] == 10
        assert statuses() == []

    def test_a_missing_key_or_two_of_them_are_not_authorised(self, message):
        report = report_of(message)
        assert told(**report | {"api_key": [STATUS_KEY, STATUS_KEY]})["error_code"] == 10
        del report["api_key"]
        assert told(**report)["error_code"] == 10

    def test_a_key_of_another_kind_or_past_its_time_is_not_authorised(self, message, label):
        KeyFactory(label=label, kind="smartico", secret="of-another-kind")
        KeyFactory(
            label=label,
            kind="status",
            secret="past-its-time",
            expires_at=timezone.now() - timedelta(seconds=1),
        )
        for key in ("of-another-kind", "past-its-time"):
            assert told(**report_of(message, api_key=key))["error_code"] == 10

    @pytest.mark.parametrize("given", ["0196f3a2-0000-7000-8000-000000000000", "not-ours", "🦉"])
    @pytest.mark.parametrize("type_", ["email", "sms", "cim"])
    def test_an_unknown_id_is_not_found_in_the_protocols_words(self, label, given, type_):
        answer = told(type=type_, ext_message_id=given, status="opened", api_key=STATUS_KEY)
        assert answer == {"error_code": 1, "error_message": f"{type_} was not found"}
        assert not InboxEntry.objects.exists()

    def test_another_labels_message_is_not_found(self, label):
        answer = told(**report_of(MessageFactory(channel="custom_im")))
        assert answer["error_message"] == "cim was not found"
        assert statuses() == []

    def test_a_message_of_another_type_is_not_found(self, message):
        assert told(**report_of(message, type="email"))["error_message"] == "email was not found"
        assert statuses() == []

    def test_a_key_of_one_brand_knows_no_message_of_another(self, message, label):
        KeyFactory(label=label, kind="status", secret="brand-b", brand=BrandFactory(label=label))
        assert told(**report_of(message, api_key="brand-b"))["error_code"] == 1

    @pytest.mark.parametrize(
        ("field", "value"),
        [
            ("status", ""),
            ("status", "bounced"),
            ("status", "Delivered"),
            ("status", ["delivered", "opened"]),
            ("type", ""),
            ("type", "viber"),
            ("ext_message_id", ""),
            ("ext_message_id", "x" * 256),
            ("ext_message_id", "a\x00b"),
        ],
    )
    def test_a_bad_field_is_named(self, message, field, value):
        answer = told(**report_of(message, **{field: value}))
        assert answer["error_code"] == 22
        assert field in answer["error_message"]
        assert statuses() == []

    @pytest.mark.parametrize("field", ["status", "type", "ext_message_id"])
    def test_a_missing_field_is_named(self, message, field):
        report = report_of(message)
        del report[field]
        answer = told(**report)
        assert answer["error_code"] == 22
        assert field in answer["error_message"]

    def test_more_parameters_than_are_read_are_too_many(self, message):
        assert told(**report_of(message, more=["x"] * 2_000))["error_code"] == 21

    @pytest.mark.parametrize("method", ["post", "put", "delete", "options"])
    def test_other_methods_are_refused_in_the_protocol(self, client, label, method):
        for path in ("/callbacks/status", "/callbacks/status/some-token"):
            answer = getattr(client, method)(path)
            assert (answer.status_code, answer.json()["error_code"]) == (200, 12)

    def test_head_has_no_body(self, client, label):
        answer = client.head("/callbacks/status")
        assert (answer.status_code, answer.content) == (200, b"")


class TestByGatewayToken:
    @pytest.fixture
    def path(self, gateway, label):
        return f"/callbacks/status/{gateway.token.reveal()}"

    @pytest.fixture
    def report(self, message):
        SendAttempt.objects.create(
            message=message,
            gateway=message.gateway,
            number=1,
            outcome="sent",
            provider_id="nc-77",
            started_at=timezone.now(),
            finished_at=timezone.now(),
        )
        return {"type": "cim", "ext_message_id": "nc-77", "status": "opened"}

    @pytest.mark.parametrize("slash", ["", "/"])
    @pytest.mark.parametrize("key", [None, "", STATUS_KEY, API_KEY])
    def test_the_id_that_the_notification_centre_answered_is_known(self, path, report, slash, key):
        assert told(path + slash, **report, **({} if key is None else {"api_key": key})) == OK
        assert statuses() == ["opened"]

    def test_our_own_id_is_known_too(self, path, report, message):
        assert told(path, **report | {"ext_message_id": str(message.pk)}) == OK

    def test_the_type_may_be_left_out(self, path, report):
        del report["type"]
        assert told(path, **report) == OK

    def test_a_wrong_key_beside_the_token_is_not_authorised(self, path, report):
        KeyFactory(kind="status", secret="of-another-label")
        for key in ("wrong", "of-another-label", "é"):
            assert told(path, **report, api_key=key)["error_code"] == 10
        assert statuses() == []

    def test_an_unknown_token_is_not_authorised_and_not_logged(self, report, caplog):
        assert told("/callbacks/status/canary-token", **report)["error_code"] == 10
        assert "canary-token" not in caplog.text

    def test_an_unknown_id_is_not_found_but_kept(self, path, report):
        answer = told(path, **report | {"ext_message_id": "nc-78"})
        assert answer == {"error_code": 1, "error_message": "cim was not found"}
        entry = InboxEntry.objects.get()
        assert (entry.waits_for, entry.provider_id.reveal()) == (Wait.ITS_MESSAGE, "nc-78")

    def test_an_unknown_word_goes_to_the_inbox(self, path, report):
        answer = told(path, **report | {"status": "gelesen"})
        assert answer["error_code"] == 22
        entry = InboxEntry.objects.get()
        assert (entry.waits_for, entry.word) == (Wait.A_MAPPING, "gelesen")
        assert statuses() == []

    def test_a_word_whose_meaning_a_person_has_said_is_taken(self, path, report, gateway):
        WordMapping.objects.create(
            label=gateway.label, provider=gateway.provider, word="gelesen", status="opened"
        )
        assert told(path, **report | {"status": "Gelesen"}) == OK
        assert statuses() == ["opened"]

    def test_another_gateways_message_is_not_found(self, path):
        stranger = MessageFactory(channel="custom_im")
        answer = told(path, type="cim", ext_message_id=str(stranger.pk), status="opened")
        assert answer["error_code"] == 1
        assert statuses() == []
        assert not InboxEntry.objects.exists()


def test_a_report_at_a_gateways_own_url_is_a_sign_of_it(gateway, message):
    told(f"/callbacks/status/{gateway.token.reveal()}", **report_of(message))
    assert Contact.objects.get(gateway=gateway).webhook_at is not None


def test_a_status_key_may_have_a_limit(label, message, monkeypatch):
    monkeypatch.setattr(allowances, "clock", lambda: "1772970000000000")
    label.keys.update(rate_per_second=1)
    assert told(**report_of(message)) == OK
    assert told(**report_of(message))["error_code"] == 30
