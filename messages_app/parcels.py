"""Parcels: the messages of a gateway made ready to leave, as many to one as its provider takes."""

import logging
from collections.abc import Collection, Hashable, Sequence
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID, uuid4

from gateway_project.lib.journal import about
from gateway_project.lib.personal import Personal
from gateways.adapters import address_channel
from gateways.providers.base import (
    GatewayUnavailable,
    OutboundMessage,
    Provider,
    ProviderError,
)
from gateways.values import GatewayValues
from messages_app.models import Message
from messages_app.outbound import outbound
from messages_app.outcomes import NotSendable
from users.suppressions import suppressed_among

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class Wave:
    """Messages claimed together, the moment at which each leaves, and those among them whose
    address was suppressed after they were accepted. `waited_for` are the end users whom others that
    were due have to wait for. `clock` is `claimed_at` by this process's monotonic clock."""

    claimed_at: datetime
    clock: float
    messages: Sequence[Message]
    moments: Sequence[datetime]
    suppressed: Collection[UUID]
    waited_for: Sequence[UUID | None] = ()


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
    def message_ids(self) -> list[UUID]:
        return [message.pk for message in self.messages]

    @property
    def recipients(self) -> list[Personal]:
        return [each.recipient for each in self.outbound if each.recipient is not None]

    def take_along(self, other: "Parcel") -> None:
        """The other's messages leave with these, at the moment of the other."""
        self.messages += other.messages
        self.outbound += other.outbound
        self.started_at = other.started_at


def pack(wave: Wave, gateway: GatewayValues, provider: Provider) -> list[Parcel]:
    """Opens the addresses and packs what can be sent together; what cannot goes singly.

    What is packed together leaves at the moment of the last, and is at most what the gateway's
    rate lets out in a second. What was tried before goes by itself: it may be what was wrong with
    the others. Never raises: the messages are leased, and one that cannot be made ready must not
    leave the others in doubt.
    """
    most = min(provider.batch_size, gateway.rate_per_second or provider.batch_size)
    parcels: list[Parcel] = []
    with_room: dict[Hashable, Parcel] = {}
    for message, moment in zip(wave.messages, wave.moments, strict=True):
        is_suppressed = message.pk in wave.suppressed
        parcel = _single(message, gateway, provider, moment, is_suppressed=is_suppressed)
        key = _key(parcel) if most > 1 and message.attempts == 1 else None
        begun = with_room.get(key)
        if begun is None:
            begun = parcel
            parcels.append(parcel)
        else:
            begun.take_along(parcel)
        if key is not None:
            with_room[key] = begun
            if len(begun.messages) >= most:
                del with_room[key]
    return parcels


def fault(parcel: Parcel, error: Exception) -> str:
    """An adapter's own fault, in words for the send attempt."""
    with about(*parcel.message_ids):
        logger.error("gateway %s: its adapter failed: %s", parcel.gateway.id, type(error).__name__)
    return f"the adapter failed: {type(error).__name__}"


def suppressed_of(messages: Sequence[Message], gateway: GatewayValues) -> set[UUID]:
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
    except Exception as error:  # noqa: BLE001  nothing was sent, and the others are to leave
        parcel.problem = GatewayUnavailable(fault(parcel, error))
    return parcel


def _key(parcel: Parcel) -> tuple[Hashable] | None:
    """Equal for parcels that may be joined; None for one that goes alone, or not at all."""
    if parcel.problem is not None:
        return None
    try:
        return (parcel.provider.batch_key(parcel.outbound[0]),)
    except Exception as error:  # noqa: BLE001  an adapter that fails to tell has sent nothing
        parcel.problem = GatewayUnavailable(fault(parcel, error))
        return None
