"""Users in the order in which they were changed, so that who reads on misses none."""

from datetime import datetime
from uuid import UUID

from django.db.models import Q, QuerySet

from users.models import EndUser


def changed_since(
    users: "QuerySet[EndUser]",
    since: datetime | None,
    *,
    after: tuple[datetime, UUID] | None,
) -> "QuerySet[EndUser]":
    """From that moment on, and after that user. One who is changed meanwhile comes once more."""
    if since is not None:
        users = users.filter(updated_at__gte=since)
    if after is not None:
        moment, pk = after
        # The first condition is the one that an index can begin at.
        users = users.filter(updated_at__gte=moment)
        users = users.filter(Q(updated_at__gt=moment) | Q(pk__gt=pk))
    return users.order_by("updated_at", "pk")
