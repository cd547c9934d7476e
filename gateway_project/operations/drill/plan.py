"""What is drilled, for how long, and by which seed."""

import time
from dataclasses import dataclass

QUICK_FAULTS_UNTIL = 38.0
QUICK_FAULTS_SECONDS = 12.0
"""At least, were the machine so slow that the quick drill takes longer than a minute."""
QUICK_SETTLING_SECONDS = 40.0
"""A status that Smartico has refused for the third time as the last fault ends is told 33 seconds
later."""
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

    @property
    def settling_seconds(self) -> float:
        """How long after the last fault all has to be settled."""
        return QUICK_SETTLING_SECONDS if self.is_quick else SETTLING_SECONDS

    @property
    def workers(self) -> int:
        """Two at work, so that they meet. The quick one has no time to start two over and over."""
        return 1 if self.is_quick else 2

    @property
    def lease_seconds(self) -> int:
        return 6 if self.is_quick else 20

    @property
    def messages_per_second(self) -> float:
        return 12.0 if self.is_quick else 8.0


def seconds_left(until: float) -> float:
    return max(0.0, until - time.monotonic())
