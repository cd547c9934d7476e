"""The services of django-anymail: what answers come to, what is proved.

What they are sent stands in the exchanges.
"""

import base64
import hmac
import json
import socket
import time
from dataclasses import replace
from datetime import UTC, datetime, timedelta

import pytest
import time_machine
from django.core.exceptions import ValidationError

from gateway_project.lib.vocabulary import Channel
from gateways.providers.anymail.family import PROVIDERS
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
    WebhookRefused,
)
from gateways.providers.registry import build, provider_class, validate_config
from tests.gateways.providers.canaries import CANARY, EMAIL, PUBLIC_URL, WEBHOOK_URL
from tests.gateways.providers.examples import CONFIGS, account, at, message
from tests.gateways.providers.exchanges import exchange
from tests.gateways.providers.webhooks import first_samples, posted, recorded
from tests.peers import Answer, http_peer

SLUGS = [cls.slug for cls in PROVIDERS]
every_service = pytest.mark.parametrize("slug", SLUGS)
OF_MAILGUN = [sample for sample in recorded() if sample.slug == "mailgun"]
BASIC = ("brevo", "mailjet", "postmark", "sparkpost")

TAKEN = exchange("resend", "email").answer


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


@pytest.mark.parametrize("slug", [*SLUGS, "amazon_ses"])
def test_the_mail_of_its_exchange_has_all_that_a_mail_can_have(slug):
    """Of what is sent nothing is left out: the exchange itself asserts that it arrives."""
    told = str(exchange(slug, "email").request)
    offers_headers = "list_unsubscribe" in provider_class(slug).Config.base_fields

    for part in ("Amazing", "The best offer", "<p>Best offer ever</p>", "help@amazing.co", "Help"):
        assert part in told
    assert ("List-Unsubscribe=One-Click" in told) == offers_headers


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
        sent_to("resend", TAKEN)
        assert proxy.asked == []


def test_a_connection_is_kept_from_one_mail_to_the_next():
    with http_peer(lambda asked: TAKEN) as peer:
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


@pytest.mark.parametrize(
    "slug", [s for s in SLUGS if "webhook_key" in provider_class(s).Config.base_fields]
)
def test_without_a_key_the_token_in_the_url_is_all(slug):
    provider, sample = account(slug, webhook_key=None), first_samples()[slug]

    provider.verify_webhook(sample.posted())
    read = [sample.comparable(update) for update in provider.parse_webhook(sample.posted())]
    assert read == sample.expected


@pytest.mark.parametrize("end", ["", "/", "/?from=mandrill"])
def test_of_mandrill_the_url_is_signed_in_the_way_in_which_it_was_typed_in(end):
    provider, sample = account("mandrill"), first_samples()["mandrill"]

    provider.verify_webhook(sample.posted(url=WEBHOOK_URL + end))
    with pytest.raises(WebhookRefused):
        provider.verify_webhook(
            replace(sample.posted(url=WEBHOOK_URL + end), url=WEBHOOK_URL + "x")
        )


@pytest.mark.parametrize("name", ["timestamp", "token"])
def test_of_mailgun_the_time_and_the_token_are_what_is_signed(name):
    provider, request = account("mailgun"), first_samples()["mailgun"].posted()
    told = json.loads(request.body)
    told["signature"][name] += "0"

    with pytest.raises(WebhookRefused):
        provider.verify_webhook(replace(request, body=json.dumps(told).encode()))


@pytest.mark.parametrize("sample", OF_MAILGUN, ids=lambda sample: sample.name)
@pytest.mark.parametrize("later", [timedelta(days=1, minutes=1), -timedelta(days=1, minutes=1)])
def test_of_mailgun_a_signature_is_good_for_a_day(sample, later):
    provider, request = account("mailgun"), sample.posted()

    provider.verify_webhook(request)
    with time_machine.travel(datetime.now(UTC) + later), pytest.raises(WebhookRefused):
        provider.verify_webhook(request)


@pytest.mark.parametrize("moment", ["", "soon", "nan", "inf", [], {}])
def test_of_mailgun_a_signature_of_no_time_is_refused(moment):
    provider, request = account("mailgun"), first_samples()["mailgun"].posted()
    about = {"timestamp": moment, "token": "t"}
    signature = hmac.new(CANARY.encode(), f"{moment}t".encode(), "sha256").hexdigest()
    told = json.loads(request.body) | {"signature": about | {"signature": signature}}
    told |= {"timestamp": str(time.time())}

    with pytest.raises(WebhookRefused):
        provider.verify_webhook(replace(request, body=json.dumps(told).encode()))


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
