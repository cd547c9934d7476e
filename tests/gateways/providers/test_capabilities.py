"""What holds for every provider that takes more than messages, tried on all that are registered."""

from contextlib import suppress

import pytest

from gateway_project.lib.http import HttpAnswer
from gateway_project.lib.personal import Personal
from gateways.providers.base import (
    GatewayMisconfigured,
    GatewayUnavailable,
    HttpProvider,
    MessageRejected,
    ProviderError,
)
from gateways.providers.capabilities import (
    Contact,
    DescribesFields,
    Event,
    KeepsContacts,
    KeepsOptOuts,
    Order,
    TakesEvents,
    TakesOrders,
    TakesRelays,
    TellsAccount,
)
from gateways.providers.registry import provider_classes
from tests.gateways.providers.canaries import CANARY, EMAIL, PHONE
from tests.gateways.providers.examples import account

ABLE = {
    ability: [slug for slug, cls in provider_classes().items() if issubclass(cls, ability)]
    for ability in (TakesRelays, DescribesFields, TellsAccount)
}
JO = Contact(
    ext_user_id="u-1", email=Personal(EMAIL), phone=Personal(PHONE), properties={"country": "DE"}
)
ORDER = Order(customer=JO, content={"external_id": "1", "total": 5, "status": "DELIVERED"})
EVENT = Event(id="relay-1", customer=JO, type="deposit", params={"amount": 5})

every_taker = pytest.mark.parametrize("slug", ABLE[TakesRelays])


def calls_of(provider) -> list:
    """One call of each kind that it takes."""
    made = []
    if isinstance(provider, KeepsOptOuts):
        assert provider.opt_out_size >= 1
        made += [provider.opt_out_call([JO.email]), provider.opt_in_call([JO.email])]
    if isinstance(provider, KeepsContacts):
        assert provider.contact_size >= 1
        made.append(provider.contacts_call([JO]))
    if isinstance(provider, TakesOrders):
        assert 1 <= provider.order_size <= 1000
        made.append(provider.orders_call([ORDER]))
    if isinstance(provider, TakesEvents):
        made.append(provider.event_call(EVENT))
    return made


def test_there_is_one():
    assert ABLE[TakesRelays]


@every_taker
def test_each_kind_is_a_call_of_its_own_that_shows_nobody(slug):
    calls = calls_of(account(slug))

    assert isinstance(account(slug), HttpProvider)
    assert len({(call.method, call.url) for call in calls}) == len(calls) > 0
    for call in calls:
        assert not [text for text in (CANARY, EMAIL, PHONE) if text in repr(call)]
        assert not [text for text in (EMAIL, PHONE.lstrip("+")) if text in call.url]


@every_taker
def test_what_an_answer_means_is_what_it_means_to_messages(slug):
    provider = account(slug)
    kinds = {400: MessageRejected, 401: GatewayMisconfigured, 503: GatewayUnavailable}

    assert provider.relay_problem(HttpAnswer(status=200, body=b"")) is None
    for status, kind in kinds.items():
        assert isinstance(provider.relay_problem(HttpAnswer(status=status, body=b"")), kind)
    throttled = HttpAnswer(status=429, headers={"retry-after": "7"}, body=b"")
    assert provider.relay_problem(throttled).retry_after == 7


@every_taker
def test_what_it_is_asked_to_take_stays_out_of_its_repr(slug):
    for told in (JO, ORDER, EVENT):
        assert not [text for text in (EMAIL, PHONE, "u-1", "DE") if text in repr(told)]


@pytest.mark.parametrize(
    ("slug", "read"),
    [
        *((slug, "fields") for slug in ABLE[DescribesFields]),
        *((slug, "account") for slug in ABLE[TellsAccount]),
    ],
)
@pytest.mark.parametrize("body", [b"", b"no", b"7", b"[[]]", b"null", b"\xff", b'{"a": 1}'])
def test_an_answer_that_tells_nothing_is_no_fault_of_the_adapters(slug, read, body):
    reader = getattr(account(slug), read)
    with suppress(ProviderError):
        assert not reader(HttpAnswer(status=200, body=body))
