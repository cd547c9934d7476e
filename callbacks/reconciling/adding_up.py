"""Adding up: bookings become counts of days."""

import time
from collections import Counter
from datetime import timedelta
from operator import attrgetter

from callbacks.models import Booking, DayCount
from gateway_project.lib.adding import add
from gateway_project.lib.clock import database_now
from gateway_project.lib.draining import skipping_locked
from gateway_project.lib.transactions import writing

KEY = ("label_id", "day", "channel", "status", "standing")
BATCH = 5_000
BUDGET_SECONDS = 0.5
"""Where there is much to add up, for how long at a tick batches are begun."""
KEPT = timedelta(days=400)


def add_up() -> int:
    """Adds up what was booked; answers how many bookings that were."""
    deadline, added = time.monotonic() + BUDGET_SECONDS, 0
    while some := _add_some():
        added += some
        if time.monotonic() >= deadline:
            break
    DayCount.objects.filter(day__lt=(database_now() - KEPT).date()).delete()
    return added


def _add_some() -> int:
    if not Booking.objects.exists():
        return 0
    with writing():
        booked = list(skipping_locked(Booking.objects.order_by("pk"))[:BATCH])
        sums: Counter[tuple[object, ...]] = Counter()
        for booking in booked:
            sums[attrgetter(*KEY)(booking)] += booking.count
        add((_count(key, count) for key, count in sums.items() if count), KEY)
        Booking.objects.filter(pk__in=[booking.pk for booking in booked]).delete()
    return len(booked)


def _count(key: tuple[object, ...], count: int) -> DayCount:
    return DayCount(**dict(zip(KEY, key, strict=True)), count=count)
