"""A gateway at an eSputnik on loopback, and a user of its label."""

from collections.abc import Iterator
from typing import Any

import pytest

from gateway_project.lib.vocabulary import Channel, KeyKind
from gateways.models import Gateway
from tests.factories import EndUserFactory, GatewayFactory, KeyFactory
from tests.gateways.providers.examples import at
from tests.messages_app.relaying.peer import PLATFORM_SECRET, ESputnikPeer
from tests.peers import HttpPeer, http_peer
from users.models import EndUser


@pytest.fixture
def answers() -> ESputnikPeer:
    return ESputnikPeer()


@pytest.fixture
def peer(answers) -> Iterator[HttpPeer]:
    with http_peer(answers) as peer:
        yield peer


@pytest.fixture
def gateway(db, peer) -> Gateway:
    gateway = GatewayFactory(
        slug="yespo", channel=Channel.EMAIL, provider="esputnik", config=at("esputnik", peer.url)
    )
    KeyFactory(label=gateway.label, kind=KeyKind.PLATFORM, secret=PLATFORM_SECRET)
    return gateway


@pytest.fixture
def jo(gateway) -> EndUser:
    return EndUserFactory(
        label=gateway.label, ext_user_id="u-1", email="jo@mailbox.example", phone="+4915112345678"
    )


@pytest.fixture
def configured(gateway) -> Any:
    """Changes the gateway's configuration."""

    def change(**changes: Any) -> None:
        gateway.config = {**gateway.config.reveal(), **changes}
        gateway.save()

    return change
