"""Subjects of reports: the message that each is about."""

import logging
from collections import Counter, defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import NamedTuple
from uuid import UUID

from gateway_project.lib import bulk
from gateway_project.lib.identifiers import read_id
from gateway_project.lib.vocabulary import CALLBACK_TYPES, Channel
from gateways.providers.base import StatusUpdate
from gateways.values import GatewayValues, KeyValues
from messages_app.models import NEVER_TRIED, Message, SendAttempt, never_tried
from messages_app.recipients import last_messages
from messages_app.reported import Report, kept_id
from messages_app.statuses import BESIDE

logger = logging.getLogger(__name__)

Own = tuple[int, UUID]
"""A gateway and a message of ours that its provider names."""
LastMessages = tuple[Mapping[str, UUID], Mapping[str, UUID]]
"""By address, those that went out by the gateway, and by any."""
NONE_KNOWN: LastMessages = ({}, {})


class Told(NamedTuple):
    """A report, and the gateway whose provider tells it."""

    gateway: GatewayValues
    report: Report

    @property
    def update(self) -> StatusUpdate:
        return self.report.update


@dataclass(frozen=True, slots=True, kw_only=True)
class Claim:
    """What the holder of a label's status key says of one message, by our id: one of the key's
    label and brand, and of this type.
    """

    key: KeyValues
    type: str
    update: StatusUpdate = field(repr=False)

    def may_name(self, label_id: int, brand_id: int | None, channel: str) -> bool:
        """Whether a message that is at home there may be meant."""
        is_of_brand = self.key.brand_id is None or self.key.brand_id == brand_id
        is_of_type = CALLBACK_TYPES[Channel(channel)] == self.type
        return label_id == self.key.label_id and is_of_brand and is_of_type


def messages_named(told: Sequence[Told]) -> list[UUID | None]:
    """For each report its message: by our id where its gateway has it, else by the provider's.

    A message that nobody has tried to send yet is none: who reports on it knows too much.
    """
    own = [_own(each) for each in told]
    known = _known_here({each for each in own if each is not None})
    rest = [each for each, ours in zip(told, own, strict=True) if ours not in known]
    by_provider_id = _by_provider_id(rest)
    return [
        ours[1]
        if ours is not None and ours in known
        else by_provider_id.get((each.gateway.id, kept_id(each.update)))
        for each, ours in zip(told, own, strict=True)
    ]


def _own(told: Told) -> Own | None:
    own_id = read_id(told.update.message_id)
    return None if own_id is None else (told.gateway.id, own_id)


def _known_here(named: set[Own]) -> set[Own]:
    """Those that their gateway has, or had once."""
    if not named:
        return set()
    columns = ("id", "gateway_id", *NEVER_TRIED)
    rows = bulk.rows_among(Message, columns, "id", {own_id for _, own_id in named})
    known = named & {(gateway_id, pk) for pk, gateway_id, *at in rows if not never_tried(*at)}
    return known | _tried_here(named - known)


def _tried_here(named: set[Own]) -> set[Own]:
    if not named:
        return set()
    tried = SendAttempt.objects.filter(message__in={own_id for _, own_id in named})
    return named & {*tried.values_list("gateway_id", "message_id")}


def _by_provider_id(told: Iterable[Told]) -> Mapping[tuple[int, str], UUID]:
    named = {(each.gateway.id, kept_id(each.update)) for each in told if each.update.provider_id}
    if not named:
        return {}
    tried = SendAttempt.objects.filter(
        gateway__in={gateway_id for gateway_id, _ in named},
        provider_id__in={provider_id for _, provider_id in named},
    )
    rows = tried.order_by("pk").values_list("gateway_id", "provider_id", "message_id")
    return {(gateway_id, provider_id): pk for gateway_id, provider_id, pk in rows}


def messages_claimed(claims: Sequence[Claim]) -> list[UUID | None]:
    """For each its message, where that is known and may be meant."""
    own = [read_id(claim.update.message_id) for claim in claims]
    tried = Message.objects.filter(pk__in=set(filter(None, own))).tried()
    rows = tried.values_list("pk", "label_id", "brand_id", "channel")
    homes = {pk: (label_id, brand_id, channel) for pk, label_id, brand_id, channel in rows}
    return [
        own_id if own_id in homes and claim.may_name(*homes[own_id]) else None
        for claim, own_id in zip(claims, own, strict=True)
    ]


def messages_of(told: Sequence[Told], until: datetime) -> list[UUID | None]:
    """For each report its message: by an id, else the last one until then to the address.

    An opt-out or a complaint may come back through another gateway than the message went out by.
    """
    named = messages_named(told)
    last = _last_to_addresses([each for each in told if each.report.may_go_by_address], until)
    return [
        found or _by_address(each.report, *last.get(each.gateway.id, NONE_KNOWN))
        for each, found in zip(told, named, strict=True)
    ]


def without_foreign(told: Sequence[Told]) -> list[Told]:
    """Those that name no other gateway's message: who sends such has the wrong token for it."""
    own_ids = {own_id for each in told if (own_id := read_id(each.update.message_id))}
    if not own_ids:
        return list(told)
    gateway_of = dict(Message.objects.filter(pk__in=own_ids).values_list("pk", "gateway_id"))
    foreign = Counter(each.gateway.id for each in told if _is_foreign(each, gateway_of))
    for gateway_id, count in sorted(foreign.items()):
        logger.warning(
            "gateway %s was sent reports about %d messages of other gateways; they are ignored",
            gateway_id,
            count,
        )
    return [each for each in told if not _is_foreign(each, gateway_of)]


def _is_foreign(told: Told, gateway_of: Mapping[UUID, int]) -> bool:
    own_id = read_id(told.update.message_id)
    return own_id is not None and gateway_of.get(own_id, told.gateway.id) != told.gateway.id


def _last_to_addresses(told: Iterable[Told], until: datetime) -> dict[int, LastMessages]:
    """By gateway."""
    by_gateway: defaultdict[int, list[Told]] = defaultdict(list)
    for each in told:
        by_gateway[each.gateway.id].append(each)
    found: dict[int, LastMessages] = {}
    for gateway_id, theirs in by_gateway.items():
        gateway, indexes = theirs[0].gateway, {each.report.address_index for each in theirs}
        here = last_messages(gateway, indexes, until=until)
        rest = indexes - here.keys()
        found[gateway_id] = here, last_messages(gateway, rest, until=until, is_any_gateway=True)
    return found


def _by_address(
    report: Report, here: Mapping[str, UUID], anywhere: Mapping[str, UUID]
) -> UUID | None:
    if not report.may_go_by_address:
        return None
    found = here.get(report.address_index)
    if found is None and report.update.status in BESIDE:
        found = anywhere.get(report.address_index)
    return found
