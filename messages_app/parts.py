"""Messages that leave in parts, such as a long SMS: they arrived when all of their parts did.

A part that failed fails the message at once. That yields to a later delivered, as any failure does:
when every part is reported to have arrived after all.
"""

from collections.abc import Sequence
from uuid import UUID

from gateway_project.lib.vocabulary import Status
from gateways.providers.base import StatusUpdate
from messages_app.events import locked_messages
from messages_app.models import PROVIDER_ID_LENGTH, DeliveredPart
from messages_app.statuses import ENDS

Named = tuple[StatusUpdate, UUID]


def of_the_whole(reports: Sequence[Named]) -> list[bool]:
    """For each report whether what it says of a part, if it is about one, holds for its message.

    Runs inside the caller's transaction. Reports of two parts at once are taken one after the
    other: where one is about a part, all messages of the batch are locked, in the usual order.
    """
    if all(update.parts <= 1 for update, _ in reports):
        return [True for _ in reports]
    there = locked_messages({message_id for _, message_id in reports})
    return [
        update.parts <= 1 or message_id not in there or _is_told(update, message_id)
        for update, message_id in reports
    ]


def _is_told(update: StatusUpdate, message_id: UUID) -> bool:
    parts = DeliveredPart.objects.filter(
        message=message_id, provider_id=(update.provider_id or "")[:PROVIDER_ID_LENGTH]
    )
    if update.status in ENDS:
        parts.filter(number=update.part).delete()
    if update.status != Status.DELIVERED:
        return True
    DeliveredPart.objects.bulk_create(
        [
            DeliveredPart(
                message_id=message_id,
                provider_id=(update.provider_id or "")[:PROVIDER_ID_LENGTH],
                number=update.part,
            )
        ],
        ignore_conflicts=True,
    )
    return parts.count() >= update.parts
