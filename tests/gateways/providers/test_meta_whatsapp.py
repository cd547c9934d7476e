import json

import pytest
from django.core.exceptions import ValidationError

from gateway_project.lib.http import HttpAnswer, http_client
from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    SendResult,
    WebhookRefused,
    WebhookRequest,
)
from gateways.providers.meta_whatsapp import MetaWhatsApp
from gateways.providers.registry import validate_config
from tests.gateways.providers.canaries import CANARY, MESSAGE_ID, PHONE, WEBHOOK_URL
from tests.gateways.providers.examples import CONFIGS, account, message
from tests.peers import Answer, http_peer

NUMBER_ID = "106540352242922"
MESSAGE = message(Channel.WHATSAPP)
WAMID = "wamid.HBgLMTY1MDM4Nzk0MzkVAgARGBI3MTE5MjVBOTE3MDk5QUVFM0YA"
TAKEN = {
    "messaging_product": "whatsapp",
    "contacts": [{"input": PHONE, "wa_id": PHONE.lstrip("+")}],
    "messages": [{"id": WAMID, "message_status": "accepted"}],
}


def sent(*, config=None, **changes):
    return json.loads(
        account("meta_whatsapp", **(config or {})).call([message(Channel.WHATSAPP, **changes)]).body
    )


def failed(code, status=400, headers=None):
    """What becomes of a message that is answered with this error."""
    error = {
        "message": f"(#{code}) Something",
        "type": "OAuthException",
        "code": code,
        "error_data": {"messaging_product": "whatsapp", "details": "More of it."},
        "fbtrace_id": "Az8or2yhqkZfEZ",
    }
    body = json.dumps({"error": error}).encode()
    answer = HttpAnswer(status=status, headers=headers or {}, body=body)
    (result,) = account("meta_whatsapp").results([MESSAGE], answer)
    return result


# ---- The request


def test_a_real_server_is_sent_the_template_and_believed():
    with http_peer(lambda asked: Answer(body=TAKEN)) as peer:
        provider = account("meta_whatsapp", base_url=f"{peer.url}/")
        answer = http_client().perform(provider.call([MESSAGE]))

    (result,) = provider.results([MESSAGE], answer)
    (asked,) = peer.asked
    assert result == SendResult(provider_id=WAMID)
    assert (asked.method, asked.path) == ("POST", f"/v25.0/{NUMBER_ID}/messages")
    assert asked.headers["authorization"] == f"Bearer {CANARY}-access"
    assert asked.headers["content-type"] == "application/json"
    assert asked.json == {
        "messaging_product": "whatsapp",
        "recipient_type": "individual",
        "to": PHONE,
        "type": "template",
        "template": {
            "name": "smartico_message",
            "language": {"code": "en"},
            "components": [
                {"type": "body", "parameters": [{"type": "text", "text": "Best offer ever"}]}
            ],
        },
        "biz_opaque_callback_data": MESSAGE_ID,
    }


def test_the_template_is_in_the_user_s_language_where_there_is_one():
    body = sent(properties={"core_user_language": "PT-BR"})

    assert body["template"]["language"] == {"code": "pt_BR"}


def test_a_variable_with_a_name_is_filled_by_its_name():
    body = sent(config={"parameter_name": "offer"}, text="Best\noffer")

    (component,) = body["template"]["components"]
    assert component["parameters"] == [
        {"type": "text", "text": "Best offer", "parameter_name": "offer"}
    ]


def test_a_free_text_goes_as_it_was_written_and_needs_no_template():
    body = sent(config={"text_window": "try", "template": None}, text="Best\noffer")

    assert body["type"] == "text"
    assert body["text"] == {"preview_url": False, "body": "Best\noffer"}
    assert "template" not in body


def test_without_a_template_the_gateway_is_at_fault():
    with pytest.raises(GatewayMisconfigured):
        sent(config={"template": None})


def test_without_a_number_the_message_is_rejected():
    with pytest.raises(MessageRejected):
        sent(recipient=None)


# ---- The answer


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"messages": []},
        {"messages": [{}]},
        {"messages": ["wamid"]},
        {"messages": {"id": WAMID}},
        {"error": "none"},
    ],
)
def test_success_without_a_message_id_leaves_the_outcome_unknown(body):
    answer = HttpAnswer(status=200, body=json.dumps(body).encode())
    (result,) = account("meta_whatsapp").results([MESSAGE], answer)

    assert type(result) is OutcomeUnknown


@pytest.mark.parametrize("code", [4, 80007, 130429, 131048, 131056])
@pytest.mark.parametrize("status", [400, 429])
def test_a_throttle_is_waited_out_whatever_its_status(code, status):
    result = failed(code, status)

    assert type(result) is GatewayUnavailable
    assert result.is_throttle


def test_the_wait_that_a_throttle_asks_for_is_obeyed():
    assert failed(130429, 429, {"retry-after": "9"}).retry_after == 9


@pytest.mark.parametrize("code", [1, 2, 131000, 131016, 131057])
def test_a_fault_over_there_is_tried_later(code):
    result = failed(code)

    assert type(result) is GatewayUnavailable
    assert not result.is_throttle


@pytest.mark.parametrize(
    "code", [0, 3, 10, 190, 200, 299, 33, 368, 131031, 131042, 132001, 132015, 133010]
)
def test_a_fault_of_the_account_or_the_template_pauses_the_gateway(code):
    assert type(failed(code)) is GatewayMisconfigured


@pytest.mark.parametrize("code", [100, 130472, 130497, 131026, 131047, 131049, 131050, 132012])
@pytest.mark.parametrize("status", [400, 403, 500])
def test_a_message_that_meta_will_not_deliver_is_rejected_whatever_the_status(code, status):
    result = failed(code, status)

    assert type(result) is MessageRejected
    assert not result.is_permanent
    assert result.detail == f"{code} (#{code}) Something More of it."


def test_only_who_stopped_marketing_messages_has_opted_out():
    assert failed(131050).learnt == (Status.UNSUBSCRIBED,)
    assert failed(131049).learnt == ()


@pytest.mark.parametrize(
    ("status", "expected"),
    [(400, MessageRejected), (403, GatewayMisconfigured), (500, GatewayUnavailable)],
)
@pytest.mark.parametrize("code", [999999, "190", None])
def test_a_code_that_nobody_knows_leaves_it_to_the_status(code, status, expected):
    assert type(failed(code, status)) is expected


# ---- The connection check

KNOWN = {"id": NUMBER_ID, "verified_name": "Amazing", "quality_rating": "GREEN"}


def checked(answer):
    with http_peer(lambda asked: answer) as peer:
        try:
            return account("meta_whatsapp", base_url=peer.url).check_connection()
        finally:
            (asked,) = peer.asked
            assert (asked.method, asked.path) == ("GET", f"/v25.0/{NUMBER_ID}")
            assert asked.query == {"fields": "verified_name,quality_rating"}
            assert asked.headers["authorization"] == f"Bearer {CANARY}-access"


def test_the_connection_check_names_the_number_as_meta_does():
    assert checked(Answer(body=KNOWN)) == "Meta knows the number as Amazing, quality GREEN."


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=401, body={"error": {"code": 190, "message": "expired"}}),
        Answer(status=400, body={"error": {"code": 100, "message": "no such object"}}),
        Answer(status=404),
        Answer(status=200, body={"id": "2", "verified_name": "Another"}),
        Answer(status=200, body="<html>"),
        Answer(status=301),
    ],
)
def test_the_connection_check_finds_what_a_human_must_put_right(answer):
    with pytest.raises(GatewayMisconfigured):
        checked(answer)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=503),
        Answer(status=400, body={"error": {"code": 4, "message": "too many calls"}}),
    ],
)
def test_the_connection_check_may_come_too_soon(answer):
    with pytest.raises(GatewayUnavailable):
        checked(answer)


# ---- The webhook's URL


def probed(**query):
    asked = {f"hub.{name}": value for name, value in query.items()}
    return account("meta_whatsapp").answer_probe(
        WebhookRequest(method="GET", url=WEBHOOK_URL, query=asked)
    )


def test_the_challenge_comes_back_to_who_knows_the_verify_token():
    answer = probed(mode="subscribe", verify_token=f"{CANARY}-verify", challenge="1158201444")

    assert (answer.status, answer.body) == (200, "1158201444")
    assert answer.content_type == "text/plain"


@pytest.mark.parametrize(
    "query",
    [
        {"mode": "subscribe", "verify_token": "another"},
        {"mode": "subscribe", "verify_token": ""},
        {"mode": "subscribe", "verify_token": "\udc80é"},
        {"mode": "subscribe"},
        {"mode": "unsubscribe", "verify_token": f"{CANARY}-verify"},
    ],
)
def test_the_challenge_does_not_come_back_to_anybody_else(query):
    answer = probed(challenge="1158201444", **query)

    assert answer.status == 403
    assert "1158201444" not in answer.body
    assert CANARY not in answer.body


# ---- Webhooks


def test_a_signature_made_elsewhere_is_taken():
    """`openssl dgst -sha256 -hmac` of this body, with the canary as its key."""
    signature = "539139aab97006d784e4a0ee2ca36cd0f57882382994a11de0c511bcaf0d216d"
    request = WebhookRequest(
        method="POST",
        url=WEBHOOK_URL,
        headers={"x-hub-signature-256": f"sha256={signature}"},
        body='{"object":"whatsapp_business_account","entry":[],"é":"\\u00e9"}'.encode(),
    )

    account("meta_whatsapp").verify_webhook(request)


def test_the_older_signature_is_not_taken_for_the_newer():
    headers = {"x-hub-signature": "sha256=" + "0" * 64}

    with pytest.raises(WebhookRefused):
        account("meta_whatsapp").verify_webhook(
            WebhookRequest(method="POST", url=WEBHOOK_URL, headers=headers, body=b"{}")
        )


def read(value):
    body = {"object": "whatsapp_business_account", "entry": [{"id": "1", "changes": [value]}]}
    request = WebhookRequest(method="POST", url=WEBHOOK_URL, body=json.dumps(body).encode())
    return account("meta_whatsapp").parse_webhook(request)


@pytest.mark.parametrize(
    "change",
    [
        None,
        {},
        {"value": []},
        {"value": {"statuses": "none"}},
        {"value": {"statuses": [7]}},
        {"value": {"user_preferences": [None]}},
        {"value": {"messages": ["stop"]}},
        {"value": {"user_preferences": [{"value": "stop", "user_id": "DE.1349120865530274191"}]}},
        {"value": {"user_preferences": [{"value": "pause", "wa_id": PHONE}]}},
    ],
)
def test_what_cannot_be_read_goes_to_the_inbox(change):
    (update,) = read(change)

    assert update.status is None


def test_a_status_without_metadata_is_taken_for_ours():
    (update,) = read({"value": {"statuses": [{"id": WAMID, "status": "read"}]}})

    assert (update.status, update.provider_id) == (Status.OPENED, WAMID)


@pytest.mark.parametrize("timestamp", ["soon", "9" * 30, None, "-1e9"])
def test_a_time_that_is_none_costs_no_status(timestamp):
    status = {"id": WAMID, "status": "read", "timestamp": timestamp}

    (update,) = read({"value": {"statuses": [status]}})

    assert (update.status, update.occurred_at) == (Status.OPENED, None)


# ---- The configuration


@pytest.mark.parametrize(
    ("field", "value"),
    [
        ("version", "25"),
        ("version", "v25.0/../me"),
        ("phone_number_id", PHONE),
        ("phone_number_id", "1/2"),
        ("access_token", f"{CANARY}\r\nHost: other"),
        ("parameter_name", "{{offer}}"),
        ("verify_token", ""),
        ("app_secret", ""),
    ],
)
def test_a_form_refuses_what_cannot_be(field, value):
    with pytest.raises(ValidationError) as problem:
        validate_config(MetaWhatsApp, {**CONFIGS["meta_whatsapp"], field: value})

    assert list(problem.value.message_dict) == [field]
    assert CANARY not in str(problem.value)
