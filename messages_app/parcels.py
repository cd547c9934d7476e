"""Parcels: the messages of a gateway made ready to leave, as many to one as its provider takes."""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from gateways.providers.base import OutboundMessage, Provider, ProviderError
from gateways.values import GatewayValues
from messages_app.models import Message
from messages_app.outbound import outbound
from messages_app.outcomes import NotSendable
from users.suppressions import suppressed_among


@dataclass(slots=True, kw_only=True, eq=False)
class Parcel:
    """What leaves as one: a message, or as many as the provider takes in one call."""

    gateway: GatewayValues
    provider: Provider
    lease: UUID
    started_at: datetime
    messages: list[Message]
    outbound: list[OutboundMessage]
    problem: NotSendable | ProviderError | None = None
    leaves_at: float = 0.0
    """The same moment as `started_at`, by this process's monotonic clock."""

    @property
    def has_room(self) -> bool:
        return self.problem is None and len(self.messages) < self.provider.batch_size


def pack(
    messages: Sequence[Message],
    moments: Sequence[datetime],
    gateway: GatewayValues,
    provider: Provider,
) -> list[Parcel]:
    """Looks the addresses up and packs what can be sent together; what cannot goes singly.

    What is packed together leaves at the moment of the last.
    """
    suppressed = _suppressed(messages)
    parcels: list[Parcel] = []
    open_parcel: Parcel | None = None
    for message, moment in zip(messages, moments, strict=True):
        parcel = _single(message, gateway, provider, moment, is_suppressed=message.pk in suppressed)
        if parcel.problem is None and open_parcel is not None and open_parcel.has_room:
            open_parcel.messages += parcel.messages
            open_parcel.outbound += parcel.outbound
            open_parcel.started_at = moment
            continue
        parcels.append(parcel)
        open_parcel = parcel if parcel.problem is None else open_parcel
    return parcels


def _single(
    message: Message,
    gateway: GatewayValues,
    provider: Provider,
    moment: datetime,
    *,
    is_suppressed: bool,
) -> Parcel:
    """One message by itself, or why it cannot leave."""
    parcel = Parcel(
        gateway=gateway,
        provider=provider,
        lease=message.lease or uuid4(),
        started_at=moment,
        messages=[message],
        outbound=[],
    )
    try:
        parcel.outbound.append(outbound(message, gateway, is_suppressed=is_suppressed))
    except (NotSendable, ProviderError) as problem:
        parcel.problem = problem
    return parcel


def _suppressed(messages: Sequence[Message]) -> set[UUID]:
    """Those whose address was suppressed after they were accepted."""
    indexes: defaultdict[tuple[int, str], dict[UUID, str]] = defaultdict(dict)
    for message in messages:
        index = message.end_user.address_index(message.channel) if message.end_user else None
        if index is not None:
            indexes[message.label_id, message.channel][message.pk] = index
    found: set[UUID] = set()
    for (label_id, channel), by_message in indexes.items():
        suppressed = suppressed_among(label_id, channel, by_message.values())
        found.update(pk for pk, index in by_message.items() if index in suppressed)
    return found
