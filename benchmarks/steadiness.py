"""The rate of workers that are at work: without the time in which they start."""

from collections.abc import Sequence

from benchmarks.loading import Invalid

STARTING_SECONDS = 5.0
"""From the first message of the first worker on. Four that start at once on two cores take that."""


def steady_rate(moments: Sequence[float]) -> float:
    """A second, by the moments of all in their order, in seconds: from the first after the start to
    the last. Raises Invalid where it is over by then."""
    steady = [moment for moment in moments if moment >= moments[0] + STARTING_SECONDS]
    if len(steady) < 2:
        raise Invalid(f"over in less than {STARTING_SECONDS:g} s: give it a larger backlog")
    return (len(steady) - 1) / (steady[-1] - steady[0])
