"""An HTTP API as its operator describes it: calls, answers, reports, and what the form refuses."""

import base64
import hmac
import json
from dataclasses import replace
from datetime import UTC, datetime
from pathlib import Path
from urllib.parse import parse_qsl

import jmespath
import pytest
import standardwebhooks
import yaml
from django.core.exceptions import ValidationError
from jmespath.visitor import TreeInterpreter

from gateway_project.lib.http import HttpAnswer, http_client
from gateway_project.lib.redaction import scrub
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
from gateways.providers.http_api import HttpApi
from gateways.providers.lookups import looked_up, problem_of
from gateways.providers.placeholders import problem_in
from gateways.providers.registry import secret_values, validate_config
from tests.gateways.providers.accounts.http_api import CONFIG
from tests.gateways.providers.canaries import CANARY, EMAIL, MESSAGE_ID, PHONE, WEBHOOK_URL
from tests.gateways.providers.examples import message
from tests.peers import Answer, http_peer

DOCUMENT = Path(__file__).parents[3] / "docs" / "your-own-http-api.md"
TAKEN = {"ok": True, "result": {"message_id": 5}}
NASTY = 'He said "hi", {{ recipient }} ${x} \\ }} { \n é 🎉'
LOOKUP_URL = "https://a.example/messages/{{ message.id }}"


def example(slug: str) -> dict:
    """The configuration of that gateway in the document."""
    blocks = DOCUMENT.read_text().split("```yaml\n")[1:]
    gateways = [yaml.safe_load(block.split("```")[0]) for block in blocks]
    return next(gateway["config"] for gateway in gateways if gateway["slug"] == slug)


def described(config: dict, **changes) -> HttpApi:
    """The API of this configuration, as it is kept once the form has taken it."""
    wanted = {name: value for name, value in (config | changes).items() if value is not None}
    return HttpApi(validate_config(HttpApi, wanted), webhook_url=WEBHOOK_URL)


def sent(api: HttpApi, outbound, answer: Answer):
    """The one request that the API was sent, and what came of it."""
    with http_peer(lambda asked: answer) as peer:
        host = api.config["url"].split("/")[2]
        api.config["url"] = api.config["url"].replace(f"https://{host}", peer.url)
        told = http_client().perform(api.call([outbound]))
    (result,) = api.results([outbound], told)
    return peer.asked[0], result


def answered(told: object, *, status: int = 200, headers=None, **changes):
    body = told if isinstance(told, bytes) else json.dumps(told).encode()
    answer = HttpAnswer(status=status, body=body, headers=headers or {})
    (result,) = described(CONFIG, **changes).results([message(Channel.SMS)], answer)
    return result


def problems(**changes) -> dict:
    with pytest.raises(ValidationError) as refused:
        described(CONFIG, **changes)
    return refused.value.message_dict


# ---- The documented examples


def test_the_documented_aggregator_takes_a_message_and_reports_on_it():
    api = described(example("sms-aggregator"))

    asked, result = sent(api, message(Channel.SMS), Answer(202, {"data": {"id": 4711}}))

    assert (asked.method, asked.path, asked.query) == ("POST", "/v1/messages", {})
    assert asked.headers["authorization"] == "Bearer ${SMS_TOKEN}"
    assert asked.headers["content-type"] == "application/json"
    assert asked.headers["idempotency-key"] == MESSAGE_ID
    assert asked.json == {
        "to": PHONE,
        "from": "Amazing",
        "text": "Best offer ever",
        "reference": MESSAGE_ID,
        "callback": WEBHOOK_URL,
    }
    assert result == SendResult(provider_id="4711")
    assert api.idempotent
    body = json.dumps(
        {
            "reports": [
                {"id": 4711, "status": "UNDELIV", "error": "absent", "time": "2026-03-01T10:00:00"},
                {"id": 4711, "status": "ENROUTE"},
            ]
        }
    ).encode()
    signature = hmac.new(b"${SMS_WEBHOOK_SECRET}", body, "sha256").hexdigest()
    request = WebhookRequest(
        method="POST", url=WEBHOOK_URL, headers={"x-signature": f"sha256={signature}"}, body=body
    )
    api.verify_webhook(request)
    (update,) = api.parse_webhook(request)
    assert (update.status, update.provider_id, update.detail) == (Status.FAILED, "4711", "absent")
    assert update.occurred_at == datetime(2026, 3, 1, 10, tzinfo=UTC)


def test_the_documented_chat_takes_a_message_and_reports_on_it():
    api = described(example("chat"))
    outbound = message(Channel.CUSTOM_IM, ext_user_id="a/b?c", text=NASTY)

    asked, result = sent(api, outbound, Answer(200, {"result": "queued"}))

    assert asked.path == "/rooms/a%2Fb%3Fc/messages"
    assert asked.headers["x-api-key"] == "${CHAT_KEY}"
    assert dict(parse_qsl(asked.body.decode())) == {
        "text": NASTY,
        "title": "News: Microsoft is raising",
        "ref": MESSAGE_ID,
    }
    assert result == SendResult()
    assert not api.idempotent
    request = WebhookRequest(
        method="POST",
        url=WEBHOOK_URL,
        headers={"content-type": "application/x-www-form-urlencoded; charset=utf-8"},
        body=f"ref={MESSAGE_ID}&state=seen".encode(),
    )
    api.verify_webhook(request)
    (update,) = api.parse_webhook(request)
    assert (update.status, update.message_id) == (Status.OPENED, MESSAGE_ID)


def test_the_documented_gateway_by_url_takes_a_message_and_reports_by_get():
    api = described(example("sms-by-url"))

    asked, result = sent(api, message(Channel.SMS), Answer(200, {"status": 0, "id": "77"}))

    assert (asked.method, asked.path, asked.body) == ("GET", "/send", b"")
    assert asked.query["text"] == "Best offer ever"
    assert asked.query["dlr"] == WEBHOOK_URL
    assert result == SendResult(provider_id="77")
    told = {"ref": MESSAGE_ID, "id": "77", "state": "UNDELIV", "cause": "27"}
    request = WebhookRequest(method="GET", url=WEBHOOK_URL, query=told)
    api.verify_webhook(request)
    assert api.is_report(request)
    (update,) = api.parse_webhook(request)
    assert (update.status, update.message_id) == (Status.FAILED, MESSAGE_ID)
    assert (update.detail, update.is_permanent) == ("27", False)
    (update,) = api.parse_webhook(replace(request, query=told | {"cause": "1"}))
    assert update.is_permanent
    for status, expected in ((2, (True, ())), (3, (False, (Status.UNSUBSCRIBED,)))):
        again = described(example("sms-by-url"))
        _, refusal = sent(again, message(Channel.SMS), Answer(200, {"status": status}))
        assert type(refusal) is MessageRejected
        assert (refusal.is_permanent, refusal.learnt) == expected


def test_the_documented_bot_is_called_at_the_path_that_holds_its_token():
    token = "123456:ABC-def_ghi"
    outbound = message(Channel.CUSTOM_IM, properties={"chat_id": 42})
    refusals = {401: GatewayMisconfigured, 403: MessageRejected, 429: GatewayUnavailable}

    asked, result = sent(described(example("bot"), secret=token), outbound, Answer(200, TAKEN))

    assert asked.path == f"/bot{token}/sendMessage"
    assert asked.json == {"chat_id": 42, "text": "Best offer ever"}
    assert "authorization" not in asked.headers
    assert result == SendResult()
    for code, expected in refusals.items():
        told = {"ok": False, "error_code": code, "description": f"no such bot {token}"}
        api = described(example("bot"), secret=token)
        _, refusal = sent(api, outbound, Answer(code, told))
        assert type(refusal) is expected
        assert token not in scrub(refusal.detail, *secret_values(api))


# ---- The call


def test_values_are_inserted_as_values_and_never_as_text():
    template = {
        "whole": "{{ message.text }}",
        "within": "Hello: {{ message.text }}!",
        "flag": "{{ extension.urgent }}",
        "all": "{{extension}}",
        "none": "{{ properties.country }}",
        "nothing": "[{{ properties.country }}]",
        "list": ["{{ message.uid }}", 1, None],
    }
    api = described(CONFIG, body=template)
    extension = {"urgent": True, "n": 1.5}
    outbound = message(Channel.CUSTOM_IM, text=NASTY, received={"extension": extension})

    assert json.loads(api.call([outbound]).body) == {
        "whole": NASTY,
        "within": f"Hello: {NASTY}!",
        "flag": True,
        "all": extension,
        "none": None,
        "nothing": "[]",
        "list": ["uid-1", 1, None],
    }


def test_a_get_carries_everything_in_its_url():
    url = "https://sms.example/send?to={{ recipient.digits }}&text={{message.text}}"
    api = described(CONFIG, method="GET", url=url, body_kind="none", body=None)

    asked, _ = sent(api, message(Channel.SMS, text=NASTY + "&x=1"), Answer(200))

    assert (asked.method, asked.body) == ("GET", b"")
    assert asked.query == {"to": PHONE[1:], "text": NASTY + "&x=1"}


@pytest.mark.parametrize("value", ["..", ".", "%2e%2e"])
def test_a_value_cannot_lead_the_url_elsewhere(value):
    api = described(CONFIG, url="https://sms.example/rooms/{{ ext_user_id }}/send")
    outbound = message(Channel.SMS, ext_user_id=value)

    if value == "%2e%2e":
        assert "%252e%252e" in api.call([outbound]).url
    else:
        with pytest.raises(MessageRejected):
            api.call([outbound])


@pytest.mark.parametrize(
    ("auth", "changes", "header", "expected"),
    [
        ("none", {}, "authorization", None),
        ("header", {"auth_header": "X-Key"}, "x-key", CANARY),
        (
            *("basic", {"username": "amazing"}, "authorization"),
            "Basic " + base64.b64encode(f"amazing:{CANARY}".encode()).decode(),
        ),
        ("bearer", {}, "authorization", f"Bearer {CANARY}"),
    ],
)
def test_the_account_proves_itself_as_is_chosen(auth, changes, header, expected):
    asked, _ = sent(described(CONFIG, auth=auth, **changes), message(Channel.SMS), Answer(200))

    assert asked.headers.get(header) == expected
    assert asked.headers["x-tenant"] == CANARY


@pytest.mark.parametrize(
    ("address_from", "expected"), [(None, None), ("email", Channel.EMAIL), ("sms", Channel.SMS)]
)
def test_custom_im_goes_to_the_address_that_is_chosen(address_from, expected):
    api = described(CONFIG, address_from=address_from)

    assert api.address_channel(Channel.CUSTOM_IM) == expected
    assert api.address_channel(Channel.EMAIL) == Channel.EMAIL


@pytest.mark.parametrize(
    ("changes", "found"),
    [
        (
            {"url": "https://sms.example/send?key={{ secret }}"},
            lambda asked: asked.query["key"],
        ),
        (
            {"body": {"account": {"keys": ["{{ secret }}"]}}},
            lambda asked: asked.json["account"]["keys"][0],
        ),
        (
            {"body_kind": "form", "body": {"key": "{{ secret }}"}},
            lambda asked: dict(parse_qsl(asked.body.decode()))["key"],
        ),
        (
            {"headers": {"X-Key": "{{ secret }}"}},
            lambda asked: asked.headers["x-key"],
        ),
    ],
)
@pytest.mark.parametrize("auth", ["request", "bearer"])
def test_the_secret_stands_wherever_the_api_wants_it(auth, changes, found):
    secret = 'a "key" & {{ recipient }}'

    asked, _ = sent(
        described(CONFIG, auth=auth, secret=secret, **changes), message(Channel.SMS), Answer(200)
    )

    assert found(asked) == secret


def test_a_message_cannot_ask_for_the_secret():
    api = described(CONFIG, auth="request", headers={"X-Key": "{{ secret }}"})

    call = api.call([message(Channel.SMS, text="{{ secret }}")])

    assert json.loads(call.body)["text"] == "{{ secret }}"
    assert CANARY not in call.url + call.body.decode() + repr(call)


# ---- The answer


@pytest.mark.parametrize(
    ("status", "told", "kind"),
    [
        (200, {"error": {"code": "NO_CREDIT"}}, GatewayMisconfigured),
        (200, {"error": {"code": "busy"}}, GatewayUnavailable),
        (400, {"error": {"code": "BUSY"}}, GatewayUnavailable),
        (410, {}, MessageRejected),
        (400, {"error": {"code": "OTHER"}}, MessageRejected),
        (200, {"data": {}}, OutcomeUnknown),
    ],
)
def test_the_table_of_errors_comes_before_the_http_status(status, told, kind):
    assert type(answered(told, status=status)) is kind


@pytest.mark.parametrize(
    ("meaning", "is_permanent", "learnt"),
    [
        ("reject", False, ()),
        ("permanent", True, ()),
        ("unsubscribed", False, (Status.UNSUBSCRIBED,)),
        ("complained", False, (Status.COMPLAINED,)),
    ],
)
def test_an_error_may_say_that_the_address_is_not_to_be_written_to(meaning, is_permanent, learnt):
    refusal = answered({"error": {"code": "X"}}, errors_table={"X": meaning})

    assert type(refusal) is MessageRejected
    assert (refusal.is_permanent, refusal.learnt) == (is_permanent, learnt)


def test_the_wait_that_is_asked_for_is_obeyed_in_an_answer_of_the_table_too():
    busy = answered({"error": {"code": "BUSY"}}, headers={"retry-after": "9"})

    assert busy.retry_after == 9


@pytest.mark.parametrize(
    ("told", "kind"),
    [
        ({"ok": True, "data": {"id": 1}}, SendResult),
        ({"ok": 1, "data": {"id": 1}}, SendResult),
        ({"ok": False, "data": {"id": 1}}, MessageRejected),
        ({"data": {"id": 1}}, OutcomeUnknown),
        (b"<html>", OutcomeUnknown),
    ],
)
def test_a_yes_in_the_body_is_asked_for_where_the_operator_says_so(told, kind):
    assert type(answered(told, success_path="ok", success_values=["true", "1"])) is kind


def test_only_the_named_statuses_are_a_yes():
    told = {"data": {"id": "a"}}

    assert type(answered(told, status=204, success_statuses="200, 202")) is OutcomeUnknown
    assert answered(told, status=409, success_statuses="200-204,409") == SendResult(provider_id="a")


def test_their_id_may_stand_in_a_header():
    changes = {"id_path": None, "id_header": "X-Message-Id"}

    assert answered(b"", headers={"x-message-id": "a"}, **changes) == SendResult(provider_id="a")
    assert type(answered(b"", **changes)) is OutcomeUnknown


def test_a_connection_check_sends_nothing():
    with http_peer(lambda asked: Answer(405)) as peer:
        api = described(CONFIG, url=f"{peer.url}/rooms/{{{{ ext_user_id }}}}?x=1")
        assert "405" in api.check_connection()

    assert [(asked.method, asked.path, asked.body) for asked in peer.asked] == [
        ("HEAD", "/rooms/", b"")
    ]


# ---- Webhooks

BODY = b'{"reports": []}'
BASE64_SECRET = "whsec_" + base64.b64encode(b"a secret of a good length").decode()


def proven(proof: str, secret: str) -> dict[str, str]:
    """The headers with which a sender proves itself in this way."""
    if proof == "header":
        return {"x-signature": secret}
    if proof == "basic":
        return {"authorization": "Basic " + base64.b64encode(f"api:{secret}".encode()).decode()}
    if proof == "standard":
        now = datetime.now(UTC)
        signed = standardwebhooks.Webhook(secret).sign("msg_1", now, BODY.decode())
        return {
            "webhook-id": "msg_1",
            "webhook-timestamp": str(int(now.timestamp())),
            "webhook-signature": signed,
        }
    _, digest, encoding = proof.split("_")
    raw = hmac.new(secret.encode(), BODY, digest).digest()
    return {"x-signature": raw.hex() if encoding == "hex" else base64.b64encode(raw).decode()}


@pytest.mark.parametrize(
    "proof",
    [
        *("header", "basic", "standard", "hmac_sha256_hex", "hmac_sha512_hex"),
        *("hmac_sha256_base64", "hmac_sha512_base64"),
    ],
)
def test_a_webhook_is_let_in_with_the_proof_that_was_agreed_and_with_no_other(proof):
    secret = BASE64_SECRET if proof == "standard" else CANARY
    api = described(CONFIG, webhook_proof=proof, webhook_secret=secret, webhook_username="api")
    request = WebhookRequest(method="POST", url=WEBHOOK_URL, body=BODY)
    good = proven(proof, secret)

    api.verify_webhook(replace(request, headers=good))
    wrong = {name: value[:-6] + "é" + value[-5:] for name, value in good.items()}
    for headers in ({}, dict.fromkeys(good, ""), dict.fromkeys(good, "x"), wrong):
        with pytest.raises(WebhookRefused):
            api.verify_webhook(replace(request, headers=headers))
    if proof not in ("header", "basic"):
        with pytest.raises(WebhookRefused):
            api.verify_webhook(replace(request, headers=good, body=BODY + b" "))


def test_a_challenge_is_echoed_to_who_shows_the_token():
    changes = {
        "challenge_parameter": "hub.challenge",
        "challenge_token_parameter": "hub.verify_token",
        "challenge_token": CANARY,
    }
    api = described(CONFIG, **changes)
    probe = WebhookRequest(method="GET", url=WEBHOOK_URL)
    asking = {"hub.challenge": "123", "hub.verify_token": CANARY}

    assert api.answer_probe(replace(probe, query=asking)).body == "123"
    for wrong in ({"hub.challenge": "123"}, asking | {"hub.verify_token": "é"}):
        answer = api.answer_probe(replace(probe, query=wrong))
        assert (answer.status, answer.body) == (403, "")
    assert api.answer_probe(probe).status == 200


def test_a_get_is_a_report_only_where_reports_come_so():
    by_get = {"report_method": "get", "webhook_proof": "token", "reports_path": None}
    api = described(CONFIG, **by_get, challenge_parameter="hub.challenge")
    told = WebhookRequest(method="GET", url=WEBHOOK_URL, query={"id": "7", "state": "DELIVRD"})

    assert api.is_report(told)
    assert [update.provider_id for update in api.parse_webhook(told)] == ["7"]
    assert not api.is_report(replace(told, query={}))
    assert not api.is_report(replace(told, query={"hub.challenge": "1"}))
    assert not described(CONFIG).is_report(told)


@pytest.mark.parametrize(
    ("state", "told", "expected"),
    [
        ("UNDELIV", True, (Status.FAILED, True)),
        ("UNDELIV", "yes", (Status.FAILED, True)),
        ("UNDELIV", False, (Status.FAILED, False)),
        ("UNDELIV", "550", (Status.FAILED, False)),
        ("REJECTD", 1, (Status.REJECTED, True)),
        ("DELIVRD", True, (Status.DELIVERED, False)),
        ("BOUNCED", None, (Status.FAILED, True)),
    ],
)
def test_a_report_may_say_that_the_address_is_at_fault(state, told, expected):
    statuses = CONFIG["statuses"] | {"BOUNCED": "permanent"}
    api = described(CONFIG, statuses=statuses, permanent_path="hard", reports_path=None)
    body = json.dumps({"id": "7", "state": state, "hard": told}).encode()

    (update,) = api.parse_webhook(WebhookRequest(method="POST", url=WEBHOOK_URL, body=body))

    assert (update.status, update.is_permanent) == expected


def test_without_a_table_the_words_are_smartico_s_own():
    api = described(CONFIG, statuses=None, reports_path=None)
    request = WebhookRequest(method="POST", url=WEBHOOK_URL, body=b'{"id": 1, "state": "Clicked"}')

    (update,) = api.parse_webhook(request)

    assert update.status is Status.CLICKED


def test_a_webhook_without_its_list_is_not_taken_for_an_empty_one():
    request = WebhookRequest(method="POST", url=WEBHOOK_URL, body=b'{"other": []}')

    with pytest.raises(ValueError, match="no list of reports"):
        described(CONFIG).parse_webhook(request)


# ---- The lookup


def test_the_lookup_is_a_get_with_our_id_and_the_account_s_credentials():
    api = described(CONFIG, lookup_url=f"{LOOKUP_URL}?key={{{{ secret }}}}")

    with http_peer(lambda asked: Answer(200)) as peer:
        api.config["lookup_url"] = api.config["lookup_url"].replace("https://a.example", peer.url)
        http_client().perform(api.lookup_call(Channel.SMS, [MESSAGE_ID]))

    (asked,) = peer.asked
    assert (asked.method, asked.path) == ("GET", f"/messages/{MESSAGE_ID}")
    assert asked.query == {"key": CANARY}
    assert asked.headers["authorization"] == f"Bearer {CANARY}"
    assert asked.headers["x-tenant"] == CANARY
    assert "content-type" not in asked.headers


@pytest.mark.parametrize(
    ("told", "path", "status"),
    [
        ({"state": "DELIVRD"}, "", Status.DELIVERED),
        ({"data": [{"ref": MESSAGE_ID, "state": "READ"}]}, "data[0]", Status.OPENED),
    ],
)
def test_its_answer_is_read_as_a_report(told, path, status):
    api = described(CONFIG, lookup_url=LOOKUP_URL, lookup_path=path)
    answer = HttpAnswer(status=200, headers={}, body=json.dumps(told).encode())

    (update,) = api.found([MESSAGE_ID], answer).updates

    assert (update.status, update.message_id) == (status, MESSAGE_ID)


@pytest.mark.parametrize("is_sure", [True, False])
def test_a_404_means_never_taken_only_where_the_operator_says_so(is_sure):
    api = described(CONFIG, lookup_url=LOOKUP_URL, lookup_absent=is_sure)

    found = api.found([MESSAGE_ID], HttpAnswer(status=404, headers={}, body=b""))

    assert found.never_taken == ({MESSAGE_ID} if is_sure else frozenset())


# ---- The form


@pytest.mark.parametrize(
    ("changes", "field", "words"),
    [
        ({"body": {"to": "{{ recipeint }}"}}, "body", "no placeholder recipeint"),
        ({"body": {"to": "{{ recipient"}}, "body", "two pairs of braces"),
        ({"body": {"{{ recipient }}": 1}}, "body", "not in names"),
        ({"body": "{to: {{ recipient }}}"}, "body", "between quotation marks"),
        ({"body": None}, "body", "needed"),
        ({"body_kind": "form", "body": {"a": {}}}, "body", "one object of texts"),
        ({"method": "GET"}, "body_kind", "GET has no body"),
        ({"url": "https://{{ ext_user_id }}.example/"}, "url", "not in the host"),
        ({"url": "https://a.example/{{ nobody }}"}, "url", "no placeholder nobody"),
        ({"url": "https://10.0.0.1/"}, "url", "EGRESS_ALLOW"),
        ({"url": "http://a.example/"}, "url", "https"),
        ({"auth": "basic"}, "username", "needed"),
        ({"auth": "header"}, "auth_header", "needed"),
        ({"secret": None}, "secret", "needed"),
        ({"auth": "request"}, "auth", "Put {{ secret }} into"),
        ({"auth": "request", "secret": None}, "secret", "needed"),
        (
            {"auth": "none", "secret": None, "url": "https://a.example/{{ secret }}"},
            *("secret", "needed for its placeholder"),
        ),
        ({"headers": {"X-A": "{{ recipient }}"}}, "headers", "there are secret."),
        ({"headers": {"X-A": "{{ secret.a }}"}}, "headers", "no placeholder secret.a"),
        ({"headers": {"Authorization": "x"}}, "headers", "set by the gateway"),
        ({"headers": {"Content-Length": "1"}}, "headers", "set by the gateway"),
        ({"idempotency_header": "Host"}, "idempotency_header", "set by the gateway"),
        ({"success_statuses": "2xx"}, "success_statuses", "200-299"),
        ({"success_path": "ok"}, "success_values", "needed"),
        ({"id_header": "X-Id"}, "id_header", "either"),
        ({"error_path": None}, "error_path", "needed"),
        ({"errors_table": {"BUSY": "wait"}}, "errors_table", "Line 1"),
        ({"statuses": "DELIVRD"}, "statuses", "Line 1"),
        ({"statuses": {"DELIVRD": "arrived"}}, "statuses", "Line 1"),
        ({"webhook_secret": None}, "webhook_secret", "needed"),
        ({"webhook_header": None}, "webhook_header", "needed"),
        ({"webhook_proof": "basic"}, "webhook_username", "needed"),
        ({"webhook_proof": "standard"}, "webhook_secret", "Base64"),
        ({"challenge_token_parameter": "t"}, "challenge_token", "needed"),
        ({"lookup_url": "https://a.example/messages"}, "lookup_url", "{{ message.id }} into it"),
        (
            {"lookup_url": f"{LOOKUP_URL}?to={{{{ recipient }}}}"},
            "lookup_url",
            "there are message.id",
        ),
        ({"lookup_url": "https://10.0.0.1/{{ message.id }}"}, "lookup_url", "EGRESS_ALLOW"),
        ({"lookup_url": LOOKUP_URL, "status_path": None}, "status_path", "lookup's answer"),
        (
            {"lookup_url": f"{LOOKUP_URL}?key={{{{ secret }}}}", "auth": "none", "secret": None},
            *("secret", "needed for its placeholder"),
        ),
        ({"report_method": "get"}, "webhook_proof", "no body to sign"),
        ({"report_method": "put"}, "report_method", "valid choice"),
        ({"status_path": "a b"}, "status_path", "JMESPath"),
        (
            {"message_id_path": None, "provider_id_path": None, "recipient_path": None},
            "message_id_path",
            "our id or theirs",
        ),
    ],
)
def test_the_form_says_what_is_to_be_done(changes, field, words):
    assert words in " ".join(problems(**changes)[field])


def test_tables_and_templates_are_kept_alike_from_lines_and_from_yaml():
    typed = {
        "statuses": "DELIVRD = delivered\n\n A=B =FAILED",
        "errors_table": "HTTP 409=later",
        "body": '{"to": "{{ recipient }}"}',
        "success_path": "ok",
        "success_values": " yes \n\n1",
    }
    written = {
        "statuses": {"DELIVRD": "delivered", "A=B": "failed"},
        "errors_table": {"HTTP 409": "later"},
        "body": {"to": "{{ recipient }}"},
        "success_path": "ok",
        "success_values": ["yes", 1],
    }

    assert described(CONFIG, **typed).config == described(CONFIG, **written).config
    for name in ("statuses", "errors_table", "body"):
        field = HttpApi.Config.base_fields[name]
        assert field.clean(field.prepare_value(written[name])) == written[name]


def test_templates_of_other_providers_hold_no_secret():
    assert "no placeholder secret" in (problem_in({"text": ["{{ secret }}"]}) or "")


# ---- JMESPath


@pytest.mark.parametrize(
    "expression",
    [
        "[@,@][]|[@,@][]|[@,@][]|[@,@][]",
        "{a: @}",
        "map(&@, @)",
        "join(to_string(@), @)",
        "sort_by(@, &a)",
        "a.b[",
        "!" * 100 + "a",
        "a" * 201,
        "[" * 190,
    ],
)
def test_an_expression_that_could_grow_without_end_is_refused(expression):
    assert problem_of(expression)


@pytest.mark.parametrize(
    "expression", ["a.b[0].c", '"message-id"', "events[?type=='dlr'] | [0]", "a || b", "*.id | [0]"]
)
def test_an_expression_that_reads_is_taken(expression):
    assert problem_of(expression) is None


def test_an_expression_takes_no_more_steps_than_document_and_expression_have_parts(monkeypatch):
    document = [[[{"a": "x" * 50, "b": [1] * 20}] * 2] * 5] * 10
    dear = "[][]|[?to_string(@)!=to_string(b)]|[?contains(to_string(@),'z')||!(a==b)]|[*].b[]"
    doubling = "[][]" + "|[@,@][]" * 12 + "|[*].b"

    assert (problem_of(dear), problem_of(doubling) is None) == (None, False)
    assert steps_of(dear, document, monkeypatch) <= parts_of(dear, document)
    assert steps_of(doubling, document, monkeypatch) > parts_of(doubling, document)


def steps_of(expression, document, monkeypatch):
    """How many values the expression is held against until it ends."""
    steps = 0
    visit = TreeInterpreter.visit

    def counted(self, *args, **kwargs):
        nonlocal steps
        steps += 1
        return visit(self, *args, **kwargs)

    with monkeypatch.context() as patched:
        patched.setattr(TreeInterpreter, "visit", counted)
        looked_up(expression, document)
    return steps


def parts_of(expression, document):
    """The parts of the one, times those of the other."""
    nodes = [jmespath.compile(expression).parsed]
    for node in nodes:
        nodes += [child for child in node["children"] if isinstance(child, dict)]
    values = [document]
    for value in values:
        if isinstance(value, dict | list):
            values += value.values() if isinstance(value, dict) else value
    return len(nodes) * len(values)


def test_an_expression_that_does_not_fit_finds_nothing():
    assert looked_up("length(a)", {"a": 1}) is None
    assert looked_up("contains(a, 'b')", {"a": None}) is None


def test_neither_the_recipient_nor_a_secret_shows_in_the_call():
    call = described(CONFIG, url="https://a.example/{{ recipient }}").call([message(Channel.EMAIL)])

    assert EMAIL not in repr(call)
    assert CANARY not in repr(call)
