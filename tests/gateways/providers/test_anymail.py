"""The services of django-anymail: what is sent, what is made of answers, what is proved."""

import base64
import json
import socket
from dataclasses import replace
from urllib.parse import parse_qsl

import pytest
from django.core.exceptions import ValidationError

from gateway_project.lib.vocabulary import Channel, Status
from gateways.providers.anymail.family import PROVIDERS
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    WebhookRefused,
)
from gateways.providers.registry import build, provider_class, validate_config
from tests.gateways.providers.canaries import CANARY, EMAIL, MESSAGE_ID, PUBLIC_URL, WEBHOOK_URL
from tests.gateways.providers.examples import CONFIGS, account, at, message
from tests.gateways.providers.webhooks import posted
from tests.peers import Answer, Asked, http_peer

SLUGS = [cls.slug for cls in PROVIDERS]
every_service = pytest.mark.parametrize("slug", SLUGS)
BASIC = ("brevo", "mailjet", "postmark", "sparkpost")

TAKEN = {
    "brevo": ("/smtp/email", Answer(201, {"messageId": "id-1"})),
    "mailersend": (
        "/email",
        Answer(202, "", {"X-Message-Id": "id-1", "Content-Type": "text/html"}),
    ),
    "mailgun": ("/amazing.co/messages", Answer(200, {"id": "id-1", "message": "Queued."})),
    "mailjet": (
        "/send",
        Answer(
            200,
            {"Messages": [{"Status": "success", "To": [{"Email": EMAIL, "MessageID": "id-1"}]}]},
        ),
    ),
    "mailtrap": ("/send", Answer(200, {"success": True, "message_ids": ["id-1"]})),
    "mandrill": (
        "/messages/send.json",
        Answer(200, [{"email": EMAIL, "status": "sent", "_id": "id-1"}]),
    ),
    "postal": (
        "/api/v1/send/message",
        Answer(200, {"status": "success", "data": {"messages": {EMAIL: {"id": "id-1"}}}}),
    ),
    "postmark": (
        "/email",
        Answer(200, {"To": EMAIL, "MessageID": "id-1", "ErrorCode": 0, "Message": "OK"}),
    ),
    "resend": ("/emails", Answer(200, {"id": "id-1"})),
    "scaleway": (
        "/emails",
        Answer(200, {"emails": [{"mail_rcpt": EMAIL, "id": "id-1", "status": "new"}]}),
    ),
    "sendgrid": ("/mail/send", Answer(202)),
    "sparkpost": (
        "/transmissions/",
        Answer(
            200,
            {
                "results": {
                    "total_accepted_recipients": 1,
                    "total_rejected_recipients": 0,
                    "id": "id-1",
                }
            },
        ),
    ),
    "unisender_go": ("/email/send.json", Answer(200, {"status": "success", "emails": [EMAIL]})),
}
"""By service: where it is posted to, and the answer that says yes."""

CREDENTIALS = {
    "brevo": ("api-key", CANARY),
    "mailersend": ("authorization", f"Bearer {CANARY}"),
    "mailgun": ("authorization", f"Basic {base64.b64encode(f'api:{CANARY}'.encode()).decode()}"),
    "mailjet": (
        "authorization",
        f"Basic {base64.b64encode(f'{CANARY}:{CANARY}'.encode()).decode()}",
    ),
    "mailtrap": ("api-token", CANARY),
    "postal": ("x-server-api-key", CANARY),
    "postmark": ("x-postmark-server-token", CANARY),
    "resend": ("authorization", f"Bearer {CANARY}"),
    "scaleway": ("x-auth-token", CANARY),
    "sendgrid": ("authorization", f"Bearer {CANARY}"),
    "sparkpost": ("authorization", CANARY),
    "unisender_go": ("x-api-key", CANARY),
}
GENERATED = ("sendgrid", "unisender_go")
"""Where anymail makes up the id that webhooks come back with."""


def at_peer(slug, url, **changes):
    return build(slug, at(slug, url) | changes, webhook_url=WEBHOOK_URL, public_url=PUBLIC_URL)


def sent_to(slug, answer, **changes):
    with http_peer(lambda asked: answer) as peer:
        provider = at_peer(slug, peer.url, **changes)
        try:
            result = provider.send(message(Channel.EMAIL))
        finally:
            provider.close()
    (asked,) = peer.asked
    return result, asked


def everything_in(asked: Asked) -> str:
    """The body with what JSON, forms or base64 hide in it, as one text."""
    body = asked.body.decode()
    if body.startswith("{"):
        return json.dumps(json.loads(body), ensure_ascii=False)
    return " ".join(f"{name}={value}" for name, value in parse_qsl(body)) or body


@every_service
def test_a_mail_goes_where_the_service_takes_it_with_all_that_it_says(slug):
    path, answer = TAKEN[slug]

    result, asked = sent_to(slug, answer)

    assert (asked.method, asked.path) == ("POST", path)
    told = everything_in(asked)
    for part in (EMAIL, "noreply@amazing.co", "Amazing", "The best offer", "Best offer ever"):
        assert part in told
    assert "<p>Best offer ever</p>" in told
    assert "message-id" not in told.lower().replace("gatehouse-message-id", "")
    if slug == "mandrill":
        assert asked.json["key"] == CANARY
    else:
        name, value = CREDENTIALS[slug]
        assert asked.headers[name] == value
    assert result.provider_id if slug in GENERATED else result.provider_id == "id-1"


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug != "mailersend"])
def test_our_id_goes_along(slug):
    _, asked = sent_to(slug, TAKEN[slug][1])

    assert MESSAGE_ID in everything_in(asked)


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug != "mailersend"])
def test_the_option_adds_the_headers_for_one_click_unsubscribing(slug):
    _, asked = sent_to(slug, TAKEN[slug][1], list_unsubscribe=True)

    told = everything_in(asked).lower()
    assert f"{PUBLIC_URL}/callbacks/unsubscribe/" in told
    assert "list-unsubscribe=one-click" in told


def test_a_service_without_headers_of_its_own_does_not_offer_them():
    assert "list_unsubscribe" not in provider_class("mailersend").Config.base_fields


@pytest.mark.parametrize("slug", [slug for slug in SLUGS if slug != "sendgrid"])
@pytest.mark.parametrize("body", ["<html>Sorry</html>", "[1", '"ok"', "[]", "null"])
def test_a_yes_that_cannot_be_read_leaves_the_outcome_unknown(slug, body):
    with pytest.raises(OutcomeUnknown):
        sent_to(slug, Answer(200, body))


@every_service
@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_is_not_followed(slug, status):
    with http_peer() as elsewhere:
        with pytest.raises(GatewayMisconfigured):
            sent_to(slug, Answer(status, headers={"Location": elsewhere.url}))
        assert elsewhere.asked == []


@every_service
def test_a_wait_that_is_asked_for_is_obeyed(slug):
    with pytest.raises(GatewayUnavailable) as refused:
        sent_to(slug, Answer(429, "{}", {"Retry-After": "7"}))

    assert refused.value.retry_after == 7.0


@every_service
def test_a_service_that_is_not_there_blames_the_url(slug):
    with pytest.raises(GatewayMisconfigured):
        sent_to(slug, Answer(404, "{}"))


@pytest.mark.parametrize(
    ("status", "is_permanent"), [("invalid", True), ("rejected", False), ("failed", False)]
)
def test_a_recipient_whom_the_service_refuses_is_a_rejection(status, is_permanent):
    with pytest.raises(MessageRejected) as refused:
        sent_to("mandrill", Answer(200, [{"email": EMAIL, "status": status}]))

    assert refused.value.is_permanent == is_permanent
    assert EMAIL not in f"{refused.value} {refused.value.detail}"


@pytest.mark.parametrize(
    ("slug", "answer", "expected"),
    [
        ("mandrill", Answer(500, {"name": "Invalid_Key", "code": -1}), GatewayMisconfigured),
        ("mandrill", Answer(500, {"name": "ValidationError"}), MessageRejected),
        ("mandrill", Answer(500, {"name": "GeneralError"}), GatewayUnavailable),
        (
            "postal",
            Answer(200, {"status": "error", "data": {"code": "InvalidServerAPIKey"}}),
            GatewayMisconfigured,
        ),
        ("postal", Answer(200, {"status": "parameter-error", "data": {}}), MessageRejected),
    ],
)
def test_what_a_service_says_counts_more_than_its_status(slug, answer, expected):
    with pytest.raises(expected):
        sent_to(slug, answer)


def test_an_empty_port_was_sent_nothing():
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        url = f"http://127.0.0.1:{free.getsockname()[1]}"

    with pytest.raises(GatewayUnavailable):
        at_peer("resend", url).send(message(Channel.EMAIL))


def test_a_server_that_does_not_speak_tls_was_sent_nothing():
    with http_peer() as peer:
        provider = at_peer("resend", peer.url.replace("http:", "https:"))
        with pytest.raises(GatewayUnavailable):
            provider.send(message(Channel.EMAIL))
        provider.close()


def test_a_server_that_hangs_up_after_reading_may_have_taken_it():
    with pytest.raises(OutcomeUnknown):
        sent_to("resend", Answer(hang_up=True))


def test_a_server_that_never_answers_may_have_taken_it(monkeypatch):
    monkeypatch.setattr("gateway_project.lib.requests_door.READ_SECONDS", 0.2)

    with pytest.raises(OutcomeUnknown):
        sent_to("resend", Answer(delay=2))


def test_an_address_inside_the_house_is_not_called(settings):
    with http_peer() as peer:
        provider = at_peer("resend", peer.url)
        settings.EGRESS_ALLOW = []
        with pytest.raises(GatewayMisconfigured, match="GatewayMisconfigured") as refused:
            provider.send(message(Channel.EMAIL))
        provider.close()
    assert "egress" in refused.value.detail
    assert peer.asked == []


def test_a_proxy_of_the_environment_is_not_used(monkeypatch):
    with http_peer() as proxy:
        monkeypatch.setenv("http_proxy", proxy.url)
        monkeypatch.setenv("no_proxy", "")
        sent_to("resend", TAKEN["resend"][1])
        assert proxy.asked == []


def test_a_connection_is_kept_from_one_mail_to_the_next():
    with http_peer(lambda asked: TAKEN["resend"][1]) as peer:
        provider = at_peer("resend", peer.url)
        provider.send(message(Channel.EMAIL))
        session = provider._backend().session
        provider.send(message(Channel.EMAIL))
        assert provider._backend().session is session
        provider.close()
    assert len(peer.asked) == 2


# ---- Webhooks


@pytest.mark.parametrize("slug", BASIC)
def test_a_webhook_shows_the_password_where_there_is_one(slug):
    provider = account(slug, webhook_user="amazing", webhook_password=CANARY)
    shown = base64.b64encode(f"amazing:{CANARY}".encode()).decode()
    request = posted(slug, b"{}")

    provider.verify_webhook(replace(request, headers={"authorization": f"Basic {shown}"}))
    for wrong in ({}, {"authorization": "Basic YTpi"}, {"authorization": shown}):
        with pytest.raises(WebhookRefused) as refused:
            provider.verify_webhook(replace(request, headers=wrong))
        assert CANARY not in str(refused.value)


@pytest.mark.parametrize("slug", BASIC)
def test_a_user_without_a_password_is_refused(slug):
    with pytest.raises(ValidationError):
        validate_config(provider_class(slug), {**CONFIGS[slug], "webhook_user": "amazing"})


@pytest.mark.parametrize("slug", ["postal", "resend", "sendgrid"])
def test_a_key_that_is_none_is_refused_when_it_is_saved(slug):
    with pytest.raises(ValidationError):
        validate_config(provider_class(slug), {**CONFIGS[slug], "webhook_key": "no key"})


@pytest.mark.parametrize("slug", ["mailersend", "mailgun", "mandrill", "mailtrap", "resend"])
def test_without_a_key_the_token_in_the_url_is_all(slug):
    account(slug, webhook_key=None).verify_webhook(posted(slug, b"{}"))


def test_an_account_without_a_key_reads_what_is_reported_to_it():
    body = json.dumps({"type": "email.delivered", "data": {"email_id": "id-1"}}).encode()

    (update,) = account("resend", webhook_key=None).parse_webhook(posted("resend", body))

    assert (update.status, update.provider_id) == (Status.DELIVERED, "id-1")


# ---- Connection checks


@every_service
def test_the_connection_is_checked_without_sending(slug):
    is_empty = provider_class(slug).service.check.is_empty_message
    answer = Answer(422, '{"message": "missing"}') if is_empty else Answer(200, '{"ok": 1}')
    with http_peer(lambda asked: answer) as peer:
        found = at_peer(slug, peer.url).check_connection()

    (asked,) = peer.asked
    assert provider_class(slug).title in found
    assert EMAIL.encode() not in asked.body
    assert asked.body in (b"", b"{}", json.dumps({"key": CANARY}).encode())
    assert asked.method == ("POST" if asked.body else "GET")


@every_service
@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(401, "{}"), GatewayMisconfigured),
        (Answer(404, "{}"), GatewayUnavailable),
        (Answer(405, "{}"), GatewayUnavailable),
        (Answer(200, "<html>Welcome</html>"), (GatewayUnavailable, OutcomeUnknown)),
        (Answer(503, "{}"), GatewayUnavailable),
    ],
    ids=["refused", "no-such-path", "no-such-method", "a-page", "away"],
)
def test_a_check_that_does_not_fit_is_no_success(slug, answer, expected):
    with http_peer(lambda asked: answer) as peer, pytest.raises(expected):
        at_peer(slug, peer.url).check_connection()
