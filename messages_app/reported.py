"""A provider's reports as values: fit to be stored, with what else is known of them."""

from dataclasses import dataclass, field, replace
from datetime import UTC, datetime, timedelta

from gateway_project.lib.crypto import keyed_digest
from gateway_project.lib.storable import storable
from gateways.providers.base import StatusUpdate
from gateways.values import GatewayValues
from messages_app.models import PROVIDER_ID_LENGTH
from messages_app.recipients import address_index
from messages_app.statuses import BESIDE

EARLIEST = datetime(2000, 1, 1, tzinfo=UTC)
LONGEST_AHEAD = timedelta(days=1)
"""What happened before, or later than that, did not: clocks go wrong, and years that no calendar
of ours holds could be written and never be read again."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Report:
    """A provider's update, with the blind index of the address it names, if it names one, and the
    mapping that gave its word a meaning, if one was needed.
    """

    update: StatusUpdate
    address_index: str = field(default="", repr=False)
    mapping_id: int | None = None
    told_by: int | None = None
    """The gateway whose provider it comes from; None where nobody's in particular."""
    has_waited: bool = False
    """Whether the provider's id in it has been looked for long enough to be somebody else's."""

    @property
    def names_address_only(self) -> bool:
        """Whether the address is all that tells which message is meant."""
        has_id = bool(self.update.message_id or self.update.provider_id)
        return bool(self.address_index) and not has_id

    @property
    def may_go_by_address(self) -> bool:
        """Whether it is about the last message to its address where no id names one. A person who
        turns away from the house's other messages turns away from ours.
        """
        is_in_vain = self.has_waited and not self.update.message_id
        is_person = bool(self.address_index) and self.update.status in BESIDE
        return self.names_address_only or (is_in_vain and is_person)


def reported(gateway: GatewayValues, update: StatusUpdate, now: datetime) -> Report:
    """What this gateway's provider reports."""
    update = storable_update(update, now)
    return Report(update=update, address_index=address_index(gateway, update), told_by=gateway.id)


def storable_update(update: StatusUpdate, now: datetime) -> StatusUpdate:
    """Without what no column holds, NUL and halves of surrogate pairs, nor a time that cannot be:
    one report that has them must not cost the others.
    """
    told = update.occurred_at
    is_believed = told is not None and told.tzinfo and EARLIEST < told < now + LONGEST_AHEAD
    return replace(
        update,
        message_id=update.message_id and storable(update.message_id),
        provider_id=update.provider_id and storable(update.provider_id),
        word=storable(update.word),
        detail=storable(update.detail),
        occurred_at=told if is_believed else None,
    )


def kept_id(update: StatusUpdate) -> str:
    """The provider's id as `SendAttempt` keeps it."""
    return (update.provider_id or "")[:PROVIDER_ID_LENGTH]


def provider_id_digest(provider_id: str) -> str:
    """By what an id that is kept sealed is found; "" for none."""
    return provider_id and keyed_digest(provider_id, purpose="provider-id")
