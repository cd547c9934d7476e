"""Locking relays, in the order of their ids everywhere, so that two writers never deadlock."""

from django.db.models import QuerySet

from messages_app.models import Relay


def locked(relays: "QuerySet[Relay]") -> "QuerySet[Relay]":
    """These and no others, until the end of the transaction."""
    ids = list(relays.select_for_update().order_by("pk").values_list("pk", flat=True))
    return Relay.objects.filter(pk__in=ids)
