"""What erasing end users means for their messages."""

from collections.abc import Iterable
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from messages_app.events import fail, locked_messages
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
        waiting = {pk: message for pk, message in theirs.items() if message.state in WAITING}
        fail(waiting, "erased", now=now)
        SendAttempt.objects.filter(message__in=theirs, rendered__isnull=False).update(rendered=None)
        Message.objects.filter(pk__in=theirs).update(content=None)
