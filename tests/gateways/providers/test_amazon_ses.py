"""Amazon SES: what boto3 does at the guarded door, and what its errors mean.

What is sent stands in the exchanges; what a simulated Amazon makes of it, among the webhooks.
"""

import pytest
from django.core.exceptions import ValidationError

from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    MessageRejected,
    OutcomeUnknown,
)
from gateways.providers.registry import build, provider_class, validate_config
from tests.gateways.providers.canaries import PUBLIC_URL
from tests.gateways.providers.examples import CONFIGS, at, message
from tests.peers import Answer, http_peer

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


def test_without_a_configuration_set_none_is_named():
    _, asked = sent_to(TAKEN)

    assert "ConfigurationSetName" not in asked.json


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
