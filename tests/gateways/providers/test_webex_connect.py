import hmac
import json
from datetime import UTC, datetime, timedelta
from urllib.parse import parse_qsl, urlsplit

import jwt
import pytest
import time_machine
from django.core.exceptions import ValidationError

from gateway_project.lib.http import HttpAnswer, http_client
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    SendResult,
    WebhookRefused,
    WebhookRequest,
)
from gateways.providers.marks import MARK, marked
from gateways.providers.registry import validate_config
from gateways.providers.webex_connect import WebexConnect
from tests.gateways.providers.accounts.webex_connect import BY_TOKEN
from tests.gateways.providers.canaries import CANARY, MESSAGE_ID, PHONE, WEBHOOK_URL
from tests.gateways.providers.examples import CONFIGS, account, message
from tests.peers import Answer, http_peer

NOW = datetime(2026, 9, 8, 8, 0, tzinfo=UTC)
MESSAGE = message(Channel.SMS)
TAKEN = {
    "requestTimestamp": "2026-09-08T08:00:00.000Z",
    "messageId": "6b0b7b3c-57a0-4a3e-8a51-0f3f4f2d6c11",
    "correlationId": MESSAGE_ID,
    "status": "queued",
}


def sent(**changes):
    return json.loads(account("webex_connect").call([message(Channel.SMS, **changes)]).body)


def outcome(status: int, body: object):
    answer = HttpAnswer(status=status, body=json.dumps(body).encode())
    (result,) = account("webex_connect").results([MESSAGE], answer)
    return result


# ---- The request


def test_a_text_message_is_written_as_documented():
    call = account("webex_connect").call([MESSAGE])

    assert (call.method, call.url) == ("POST", "https://api.us.webexconnect.io/v2/messages")
    assert json.loads(call.body) == {
        "channel": "sms",
        "from": "Amazing",
        "to": [{"msisdn": [PHONE.lstrip("+")], "correlationId": MESSAGE_ID}],
        "content": {"type": "text", "text": "Best offer ever"},
        "callbackData": MESSAGE_ID,
        "notifyUrl": marked(WEBHOOK_URL),
        "requestedReceipts": ["SUBMITTED", "DELIVERED", "UNDELIVERED", "FAILED"],
    }


def test_a_slash_at_the_end_of_the_base_url_is_not_doubled():
    provider = account("webex_connect", base_url="https://api.us.webexconnect.io/")

    assert provider.call([MESSAGE]).url == "https://api.us.webexconnect.io/v2/messages"


def test_a_service_key_goes_as_it_stands():
    headers = account("webex_connect").call([MESSAGE]).headers

    assert headers == {"key": CANARY, "Content-Type": "application/json"}


@time_machine.travel(NOW, tick=False)
def test_a_service_secret_signs_a_token():
    headers = account("webex_connect", service_key=None, **BY_TOKEN).call([MESSAGE]).headers

    scheme, _, token = headers["Authorization"].partition(" ")
    assert scheme == "Bearer"
    assert "key" not in headers
    assert jwt.get_unverified_header(token) == {"alg": "HS256", "typ": "JWT"}
    claims = jwt.decode(token, CANARY.encode(), algorithms=["HS256"])
    assert claims == {"iss": "service-1", "iat": int(NOW.timestamp())}


@pytest.mark.parametrize(
    ("text", "kind"),
    [
        ("Best offer ever", "text"),
        ("Größe @ 5€ [é] {1} ~^|\\", "text"),
        ("Ελλάδα ΔΦΓ", "unicode"),
        ("ΔΦΓΛΩΠΨΣΘΞ", "text"),
        ("Лучшее", "unicode"),
        ("ê", "unicode"),
        ("“quoted”", "unicode"),
        ("😀", "unicode"),
        ("`", "unicode"),
    ],
)
def test_text_outside_the_gsm_alphabet_goes_as_unicode(text, kind):
    assert sent(text=text)["content"] == {"type": kind, "text": text}


MARKERS = ["Hi $(name), 5$ off", "${field2}", "$$(dollar)(dollar)", "$((nested) $(", "$("]


@pytest.mark.parametrize("text", MARKERS)
def test_a_text_with_a_variable_in_it_is_refused_when_it_comes_and_when_it_leaves(text):
    for channel in (Channel.SMS, Channel.RCS, Channel.CUSTOM_IM):
        assert "variable" in account("webex_connect").content_problem(channel, text, "")
        with pytest.raises(MessageRejected) as refused:
            account("webex_connect").call([message(channel, text=text, recipient=Personal(PHONE))])
        assert "variable" in refused.value.detail


@pytest.mark.parametrize("text", ["5$ (five dollars)", "US$ {x}", "(dollar)", "costs 5$"])
def test_a_dollar_sign_of_no_variable_stays(text):
    assert sent(text=text)["content"]["text"] == text
    assert account("webex_connect").content_problem(Channel.SMS, text, "") is None


@time_machine.travel(NOW, tick=False)
@pytest.mark.parametrize(
    ("left", "validity"),
    [
        (timedelta(minutes=10), 600),
        (timedelta(hours=80), 72 * 3600),
        (timedelta(milliseconds=5), 1),
        (timedelta(seconds=-5), 1),
    ],
)
def test_a_message_that_expires_says_for_how_long_it_is_valid(left, validity):
    assert sent(expires_at=NOW + left)["validity"] == validity


def test_a_message_that_never_expires_says_nothing():
    assert "validity" not in sent()


def test_without_a_sender_the_gateway_is_at_fault():
    with pytest.raises(GatewayMisconfigured):
        sent(sender="")


def test_without_a_number_the_message_is_rejected():
    with pytest.raises(MessageRejected):
        sent(recipient=None)


# ---- The answer


def test_a_message_id_is_acceptance():
    assert outcome(201, TAKEN) == SendResult(provider_id=TAKEN["messageId"])


@pytest.mark.parametrize("body", [{}, {"messageId": ""}, {"status": "queued"}, {"messageId": None}])
def test_success_without_a_message_id_leaves_the_outcome_unknown(body):
    assert type(outcome(201, body)) is OutcomeUnknown


def test_an_error_code_in_a_success_is_believed():
    assert type(outcome(200, {"code": "7001", "message": "auth"})) is GatewayMisconfigured


@pytest.mark.parametrize(
    ("status", "code", "expected"),
    [
        (400, "7000", MessageRejected),
        (400, "7001", GatewayMisconfigured),
        (400, "7002", GatewayMisconfigured),
        (400, "7003", MessageRejected),
        (400, "7004", MessageRejected),
        (400, "7005", MessageRejected),
        (400, "7006", GatewayUnavailable),
        (400, 7007, GatewayMisconfigured),
        (400, "7009", MessageRejected),
        (400, "7020", GatewayUnavailable),
        (400, "7022", MessageRejected),
        (403, "7127", GatewayMisconfigured),
        (500, "7006", GatewayUnavailable),
        (404, "1", GatewayMisconfigured),
    ],
)
def test_a_refusal_means_what_its_code_says(status, code, expected):
    assert type(outcome(status, {"code": code, "message": "..."})) is expected


@pytest.mark.parametrize(
    ("message", "seconds"),
    [
        ("You have reached maximum transaction limit (rate).", 1),
        ("You have reached maximum transaction limit (quota).", 300),
    ],
)
def test_the_transaction_limit_is_waited_out(message, seconds):
    assert outcome(400, {"code": "7020", "message": message}).retry_after == seconds


@pytest.mark.parametrize(("code", "is_throttle"), [("7020", True), ("7006", False)])
def test_only_the_transaction_limit_shows_a_provider_that_is_well(code, is_throttle):
    problem = outcome(400, {"code": code, "message": "..."})

    assert problem.is_throttle == is_throttle
    assert (problem.retry_after is not None) == is_throttle


def test_a_wait_that_the_answer_asks_for_comes_first():
    answer = HttpAnswer(status=429, headers={"retry-after": "9"}, body=b'{"code": "7020"}')
    (result,) = account("webex_connect").results([MESSAGE], answer)

    assert result.retry_after == 9


def test_credentials_that_are_refused_without_a_word_are_misconfigured():
    (result,) = account("webex_connect").results([MESSAGE], HttpAnswer(status=401))

    assert type(result) is GatewayMisconfigured


def test_a_real_server_is_sent_the_message_and_believed():
    with http_peer(lambda asked: Answer(status=201, body=TAKEN)) as peer:
        provider = account("webex_connect", base_url=peer.url)
        answer = http_client().perform(provider.call([MESSAGE]))

    (result,) = provider.results([MESSAGE], answer)
    (asked,) = peer.asked
    assert result == SendResult(provider_id=TAKEN["messageId"])
    assert (asked.method, asked.path) == ("POST", "/v2/messages")
    assert asked.headers["key"] == CANARY
    assert asked.json["to"][0]["msisdn"] == [PHONE.lstrip("+")]


# ---- The connection check


def checked(answer: Answer) -> str:
    with http_peer(lambda asked: answer) as peer:
        try:
            return account("webex_connect", base_url=peer.url).check_connection()
        finally:
            assert [asked.json for asked in peer.asked] == [{}]


@pytest.mark.parametrize("code", ["7000", "7003", "7004"])
def test_the_connection_check_is_content_when_an_empty_message_is_refused(code):
    assert "credentials" in checked(Answer(status=400, body={"code": code, "message": "..."}))


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=401),
        Answer(status=403),
        Answer(status=301),
        Answer(status=404),
        Answer(status=400, body="<html>"),
        Answer(status=400, body={"code": "7001", "message": "..."}),
        Answer(status=400, body={"code": "7127", "message": "..."}),
    ],
)
def test_the_connection_check_finds_what_a_human_must_put_right(answer):
    with pytest.raises(GatewayMisconfigured):
        checked(answer)


@pytest.mark.parametrize(
    "answer",
    [
        Answer(status=503),
        Answer(status=200, body="<html>"),
        Answer(status=400, body={"code": "7020", "message": "(rate)"}),
    ],
)
def test_the_connection_check_believes_nothing_else(answer):
    with pytest.raises((GatewayUnavailable, OutcomeUnknown)):
        checked(answer)


# ---- Webhooks


@pytest.mark.parametrize("digest", ["sha256", "sha512"])
@pytest.mark.parametrize("prefix", ["", "sha256=", "SHA512="])
def test_both_kinds_of_signature_are_taken(digest, prefix):
    body = b'{"a": "\xc3\xa9"}'
    signature = prefix + hmac.new(CANARY.encode(), body, digest).hexdigest().upper()
    request = WebhookRequest(
        method="POST", url=WEBHOOK_URL, headers={"x-hub-signature": signature}, body=body
    )

    account("webex_connect").verify_webhook(request)


def test_without_a_webhook_secret_the_url_is_the_credential():
    provider = account("webex_connect", webhook_secret=None)

    provider.verify_webhook(WebhookRequest(method="POST", url=WEBHOOK_URL))


def test_a_signature_made_with_another_secret_is_refused():
    signature = hmac.new(b"another", b"{}", "sha256").hexdigest()
    headers = {"x-hub-signature": signature}

    with pytest.raises(WebhookRefused):
        account("webex_connect").verify_webhook(
            WebhookRequest(method="POST", url=WEBHOOK_URL, headers=headers, body=b"{}")
        )


def reported_to(url: str, **headers: str) -> WebhookRequest:
    return WebhookRequest(
        method="POST", url=url, query=dict(parse_qsl(urlsplit(url).query)), headers=headers
    )


def test_a_receipt_to_the_url_that_a_message_named_is_let_in_unsigned():
    provider = account("webex_connect")
    named = json.loads(provider.call([MESSAGE]).body)["notifyUrl"]

    provider.verify_webhook(reported_to(named))
    provider.verify_webhook(reported_to(named, **{"x-hub-signature": "0" * 64}))


@pytest.mark.parametrize(
    "url",
    [
        WEBHOOK_URL,
        f"{WEBHOOK_URL}?{MARK}=",
        f"{WEBHOOK_URL}?{MARK}={'x' * 43}",
        f"{WEBHOOK_URL}?{MARK}=token",
        f"{WEBHOOK_URL}?{MARK}=:",
        marked(WEBHOOK_URL)[:-1],
        marked(WEBHOOK_URL + "x").replace("tokenx", "token"),
        marked(WEBHOOK_URL).replace(f"{MARK}=", "other="),
    ],
)
def test_a_forged_mark_is_refused(url):
    with pytest.raises(WebhookRefused) as refused:
        account("webex_connect").verify_webhook(reported_to(url))

    assert "token" not in str(refused.value)


# ---- The configuration


def test_a_service_id_and_secret_are_as_good_as_a_key():
    assert validate_config(WebexConnect, BY_TOKEN) == BY_TOKEN


def test_a_switch_that_is_off_is_not_kept():
    given = BY_TOKEN | {"track_opens": False, "track_clicks": True}

    assert validate_config(WebexConnect, given) == BY_TOKEN | {"track_clicks": True}


@pytest.mark.parametrize(
    ("changes", "at_fault"),
    [
        ({"shorten_links": True}, "domain"),
        ({"shorten_links": True, "domain": "http://me.example"}, "domain"),
        ({"dlt_template_id": "123456789"}, "domain"),
        ({"custom_im_as": "sms"}, "custom_im_as"),
        ({"custom_im_as": "email", "mail_from": "a@b.co"}, "mail_subject"),
        ({"custom_im_as": "email", "mail_subject": "News"}, "mail_from"),
        ({"mail_from": "a@b.co, c@d.co"}, "mail_from"),
        ({"mail_subject": "{{ nonsense }}"}, "mail_subject"),
        ({"sms_fallback": True}, "sms_sender_id"),
        ({"substitutions": {"name": "x"}}, "substitutions"),
        ({"template_id": "1", "substitutions": ["x"]}, "substitutions"),
        ({"template_id": "1", "substitutions": {"a": {"b": "c"}}}, "substitutions"),
        ({"priority": "4"}, "priority"),
        ({"expiry": "never"}, "expiry"),
        ({"batch": 1001}, "batch"),
        ({"batch": 0}, "batch"),
        ({"send_at": "{{ nonsense }}"}, "send_at"),
        ({"fallback_text": "{{ nonsense }}"}, "fallback_text"),
        ({"smart_links": {"smartlinkId": 5}}, "smart_links"),
        ({"smart_links": [{"smartlinkId": "5", "validity": 30}]}, "smart_links"),
        ({"attachments": {"name": "x"}}, "attachments"),
        ({"attachments": [{"name": "x"}]}, "attachments"),
        (
            {"attachments": [{"mimeType": "image/png", "name": "x", "mediaUrl": "http://a.co/x"}]},
            "attachments",
        ),
        ({"rcs_content": {"type": "poem"}}, "rcs_content"),
    ],
)
def test_what_cannot_work_is_said_beside_its_field(changes, at_fault):
    with pytest.raises(ValidationError) as refused:
        validate_config(WebexConnect, CONFIGS["webex_connect"] | changes)

    assert list(refused.value.message_dict) == [at_fault]


def test_its_form_works_inside_of_others():
    data = {f"step-{name}": value for name, value in BY_TOKEN.items()}

    assert WebexConnect.Config(data, prefix="step").is_valid()


@pytest.mark.parametrize(
    "credentials",
    [
        {},
        {"service_id": "service-1"},
        {"service_secret": "c2VjcmV0"},
        {"service_key": CANARY, "service_id": "service-1", "service_secret": "c2VjcmV0"},
        {"service_key": CANARY, "service_id": "service-1"},
        {"service_id": "service-1", "service_secret": "not base64!"},
        {"service_key": f"{CANARY}\r\nHost: other"},
    ],
)
def test_the_credentials_are_given_in_exactly_one_way(credentials):
    base_url = CONFIGS["webex_connect"]["base_url"]

    with pytest.raises(ValidationError) as refused:
        validate_config(WebexConnect, {"base_url": base_url, **credentials})

    assert CANARY not in str(refused.value)
