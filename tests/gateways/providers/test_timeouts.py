"""A service that does not answer in time, at every adapter that calls one over HTTP.

All of them wait at once, so that this takes no longer than the slowest of them.
"""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import replace
from typing import Any

import pytest

from gateway_project.lib import exchange, http, requests_door
from gateway_project.lib.personal import Personal
from gateway_project.lib.vocabulary import Channel
from gateways.providers.base import GatewayUnavailable, OutcomeUnknown, ProviderError
from gateways.providers.registry import build, provider_class, validate_config
from tests.gateways.providers.canaries import PHONE
from tests.gateways.providers.examples import ROADS_OVER_HTTP, at, message
from tests.gateways.providers.exchanges import sent
from tests.peers import Answer, http_peer
from tests.raw_peers import raw_peer

CONNECT_SECONDS, ANSWER_SECONDS = 1.0, 4.0
every_road = pytest.mark.parametrize(("slug", "channel"), ROADS_OVER_HTTP)
Outcomes = dict[tuple[str, Channel], type[object]]


@pytest.fixture(scope="module")
def impatient() -> Iterator[None]:
    """Both doors wait for as long as the constants above say."""
    patient = http.exchange

    async def hurried(session: Any, call: http.HttpCall) -> http.HttpAnswer:
        return await patient(session, replace(call, timeout=ANSWER_SECONDS))

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(http, "exchange", hurried)
        patched.setattr(exchange, "CONNECT_SECONDS", CONNECT_SECONDS)
        patched.setattr(requests_door, "CONNECT_SECONDS", CONNECT_SECONDS)
        patched.setattr(requests_door, "READ_SECONDS", ANSWER_SECONDS)
        yield


@pytest.fixture(scope="module")
def of_a_mute_handshake(impatient: None) -> Outcomes:
    """The peer takes the connection, and says nothing to the beginning of TLS."""
    with raw_peer(lambda connection: None) as peer:
        return outcomes(peer.url.replace("http:", "https:"))


@pytest.fixture(scope="module")
def of_a_mute_service(impatient: None) -> Outcomes:
    """The peer reads the request, and does not answer it."""
    with http_peer(lambda asked: Answer(delay=60, hang_up=True)) as peer:
        found = outcomes(peer.url)
        assert len(peer.asked) == len(ROADS_OVER_HTTP)
    return found


@every_road
def test_a_connection_that_is_not_made_in_time_was_sent_nothing(slug, channel, of_a_mute_handshake):
    assert of_a_mute_handshake[slug, channel] is GatewayUnavailable


@every_road
def test_what_is_not_answered_in_time_may_have_been_taken(slug, channel, of_a_mute_service):
    assert of_a_mute_service[slug, channel] is OutcomeUnknown


def outcomes(url: str) -> Outcomes:
    """What sending a message on every road to a service at that address comes to."""
    roads = ROADS_OVER_HTTP
    with ThreadPoolExecutor(len(roads)) as threads:
        return dict(zip(roads, threads.map(lambda road: outcome(*road, url), roads), strict=True))


def outcome(slug: str, channel: Channel, url: str) -> type[object]:
    provider = build(slug, validate_config(provider_class(slug), at(slug, url)))
    is_addressed = provider.address_channel(channel) is not None
    recipient = {"recipient": Personal(PHONE)} if is_addressed and channel != Channel.EMAIL else {}
    try:
        return type(sent(provider, message(channel, **recipient)))
    except ProviderError as problem:
        return type(problem)
    finally:
        provider.close()
