"""Messages whose user's copy is too old wait untried until the directory has been asked."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from django.db.models import F
from django.dispatch import receiver

from gateway_project.lib.clock import database_now
from gateways import configuration
from gateways.adapters import address_channel
from gateways.values import GatewayValues
from messages_app.models import Message, State
from users.directories.base import DirectoryDown
from users.directories.copies import is_fresh
from users.directories.kept import directory_of
from users.signals import end_users_refreshed

WAIT = timedelta(seconds=60)
"""At most: who has been asked for lets the messages go at once."""


def stale_among(messages: Sequence[Message], gateway: GatewayValues, now: datetime) -> set[UUID]:
    """The messages among these that the directory has to be asked for."""
    label = configuration.current().labels[gateway.label_id]
    if label.directory is None or address_channel(gateway) is None:
        return set()
    try:
        directory = directory_of(label)
    except DirectoryDown:
        return {message.pk for message in messages if message.end_user}
    if directory is None:
        return set()
    return {
        message.pk
        for message in messages
        if message.end_user and not is_fresh(message.end_user, directory.ttl, now)
    }


def set_aside(message_ids: Sequence[UUID], now: datetime) -> None:
    """Gives back what was just claimed: it was not tried."""
    Message.objects.filter(pk__in=message_ids).update(
        state=State.QUEUED,
        lease=None,
        lease_until=None,
        due_at=now + WAIT,
        is_set_aside=True,
        attempts=F("attempts") - 1,
    )


@receiver(end_users_refreshed)
def let_go(sender: Any, end_user_ids: Sequence[UUID], **kwargs: Any) -> None:
    """What was set aside for these users is due now. What waits for its next try keeps its time."""
    waiting = Message.objects.filter(
        end_user__in=end_user_ids, state=State.QUEUED, is_set_aside=True
    )
    ids = list(waiting.select_for_update().order_by("pk").values_list("pk", flat=True))
    Message.objects.filter(pk__in=ids).update(due_at=database_now(), is_set_aside=False)
