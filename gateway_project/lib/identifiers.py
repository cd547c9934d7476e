"""Ids made by the client: they grow with time, so new rows land at one end of an index."""

from datetime import UTC, datetime
from uuid import UUID

from uuid_utils.compat import uuid7 as _uuid7


def new_id() -> UUID:
    """A UUID of version 7 (RFC 9562)."""
    return UUID(int=_uuid7().int)


def read_id(text: str | None) -> UUID | None:
    """The id that is written there; None where there is none."""
    try:
        return UUID(text) if text else None
    except ValueError:
        return None


def first_id(moment: datetime) -> UUID:
    """The least id that can be made from that millisecond on: a time is a range of ids.

    Ids tell the time of the machine that made them.
    """
    return UUID(int=int(moment.timestamp() * 1000) << 80)


def moment_of(id_: UUID) -> datetime:
    """The millisecond in which such an id was made."""
    return datetime.fromtimestamp((id_.int >> 80) / 1000, UTC)
