"""Webhooks that no provider would send, to every provider that is registered."""

import json
from copy import deepcopy

import pytest
from django.conf import settings
from django.core.exceptions import TooManyFieldsSent
from django.utils import timezone

from callbacks import receiving
from callbacks.api.webhooks import BODY_LIMIT
from gateway_project.lib.vocabulary import Status
from gateways import configuration
from gateways.providers.base import StatusUpdate, WebhookRequest
from gateways.providers.registry import provider_classes
from gateways.providers.values import MOST_VALUES
from messages_app.models import InboxEntry, StatusEvent, Wait
from messages_app.reports import apply_to_gateway
from messages_app.unreadable import FAULTS
from tests.factories import GatewayFactory, MessageFactory
from tests.gateways.providers.canaries import EMAIL, WEBHOOK_URL
from tests.gateways.providers.examples import CONFIGS, account
from tests.gateways.providers.webhooks import arrive, posted, recorded

pytestmark = pytest.mark.django_db

SLUGS = [slug for slug, cls in provider_classes().items() if cls.sends_webhooks()]
TELLING = {
    sample.slug: sample
    for sample in recorded()
    if sample.kind == "payload" and any(told["status"] == "delivered" for told in sample.expected)
}
JSON, FORM = "application/json", "application/x-www-form-urlencoded"
PART = b'--b\r\nContent-Disposition: form-data; name="a"\r\n\r\n1\r\n'
BODIES = {
    "nothing": (JSON, b""),
    "a bare number": (JSON, b"1e999"),
    "a number without end": (JSON, b"9" * 5000),
    "nested without end": (JSON, b"[0," * 100_000),
    "another encoding": (JSON, '{"a": 1}'.encode("utf-16")),
    "far too many items": (JSON, b"[" + b"0," * MOST_VALUES * 2 + b"0]"),
    "far too many empty lists": (JSON, b"[" + b"[]" * MOST_VALUES + b"]"),
    "as many values as are read": (JSON, b"[" + b"{}," * (MOST_VALUES // 2 - 1) + b"{}]"),
    "as large as is taken": (JSON, json.dumps(["\\" * (BODY_LIMIT // 2 - 1_000)]).encode()),
    "far too many reports in one": (JSON, b'{"results": [' + b"0," * (MOST_VALUES - 9) + b"0]}"),
    "items that cannot be read": (JSON, b"[" + b"{}," * 150 + b"{}]"),
    "far too many events": (JSON, b'{"events": [' + b"0," * 20_000 + b"0]}"),
    "a batch in a big wrapper": (
        JSON,
        json.dumps({"around": "x" * 500_000, "events": [0] * 1000}).encode(),
    ),
    "an unknown form": (f"{FORM}; charset=utf-16", b"a=1"),
    "far too many fields": (FORM, b"a=1&" * 5000),
    "a form that holds no event": (FORM, b"mandrill_events=[0,0,0]"),
    "parts without a boundary": ("multipart/form-data", b"x"),
    "parts of no encoding": ("multipart/form-data; boundary=b; charset=none", PART + b"--b--"),
    "far too many parts": ("multipart/form-data; boundary=b", PART * 2000 + b"--b--"),
    "a part that is no base64": (
        "multipart/form-data; boundary=b",
        PART.replace(b"\r\n\r\n", b"\r\nContent-Transfer-Encoding: base64\r\n\r\n!") + b"--b--",
    ),
}
NO_TIMES = (
    *("0001-01-01T00:00:00+23:59", "9999-12-31T23:59:59-23:59", "1970-01-01T00:00:00Z"),
    *(-(2**63), 2**63, 253_402_300_799, "253402300799000", float("nan"), "9" * 4000),
)


def gateway_of(slug):
    cls = provider_classes()[slug]
    return GatewayFactory(channel=cls.channels[0], provider=slug, config=CONFIGS[slug])


def signed(slug, body, kind, url):
    """The request as the provider would sign it; none where nobody could."""
    try:
        return [posted(slug, body, headers={"content-type": kind}, url=url)]
    except (*FAULTS, TooManyFieldsSent):
        return []


@pytest.mark.parametrize("name", BODIES)
@pytest.mark.parametrize("slug", SLUGS)
def test_a_body_of_any_kind_is_answered_and_fills_nothing(slug, name, client):
    gateway = gateway_of(slug)
    kind, body = BODIES[name]
    url = f"{settings.PUBLIC_URL}/callbacks/webhooks/{gateway.token.reveal()}"
    unsigned = WebhookRequest(method="POST", url=url, headers={"content-type": kind}, body=body)
    requests = [unsigned, *signed(slug, body, kind, url)]

    for request in requests:
        assert arrive(client, request).status_code in (200, 400, 401, 503)

    assert InboxEntry.objects.count() <= receiving.MOST_UNREAD + len(requests)


@pytest.mark.parametrize("slug", list(TELLING))
def test_a_time_that_cannot_be_is_read_as_none_or_not_at_all(slug):
    sample, provider = TELLING[slug], account(slug)
    gateway = gateway_of(slug)
    read = []

    for told in with_each_member_replaced(json.loads(sample.body)):
        body = json.dumps(told).encode()
        headers = {"content-type": JSON, **sample.headers}
        request = WebhookRequest(
            method="POST", url=WEBHOOK_URL, headers=headers, query=sample.query, body=body
        )
        try:
            read += provider.parse_webhook(request)
        except FAULTS:
            continue

    apply_to_gateway(configuration.current().gateways[gateway.pk], read)
    now = timezone.now()
    times = [entry.occurred_at for entry in InboxEntry.objects.all()]
    assert read
    assert all(2000 <= timezone.localtime(time).year <= now.year + 1 for time in times)


def with_each_member_replaced(told):
    for place in places(told):
        for value in NO_TIMES:
            changed = deepcopy(told)
            holder = changed
            for step in place[:-1]:
                holder = holder[step]
            holder[place[-1]] = value
            yield changed


def places(value, above=()):
    if isinstance(value, dict | list):
        for step in value if isinstance(value, dict) else range(len(value)):
            yield from places(value[step], (*above, step))
    else:
        yield above


@pytest.mark.parametrize("told", NO_TIMES[:3])
def test_a_status_whose_time_cannot_be_is_learnt_all_the_same(told):
    gateway = gateway_of("sandbox")
    message = MessageFactory(gateway=gateway, label=gateway.label, attempts=1)
    update = StatusUpdate(
        status=Status.DELIVERED,
        message_id=str(message.pk),
        occurred_at=timezone.datetime.fromisoformat(told),
    )

    assert apply_to_gateway(configuration.current().gateways[gateway.pk], [update]) == 1
    event = StatusEvent.objects.get()
    assert abs(event.occurred_at - event.recorded_at).total_seconds() < 1


def test_of_a_webhook_that_is_hardly_readable_the_rest_is_applied(client):
    gateway = gateway_of("sandbox")
    message = MessageFactory(gateway=gateway, label=gateway.label, attempts=1)
    told = [*range(1000), {"id": str(message.pk), "status": "delivered"}]
    path = f"/callbacks/webhooks/{gateway.token.reveal()}"

    for _ in range(2):
        assert client.post(path, json.dumps(told), content_type=JSON).status_code == 200

    assert StatusEvent.objects.get().status == Status.DELIVERED
    entry = InboxEntry.objects.get()
    assert (entry.waits_for, entry.detail) == (
        Wait.A_READER,
        "1000 reports in it cannot be read",
    )


def test_a_few_that_cannot_be_read_stand_there_one_by_one(client):
    gateway = gateway_of("sandbox")
    path = f"/callbacks/webhooks/{gateway.token.reveal()}"

    client.post(path, json.dumps(list(range(5))), content_type=JSON)

    assert InboxEntry.objects.count() == 5


def test_nothing_personal_is_kept_of_the_query_of_what_cannot_be_read(client):
    gateway = gateway_of("sandbox")
    path = f"/callbacks/webhooks/{gateway.token.reveal()}?{EMAIL}={EMAIL}&ref=7"

    client.post(path, "{", content_type=JSON)

    query = InboxEntry.objects.get().kept.reveal()["query"]
    assert EMAIL not in str(query)
    assert query["ref"] == "7"
