"""Reading: what was learnt on each day, and what Smartico has acknowledged of it."""

from collections import Counter, defaultdict
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import date

from django.db.models import Sum

from callbacks.models import Booking, DayCount, Standing
from callbacks.reconciling.booking import Line

SETTLED_BADLY = (Standing.MISMATCH, Standing.DEAD)
TO_BE_REPORTED = (Standing.ACKNOWLEDGED, Standing.OWED, *SETTLED_BADLY)
GROUPS = ("label_id", "day", "channel", "status", "standing")


@dataclass(frozen=True, slots=True, kw_only=True)
class Balance:
    """How many there are, by their standing."""

    counts: Counter[str]

    @property
    def learnt(self) -> int:
        return self.counts.total()

    @property
    def to_be_reported(self) -> int:
        return sum(self.counts[standing] for standing in TO_BE_REPORTED)

    @property
    def difference(self) -> int:
        """Known here, and not acknowledged there."""
        return self.to_be_reported - self.counts[Standing.ACKNOWLEDGED]

    def of(self, standing: Standing) -> int:
        return self.counts[standing]


def read(label_ids: Iterable[int], since: date, until: date) -> dict[Line, Balance]:
    """The balances of these labels from one day to another, both included.

    One statement, so that it does not matter what is added up meanwhile.
    """
    wanted = {"label_id__in": list(label_ids), "day__gte": since, "day__lte": until}
    counts, booked = (
        model.objects.filter(**wanted).order_by().values_list(*GROUPS).annotate(total=Sum("count"))
        for model in (DayCount, Booking)
    )
    found: defaultdict[Line, Counter[str]] = defaultdict(Counter)
    for *line, standing, total in counts.union(booked, all=True):
        found[Line(*line)][standing] += int(total)
    return {line: Balance(counts=found[line]) for line in sorted(found) if found[line].total()}


def together(balances: Iterable[Balance]) -> Balance:
    total: Counter[str] = Counter()
    for balance in balances:
        total.update(balance.counts)
    return Balance(counts=total)
