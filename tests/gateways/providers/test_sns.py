"""Messages of Amazon SNS: which are Amazon's, and which subscriptions are confirmed."""

import json
from datetime import UTC, datetime

import pytest
from cryptography.hazmat.primitives.asymmetric import rsa

from gateway_project.lib.http import HttpAnswer, NotSent
from gateways.providers.anymail.sns import MOST_CERTIFICATES, Sns
from gateways.providers.base import WebhookRefused
from tests.gateways.providers.accounts.amazon_ses import (
    CERTIFICATE,
    CERTIFICATE_URL,
    ENVELOPE,
    SUBSCRIBE_URL,
    TOPIC_ARN,
    certificate,
    sign,
)
from tests.gateways.providers.examples import account
from tests.gateways.providers.webhooks import posted

ABOUT = {"Type": "SubscriptionConfirmation", "Token": "t-1", "SubscribeURL": SUBSCRIBE_URL}
HOST = "sns.eu-central-1.amazonaws.com"


class Amazon:
    """The hosts of SNS: answer what they are told, and remember what they were asked."""

    def __init__(self, body: bytes = CERTIFICATE, status: int = 200) -> None:
        self.answer = HttpAnswer(status=status, body=body)
        self.asked: list[str] = []

    def __call__(self, call) -> HttpAnswer:
        self.asked.append(call.url)
        assert call.timeout <= 5.0
        return self.answer


def refused(told, amazon=None, **given) -> WebhookRefused:
    with pytest.raises(WebhookRefused) as refusal:
        Sns(amazon or Amazon()).verify(told, **given)
    return refusal.value


@pytest.mark.parametrize("version", ["1", "2"])
@pytest.mark.parametrize(
    "message",
    [
        {},
        {"Subject": "Amazon SES Email Event Notification"},
        ABOUT,
        ABOUT | {"Type": "UnsubscribeConfirmation"},
    ],
    ids=["notification", "with-a-subject", "subscription", "end-of-one"],
)
def test_what_amazon_signed_is_let_in(version, message):
    Sns(Amazon()).verify(sign(ENVELOPE | {"SignatureVersion": version} | message))


@pytest.mark.parametrize("name", ["Message", "MessageId", "Subject", "Timestamp", "TopicArn"])
def test_a_changed_part_is_noticed(name):
    told = sign(ENVELOPE | {"Subject": "Amazon SES Email Event Notification"})

    refused(told | {name: "another"})
    refused({key: value for key, value in told.items() if key != name})


@pytest.mark.parametrize("name", ["Token", "SubscribeURL", "Type"])
def test_a_changed_part_of_a_subscription_is_noticed(name):
    refused(sign(ENVELOPE | ABOUT) | {name: "Notification"})


def test_a_subject_that_was_added_is_noticed():
    refused(sign(ENVELOPE) | {"Subject": "Hello"})


@pytest.mark.parametrize("version", ["1", "3", "", None, 2.0, []])
def test_a_signature_under_another_version_is_refused(version):
    refused(sign(ENVELOPE) | {"SignatureVersion": version})


@pytest.mark.parametrize("signature", [None, 1, "", "=", "é", "AAAA", ["AAAA"]])
def test_a_signature_that_is_none_is_refused(signature):
    refused(sign(ENVELOPE) | {"Signature": signature})


def test_a_message_that_another_key_signed_is_refused():
    foreign = rsa.generate_private_key(public_exponent=65537, key_size=2048)

    refused(sign(ENVELOPE, foreign))


@pytest.mark.parametrize(
    "url",
    [
        f"http://{HOST}/a.pem",
        "https://sns.eu-central-1.amazonaws.com.evil.example/a.pem",
        "https://evil.example/a.pem",
        f"https://evil.example/{HOST}/a.pem",
        f"https://{HOST}@evil.example/a.pem",
        f"https://user:password@{HOST}/a.pem",
        f"https://evil.example\\@{HOST}/a.pem",
        f"https://{HOST}\\@evil.example/a.pem",
        f"https://{HOST}:8443/a.pem",
        f"https://{HOST}/../a.pem",
        f"https://{HOST}/a/b.pem",
        f"https://{HOST}/a.pem?x=1",
        f"https://{HOST}/a.pem#x",
        f"https://{HOST}/a.pem\n",
        f" https://{HOST}/a.pem",
        f"https://{HOST}/a.txt",
        f"https://evil.{HOST}/a.pem",
        "https://sns.amazonaws.com/a.pem",
        "https://sns.eu-central-1.amazonaws.com.cn.evil.example/a.pem",
        "https://bucket.s3.eu-central-1.amazonaws.com/a.pem",
        "https://snsxeu-central-1.amazonaws.com/a.pem",
        "",
        None,
        7,
    ],
)
def test_a_certificate_from_elsewhere_is_not_even_asked_for(url):
    amazon = Amazon()

    assert refused(sign(ENVELOPE) | {"SigningCertURL": url}, amazon).status == 401
    assert amazon.asked == []


@pytest.mark.parametrize(
    "host", [HOST, "sns.us-gov-west-1.amazonaws.com", "sns.cn-north-1.amazonaws.com.cn"]
)
def test_every_region_has_a_host_of_its_own(host):
    amazon = Amazon()

    Sns(amazon).verify(sign(ENVELOPE | {"SigningCertURL": f"https://{host}/a.pem"}))

    assert amazon.asked == [f"https://{host}/a.pem"]


@pytest.mark.parametrize(
    ("begins", "ends"), [(2020, 2021), (2044, 2045)], ids=["expired", "not-yet-valid"]
)
def test_a_certificate_out_of_its_time_is_refused(begins, ends):
    made = certificate(
        begins=datetime(begins, 1, 1, tzinfo=UTC), ends=datetime(ends, 1, 1, tzinfo=UTC)
    )

    refused(sign(ENVELOPE), Amazon(made))


@pytest.mark.parametrize(
    "amazon", [Amazon(status=500), Amazon(status=404), Amazon(b"<html>Sign in</html>")]
)
def test_a_certificate_that_cannot_be_had_makes_sns_come_again(amazon):
    assert refused(sign(ENVELOPE), amazon).status == 503


def test_a_certificate_that_nobody_hands_out_makes_sns_come_again():
    def nobody(call):
        raise NotSent("no connection")

    assert refused(sign(ENVELOPE), nobody).status == 503


def test_a_certificate_is_fetched_once():
    amazon = Amazon()
    sns = Sns(amazon)

    for _ in range(3):
        sns.verify(sign(ENVELOPE))

    assert amazon.asked == [CERTIFICATE_URL]


def test_of_many_certificates_some_are_kept():
    sns = Sns(Amazon())

    for number in range(3 * MOST_CERTIFICATES):
        sns.verify(sign(ENVELOPE | {"SigningCertURL": f"https://{HOST}/{number}.pem"}))

    assert len(sns._certificates) == MOST_CERTIFICATES


def test_another_topic_is_refused_where_one_is_named():
    Sns(Amazon()).verify(sign(ENVELOPE), topic=TOPIC_ARN)

    amazon = Amazon()
    refused(sign(ENVELOPE | {"TopicArn": f"{TOPIC_ARN}-2"}), amazon, topic=TOPIC_ARN)
    assert amazon.asked == []


def test_without_a_topic_any_is_let_in(monkeypatch):
    request = posted("amazon_ses", json.dumps({"TopicArn": f"{TOPIC_ARN}-2"}).encode())

    account("amazon_ses", topic_arn=None).verify_webhook(request)
    with pytest.raises(WebhookRefused):
        account("amazon_ses").verify_webhook(request)


@pytest.mark.parametrize("body", [b"", b"[]", b"[1", b"null", b'"text"', b"[" * 100_000])
def test_what_is_no_message_at_all_is_refused(body):
    with pytest.raises(WebhookRefused):
        account("amazon_ses").verify_webhook(posted("amazon_ses", body))


def test_a_list_of_messages_is_refused_even_where_each_is_signed():
    with pytest.raises(WebhookRefused):
        account("amazon_ses").verify_webhook(
            posted("amazon_ses", json.dumps([sign(ENVELOPE)]).encode())
        )


# ---- Subscriptions


@pytest.fixture
def provider(monkeypatch):
    """An account whose Amazon remembers what it was asked."""
    amazon = Amazon()
    made = account("amazon_ses")
    monkeypatch.setattr(type(made), "sns", Sns(amazon))
    made.amazon = amazon
    return made


def test_a_subscription_is_confirmed_once_it_is_proved(provider):
    provider.verify_webhook(posted("amazon_ses", json.dumps(ABOUT).encode()))

    assert provider.amazon.asked == [CERTIFICATE_URL, SUBSCRIBE_URL]


def test_a_forged_subscription_is_not_confirmed(provider):
    request = posted("amazon_ses", json.dumps(ABOUT | {"Token": "t-1"}).encode())
    forged = json.loads(request.body) | {"Token": "t-2"}

    with pytest.raises(WebhookRefused):
        provider.verify_webhook(
            type(request)(method="POST", url="", body=json.dumps(forged).encode())
        )

    assert SUBSCRIBE_URL not in provider.amazon.asked


@pytest.mark.parametrize("kind", ["Notification", "UnsubscribeConfirmation"])
def test_nothing_else_makes_the_gateway_subscribe(provider, kind):
    provider.verify_webhook(posted("amazon_ses", json.dumps(ABOUT | {"Type": kind}).encode()))

    assert provider.amazon.asked == [CERTIFICATE_URL]


@pytest.mark.parametrize(
    "url",
    [
        SUBSCRIBE_URL.replace("https:", "http:"),
        SUBSCRIBE_URL.replace("amazonaws.com/", "amazonaws.com.evil.example/"),
        SUBSCRIBE_URL.replace("https://", "https://evil.example\\@"),
        SUBSCRIBE_URL.replace("https://", "https://user@"),
        SUBSCRIBE_URL.replace("ConfirmSubscription", "DeleteTopic"),
        SUBSCRIBE_URL.replace("/?", "/elsewhere?"),
        "https://evil.example/",
    ],
)
def test_a_yes_goes_to_amazon_only_even_where_the_message_is_signed(provider, url):
    with pytest.raises(WebhookRefused):
        provider.verify_webhook(
            posted("amazon_ses", json.dumps(ABOUT | {"SubscribeURL": url}).encode())
        )

    assert provider.amazon.asked == [CERTIFICATE_URL]


def test_a_yes_that_does_not_arrive_makes_sns_come_again(monkeypatch):
    sns = Sns(Amazon(status=500))

    with pytest.raises(WebhookRefused) as refusal:
        sns.confirm(ABOUT)

    assert refusal.value.status == 503


def test_reading_alone_confirms_nothing(provider):
    request = posted("amazon_ses", json.dumps(ABOUT).encode())

    assert provider.parse_webhook(request) == []
    assert provider.amazon.asked == []
