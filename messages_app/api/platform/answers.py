"""A message as the platform reads it: where it stands and what was learnt, never what it said."""

from collections.abc import Collection, Sequence
from typing import Any

from gateways import configuration
from messages_app.lookups import events_of, last_causes_of
from messages_app.models import Message, StatusEvent


def messages_json(messages: Collection[Message]) -> list[dict[str, Any]]:
    """Two more queries for them all."""
    events, causes = events_of(messages), last_causes_of(messages)
    return [_message_json(row, events.get(row.pk, ()), causes.get(row.pk, "")) for row in messages]


def _message_json(row: Message, events: Sequence[StatusEvent], cause: str) -> dict[str, Any]:
    gateway = configuration.current().gateways.get(row.gateway_id)
    return {
        "id": str(row.pk),
        "uid": row.uid or None,
        "ext_user_id": row.end_user.ext_user_id if row.end_user else None,
        "channel": row.channel,
        "gateway": gateway.slug if gateway else None,
        "state": row.state,
        "status": row.status or None,
        "error_class": _error_class(row, events, cause),
        "accepted_at": row.created_at,
        "statuses": [
            *map(_pruned_json, sorted({*row.pruned_statuses} - {each.status for each in events})),
            *map(_event_json, events),
        ],
    }


def _event_json(event: StatusEvent) -> dict[str, Any]:
    return {"status": event.status, "at": event.occurred_at, "is_machine": event.is_machine}


def _pruned_json(status: str) -> dict[str, Any]:
    """What was learnt so long ago that only its name is kept."""
    return {"status": status, "at": None, "is_machine": False}


def _error_class(row: Message, events: Sequence[StatusEvent], cause: str) -> str | None:
    """Why the message came to its end, or else why its last try came to nothing; None where
    nothing went wrong."""
    ends = [event.cause for event in events if event.cause and event.status == row.status]
    return next(iter(ends), cause) or None
