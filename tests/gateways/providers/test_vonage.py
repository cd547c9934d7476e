"""Vonage, against a server that answers as its documents say."""

import base64
import json
import time
from dataclasses import replace

import jwt
import pytest
from cryptography.hazmat.primitives import serialization
from cryptography.hazmat.primitives.asymmetric import ec, rsa
from django.core.exceptions import ValidationError

from gateway_project.lib.http import HttpAnswer, http_client
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import (
    GatewayMisconfigured,
    MessageRejected,
    SendResult,
    WebhookRefused,
    WebhookRequest,
)
from gateways.providers.registry import validate_config
from gateways.providers.vonage import Vonage
from tests.gateways.providers.accounts.vonage import signed
from tests.gateways.providers.canaries import CANARY, MESSAGE_ID, PHONE, WEBHOOK_URL
from tests.gateways.providers.examples import CONFIGS, account, message
from tests.gateways.providers.webhooks import posted
from tests.peers import Answer, http_peer

TAKEN = Answer(202, {"message_uuid": "uuid-1"})


def pem_of(key) -> str:
    return key.private_bytes(
        serialization.Encoding.PEM,
        serialization.PrivateFormat.PKCS8,
        serialization.NoEncryption(),
    ).decode()


@pytest.fixture(scope="module")
def key():
    return rsa.generate_private_key(public_exponent=65537, key_size=2048)


def sent(message, **config):
    with http_peer(lambda asked: TAKEN) as peer:
        provider = account("vonage", base_url=peer.url, **config)
        answer = http_client().perform(provider.call([message]))
        (asked,) = peer.asked
    assert provider.results([message], answer) == [SendResult(provider_id="uuid-1")]
    assert (asked.method, asked.path) == ("POST", "/v1/messages")
    assert asked.headers["content-type"] == "application/json"
    return asked


@pytest.mark.parametrize(
    ("channel", "named"),
    [("sms", "sms"), ("viber", "viber_service"), ("whatsapp", "whatsapp"), ("rcs", "rcs")],
)
def test_a_text_is_sent_on_every_channel_as_the_documents_say(channel, named):
    asked = sent(message(Channel(channel), sender="+447700900001"))
    given = base64.b64encode(f"amazing:{CANARY}".encode()).decode()
    assert asked.headers["authorization"] == f"Basic {given}"
    assert asked.json == {
        "channel": named,
        "message_type": "text",
        "to": PHONE.removeprefix("+"),
        "from": "447700900001",
        "text": "Best offer ever",
        "client_ref": MESSAGE_ID,
        "webhook_url": WEBHOOK_URL,
    }


def test_whatsapp_is_a_template_with_the_body_as_its_parameter():
    asked = sent(message(Channel.WHATSAPP), whatsapp_template="offer", whatsapp_language="de").json
    assert asked["message_type"] == "template"
    assert asked["template"] == {"name": "offer", "parameters": ["Best offer ever"]}
    assert asked["whatsapp"] == {"policy": "deterministic", "locale": "de"}
    assert "text" not in asked


def test_an_application_signs_its_requests(key):
    asked = sent(
        message(Channel.SMS),
        api_key=None,
        api_secret=None,
        application_id="app-1",
        private_key=pem_of(key),
    )
    token = asked.headers["authorization"].removeprefix("Bearer ")
    claims = jwt.decode(token, key.public_key(), algorithms=["RS256"])
    assert claims["application_id"] == "app-1"
    assert claims["exp"] - claims["iat"] == 900
    assert abs(claims["iat"] - time.time()) < 10
    assert claims["jti"]


def test_without_a_sender_nothing_is_sent():
    with pytest.raises(GatewayMisconfigured):
        account("vonage").call([message(Channel.SMS, sender="")])


@pytest.mark.parametrize(
    ("status", "expected"),
    [(422, MessageRejected), (402, GatewayMisconfigured), (404, GatewayMisconfigured)],
)
def test_a_refusal_means_what_its_status_says(status, expected):
    body = json.dumps({"type": "about", "title": "Invalid params", "detail": "no such number"})
    answer = HttpAnswer(status=status, body=body.encode())
    (result,) = account("vonage").results([message(Channel.SMS)], answer)
    assert type(result) is expected
    assert str(status) in result.detail


def test_the_connection_is_checked_with_a_message_that_goes_to_nobody():
    with http_peer(lambda asked: Answer(422, {"title": "Invalid params"})) as peer:
        assert "took the credentials" in account("vonage", base_url=peer.url).check_connection()
        (asked,) = peer.asked
    assert asked.json == {}


@pytest.mark.parametrize("answer", [Answer(401, {"title": "Unauthorized"}), Answer(400, "<html>")])
def test_a_wrong_account_is_told(answer):
    with http_peer(lambda asked: answer) as peer, pytest.raises(GatewayMisconfigured):
        account("vonage", base_url=peer.url).check_connection()


def webhook(body: bytes = b"{}") -> WebhookRequest:
    return WebhookRequest(method="POST", url=WEBHOOK_URL, body=body)


def test_what_is_not_signed_is_asked_for_again():
    with pytest.raises(WebhookRefused) as refused:
        account("vonage").verify_webhook(webhook())
    assert refused.value.status == 503


def test_the_hash_of_the_body_is_checked_and_not_only_the_token():
    changed = replace(signed(webhook()), body=b'{"status": "delivered"}')
    with pytest.raises(WebhookRefused) as refused:
        account("vonage").verify_webhook(changed)
    assert refused.value.status == 401


@pytest.mark.parametrize("claims", [{"iat": 1}, {"payload_hash": None}, {"payload_hash": "é"}])
def test_an_old_token_or_one_without_the_hash_is_refused(claims):
    with pytest.raises(WebhookRefused):
        account("vonage").verify_webhook(signed(webhook(), **claims))


def test_a_webhook_that_comes_again_hours_after_it_was_signed_is_taken():
    account("vonage").verify_webhook(signed(webhook(), iat=int(time.time()) - 6 * 3600))


def test_a_token_that_names_another_way_of_signing_is_refused():
    token = jwt.encode({"iat": int(time.time())}, key=None, algorithm="none")
    request = replace(webhook(), headers={"authorization": f"Bearer {token}"})
    with pytest.raises(WebhookRefused):
        account("vonage").verify_webhook(request)


def test_a_stop_that_names_no_number_is_left_to_a_person():
    told = {"message_type": "text", "from": "DE.1349120865530274191", "text": "Stop"}

    (update,) = account("vonage").parse_webhook(posted("vonage", json.dumps(told).encode()))

    assert (update.status, update.word, update.recipient) == (None, "STOP", None)


def test_without_a_signature_secret_the_token_in_the_url_is_enough():
    account("vonage", signature_secret=None).verify_webhook(webhook())


def test_one_way_to_sign_in_is_needed_and_no_more(key):
    good = {name: CONFIGS["vonage"][name] for name in ("base_url", "api_key", "api_secret")}
    application = {"application_id": "app-1", "private_key": pem_of(key)}
    for wrong in ({"base_url": good["base_url"]}, {**good, **application}, {**good, "api_key": ""}):
        with pytest.raises(ValidationError, match="are needed"):
            validate_config(Vonage, wrong)
    for pem in ("nonsense", pem_of(ec.generate_private_key(ec.SECP256R1()))):
        with pytest.raises(ValidationError, match="RSA"):
            validate_config(Vonage, {"application_id": "app-1", "private_key": pem})
