"""What is drilled, for how long, and by which seed."""

import time
from dataclasses import dataclass

QUICK_FAULTS_UNTIL = 35.0
QUICK_FAULTS_SECONDS = 8.0
"""At least, were the machine so slow that the gateway is late at work."""
QUICK_SETTLED_BY = 54.0
"""Seconds after it began, however long the faults took: a minute is a minute, and the house has to
be torn down in it."""
QUICK_SETTLED_SECONDS = 30.0
"""At least, after the gateway is at work. A machine on which it is not so within 24 seconds has no
minute for it."""
MOST_REFUSALS = 2
"""Of one and the same status, where there is little time: one that Smartico has refused for the
third time is told 30 seconds later."""
SHORT_MINUTES = 2.0
SETTLING_SECONDS = 300.0
"""A message may have to wait for several tries, a lease and a breaker's pause. What is settled
earlier is not waited for."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Plan:
    """`minutes` of faults, and each at least once; without them the quick drill, which plays each
    at most once and ends within a minute. Moments are of time.monotonic()."""

    seed: int
    began: float
    minutes: float | None = None

    @property
    def is_quick(self) -> bool:
        return self.minutes is None

    def faults_until(self, at_work: float) -> float:
        """When no more of them begin, if the gateway is at work by that moment."""
        if self.minutes is not None:
            return at_work + self.minutes * 60
        return max(self.began + QUICK_FAULTS_UNTIL, at_work + QUICK_FAULTS_SECONDS)

    def settled_by(self, *, at_work: float, quiet_at: float) -> float:
        """When all has to be settled, if the gateway was at work by the one moment, and the last
        fault was over by the other."""
        if not self.is_quick:
            return quiet_at + SETTLING_SECONDS
        return max(self.began + QUICK_SETTLED_BY, at_work + QUICK_SETTLED_SECONDS)

    @property
    def is_short(self) -> bool:
        return self.minutes is None or self.minutes < SHORT_MINUTES

    @property
    def most_refusals(self) -> int | None:
        return MOST_REFUSALS if self.is_short else None

    @property
    def pauses(self) -> tuple[float, float]:
        """Seconds between two faults, at least and at most."""
        return (0.1, 0.4) if self.is_short else (1.0, 9.0)

    @property
    def workers(self) -> int:
        """Two at work, so that they meet. The quick one has no time to start two over and over."""
        return 1 if self.is_quick else 2

    @property
    def lease_seconds(self) -> int:
        return 4 if self.is_quick else 10

    @property
    def messages_per_second(self) -> float:
        return 12.0 if self.is_quick else 8.0


def seconds_left(until: float) -> float:
    return max(0.0, until - time.monotonic())
