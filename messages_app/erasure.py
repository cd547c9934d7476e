"""What erasing end users means for their messages."""

from collections import defaultdict
from collections.abc import Collection, Iterable
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
def settle_messages_of_erased(
    sender: Any, end_user_ids: Iterable[UUID], *, with_suppressions: bool, **kwargs: Any
) -> dict[UUID, dict[str, int]]:
    """Fails what has not left yet, and removes what messages said. Answers how many there were.

    The indexes of the addresses that were tried stay with suppressions: a complaint on its way
    would find nothing to close without them.
    """
    with writing():
        now = database_now()
        of_theirs = Message.objects.filter(end_user__in=end_user_ids)
        theirs = locked_messages(of_theirs.values_list("pk", flat=True))
        waiting = {pk: message for pk, message in theirs.items() if message.state in WAITING}
        fail(waiting, "erased", now=now)
        tries = SendAttempt.objects.filter(message__in=theirs)
        tries.filter(rendered__isnull=False).update(rendered=None, rendered_as=None)
        if with_suppressions:
            tries.update(address_index="")
        Message.objects.filter(pk__in=theirs).update(content=None)
    return _counted(theirs.values(), waiting)


def _counted(theirs: Iterable[Message], waiting: Collection[UUID]) -> dict[UUID, dict[str, int]]:
    counts: defaultdict[UUID, dict[str, int]] = defaultdict(
        lambda: {"messages": 0, "messages_not_sent": 0}
    )
    for message in theirs:
        if message.end_user_id is not None:
            counts[message.end_user_id]["messages"] += 1
            counts[message.end_user_id]["messages_not_sent"] += message.pk in waiting
    return counts
