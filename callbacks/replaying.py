"""Replaying: what was settled is owed to Smartico again."""

from collections import Counter
from collections.abc import Collection, Iterator
from dataclasses import dataclass, field
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
from messages_app.counting.rows import DISORDER, first_key

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
        """A time is a range of ids as well: without it all rows would be looked through."""
        conditions = {
            "pk__gte": self.since and _first_key(self.since - DISORDER),
            "pk__lt": self.until and _first_key(self.until + DISORDER),
            "label__slug": self.label,
            "message": self.message,
            "status__in": list(self.statuses) or None,
            "created_at__gte": self.since,
            "created_at__lt": self.until,
            "settlement__in": UNHEARD if self.failed_only else None,
        }
        given = {name: value for name, value in conditions.items() if value is not None}
        return CallbackDelivery.objects.exclude(settlement=Settlement.OWED).filter(**given)


@dataclass(frozen=True, slots=True, kw_only=True)
class Replayed:
    """One batch: how many of each label by its id, the last of them, and whether it is the end."""

    by_label: Counter[int] = field(default_factory=Counter)
    last: int = 0
    is_end: bool = True


def replay(deliveries: DeliveryQuerySet) -> int:
    """Owes the settled ones among these deliveries again, as if never tried; answers how many."""
    return sum(batch.by_label.total() for batch in replaying(deliveries))


def replaying(deliveries: DeliveryQuerySet) -> Iterator[Replayed]:
    """The same in batches, each in a transaction of its own and as it is asked for. So a large
    replay holds no lock for long; what was tried stays listed.

    In the order of their ids, to what is the youngest when it begins: nothing is told twice because
    Smartico acknowledges meanwhile, and it comes to an end.
    """
    youngest = CallbackDelivery.objects.order_by("pk").values_list("pk", flat=True).last() or 0
    settled = deliveries.exclude(settlement=Settlement.OWED).filter(pk__lte=youngest)
    batch = Replayed(is_end=False)
    while not batch.is_end:
        batch = _replay_batch(settled.filter(pk__gt=batch.last).order_by("pk"))
        if batch.by_label:
            yield batch


def _replay_batch(settled: DeliveryQuerySet) -> Replayed:
    with writing():
        rows = settled.select_for_update(of=("self",)).values_list("pk", "label_id")
        found = list(rows[: BATCH + 1])
        batch = found[:BATCH]
        if not batch:
            return Replayed()
        ids = [pk for pk, _ in batch]
        _owe_again(ids, database_now())
    by_label = Counter(label_id for _, label_id in batch)
    return Replayed(by_label=by_label, last=ids[-1], is_end=found == batch)


def _first_key(moment: datetime) -> int:
    return first_key(CallbackDelivery, "created_at", moment)


def _owe_again(ids: list[int], now: datetime) -> None:
    settled, book = CallbackDelivery.objects.filter(pk__in=ids), Book()
    book.move_all(settled, Standing.OWED)
    book.write()
    settled.update(
        settlement=Settlement.OWED,
        settled_at=None,
        attempts=0,
        times_not_found=0,
        due_at=now,
        first_failed_at=None,
        lease=None,
        lease_until=None,
    )
