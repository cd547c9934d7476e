"""Callback deliveries grow old with their messages."""

from collections.abc import Collection
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from callbacks.models import CallbackDelivery, Settlement
from messages_app.signals import messages_outlived


@receiver(messages_outlived, dispatch_uid="callbacks.pruning")
def delete_settled(sender: Any, message_ids: Collection[UUID], **_: Any) -> set[UUID]:
    """Deletes what is settled of these messages; answers those of which a status is still owed."""
    rows = CallbackDelivery.objects.filter(message__in=message_ids).order_by("pk")
    locked = list(rows.select_for_update().values_list("pk", "message_id", "settlement"))
    owed = {message_id for _, message_id, settlement in locked if settlement == Settlement.OWED}
    settled = [pk for pk, message_id, _ in locked if message_id not in owed]
    CallbackDelivery.objects.filter(pk__in=settled).delete()
    return owed
