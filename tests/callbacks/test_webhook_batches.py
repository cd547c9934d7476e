"""Webhooks as they come on a bad day: a hundred reports at once, the later first, and all twice."""

import json
from collections import Counter
from collections.abc import Sequence
from dataclasses import replace
from typing import Any
from urllib.parse import parse_qsl, urlencode

import pytest
from django.conf import settings
from django.test import Client

from callbacks.models import CallbackDelivery
from gateway_project.lib.vocabulary import Status
from gateways.models import Gateway
from gateways.providers.registry import provider_class
from messages_app.models import InboxEntry, SendAttempt, StatusEvent
from tests.factories import GatewayFactory, MessageFactory, timezone
from tests.gateways.providers.examples import CONFIGS
from tests.gateways.providers.webhooks import Sample, arrive, recorded

pytestmark = pytest.mark.django_db

LATER_FIRST = (Status.OPENED, Status.DELIVERED)
NAMES = ("message_id", "provider_id")
SAMPLES = {
    (sample.slug, sample.expected[0]["status"]): sample
    for sample in reversed(recorded())
    if len(sample.expected) == 1
    and any(name in sample.expected[0] for name in NAMES)
    and not sample.expected[0].get("is_machine")
}
"""By provider and status, a webhook with one report that names its message by an id."""
LISTS = (
    *("brevo", "mailjet", "mailtrap", "mandrill", "sendgrid", "sparkpost", "unisender_go"),
    *("esputnik", "infobip", "meta_whatsapp", "vonage", "webex_connect"),
)
"""Those that may report in lists."""
SINGLY = ("amazon_ses", "mailersend", "mailgun", "postal", "postmark", "resend", "twilio")
UNMISTAKABLE = 8
"""So long is an id that is nothing else by chance."""
EVERY_STATUS_AT_ONCE = {"custom_im_http", "http_api", "sandbox"}
"""Whose recorded webhooks are batches themselves."""


@pytest.mark.parametrize("slug", LISTS)
def test_a_hundred_reports_at_once_are_each_applied_once(slug, client):
    gateway = gateway_of(slug)
    messages = [tried(gateway, number) for number in range(25)]
    told = [about(slug, status, each) for status in LATER_FIRST for each in messages]

    for _ in range(2):
        assert post(client, gateway, merged([*told, *told])) == 200

    learnt = StatusEvent.objects.values_list("message_id", "status")
    expected = {(each.message_id, status) for status in LATER_FIRST for each in messages}
    assert Counter(learnt) == Counter(expected)
    owed = list(CallbackDelivery.objects.values_list("message_id", "status"))
    assert len(owed) == len(set(owed))
    assert not InboxEntry.objects.exists()


@pytest.mark.parametrize("slug", SINGLY)
def test_reports_that_come_twice_and_the_later_first_are_each_applied_once(slug, client):
    gateway = gateway_of(slug)
    message = tried(gateway, 1)

    for status in LATER_FIRST * 2:
        assert post(client, gateway, about(slug, status, message)) == 200

    assert sorted(StatusEvent.objects.values_list("status", flat=True)) == sorted(LATER_FIRST)
    assert not InboxEntry.objects.exists()


def test_every_provider_with_webhooks_is_tried():
    assert {*LISTS, *SINGLY} | EVERY_STATUS_AT_ONCE == {sample.slug for sample in recorded()}


def gateway_of(slug: str) -> Gateway:
    channel = provider_class(slug).channels[0]
    return GatewayFactory(channel=channel, provider=slug, config=CONFIGS[slug])


def tried(gateway: Gateway, number: int) -> SendAttempt:
    """A message that went through the gateway."""
    message = MessageFactory(
        label=gateway.label, gateway=gateway, channel=gateway.channel, attempts=1
    )
    return SendAttempt.objects.create(
        message=message,
        gateway=gateway,
        number=1,
        outcome="accepted",
        provider_id=f"7700{number:04d}",
        started_at=timezone.now(),
        finished_at=timezone.now(),
    )


def about(slug: str, status: Status, attempt: SendAttempt) -> Sample:
    """The recorded report of that status as it would be about this message."""
    sample = SAMPLES[slug, status]
    (told,) = sample.expected
    name = next(name for name in NAMES if name in told)
    old, new = told[name], str(getattr(attempt, name))
    query = {key: new if value == old else value for key, value in sample.query.items()}
    return replace(sample, body=written(sample, renamed(document(sample), old, new)), query=query)


def document(sample: Sample) -> Any:
    text = sample.body.decode()
    return dict(parse_qsl(text)) if sample.kind == "form" else json.loads(text)


def written(sample: Sample, told: Any) -> bytes:
    return (urlencode(told) if sample.kind == "form" else json.dumps(told)).encode()


def renamed(told: Any, old: str, new: str) -> Any:
    """The document with the new id in place of the old one, also in documents within texts."""
    if isinstance(told, dict):
        return {name: renamed(each, old, new) for name, each in told.items()}
    if isinstance(told, list):
        return [renamed(each, old, new) for each in told]
    if str(told) == old:
        return type(told)(new)
    is_within = isinstance(told, str) and len(old) >= UNMISTAKABLE
    return told.replace(old, new) if is_within else told


def merged(samples: Sequence[Sample]) -> Sample:
    """One webhook that tells what all of them do."""
    told = [document(sample) for sample in samples]
    return replace(samples[0], body=written(samples[0], joined(told)))


def joined(told: Sequence[Any]) -> Any:
    """Lists become one list, wherever they stand; what stands in none makes a list of its own."""
    first = told[0]
    if isinstance(first, list):
        return [each for one in told for each in one]
    for name, value in first.items():
        if isinstance(value, list):
            return first | {name: joined([one[name] for one in told])}
        if name == "mandrill_events":
            return {name: json.dumps(joined([json.loads(one[name]) for one in told]))}
    return list(told)


def post(client: Client, gateway: Gateway, sample: Sample) -> int:
    url = f"{settings.PUBLIC_URL}/callbacks/webhooks/{gateway.token.reveal()}"
    return arrive(client, sample.posted(url=url)).status_code
