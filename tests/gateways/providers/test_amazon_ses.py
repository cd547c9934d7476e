"""Amazon SES: what boto3 sends through the guarded door, and what its errors mean."""

import base64
import json
import re
from email import message_from_bytes, policy

import pytest
from botocore.awsrequest import AWSPreparedRequest
from botocore.compat import HTTPHeaders
from django.core.exceptions import ValidationError
from moto.core.botocore_stubber import BotocoreStubber
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.ses.models import ses_backends

from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
)
from gateways.providers.registry import build, provider_class, validate_config
from tests.gateways.providers.canaries import CANARY, EMAIL, MESSAGE_ID, PUBLIC_URL
from tests.gateways.providers.examples import CONFIGS, at, message
from tests.peers import Answer, Asked, http_peer

SLUG = "amazon_ses"
TAKEN = Answer(200, {"MessageId": "id-1"})
AMAZON = "https://email.eu-central-1.amazonaws.com"


def at_peer(url: str, **changes):
    return build(SLUG, at(SLUG, url) | changes, public_url=PUBLIC_URL)


def sent_to(answer: Answer, **changes):
    with http_peer(lambda asked: answer) as peer:
        provider = at_peer(peer.url, **changes)
        try:
            result = provider.send(message(Channel.EMAIL))
        finally:
            provider.close()
    (asked,) = peer.asked
    return result, asked


def mail_in(asked: Asked):
    raw = base64.b64decode(asked.json["Content"]["Raw"]["Data"])
    return message_from_bytes(raw, policy=policy.default)


def test_a_mail_is_posted_whole_and_signed_for_the_region():
    result, asked = sent_to(TAKEN, configuration_set="gatehouse")

    assert (asked.method, asked.path) == ("POST", "/v2/email/outbound-emails")
    assert {name: value for name, value in asked.json.items() if name != "Content"} == {
        "Destination": {"ToAddresses": [EMAIL]},
        "ConfigurationSetName": "gatehouse",
    }
    assert re.match(
        r"AWS4-HMAC-SHA256 Credential=AKIAEXAMPLE/\d{8}/eu-central-1/ses/aws4_request, ",
        asked.headers["authorization"],
    )
    assert CANARY not in str(asked.headers)
    mail = mail_in(asked)
    assert (mail["From"], mail["To"]) == ("Amazing <noreply@amazing.co>", EMAIL)
    assert mail["Subject"] == "The best offer"
    assert mail["X-Gatehouse-Message-Id"] == MESSAGE_ID
    assert json.loads(mail["X-Metadata"]) == {"gatehouse_id": MESSAGE_ID}
    assert mail.get_body(("plain",)).get_content().strip() == "Best offer ever"
    assert mail.get_body(("html",)).get_content().strip() == "<p>Best offer ever</p>"
    assert result.provider_id == "id-1"


def test_without_a_configuration_set_none_is_named():
    _, asked = sent_to(TAKEN)

    assert "ConfigurationSetName" not in asked.json


def test_the_option_adds_the_headers_for_one_click_unsubscribing():
    _, asked = sent_to(TAKEN, list_unsubscribe=True)

    mail = mail_in(asked)
    assert mail["List-Unsubscribe"].strip().startswith(f"<{PUBLIC_URL}/callbacks/unsubscribe/")
    assert mail["List-Unsubscribe-Post"].strip() == "List-Unsubscribe=One-Click"


def by_moto(asked: Asked) -> Answer:
    """What moto's Amazon makes of the request, as it came over the wire."""
    headers = HTTPHeaders()
    for name, value in asked.headers.items():
        headers[name] = value
    request = AWSPreparedRequest(asked.method, AMAZON + asked.path, headers, asked.body, False)
    status, answered, body = BotocoreStubber().process_request(request)
    kept = {name: value for name, value in answered.items() if name.lower() != "content-length"}
    return Answer(status, body, kept)


@pytest.fixture
def amazon():
    """moto's SES in the region, with our domain verified; it forgets all at the end."""
    backend = ses_backends[DEFAULT_ACCOUNT_ID]["eu-central-1"]
    backend.verify_domain("amazing.co")
    yield backend
    ses_backends.reset()


def test_what_is_sent_is_what_a_simulated_amazon_takes(amazon):
    with http_peer(by_moto) as peer:
        provider = at_peer(peer.url)
        result = provider.send(message(Channel.EMAIL))
        provider.close()

    (sent,) = amazon.sent_messages
    assert result.provider_id == sent.id
    assert "Best offer ever" in sent.raw_data


def test_the_refusal_of_a_simulated_amazon_is_read():
    """Its words for an unverified sender are not those of the real one: they name no identity."""
    with http_peer(by_moto) as peer:
        provider = at_peer(peer.url)
        with pytest.raises(MessageRejected):
            provider.send(message(Channel.EMAIL))
        provider.close()


def refusal(status: int, code: str, words: str = "Sorry") -> Answer:
    return Answer(status, {"message": words}, {"x-amzn-ErrorType": code})


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (refusal(400, "AccountSuspendedException"), GatewayMisconfigured),
        (refusal(400, "BadRequestException"), MessageRejected),
        (refusal(400, "LimitExceededException"), GatewayUnavailable),
        (refusal(400, "MailFromDomainNotVerifiedException"), GatewayMisconfigured),
        (refusal(400, "MessageRejected", "Email address is not verified."), GatewayMisconfigured),
        (refusal(400, "MessageRejected", "Address blacklisted"), MessageRejected),
        (refusal(404, "NotFoundException"), GatewayMisconfigured),
        (refusal(400, "SendingPausedException"), GatewayMisconfigured),
        (refusal(400, "ThrottlingException"), GatewayUnavailable),
        (refusal(429, "TooManyRequestsException"), GatewayUnavailable),
        (refusal(403, "InvalidSignatureException"), GatewayMisconfigured),
        (refusal(403, "RequestExpired"), GatewayUnavailable),
        (refusal(500, "InternalFailure"), GatewayUnavailable),
        (refusal(400, "SomethingNew"), MessageRejected),
        (Answer(404, "{}"), GatewayMisconfigured),
        (Answer(503, "<html>"), GatewayUnavailable),
        (Answer(500, "[]"), GatewayUnavailable),
        (Answer(504, ""), OutcomeUnknown),
    ],
)
def test_a_refusal_means_what_its_code_says_else_what_its_status_says(answer, expected):
    with pytest.raises(expected) as refused:
        sent_to(answer)

    assert type(refused.value) is expected


@pytest.mark.parametrize("code", ["ThrottlingException", "TooManyRequestsException"])
def test_a_throttle_is_told_from_a_fault(code):
    with pytest.raises(GatewayUnavailable) as refused:
        sent_to(refusal(400, code))

    assert refused.value.is_throttle


@pytest.mark.parametrize("status", [302, 307])
def test_a_redirect_is_not_followed(status):
    with http_peer() as elsewhere:
        with pytest.raises(GatewayMisconfigured):
            sent_to(Answer(status, headers={"Location": elsewhere.url}))
        assert elsewhere.asked == []


@pytest.mark.parametrize("body", ["", "<html>Hello</html>", "[1", '"ok"', "[]", "null", "{}"])
def test_a_yes_that_cannot_be_read_leaves_the_outcome_unknown(body):
    with pytest.raises(OutcomeUnknown):
        sent_to(Answer(200, body))


def test_a_failure_is_not_tried_again():
    with http_peer(lambda asked: Answer(500, "{}")) as peer:
        with pytest.raises(GatewayUnavailable):
            at_peer(peer.url).send(message(Channel.EMAIL))
        assert len(peer.asked) == 1


def test_an_address_inside_the_house_is_not_called(settings):
    with http_peer() as peer:
        settings.EGRESS_ALLOW = []
        with pytest.raises(GatewayMisconfigured) as refused:
            at_peer(peer.url).send(message(Channel.EMAIL))
    assert "egress" in refused.value.detail
    assert peer.asked == []


def test_nothing_of_the_machine_s_own_set_up_counts(monkeypatch, tmp_path):
    (tmp_path / "config").write_text("[default]\nregion = us-west-2\nretry_mode = broken\n")
    with http_peer() as foreign:
        for name, value in {
            "AWS_ACCESS_KEY_ID": "AKIAFOREIGN",
            "AWS_SECRET_ACCESS_KEY": "foreign",
            "AWS_SESSION_TOKEN": "foreign",
            "AWS_PROFILE": "foreign",
            "AWS_DEFAULT_REGION": "us-west-2",
            "AWS_CONFIG_FILE": str(tmp_path / "config"),
            "AWS_ENDPOINT_URL": foreign.url,
            "AWS_ENDPOINT_URL_SESV2": foreign.url,
            "AWS_CA_BUNDLE": "/nowhere",
            "http_proxy": foreign.url,
            "no_proxy": "",
        }.items():
            monkeypatch.setenv(name, value)
        _, asked = sent_to(TAKEN)
        assert foreign.asked == []

    assert "AKIAEXAMPLE" in asked.headers["authorization"]
    assert "eu-central-1" in asked.headers["authorization"]
    assert "x-amz-security-token" not in asked.headers


def test_without_an_api_url_the_region_s_own_host_is_called():
    provider = build(SLUG, CONFIGS[SLUG])
    backend = provider._backend()

    assert backend.client.meta.endpoint_url == AMAZON
    provider.close()


def test_a_connection_is_kept_from_one_mail_to_the_next():
    ports = set()
    with http_peer(lambda asked: TAKEN) as peer:
        handler = peer.server.RequestHandlerClass
        answered = handler.answer

        def noted(self):
            ports.add(self.client_address[1])
            answered(self)

        handler.do_POST = noted
        provider = at_peer(peer.url)
        provider.send(message(Channel.EMAIL))
        provider.send(message(Channel.EMAIL))
        provider.close()
    assert len(ports) == 1


@pytest.mark.parametrize(
    "region",
    ["", "eu", "eu-central-1.evil.example", "eu-central-1/", "EU-west-1"],
)
def test_a_region_that_is_none_is_refused(region):
    with pytest.raises(ValidationError):
        validate_config(provider_class(SLUG), {**CONFIGS[SLUG], "region": region})


@pytest.mark.parametrize(
    ("told", "expected"),
    [
        ({"SendingEnabled": True, "ProductionAccessEnabled": True}, "may send"),
        ({"SendingEnabled": True, "ProductionAccessEnabled": False}, "sandbox"),
    ],
)
def test_the_connection_is_checked_by_asking_for_the_account(told, expected):
    with http_peer(lambda asked: Answer(200, told)) as peer:
        found = at_peer(peer.url).check_connection()

    (asked,) = peer.asked
    assert (asked.method, asked.path, asked.body) == ("GET", "/v2/email/account", b"")
    assert expected in found


@pytest.mark.parametrize(
    ("answer", "expected"),
    [
        (Answer(200, {"SendingEnabled": False}), GatewayMisconfigured),
        (refusal(403, "UnrecognizedClientException"), GatewayMisconfigured),
        (Answer(200, "<html>Welcome</html>"), (GatewayUnavailable, OutcomeUnknown)),
        (Answer(503, ""), GatewayUnavailable),
        (Answer(hang_up=True), GatewayUnavailable),
    ],
    ids=["switched-off", "refused", "a-page", "away", "hangs-up"],
)
def test_a_check_that_does_not_fit_is_no_success(answer, expected):
    with http_peer(lambda asked: answer) as peer, pytest.raises(expected):
        at_peer(peer.url).check_connection()
