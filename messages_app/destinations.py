"""Destinations: the address that each message went to, known by its blind index."""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from uuid import UUID

from gateway_project.lib.vocabulary import Channel
from gateways import configuration
from gateways.adapters import address_channel
from messages_app.models import Message, SendAttempt
from users.models import EndUser


@dataclass(frozen=True, slots=True, kw_only=True)
class Destination:
    """An address on a channel."""

    channel: Channel
    address_index: str = field(repr=False)


def destinations_of(named: Sequence[tuple[Message, str]]) -> list[Destination | None]:
    """For each message where it went: the user may have got another address since, or be erased.

    With each stands the blind index of the address that a report names, or "". Of several addresses
    that were tried it tells the one meant, else that is the last. Where no try is kept any more,
    the named one is believed, and without one it is the user's own; None where there is none.
    """
    tried = _tried(message.pk for message, _ in named)
    untold = {message.end_user_id for message, index in named if not (index or message.pk in tried)}
    users = EndUser.objects.in_bulk(untold - {None})
    return [
        _meant(tried[message.pk], index)
        if message.pk in tried
        else _untried(message, index, users.get(message.end_user_id))
        for message, index in named
    ]


def _tried(message_ids: Iterable[UUID]) -> Mapping[UUID, Sequence[Destination]]:
    """By message, in the order of the tries."""
    rows = SendAttempt.objects.filter(message__in=list(message_ids)).exclude(address_index="")
    found: defaultdict[UUID, list[Destination]] = defaultdict(list)
    for message_id, gateway_id, index in rows.order_by("pk").values_list(
        "message_id", "gateway_id", "address_index"
    ):
        channel = _channel(gateway_id)
        if channel is not None:
            found[message_id].append(Destination(channel=channel, address_index=index))
    return found


def _meant(tried: Sequence[Destination], index: str) -> Destination:
    return next((each for each in tried if each.address_index == index), tried[-1])


def _untried(message: Message, index: str, user: EndUser | None) -> Destination | None:
    channel = _channel(message.gateway_id)
    if channel is None:
        return None
    told = index or (user.address_index(channel) if user is not None else None)
    return Destination(channel=channel, address_index=told) if told else None


def _channel(gateway_id: int) -> Channel | None:
    return address_channel(configuration.current().gateways[gateway_id])
