"""Amazon SES from the mail to its reports, with a simulated Amazon on both ends."""

import json

import pytest
from django.test import Client

from gateway_project.lib.draining import run
from gateway_project.lib.vocabulary import Channel
from gateways.models import Gateway
from gateways.providers.anymail.amazon_ses import AmazonSes
from gateways.providers.anymail.sns import Sns
from messages_app.models import InboxEntry, Message, SendAttempt, State, StatusEvent
from tests.amazon import Amazon, simulated_amazon
from tests.factories import EndUserFactory, GatewayFactory, MessageFactory
from tests.gateways.providers.accounts.amazon_ses import ENVELOPE, SUBSCRIBE_URL, TOPIC_ARN, sign
from tests.gateways.providers.accounts.amazon_ses import at_amazon as of_certificates
from tests.gateways.providers.canaries import EMAIL, MESSAGE_ID
from tests.gateways.providers.webhooks import RECORDED

pytestmark = pytest.mark.django_db(transaction=True)
TOPIC = TOPIC_ARN.rpartition(":")[2]


@pytest.fixture
def amazon():
    with simulated_amazon() as amazon:
        amazon.mails.verify_domain("amazing.co")
        yield amazon


@pytest.fixture
def gateway(amazon):
    return GatewayFactory(
        channel=Channel.EMAIL,
        provider="amazon_ses",
        config=amazon.account | {"topic_arn": TOPIC_ARN},
        from_default="Amazing <noreply@amazing.co>",
    )


def sent_through(gateway: Gateway) -> Message:
    message = MessageFactory(
        label=gateway.label,
        gateway=gateway,
        channel=Channel.EMAIL,
        end_user=EndUserFactory(label=gateway.label, email=EMAIL),
        content={"body": "Best offer ever", "subject": "The best offer"},
    )
    assert run("send", str(gateway.pk), linger=0) == 1
    message.refresh_from_db()
    return message


def event(name: str, message: Message) -> str:
    """A recorded event of SES, as if it were about this message."""
    told = json.loads((RECORDED / "amazon_ses" / f"{name}.json").read_text())["payload"]["Message"]
    provider_id = SendAttempt.objects.get(message=message).provider_id
    about = json.loads(told)["mail"]["messageId"]
    return told.replace(MESSAGE_ID, str(message.pk)).replace(about, provider_id)


def statuses() -> list[str]:
    return list(StatusEvent.objects.order_by("pk").values_list("status", flat=True))


def webhook(gateway: Gateway) -> str:
    return f"/callbacks/webhooks/{gateway.token.reveal()}"


def test_what_amazon_took_and_tells_by_its_topic_is_recorded(
    amazon, gateway, live_server, monkeypatch
):
    """moto signs what it publishes, by a certificate that is fetched from its own host."""
    monkeypatch.setattr(AmazonSes, "sns", Sns(amazon.perform))
    topic = amazon.topics.create_topic(TOPIC)
    amazon.topics.subscribe(topic.arn, live_server.url + webhook(gateway), "http")
    message = sent_through(gateway)

    for name in ("send", "delivery", "open", "click", "complaint"):
        amazon.topics.publish(event(name, message), arn=topic.arn)

    (mail,) = amazon.mails.sent_messages
    assert SendAttempt.objects.get().provider_id == mail.id
    assert statuses() == ["accepted", "delivered", "opened", "clicked", "complained"]
    assert not InboxEntry.objects.exists()


def test_what_another_wrote_into_a_message_of_amazon_s_is_not_recorded(
    amazon, gateway, client, monkeypatch
):
    monkeypatch.setattr(AmazonSes, "sns", Sns(amazon.perform))
    topic = amazon.topics.create_topic(TOPIC)
    subscribed = amazon.topics.subscribe(topic.arn, "http://127.0.0.1:9", "http")
    message = sent_through(gateway)
    told = subscribed.get_post_data(event("delivery", message), "id-1", None)
    forged = told | {"Message": event("complaint", message)}

    assert posted(client, gateway, forged) == 401
    assert posted(client, gateway, told) == 200

    assert statuses() == ["accepted", "delivered"]


def test_a_subscription_is_confirmed_at_amazon_and_asked_for_again_where_that_fails(
    amazon, gateway, client, monkeypatch
):
    def perform(call):
        return (of_certificates if call.url.endswith(".pem") else amazon.perform)(call)

    monkeypatch.setattr(AmazonSes, "sns", Sns(perform))
    about = {"Type": "SubscriptionConfirmation", "Token": "t-1", "SubscribeURL": SUBSCRIBE_URL}
    told = sign(ENVELOPE | about)

    assert posted(client, gateway, told) == 503
    amazon.topics.create_topic(TOPIC)
    assert posted(client, gateway, told) == 200


def posted(client: Client, gateway: Gateway, told: dict[str, str]) -> int:
    answer = client.post(webhook(gateway), json.dumps(told), content_type="text/plain")
    return answer.status_code


@pytest.mark.parametrize(
    ("changes", "allowed"),
    [
        ({"secret_access_key": "another"}, ("ses:*",)),
        ({"access_key_id": "AKIAANOTHER"}, ("ses:*",)),
        ({}, ("ses:GetAccount",)),
    ],
    ids=["wrong-secret", "unknown-key", "not-allowed"],
)
def test_a_key_that_amazon_refuses_pauses_the_gateway(amazon, gateway, changes, allowed):
    amazon.allow(*allowed)
    gateway.config = amazon.account | changes
    gateway.save()

    message = sent_through(gateway)

    gateway.refresh_from_db()
    assert (message.state, gateway.is_paused) == (State.QUEUED, True)
    assert amazon.mails.sent_messages == []


def test_an_identity_that_is_not_verified_sends_nothing(amazon: Amazon, gateway):
    """moto refuses it in words of its own; those of Amazon stand among the tests of refusals."""
    gateway.from_default = "Amazing <noreply@other.example>"
    gateway.save()

    message = sent_through(gateway)

    assert message.state == State.REJECTED
    assert amazon.mails.sent_messages == []
