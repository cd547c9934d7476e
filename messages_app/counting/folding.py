"""Folding: minutes into hours, hours into days, and an end to what nobody looks at any more."""

from collections import Counter
from dataclasses import dataclass, field
from datetime import datetime, timedelta

from django.db.models import Q

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from messages_app.counting.adding import KEY, add, key_of
from messages_app.counting.window import BY_MINUTES, floor
from messages_app.guarding.verdict import LOOKED_BACK, SHARE_LOOKED_BACK
from messages_app.models import Measure, Span, Tally


@dataclass(frozen=True, slots=True, kw_only=True)
class Fold:
    """Tallies of the old span become some of the new one at that age."""

    old: Span
    new: Span
    age: timedelta
    of: Q = field(default_factory=Q)


KEPT_BY_HOUR = Q(measure=Measure.ACCEPTED)
"""The blast guard learns from the hours of weeks how many messages are usual."""
FOLDS = (
    Fold(old=Span.MINUTE, new=Span.HOUR, age=BY_MINUTES + timedelta(hours=1)),
    Fold(old=Span.HOUR, new=Span.DAY, age=SHARE_LOOKED_BACK + timedelta(days=1), of=~KEPT_BY_HOUR),
    Fold(old=Span.HOUR, new=Span.DAY, age=LOOKED_BACK + timedelta(days=1), of=KEPT_BY_HOUR),
)
"""Minutes are left alone for an hour longer than they are counted in, so that a count and a fold
never meet."""
KEPT = timedelta(days=400)


def fold() -> int:
    """Folds one hour and one day that are due; answers how many tallies went into them."""
    now = database_now()
    folded = sum(_fold(each, floor(now - each.age, each.new)) for each in FOLDS)
    ended = Tally.objects.filter(span=Span.DAY, start__lt=now - KEPT)
    if ended.exists():
        ended.delete()
    return folded


def _fold(what: Fold, before: datetime) -> int:
    new = what.new
    due = Tally.objects.filter(what.of, span=what.old, start__lt=before).order_by("start")
    first = due.values_list("start", flat=True).first()
    if first is None:
        return 0
    since = floor(first, new)
    with writing():
        until = since + timedelta(seconds=new)
        parts = due.filter(start__gte=since, start__lt=until).order_by("pk")
        tallies = list(parts.select_for_update())  # a second fold waits, and finds none
        add(_summed(tallies, since, new))
        Tally.objects.filter(pk__in=[tally.pk for tally in tallies]).delete()
    return len(tallies)


def _summed(tallies: list[Tally], start: datetime, span: Span) -> list[Tally]:
    sums: Counter[tuple[object, ...]] = Counter()
    for tally in tallies:
        tally.start, tally.span = start, span
        sums[key_of(tally)] += tally.count
    return [Tally(**dict(zip(KEY, key, strict=True)), count=sums[key]) for key in sums]
