"""Owing: every status that is recorded is written down as owed, in the same transaction."""

import logging
from collections.abc import Collection, Sequence
from datetime import datetime, timedelta
from itertools import compress
from operator import not_
from typing import Any
from uuid import UUID

from django.db import transaction
from django.dispatch import receiver

from callbacks.lanes import UNREADABLE, Lane
from callbacks.models import CallbackDelivery, Settlement, Standing, may_be_passed_at
from callbacks.reconciling.booking import Book
from gateway_project.lib import bulk
from gateway_project.lib.crypto import Undecryptable
from gateways import configuration
from gateways.callback_hosts import CallbackRefused, origin_of
from messages_app.models import Message, StatusEvent
from messages_app.signals import statuses_recorded

logger = logging.getLogger(__name__)

FIRST_WAIT = timedelta(seconds=1)
"""From the acceptance of the message: Smartico has only just got its id."""


WRITTEN = (
    *("message_id", "label_id", "host", "status", "settlement", "attempts"),
    *("times_not_found", "due_at", "created_at"),
)
HELD = ("message_id", "settlement", "due_at", "first_failed_at")


@receiver(statuses_recorded, dispatch_uid="callbacks.owing")
def owe(
    events: Sequence[StatusEvent],
    quiet: Sequence[StatusEvent],
    heard_of: Collection[UUID],
    **_: Any,
) -> None:
    """Writes the callback deliveries that these status events are worth."""
    is_wanted = [_is_wanted(event) for event in events]
    wanted = list(compress(events, is_wanted))
    book = Book()
    book.learn(quiet, Standing.QUIET)
    book.learn(compress(events, map(not_, is_wanted)), Standing.UNWANTED)
    book.learn(wanted, Standing.OWED)
    rows = _deliveries(wanted, heard_of)
    owed = bulk.inserting(CallbackDelivery, WRITTEN, rows, ignores_conflicts=True)
    bulk.write(book.written(), owed)
    for lane in {Lane(label_id=label_id, host=host) for _, label_id, host, *_ in rows}:
        transaction.on_commit(lane.kick)


def _is_wanted(event: StatusEvent) -> bool:
    label = configuration.current().labels[event.message.label_id]
    return event.message.callback_url is not None and event.status in label.callback_statuses


def _deliveries(events: Sequence[StatusEvent], heard_of: Collection[UUID]) -> list[bulk.Row]:
    if not events:
        return []
    followers = {event.message_id for event in events}.intersection(heard_of)
    held_until = _held_until(followers, events[0].recorded_at)
    return [_delivery(event, held_until.get(event.message_id)) for event in events]


def _delivery(event: StatusEvent, held_until: datetime | None) -> bulk.Row:
    message, now = event.message, event.recorded_at
    due_at = max(now, message.created_at + FIRST_WAIT, held_until or now)
    untried = (Settlement.OWED, 0, 0)
    return (message.pk, message.label_id, _host(message), event.status, *untried, due_at, now)


def _host(message: Message) -> str:
    try:
        return origin_of(message.callback_url.reveal())
    except Undecryptable:
        logger.error("the callback_url of message %s cannot be decrypted", message.pk)
    except CallbackRefused:
        logger.error("the callback_url of message %s cannot be read", message.pk)
    return UNREADABLE


def _held_until(message_ids: Collection[UUID], now: datetime) -> dict[UUID, datetime]:
    """Until when an earlier status of the message has to be waited for."""
    held: dict[UUID, datetime] = {}
    for row in bulk.rows_among(CallbackDelivery, HELD, "message_id", message_ids):
        message_id, settlement, due_at, first_failed_at = row
        if settlement == Settlement.OWED and due_at > now:
            until = may_be_passed_at(due_at, first_failed_at)
            held[message_id] = max(until, held.get(message_id, until))
    return held
