"""Owing: every status that is recorded is written down as owed, in the same transaction."""

import logging
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db import transaction
from django.dispatch import receiver

from callbacks.lanes import UNREADABLE, Lane
from callbacks.models import CallbackDelivery, Standing
from callbacks.reconciling.booking import Book
from gateway_project.lib.crypto import Undecryptable
from gateways import configuration
from gateways.callback_hosts import CallbackRefused, origin_of
from messages_app.models import Message, StatusEvent
from messages_app.signals import statuses_recorded

logger = logging.getLogger(__name__)

FIRST_WAIT = timedelta(seconds=1)
"""From the acceptance of the message: Smartico has only just got its id."""


@receiver(statuses_recorded, dispatch_uid="callbacks.owing")
def owe(events: Sequence[StatusEvent], quiet: Sequence[StatusEvent] = (), **_: Any) -> None:
    """Writes the callback deliveries that these status events are worth."""
    wanted = [event for event in events if _is_wanted(event)]
    book = Book()
    book.learn(quiet, Standing.QUIET)
    book.learn((event for event in events if not _is_wanted(event)), Standing.UNWANTED)
    book.learn(wanted, Standing.OWED)
    book.write()
    if not wanted:
        return
    held_until = _held_until({event.message_id for event in wanted}, wanted[0].recorded_at)
    rows = [_delivery(event, held_until.get(event.message_id)) for event in wanted]
    CallbackDelivery.objects.bulk_create(rows, ignore_conflicts=True)
    for lane in {Lane(label_id=row.label_id, host=row.host) for row in rows}:
        transaction.on_commit(lane.kick)


def _is_wanted(event: StatusEvent) -> bool:
    label = configuration.current().labels[event.message.label_id]
    return event.message.callback_url is not None and event.status in label.callback_statuses


def _delivery(event: StatusEvent, held_until: datetime | None) -> CallbackDelivery:
    message, now = event.message, event.recorded_at
    return CallbackDelivery(
        message=message,
        label_id=message.label_id,
        host=_host(message),
        status=event.status,
        due_at=max(now, message.created_at + FIRST_WAIT, held_until or now),
        created_at=now,
    )


def _host(message: Message) -> str:
    try:
        return origin_of(message.callback_url.reveal())
    except Undecryptable:
        logger.error("the callback_url of message %s cannot be decrypted", message.pk)
    except CallbackRefused:
        logger.error("the callback_url of message %s cannot be read", message.pk)
    return UNREADABLE


def _held_until(message_ids: Iterable[UUID], now: datetime) -> dict[UUID, datetime]:
    """Until when an earlier status of the message has to be waited for."""
    waiting = CallbackDelivery.objects.owed().filter(message__in=message_ids, due_at__gt=now)
    held: dict[UUID, datetime] = {}
    for row in waiting:
        until = row.may_be_passed_at
        held[row.message_id] = max(until, held.get(row.message_id, until))
    return held
