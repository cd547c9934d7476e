"""The rows that the gateway starts with: a label, its keys, and a gateway and a person for every
road."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway_project.lib.vocabulary import Channel, KeyKind
from gateways.models import Gateway, Label
from tests.canaries.birds import (
    ADDRESS_AS_ID,
    API_KEY,
    PLATFORM_KEY,
    PROVIDER_SECRET,
    SMARTICO_KEY,
    STATUS_KEY,
    TYPED_ADDRESS,
    address,
    telephone,
)
from tests.canaries.providers import Road
from tests.factories import EndUserFactory, GatewayFactory, KeyFactory, LabelFactory
from tests.gateways.providers.examples import at
from tests.gateways.providers.mail_peer import MailPeer

ROAD = "road"
SANDBOX_NUMBERS = {"": 0, "rejected": 90, "failed": 91, "unknown": 92, "clicked": 93}
"""The sandbox's words, and the numbers of the persons who have them."""
MAIL_NUMBER = 99
KEYS = {
    KeyKind.SMARTICO: SMARTICO_KEY,
    KeyKind.PLATFORM: PLATFORM_KEY,
    KeyKind.STATUS: STATUS_KEY,
}


@dataclass(frozen=True, kw_only=True)
class House:
    label: Label
    gateways: dict[str, Gateway]


def furnish(roads: Sequence[Road], mail: MailPeer, callback_host: str) -> House:
    """Rows in the database of the test."""
    label = LabelFactory(
        callback_hosts=[callback_host],
        callback_api_key=API_KEY.spelled,
        filter_properties=[ROAD],
        required_headers={"X-House": PROVIDER_SECRET.spelled},
    )
    for kind, bird in KEYS.items():
        KeyFactory(label=label, kind=kind, secret=bird.spelled)
    gateways = {road.name: _gateway(label, road.name, road) for road in roads}
    for channel in Channel:
        gateways[channel] = GatewayFactory(
            label=label, channel=channel, filters={ROAD: ["sandbox"]}, slug=f"sandbox-{channel}"
        )
    gateways["smtp"] = _mail_gateway(label, mail)
    for road in roads:
        _person(label, road.name, road.number)
    for word, number in SANDBOX_NUMBERS.items():
        _person(label, "sandbox", number, f"sandbox{word}", sandbox=word)
    _person(label, "sandbox", 98, ADDRESS_AS_ID)
    _person(label, "smtp", MAIL_NUMBER)
    EndUserFactory(label=label, ext_user_id="sought", email=TYPED_ADDRESS)
    return House(label=label, gateways=gateways)


def _gateway(label: Label, name: str, road: Road) -> Gateway:
    return GatewayFactory(
        label=label,
        slug=name.replace("_", "-"),
        channel=road.channel,
        provider=road.slug,
        config=at(road.slug, road.peer.url),
        filters={ROAD: [name]},
        from_default=_sender(road.channel),
    )


def _mail_gateway(label: Label, mail: MailPeer) -> Gateway:
    config = {"host": "127.0.0.1", "port": mail.port, "security": "none"}
    return GatewayFactory(
        label=label,
        slug="smtp",
        channel=Channel.EMAIL,
        provider="smtp",
        config=config,
        filters={ROAD: ["smtp"]},
        from_default=_sender(Channel.EMAIL),
    )


def _sender(channel: Channel) -> str:
    return "Amazing <noreply@amazing.co>" if channel == Channel.EMAIL else "Amazing"


def _person(label: Label, road: str, number: int, name: str = "", **properties: Any) -> None:
    EndUserFactory(
        label=label,
        ext_user_id=name or road,
        email=address(number),
        phone=telephone(number),
        properties={ROAD: road, **properties},
    )
