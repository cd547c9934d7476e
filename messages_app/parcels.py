"""Parcels: the messages of a gateway made ready to leave, as many to one as its provider takes."""

from collections.abc import Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from gateways.adapters import address_channel
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


def pack(
    messages: Sequence[Message],
    moments: Sequence[datetime],
    gateway: GatewayValues,
    provider: Provider,
) -> list[Parcel]:
    """Looks the addresses up and packs what can be sent together; what cannot goes singly.

    What is packed together leaves at the moment of the last, and is at most what the gateway's
    rate lets out in a second. What was tried before goes by itself: it may be what was wrong with
    the others.
    """
    suppressed = _suppressed(messages, gateway)
    most = min(provider.batch_size, gateway.rate_per_second or provider.batch_size)
    parcels: list[Parcel] = []
    with_room: dict[Hashable, Parcel] = {}
    for message, moment in zip(messages, moments, strict=True):
        parcel = _single(message, gateway, provider, moment, is_suppressed=message.pk in suppressed)
        may_join = most > 1 and message.attempts == 1 and parcel.problem is None
        key = provider.batch_key(parcel.outbound[0]) if may_join else None
        begun = with_room.get(key) if may_join else None
        if begun is None:
            parcels.append(parcel)
            begun = parcel
        else:
            begun.messages += parcel.messages
            begun.outbound += parcel.outbound
            begun.started_at = moment
        if may_join:
            with_room[key] = begun
            if len(begun.messages) >= most:
                del with_room[key]
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


def _suppressed(messages: Sequence[Message], gateway: GatewayValues) -> set[UUID]:
    """Those whose address was suppressed after they were accepted."""
    channel = address_channel(gateway)
    if channel is None:
        return set()
    by_message = {
        message.pk: index
        for message in messages
        if message.end_user and (index := message.end_user.address_index(channel))
    }
    suppressed = suppressed_among(gateway.label_id, channel, by_message.values())
    return {pk for pk, index in by_message.items() if index in suppressed}
