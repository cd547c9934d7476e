"""The rate of workers that are at work: without the time in which they start."""

from collections.abc import Sequence

STARTING_SECONDS = 5.0
"""From the first message of the first worker on. Four that start at once on two cores take that."""


def steady_rate(moments: Sequence[float]) -> float:
    """A second, by the moments of all in their order, in seconds: from the first after the start to
    the last."""
    steady = [moment for moment in moments if moment >= moments[0] + STARTING_SECONDS]
    return (len(steady) - 1) / (steady[-1] - steady[0])
