"""Replaying: what was settled is owed to Smartico again."""

from collections.abc import Collection, Iterator
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from callbacks.models import (
    UNHEARD,
    CallbackDelivery,
    DeliveryQuerySet,
    Settlement,
    Standing,
)
from callbacks.reconciling.booking import Book
from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing

BATCH = 1_000


@dataclass(frozen=True, slots=True, kw_only=True)
class Choice:
    """Which settled deliveries are meant; what is left out does not narrow it.

    `since` and `until` are about when the status became owed, the first included, the second not.
    """

    label: str | None = None
    message: UUID | None = None
    statuses: Collection[str] = ()
    since: datetime | None = None
    until: datetime | None = None
    failed_only: bool = False

    def deliveries(self) -> DeliveryQuerySet:
        conditions = {
            "label__slug": self.label,
            "message": self.message,
            "status__in": list(self.statuses) or None,
            "created_at__gte": self.since,
            "created_at__lt": self.until,
            "settlement__in": UNHEARD if self.failed_only else None,
        }
        given = {name: value for name, value in conditions.items() if value is not None}
        return CallbackDelivery.objects.exclude(settlement=Settlement.OWED).filter(**given)


def replay(deliveries: DeliveryQuerySet) -> int:
    """Owes the settled ones among these deliveries again, as if never tried; answers how many."""
    return sum(replaying(deliveries))


def replaying(deliveries: DeliveryQuerySet) -> Iterator[int]:
    """The same in batches, each in a transaction of its own and as it is asked for: answers how
    many each was. So a large replay holds no lock for long; what was tried stays listed.
    """
    settled = deliveries.exclude(settlement=Settlement.OWED).order_by("pk")
    last = 0
    while True:
        with writing():
            rows = settled.filter(pk__gt=last).select_for_update(of=("self",))
            ids = list(rows.values_list("pk", flat=True)[:BATCH])
            replayed = _owe_again(ids, database_now()) if ids else 0
        if not ids:
            return
        last = ids[-1]
        yield replayed


def _owe_again(ids: list[int], now: datetime) -> int:
    settled, book = CallbackDelivery.objects.filter(pk__in=ids), Book()
    book.move_all(settled, Standing.OWED)
    book.write()
    return settled.update(
        settlement=Settlement.OWED,
        settled_at=None,
        attempts=0,
        times_not_found=0,
        due_at=now,
        first_failed_at=None,
        lease=None,
        lease_until=None,
    )
