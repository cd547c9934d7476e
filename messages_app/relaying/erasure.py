"""Relays of erased users: they end, and what they hold is removed."""

from collections.abc import Sequence
from typing import Any
from uuid import UUID

from django.dispatch import receiver

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from messages_app.models import Relay, RelayOutcome
from messages_app.relaying.locking import locked
from users.models import EndUser
from users.signals import end_users_erased


@receiver(end_users_erased)
def end_relays_of_erased(sender: Any, end_user_ids: Sequence[UUID], **kwargs: Any) -> None:
    """Ends what has not left yet; also what waits to tell of an address that was theirs."""
    with writing():
        theirs = locked(Relay.objects.filter(end_user__in=end_user_ids))
        theirs.update(payload=None)
        theirs.filter(settled_at=None).update(
            settled_at=database_now(),
            outcome=RelayOutcome.NOT_NEEDED,
            detail="erased",
            lease=None,
        )
        erased = EndUser.objects.filter(pk__in=end_user_ids).exclude(email_index=None)
        for label_id in erased.values_list("label_id", flat=True).distinct():
            indexes = erased.filter(label=label_id).values_list("email_index", flat=True)
            known = Relay.objects.filter(label=label_id, subject__in=list(indexes))
            locked(known.filter(address__isnull=False)).update(address=None)
