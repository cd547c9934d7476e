"""The "From" config: which sender a message leaves with. Pure."""

import re
from dataclasses import dataclass

from gateway_project.lib.mailbox import parse_mailbox
from gateway_project.lib.vocabulary import Channel
from gateways.models.gateway import UnknownSender
from gateways.values import GatewayValues

SENDER_ID = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ._&-]{1,11}|\+?[0-9]{3,15}")
"""An alphanumeric sender id has at most 11 characters; a number at most 15 digits (E.164)."""


class SenderRefused(Exception):
    """The requested sender is not on the gateway's list, and the gateway is set to refuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """The sender to use ("" where the provider has its own), and a note for the timeline."""

    sender: str
    note: str = ""


def choose_sender(gateway: GatewayValues, requested: str) -> Choice:
    """The requested sender where the gateway allows it, else its default; raises SenderRefused."""
    default = gateway.from_default or next(iter(gateway.from_allowed), "")
    if not requested:
        return Choice(sender=default)
    if _is_allowed(gateway, requested):
        return Choice(sender=requested)
    if gateway.unknown_sender == UnknownSender.REFUSE or not default:
        raise SenderRefused
    return Choice(sender=default, note="sender not on the gateway's list: its default is used")


def _is_allowed(gateway: GatewayValues, requested: str) -> bool:
    listed = [entry for entry in (gateway.from_default, *gateway.from_allowed) if entry]
    if gateway.channel == Channel.EMAIL:
        return not gateway.from_allowed or any(_same_mailbox(entry, requested) for entry in listed)
    if gateway.channel == Channel.SMS and not SENDER_ID.fullmatch(requested):
        return False
    return not gateway.from_allowed or requested in listed


def _same_mailbox(entry: str, requested: str) -> bool:
    """An entry is an address, with a name or without, or a whole domain; names are free."""
    address = parse_mailbox(requested).address.lower()
    listed = entry.strip().lower()
    if "@" not in listed.lstrip("@"):
        return address.rpartition("@")[2] == listed.lstrip("@")
    return address == parse_mailbox(listed).address
