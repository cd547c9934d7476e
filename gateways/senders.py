"""The "From" config: which sender and Reply-to a message leaves with. Pure."""

import re
from collections.abc import Sequence
from dataclasses import dataclass

from gateway_project.lib.mailbox import parse_mailbox
from gateway_project.lib.vocabulary import Channel
from gateways.models.gateway import UnknownSender
from gateways.values import GatewayValues

SENDER_ID = re.compile(r"(?=.*[A-Za-z])[A-Za-z0-9 ._&-]{1,11}|\+?[0-9]{3,15}")
"""An alphanumeric sender id has at most 11 characters; a number at most 15 digits (E.164)."""


class SenderRefused(Exception):
    """What was asked for is not on the gateway's list, and the gateway is set to refuse."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """What to use ("" where there is none, or the provider's own), a note for the timeline."""

    sender: str
    note: str = ""


def choose_sender(gateway: GatewayValues, requested: str) -> Choice:
    """The requested sender where the gateway allows it, else its default; raises SenderRefused."""
    default = gateway.from_default or next(iter(gateway.from_allowed), "")
    if not requested:
        return Choice(sender=default)
    if _is_allowed(gateway, requested):
        return Choice(sender=requested)
    return _in_its_place(gateway, default, "sender")


def choose_reply_to(gateway: GatewayValues, requested: str) -> Choice:
    """The same for the Reply-to of a mail, which need not have one."""
    default = gateway.reply_to_default
    if not requested:
        return Choice(sender=default)
    if _is_listed(default, gateway.reply_to_allowed, requested):
        return Choice(sender=requested)
    return _in_its_place(gateway, default, "Reply-to")


def _in_its_place(gateway: GatewayValues, default: str, noun: str) -> Choice:
    if gateway.unknown_sender == UnknownSender.REFUSE or not default:
        raise SenderRefused
    return Choice(sender=default, note=f"{noun} not on the gateway's list: its default is used")


def _is_allowed(gateway: GatewayValues, requested: str) -> bool:
    if gateway.channel == Channel.EMAIL:
        return _is_listed(gateway.from_default, gateway.from_allowed, requested)
    if gateway.channel == Channel.SMS and not SENDER_ID.fullmatch(requested):
        return False
    listed = (gateway.from_default, *gateway.from_allowed)
    return not gateway.from_allowed or requested in listed


def _is_listed(default: str, allowed: Sequence[str], requested: str) -> bool:
    """Whether a mailbox is the default or on the list; where there is no list, any is."""
    listed = [entry for entry in (default, *allowed) if entry]
    return not allowed or any(_same_mailbox(entry, requested) for entry in listed)


def _same_mailbox(entry: str, requested: str) -> bool:
    """An entry is an address, with a name or without, or a whole domain; names are free."""
    address = parse_mailbox(requested).address.lower()
    listed = entry.strip().lower()
    if "@" not in listed.lstrip("@"):
        return address.rpartition("@")[2] == listed.lstrip("@")
    return address == parse_mailbox(listed).address


def sender_problem(channel: Channel, sender: str) -> str | None:
    """Why no message can leave with this sender; None where it can."""
    if channel == Channel.EMAIL and not _is_mailbox(sender):
        return "is not one well-formed mailbox such as Name <name@example.com>"
    if channel == Channel.SMS and not SENDER_ID.fullmatch(sender):
        return "is no sender id: at most 11 letters and digits, or a number of 3 to 15 digits"
    return None


def entry_problem(channel: Channel, entry: str) -> str | None:
    """The same of an entry of a list, where a whole mail domain will do."""
    is_domain = channel == Channel.EMAIL and _is_mailbox(f"any@{entry.strip().lstrip('@')}")
    return None if is_domain else sender_problem(channel, entry)


def _is_mailbox(text: str) -> bool:
    try:
        parse_mailbox(text)
    except ValueError:
        return False
    return True
