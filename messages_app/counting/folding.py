"""Folding: minutes into hours, hours into days, and an end to what nobody looks at any more."""

from collections import Counter
from datetime import datetime, timedelta

from gateway_project.lib.clock import database_now
from gateway_project.lib.transactions import writing
from messages_app.counting.adding import KEY, add, key_of
from messages_app.counting.window import BY_MINUTES, floor
from messages_app.models import Span, Tally

FOLDS = (
    (Span.MINUTE, Span.HOUR, BY_MINUTES + timedelta(hours=1)),
    (Span.HOUR, Span.DAY, timedelta(days=8)),
)
"""What becomes of which after what time. Minutes are left alone for an hour longer than they are
counted in, so that a count and a fold never meet."""
KEPT = timedelta(days=400)


def fold() -> int:
    """Folds one hour and one day that are due; answers how many tallies went into them."""
    now = database_now()
    folded = sum(_fold(old, new, floor(now - age, new)) for old, new, age in FOLDS)
    ended = Tally.objects.filter(span=Span.DAY, start__lt=now - KEPT)
    if ended.exists():
        ended.delete()
    return folded


def _fold(old: Span, new: Span, before: datetime) -> int:
    due = Tally.objects.filter(span=old, start__lt=before).order_by("start")
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
