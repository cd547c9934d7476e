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


@dataclass(frozen=True, slots=True)
class Clue:
    """A message, and what a report says of its address: the blind index of one that it names, the
    provider's id of the try, and the gateway whose provider reports; each empty where it does not.
    """

    message: Message
    address_index: str = field(default="", repr=False)
    provider_id: str = ""
    told_by: int | None = None


@dataclass(frozen=True, slots=True, kw_only=True)
class _Try:
    gateway_id: int
    provider_id: str
    went_to: Destination


def destinations_of(clues: Sequence[Clue]) -> list[Destination | None]:
    """For each message where it went: the user may have got another address since, or be erased.

    Of several addresses that were tried it is the one that is named, else that of the try which the
    provider names, else its gateway's last, else the last. Where no try is kept any more, the
    named one is believed, and without one it is the user's own; None where there is none.
    """
    tries = _tries(clue.message.pk for clue in clues)
    untold = {
        clue.message.end_user_id
        for clue in clues
        if not (clue.address_index or clue.message.pk in tries)
    }
    users = EndUser.objects.in_bulk(untold - {None})
    return [
        _meant(tries[clue.message.pk], clue)
        if clue.message.pk in tries
        else _untried(clue, users.get(clue.message.end_user_id))
        for clue in clues
    ]


def _tries(message_ids: Iterable[UUID]) -> Mapping[UUID, Sequence[_Try]]:
    """By message, the last first; those that went to an address."""
    rows = SendAttempt.objects.filter(message__in=list(message_ids)).exclude(address_index="")
    found: defaultdict[UUID, list[_Try]] = defaultdict(list)
    for row in rows.order_by("-pk"):
        went_to = Destination(channel=Channel(row.address_channel), address_index=row.address_index)
        found[row.message_id].append(
            _Try(gateway_id=row.gateway_id, provider_id=row.provider_id, went_to=went_to)
        )
    return found


def _meant(tries: Sequence[_Try], clue: Clue) -> Destination:
    by_gateway = [each for each in tries if each.gateway_id == clue.told_by]
    named = [each for each in tries if each.went_to.address_index == clue.address_index]
    known = [each for each in by_gateway if each.provider_id == clue.provider_id != ""]
    return (*named, *known, *by_gateway, *tries)[0].went_to


def _untried(clue: Clue, user: EndUser | None) -> Destination | None:
    channel = address_channel(configuration.current().gateways[clue.message.gateway_id])
    if channel is None:
        return None
    told = clue.address_index or (user.address_index(channel) if user is not None else None)
    return Destination(channel=channel, address_index=told) if told else None
