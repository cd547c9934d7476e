"""The rows that the gateway starts with: a label, its keys, and a gateway and a person for every
road; and a label whose persons are in a directory of their own."""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from gateway_project.lib.vocabulary import Channel, KeyKind
from gateways.config_file.fields import DirectoryField
from gateways.models import Gateway, Label
from tests.canaries.birds import (
    ADDRESS_AS_ID,
    API_KEY,
    DIRECTORY_KEY,
    ELSEWHERE_KEY,
    EVENTS_TOKEN,
    PLATFORM_KEY,
    PROVIDER_SECRET,
    SMARTICO_KEY,
    SOUGHT_ADDRESS,
    STATUS_KEY,
    TYPED_ADDRESS,
    WEBHOOK_SECRET,
    address,
    telephone,
)
from tests.canaries.others import PLATFORM_PATH, SMARTICO_PATH, Others
from tests.canaries.providers import Road
from tests.factories import EndUserFactory, GatewayFactory, KeyFactory, LabelFactory
from tests.gateways.providers.examples import at
from tests.gateways.providers.mail_peer import MailPeer
from tests.imap_server import PASSWORD, USER, ImapServer

ROAD = "road"
SANDBOX_NUMBERS = {"": 0, "rejected": 90, "failed": 91, "unknown": 92, "clicked": 93}
"""The sandbox's words, and the numbers of the persons who have them."""
MAIL_NUMBER, REPORTED_NUMBER, BOUNCED_NUMBER = 99, 97, 96
REPORTED, BOUNCED = "reported", "bounced"
KEYS = {
    KeyKind.SMARTICO: SMARTICO_KEY,
    KeyKind.PLATFORM: PLATFORM_KEY,
    KeyKind.STATUS: STATUS_KEY,
}


@dataclass(frozen=True, kw_only=True)
class House:
    label: Label
    gateways: dict[str, Gateway]


def furnish(roads: Sequence[Road], mail: MailPeer, others: Others, box: ImapServer | None) -> House:
    """Rows in the database of the test."""
    label = LabelFactory(
        callback_hosts=[others.smartico.url],
        callback_api_key=API_KEY.spelled,
        filter_properties=[ROAD],
        required_headers={"X-House": PROVIDER_SECRET.spelled},
        opt_out_webhook_url=f"{others.listener.url}{PLATFORM_PATH}",
        opt_out_webhook_secrets=[f"whsec_{WEBHOOK_SECRET.spelled}=="],
        tells_smartico_opt_outs=True,
        smartico_events_url=f"{others.listener.url}{SMARTICO_PATH}",
        smartico_events_token=EVENTS_TOKEN.spelled,
    )
    for kind, bird in KEYS.items():
        KeyFactory(label=label, kind=kind, secret=bird.spelled)
    gateways = {road.name: _gateway(label, road.name, road) for road in roads}
    for channel in Channel:
        gateways[channel] = _sandbox(label, channel, filters={ROAD: ["sandbox"]})
    gateways["smtp"] = _mail_gateway(label, mail, box)
    _people(label, roads)
    return House(label=label, gateways=gateways)


def furnish_elsewhere(others: Others) -> Label:
    """A label whose persons nobody knows but its directory."""
    directory = {
        "kind": "http",
        "url": f"{others.directory.url}/users/{{ext_user_id}}",
        "authorization": DIRECTORY_KEY.spelled,
    }
    label: Label = LabelFactory(
        slug="elsewhere",
        callback_hosts=[others.smartico.url],
        callback_api_key=API_KEY.spelled,
        directory=DirectoryField().run_validation(directory),
    )
    KeyFactory(label=label, kind=KeyKind.SMARTICO, secret=ELSEWHERE_KEY.spelled)
    for channel in (Channel.EMAIL, Channel.SMS):
        _sandbox(label, channel)
    return label


def _people(label: Label, roads: Sequence[Road]) -> None:
    for road in roads:
        _person(label, road.name, road.number)
    for word, number in SANDBOX_NUMBERS.items():
        _person(label, "sandbox", number, f"sandbox{word}", sandbox=word)
    _person(label, "sandbox", 98, ADDRESS_AS_ID)
    _person(label, "smtp", MAIL_NUMBER)
    _person(label, "", REPORTED_NUMBER, REPORTED)
    _person(label, "", BOUNCED_NUMBER, BOUNCED)
    for name, email in (("typed", TYPED_ADDRESS), ("sought", SOUGHT_ADDRESS)):
        EndUserFactory(label=label, ext_user_id=name, email=email)


def _sandbox(label: Label, channel: str, **more: Any) -> Gateway:
    return GatewayFactory(
        label=label,
        channel=channel,
        slug=f"sandbox-{channel.replace('_', '-')}",
        from_default=_sender(channel),
        **more,
    )


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


def _mail_gateway(label: Label, mail: MailPeer, box: ImapServer | None) -> Gateway:
    config = {"host": "127.0.0.1", "port": mail.port, "security": "none"}
    if box is not None:
        config |= {"imap_host": "127.0.0.1", "imap_port": box.port, "imap_security": "none"}
        config |= {"imap_user": USER, "imap_password": PASSWORD, "imap_folder": "INBOX"}
        config |= {"imap_done": "move"}
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
        properties={
            ROAD: road,
            "second_address": address(number),
            telephone(number): address(number),
            **properties,
        },
    )
