"""Lifting: people open addresses again, and what they said why is kept for a year."""

from collections import defaultdict
from datetime import timedelta
from typing import Any

from django.db.models import QuerySet

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from users.models import Lifting, Suppression
from users.suppressions import lift

MAY_LIFT = "users.lift_suppression"
KEPT = timedelta(days=400)
BATCH = 1_000


def lift_rows(rows: "QuerySet[Suppression]", *, by: str, because: str) -> int:
    """Lifts these suppressions; answers how many were still there."""
    by_channel: defaultdict[tuple[int, str], list[str]] = defaultdict(list)
    meant = rows.order_by().values_list("label_id", "channel", "address_index")
    for label_id, channel, index in meant:
        by_channel[label_id, channel].append(index)
    with writing():
        return sum(
            lift(label_id, channel, indexes, by=by, because=because)
            for (label_id, channel), indexes in sorted(by_channel.items())
        )


def forget_liftings() -> int:
    """Deletes old ones; answers how many."""
    old = Lifting.objects.filter(lifted_at__lt=database_now() - KEPT)
    if not old.exists():
        return 0
    with writing():
        gone: tuple[int, Any] = Lifting.objects.filter(
            pk__in=list(old.values_list("pk", flat=True)[:BATCH])
        ).delete()
    return gone[0]
