"""A rate per second, kept over all workers: moments handed out by the database."""

import math
from datetime import datetime, timedelta

from gateway_project.lib.shares import part_of
from gateways.models import Pace

HEADROOM = 0.96
"""Of the rate: calls that travel some milliseconds longer or shorter still keep it."""
AHEAD = timedelta(milliseconds=100)
"""So early they are claimed, to leave at their very moment however busy the database is."""
FURTHEST = timedelta(seconds=2)
"""The next moment is at most a step beyond, and a little more for who waited for the row. What is
further off was written before the clock was set back."""


def claimed_ahead(rate_per_second: int | None) -> int:
    """How many wait for their moment in this process at a time."""
    if rate_per_second is None:
        return 0
    return part_of(math.ceil(rate_per_second * AHEAD.total_seconds()))


class Pacer:
    """The moments of one who keeps a rate, for the length of one claiming transaction.

    `whose` names the row: a `gateway_id`, or the `label_id` of callbacks.
    """

    def __init__(self, rate_per_second: int | None, now: datetime, **whose: int) -> None:
        self.whose, self.now = whose, now
        self.step = timedelta(seconds=1 / (rate_per_second * HEADROOM)) if rate_per_second else None
        self.next_at = now
        if self.step is not None:
            Pace.objects.get_or_create(**whose, defaults={"next_at": now})
            next_at = Pace.objects.select_for_update().get(**whose).next_at
            was_set_back = next_at > now + AHEAD + self.step + FURTHEST
            self.next_at = now if was_set_back else max(next_at, now)

    def free(self, wanted: int) -> int:
        """How many of `wanted` may be claimed now."""
        if self.step is None:
            return wanted
        until = self.now + AHEAD
        return 0 if self.next_at > until else min(wanted, (until - self.next_at) // self.step + 1)

    def take(self, count: int) -> list[datetime]:
        """When each of `count` leaves; nobody else is given these moments."""
        if self.step is None:
            return [self.now] * count
        moments = [self.next_at + number * self.step for number in range(count)]
        if moments:
            Pace.objects.filter(**self.whose).update(next_at=moments[-1] + self.step)
        return moments
