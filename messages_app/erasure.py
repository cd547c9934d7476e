"""What erasing end users means for their messages."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from gateway_project.lib.vocabulary import Status
from messages_app.events import Fact, locked_messages, record
from messages_app.models import Message, SendAttempt, State
from users.signals import end_users_erased

WAITING = (State.QUEUED, State.UNKNOWN)


@receiver(end_users_erased)
def settle_messages_of_erased(sender: Any, end_user_ids: Iterable[UUID], **kwargs: Any) -> None:
    """Fails what has not left yet, and removes what the messages said."""
    with writing():
        now = database_now()
        of_theirs = Message.objects.filter(end_user__in=end_user_ids)
        theirs = locked_messages(of_theirs.values_list("pk", flat=True))
        record(
            [
                Fact(message_id=pk, status=Status.FAILED, occurred_at=now, detail="erased")
                for pk, message in theirs.items()
                if message.state in WAITING
            ],
            now=now,
        )
        SendAttempt.objects.filter(message__in=theirs, rendered__isnull=False).update(rendered=None)
        Message.objects.filter(pk__in=theirs).update(content=None)
