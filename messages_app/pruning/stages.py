"""What each stage of pruning removes from messages that the caller has locked.

A stage answers the messages that it must not touch yet.
"""

from collections import defaultdict
from collections.abc import Callable, Collection, Iterable
from datetime import datetime
from typing import cast
from uuid import UUID

from messages_app.models import (
    OPEN,
    DeliveredPart,
    Message,
    SendAttempt,
    Stage,
    StatusEvent,
)
from messages_app.signals import messages_outlived

Removal = Callable[[Collection[Message], datetime], set[UUID]]


def remove_bodies(messages: Collection[Message], now: datetime) -> set[UUID]:
    """What they said, the copies that a provider of ours has kept, and preview addresses."""
    kept = _open(messages)
    ids = [row.pk for row in messages if row.pk not in kept]
    Message.objects.filter(pk__in=ids).update(content=None, preview_address=None)
    SendAttempt.objects.filter(message__in=ids, rendered__isnull=False).update(
        rendered=None, rendered_as=None
    )
    return kept


def remove_events(messages: Collection[Message], now: datetime) -> set[UUID]:
    """All that happened to them, but for what a late status and a repeated uid need: the row, the
    names of the statuses that were learnt, and the ids that providers gave.
    """
    kept = _still_needed(messages)
    rows = [row for row in messages if row.pk not in kept]
    ids = [row.pk for row in rows]
    _keep_statuses(rows, now)
    StatusEvent.objects.filter(message__in=ids).delete()
    DeliveredPart.objects.filter(message__in=ids).delete()
    tries = SendAttempt.objects.filter(message__in=ids)
    tries.filter(provider_id="").delete()
    tries.update(detail="", address_index="", rendered=None, rendered_as=None, ask_at=None)
    return kept


def remove_tombstones(messages: Collection[Message], now: datetime) -> set[UUID]:
    """The rest. From now on the uid is a new one, and a late status is of nothing known."""
    kept = _still_needed(messages)
    Message.objects.filter(pk__in=[row.pk for row in messages if row.pk not in kept]).delete()
    return kept


REMOVALS: dict[Stage, Removal] = {
    Stage.BODIES: remove_bodies,
    Stage.EVENTS: remove_events,
    Stage.TOMBSTONES: remove_tombstones,
}


def _open(messages: Iterable[Message]) -> set[UUID]:
    return {row.pk for row in messages if row.state in OPEN}


def _still_needed(messages: Collection[Message]) -> set[UUID]:
    """Those that are open, and those that a floor above still needs: it removes its own rows of
    the others."""
    kept = _open(messages)
    ids = [row.pk for row in messages if row.pk not in kept]
    for _, needed in messages_outlived.send(Message, message_ids=ids):
        kept |= cast("set[UUID]", needed)
    return kept


def _keep_statuses(rows: Iterable[Message], now: datetime) -> None:
    """One statement for all that have learnt the same."""
    learnt = {row.pk: set(row.pruned_statuses) for row in rows}
    counted = StatusEvent.objects.filter(message__in=list(learnt)).counted()
    for message_id, status in counted.values_list("message_id", "status"):
        learnt[message_id].add(status)
    alike: defaultdict[tuple[str, ...], list[UUID]] = defaultdict(list)
    for message_id, statuses in learnt.items():
        alike[tuple(sorted(statuses))].append(message_id)
    for told, ids in alike.items():
        Message.objects.filter(pk__in=ids).update(
            pruned_at=now,
            pruned_statuses=list(told),
            content=None,
            preview_address=None,
            notes=[],
            chosen_because="",
        )
