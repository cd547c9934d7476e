"""Reading tallies: the two sums that everything of the past is made of."""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from django.db.models import Sum

from gateway_project.back_office.dashboard.period import Period
from gateway_project.back_office.dashboard.sight import Sight
from messages_app.models import Measure, Tally

OVER_TIME = (
    *(Measure.ACCEPTED, Measure.SENT, Measure.DELIVERED),
    *(Measure.FAILED, Measure.REJECTED, Measure.TRY_UNKNOWN),
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Total:
    """How often something happened in the period."""

    channel: str
    gateway_id: int
    measure: str
    part: int
    count: int


@dataclass(frozen=True, slots=True, kw_only=True)
class Figures:
    """All that happened in a period, and when."""

    points: list[str]
    narrowed: Mapping[str, str]
    """The log of messages, to the same time."""
    by_time: Mapping[tuple[str, str], list[int]]
    """By channel and measure: a number for each point."""
    totals: list[Total]

    def sums(self, key: Callable[[Total], Any], *measures: str) -> Counter[Any]:
        """The totals of these measures, added up by `key`."""
        found: Counter[Any] = Counter()
        for total in self.totals:
            if total.measure in measures:
                found[key(total)] += total.count
        return found

    def bins(self, measure: str) -> Counter[int]:
        return self.sums(lambda total: total.part, measure)


def read(sight: Sight, period: Period, now: datetime) -> Figures:
    """Two statements over tallies, however many messages there were."""
    since = period.since(now)
    rows = Tally.objects.filter(start__gte=since, **sight.of("label_id")).order_by()
    groups = ("channel", "gateway_id", "measure", "part")
    totals = rows.values(*groups).annotate(total=Sum("count"))
    return Figures(
        points=period.points(now),
        narrowed=period.narrowed(now),
        by_time=_by_time(rows, period, now),
        totals=[
            Total(**{name: row[name] for name in groups}, count=row["total"]) for row in totals
        ],
    )


def _by_time(rows: Any, period: Period, now: datetime) -> dict[tuple[str, str], list[int]]:
    series: dict[tuple[str, str], list[int]] = {}
    groups = ("start", "channel", "measure")
    counted = rows.filter(measure__in=OVER_TIME).values(*groups).annotate(total=Sum("count"))
    for start, channel, measure, total in counted.values_list(*groups, "total"):
        numbers = series.setdefault((channel, measure), [0] * period.count)
        place = period.place(start, now)
        if place < period.count:  # a clock ahead of ours
            numbers[place] += total
    return series
