"""Twilio, against a server that answers as its documents say."""

import base64
import hashlib
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qs

import pytest
import time_machine
from django.core.exceptions import ValidationError
from twilio.request_validator import HMAC_SHA256, RequestValidator

from gateway_project.lib.http import HttpAnswer, http_client
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    SendResult,
    WebhookRefused,
    WebhookRequest,
)
from gateways.providers.registry import validate_config
from gateways.providers.twilio import Twilio
from tests.gateways.providers.canaries import CANARY, MESSAGE_ID, PHONE, WEBHOOK_URL
from tests.gateways.providers.examples import CONFIGS, account, message
from tests.peers import Answer, http_peer

ACCOUNT = "AC00000000000000000000000000000001"
NOW = datetime(2026, 3, 1, 12, tzinfo=UTC)
SMS = message(Channel.SMS)
WHATSAPP = message(Channel.WHATSAPP, sender="+14155238886")


def sent(message, **config):
    """What Twilio was asked, and what its answer came to."""
    with http_peer(lambda asked: Answer(201, {"sid": "SM1", "status": "queued"})) as peer:
        provider = account("twilio", base_url=peer.url, **config)
        answer = http_client().perform(provider.call([message]))
        (asked,) = peer.asked
    assert provider.results([message], answer) == [SendResult(provider_id="SM1")]
    assert (asked.method, asked.path) == ("POST", f"/2010-04-01/Accounts/{ACCOUNT}/Messages.json")
    form = parse_qs(asked.body.decode(), strict_parsing=True)
    return asked, {name: value for name, (value,) in form.items()}


def refused(status, body):
    (result,) = account("twilio").results([SMS], HttpAnswer(status=status, body=body))
    return result


def test_an_sms_is_sent_as_the_documents_say():
    with time_machine.travel(NOW, tick=False):
        asked, form = sent(replace(SMS, expires_at=NOW + timedelta(minutes=10)))
    given = base64.b64encode(f"{ACCOUNT}:{CANARY}".encode()).decode()
    assert asked.headers["authorization"] == f"Basic {given}"
    assert asked.headers["content-type"] == "application/x-www-form-urlencoded"
    assert form == {
        "To": PHONE,
        "From": "Amazing",
        "Body": "Best offer ever",
        "StatusCallback": f"{WEBHOOK_URL}?message_id={MESSAGE_ID}",
        "ValidityPeriod": "600",
    }


@pytest.mark.parametrize(("seconds", "period"), [(-5, "1"), (90_000, "36000")])
def test_the_validity_is_kept_within_what_twilio_takes(seconds, period):
    with time_machine.travel(NOW, tick=False):
        _, form = sent(replace(SMS, expires_at=NOW + timedelta(seconds=seconds)))
    assert form["ValidityPeriod"] == period


def test_an_api_key_stands_in_for_the_token():
    asked, _ = sent(SMS, api_key_sid="SK1", api_key_secret="other")
    given = base64.b64encode(b"SK1:other").decode()
    assert asked.headers["authorization"] == f"Basic {given}"


def test_a_messaging_service_needs_no_from():
    _, form = sent(replace(SMS, sender=""), messaging_service_sid="MG1")
    assert form["MessagingServiceSid"] == "MG1"
    assert "From" not in form


def test_without_either_nothing_is_sent():
    with pytest.raises(GatewayMisconfigured):
        account("twilio").call([replace(SMS, sender="")])


def test_whatsapp_is_a_template_with_the_body_in_it():
    _, form = sent(replace(WHATSAPP, text='a "quoted" offer'), content_sid="HX1")
    assert (form["To"], form["From"]) == (f"whatsapp:{PHONE}", "whatsapp:+14155238886")
    assert form["ContentSid"] == "HX1"
    assert form["ContentVariables"] == '{"1": "a \\"quoted\\" offer"}'
    assert "Body" not in form


def test_whatsapp_without_a_template_is_free_text():
    _, form = sent(WHATSAPP)
    assert form["Body"] == "Best offer ever"


def test_who_has_opted_out_is_learnt_from_the_refusal():
    result = refused(400, b'{"code": 21610, "message": "unsubscribed recipient", "status": 400}')
    assert type(result) is MessageRejected
    assert result.learnt == (Status.UNSUBSCRIBED,)


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, 21211, MessageRejected),
        (400, 21617, MessageRejected),
        (401, 20003, GatewayMisconfigured),
        (404, 20404, GatewayMisconfigured),
        (429, 20429, GatewayUnavailable),
        (400, 63018, GatewayUnavailable),
    ],
)
def test_its_error_codes_are_understood(status, code, expected):
    result = refused(status, f'{{"code": {code}, "message": "no", "status": {status}}}'.encode())
    assert type(result) is expected
    assert str(status) in result.detail
    assert getattr(result, "is_permanent", False) == (code == 21211)
    if expected is GatewayUnavailable:
        assert result.is_throttle


def test_the_connection_is_checked_by_fetching_the_account():
    with http_peer(lambda asked: Answer(200, {"sid": ACCOUNT, "status": "active"})) as peer:
        assert "active" in account("twilio", base_url=peer.url).check_connection()
        (asked,) = peer.asked
    assert (asked.method, asked.path) == ("GET", f"/2010-04-01/Accounts/{ACCOUNT}.json")


@pytest.mark.parametrize(
    "answer", [Answer(401, {"code": 20003}), Answer(200, "<html>"), Answer(404, "")]
)
def test_a_wrong_account_is_told(answer):
    with http_peer(lambda asked: answer) as peer, pytest.raises(GatewayMisconfigured):
        account("twilio", base_url=peer.url).check_connection()


def webhook(body=b"MessageSid=SM1&MessageStatus=sent", url=WEBHOOK_URL, **headers):
    query = {"bodySHA256": hashlib.sha256(body).hexdigest()} if "bodySHA256" in url else {}
    return WebhookRequest(method="POST", url=url, headers=headers, query=query, body=body)


def test_a_signature_over_the_url_with_its_port_is_taken():
    signature = RequestValidator(CANARY).compute_signature(
        WEBHOOK_URL.replace(".example/", ".example:443/"),
        {"MessageSid": "SM1", "MessageStatus": "sent"},
    )
    account("twilio").verify_webhook(webhook(**{"x-twilio-signature": signature}))


def test_a_signature_for_another_url_is_refused():
    signature = RequestValidator(CANARY).compute_signature(
        WEBHOOK_URL + "x", {"MessageSid": "SM1", "MessageStatus": "sent"}
    )
    with pytest.raises(WebhookRefused):
        account("twilio").verify_webhook(webhook(**{"x-twilio-signature": signature}))


def test_a_shared_key_signs_in_its_own_way():
    headers = {
        "x-twilio-webhooks-signature-settings": "key=k1,algorithm=HMAC_SHA256",
        "x-twilio-signature": RequestValidator("shared").compute_signature(
            WEBHOOK_URL, {"MessageSid": "SM1", "MessageStatus": "sent"}, HMAC_SHA256
        ),
    }
    account("twilio", shared_key="shared").verify_webhook(webhook(**headers))
    with pytest.raises(WebhookRefused):
        account("twilio", shared_key="another").verify_webhook(webhook(**headers))


def test_a_json_body_is_held_against_the_hash_in_the_signed_url():
    body = b'{"MessageStatus": "sent"}'
    url = f"{WEBHOOK_URL}?bodySHA256={hashlib.sha256(body).hexdigest()}"
    headers = {"x-twilio-signature": RequestValidator(CANARY).compute_signature(url, {})}
    account("twilio").verify_webhook(webhook(body, url, **headers))
    with pytest.raises(WebhookRefused):
        account("twilio").verify_webhook(webhook(body + b" ", url, **headers))


def test_a_webhook_that_tells_no_status_cannot_be_read():
    with pytest.raises(ValueError, match="MessageStatus"):
        account("twilio").parse_webhook(webhook(b"EventType=onMessage"))


def test_a_webhook_is_answered_with_nothing_that_would_be_sent_to_the_person():
    assert Twilio.webhook_answer.body == "<Response/>"
    assert Twilio.webhook_answer.content_type == "text/xml"


def test_half_an_api_key_is_refused():
    with pytest.raises(ValidationError, match="both"):
        validate_config(Twilio, CONFIGS["twilio"] | {"api_key_sid": "SK1"})
