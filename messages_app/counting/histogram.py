"""Durations as a histogram of few bins, from which percentiles are read."""

from bisect import bisect_left
from collections.abc import Mapping, Sequence
from datetime import timedelta

from django.db.models import Case, Value, When
from django.db.models.expressions import Combinable
from django.db.models.lookups import LessThanOrEqual

STEPS = (1.0, 1.5, 2.0, 3.0, 5.0, 7.0)
DECADES = 8
BOUNDS: Sequence[float] = tuple(
    step * 10.0**decade / 1_000 for decade in range(DECADES) for step in STEPS
)
"""The upper bounds of the bins in seconds, from a millisecond to most of a day. What is longer is
in one more bin."""


def bin_of(seconds: float) -> int:
    """The bin of a duration."""
    return bisect_left(BOUNDS, seconds)


def bin_in_database(duration: Combinable, first: int = 0, last: int = len(BOUNDS)) -> Combinable:
    """`bin_of`, as an expression: six comparisons a row, by halves."""
    if first == last:
        return Value(first)
    middle = (first + last) // 2
    is_below = LessThanOrEqual(duration, timedelta(seconds=BOUNDS[middle]))
    return Case(
        When(is_below, then=bin_in_database(duration, first, middle)),
        default=bin_in_database(duration, middle + 1, last),
    )


def percentile(bins: Mapping[int, int], share: float) -> float | None:
    """The seconds that this share of the durations did not exceed; None where there are none.

    As exact as the bins: inside one, durations are taken to be spread evenly.
    """
    wanted, passed = share * sum(bins.values()), 0
    for number in sorted(bins):
        if bins[number] and passed + bins[number] >= wanted:
            low = BOUNDS[number - 1] if number else 0.0
            high = BOUNDS[min(number, len(BOUNDS) - 1)]
            return low + max(high - low, 0.0) * (wanted - passed) / bins[number]
        passed += bins[number]
    return None
