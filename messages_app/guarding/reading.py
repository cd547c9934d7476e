"""The counts that the guard goes by, out of the tallies."""

from collections import defaultdict
from collections.abc import Collection, Iterable, Mapping
from datetime import UTC, datetime

from django.db.models import QuerySet, Sum
from django.db.models.functions import TruncHour

from messages_app.counting.window import floor
from messages_app.guarding.verdict import HOUR, LOOKED_BACK, Counts, Kind, Usual, learn
from messages_app.models import Measure, Span, Strike, Tally

FAILED = (Measure.FAILED, Measure.REJECTED)
MEASURES = (Measure.ACCEPTED, Measure.SENT, Measure.DELIVERED, *FAILED, Measure.ENDED_HERE)

Sums = Mapping[str, int]


def present_counts(gateway_ids: Collection[int], hour: datetime) -> dict[int, Counts]:
    """Of the hour that began then, as far as it is counted."""
    rows = _tallies(gateway_ids, hour, hour + HOUR)
    found: defaultdict[int, dict[str, int]] = defaultdict(dict)
    for row in rows.values("gateway_id", "measure").annotate(total=Sum("count")):
        found[row["gateway_id"]][row["measure"]] = row["total"]
    return {gateway_id: _counts(found[gateway_id]) for gateway_id in gateway_ids}


def counts_by_hour(gateway_id: int, since: datetime, until: datetime) -> dict[datetime, Counts]:
    """Of the full hours between; none where nothing happened."""
    rows = _tallies([gateway_id], since, until).annotate(hour=TruncHour("start", tzinfo=UTC))
    found: defaultdict[datetime, dict[str, int]] = defaultdict(dict)
    for row in rows.values("hour", "measure").annotate(total=Sum("count")):
        found[row["hour"]][row["measure"]] = row["total"]
    return {hour: _counts(sums) for hour, sums in found.items()}


def past_of(gateway_id: int, hour: datetime) -> dict[datetime, Counts]:
    """All that may be learnt from: the hours in which nothing was outside of what was usual. While
    the guard holds a gateway, a campaign that was a mistake may go on coming in."""
    past = counts_by_hour(gateway_id, hour - LOOKED_BACK, hour)
    holds = list(Strike.objects.filter(gateway=gateway_id).values_list("hour", "released_at"))
    return {at: counts for at, counts in past.items() if not _was_held(at, holds)}


def _was_held(at: datetime, holds: Iterable[tuple[datetime, datetime | None]]) -> bool:
    """Whether the hour lies between that of a strike and that of the release."""
    return any(struck <= at and (until is None or at <= until) for struck, until in holds)


def usual_of(gateway_id: int, hour: datetime) -> Usual:
    return learn(past_of(gateway_id, hour), hour)


def strikes_of(gateway_id: int, since: datetime) -> dict[datetime, set[Kind]]:
    """The hours since then in which it has held the gateway, and what for."""
    found: defaultdict[datetime, set[Kind]] = defaultdict(set)
    rows = Strike.objects.filter(gateway=gateway_id, hour__gte=since)
    for hour, kind in rows.values_list("hour", "kind"):
        found[hour].add(Kind(kind))
    return found


def hour_of(moment: datetime) -> datetime:
    return floor(moment, Span.HOUR)


def _tallies(gateway_ids: Iterable[int], since: datetime, until: datetime) -> "QuerySet[Tally]":
    """Days are too long to say anything about an hour."""
    return Tally.objects.filter(
        start__gte=since,
        start__lt=until,
        span__in=(Span.MINUTE, Span.HOUR),
        measure__in=MEASURES,
        gateway_id__in=gateway_ids,
    ).order_by()


def _counts(sums: Sums) -> Counts:
    """Not every provider tells of deliveries: then those that it has taken went well. What the
    house ended by itself, as it expired, says nothing of a list or a provider."""
    failed = sum(sums.get(measure, 0) for measure in FAILED) - sums.get(Measure.ENDED_HERE, 0)
    return Counts(
        accepted=sums.get(Measure.ACCEPTED, 0),
        went_well=max(sums.get(Measure.SENT, 0), sums.get(Measure.DELIVERED, 0)),
        failed=max(failed, 0),
    )
