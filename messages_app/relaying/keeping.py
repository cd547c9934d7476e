"""How long relays are kept, and how people have them told again."""

from datetime import timedelta

from django.db.models import Exists, OuterRef, Q, QuerySet

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from messages_app.models import NOT_TAKEN, Relay, RelayOutcome

BATCH = 1000
KEPT = timedelta(days=7)
"""A settled relay is kept so long. Until then the same id is the same event."""
WAITS = timedelta(days=14)
"""So long a relay waits for a gateway that is paused or inactive, or an end-point that is."""


def forget_relays() -> int:
    """Deletes old settled relays and ends those that have waited too long; answers how many."""
    with writing():
        now = database_now()
        settled = Relay.objects.filter(settled_at__lte=now - KEPT).order_by("settled_at")
        gone = list(settled.values_list("pk", flat=True)[:BATCH])
        Relay.objects.filter(pk__in=gone).delete()
        waiting = Relay.objects.filter(settled_at=None, created_at__lte=now - WAITS, lease=None)
        ended = waiting.update(
            outcome=RelayOutcome.FAILED, detail="it waited too long", settled_at=now
        )
    return len(gone) + ended


def retriable(relays: "QuerySet[Relay]") -> "QuerySet[Relay]":
    """Those that were not taken, and would not undo what was told since on the same subject."""
    of_provider = Q(gateway=OuterRef("gateway"))
    of_label = Q(gateway=None, label=OuterRef("label"), listener=OuterRef("listener"))
    later = Relay.objects.filter(
        of_provider | of_label, subject=OuterRef("subject"), pk__gt=OuterRef("pk")
    ).exclude(subject="")
    return relays.filter(~Exists(later), outcome__in=NOT_TAKEN)


def retry(relays: "QuerySet[Relay]") -> int:
    """Makes them due again, as if they were new; answers how many."""
    meant = list(retriable(relays).order_by().values_list("pk", flat=True))
    return Relay.objects.filter(pk__in=meant, outcome__in=NOT_TAKEN).update(
        outcome="", detail="", settled_at=None, attempts=0, lease=None, due_at=database_now()
    )
