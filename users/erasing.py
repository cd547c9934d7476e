"""Erasing: an end user and the addresses are gone, and nothing waiting is sent to them."""

from collections.abc import Iterable

from django.db import transaction

from users.models import EndUser
from users.signals import end_users_erased


@transaction.atomic
def erase(users: Iterable[EndUser]) -> int:
    """Deletes the users, all or none. Answers how many there were.

    Their rows are locked first: a message that is being accepted meanwhile waits and then finds
    no user. What the floors above do about it happens in the same transaction.
    """
    rows = EndUser.objects.filter(pk__in=[user.pk for user in users])
    ids = list(rows.select_for_update().order_by("pk").values_list("pk", flat=True))
    if ids:
        end_users_erased.send(EndUser, end_user_ids=ids)
        EndUser.objects.filter(pk__in=ids).delete()
    return len(ids)
