"""A gateway's `rate_per_second`, kept over all workers: slots handed out by the database."""

from datetime import datetime, timedelta

from gateways.models import Pace

HEADROOM = 0.965
CATCH_UP = timedelta(milliseconds=30)
"""Slots that nobody took are lost, but for so much. HEADROOM x (1 s + CATCH_UP) stays below 1 s,
so no window of one second ever holds more than the rate."""
FURTHEST_AHEAD = timedelta(seconds=2)
"""The next slot is at most a step away, and a little more for who waited for the row. What is
further off was written before the clock was set back."""


class Pacer:
    """The slots of one gateway, for the length of one claiming transaction."""

    def __init__(self, gateway_id: int, rate_per_second: int | None, now: datetime) -> None:
        self.gateway_id, self.now = gateway_id, now
        self.step = timedelta(seconds=1 / (rate_per_second * HEADROOM)) if rate_per_second else None
        self.next_at = now
        if self.step is not None:
            Pace.objects.get_or_create(gateway_id=gateway_id, defaults={"next_at": now})
            pace = Pace.objects.select_for_update().get(gateway_id=gateway_id)
            was_set_back = pace.next_at > now + self.step + FURTHEST_AHEAD
            self.next_at = now if was_set_back else max(pace.next_at, now - CATCH_UP)

    def free(self, wanted: int) -> int:
        """How many of `wanted` may leave now."""
        if self.step is None:
            return wanted
        if self.next_at > self.now:
            return 0
        return min(wanted, int((self.now - self.next_at) / self.step) + 1)

    def take(self, count: int) -> None:
        """Uses up `count` slots, for everybody."""
        if self.step is not None and count:
            Pace.objects.filter(gateway_id=self.gateway_id).update(
                next_at=self.next_at + count * self.step
            )
