"""The pace: a gateway's `rate_per_second`, by the moments at which its messages left."""

from bisect import bisect_left
from collections.abc import Sequence

from benchmarks.bench import Bench
from benchmarks.draining import wait_until_sent
from benchmarks.scenarios.send import wait_in
from benchmarks.services import running
from benchmarks.steadiness import STARTING_SECONDS, steady_rate
from benchmarks.trial import OURS, Figures, Goal, Scenario, Trial

CHANNEL, RATE = "rcs", 100
"""As the configuration of the house has it."""
TWO = ("worker-1", "worker-2")


def ours(bench: Bench) -> Figures:
    """With two workers, which share the rate."""
    house = bench.house
    wait_in(bench, house, CHANNEL, int((STARTING_SECONDS + bench.seconds) * RATE))
    with running(*(house.worker(name) for name in TWO)):
        wait_until_sent(bench, house)
    moments = house.dispatched_at()
    return {"rate": steady_rate(moments), "most_in_a_second": most_in_a_second(moments)}


def most_in_a_second(moments: Sequence[float]) -> int:
    """In any second, wherever it begins: from each moment on, without its end."""
    return max(bisect_left(moments, moment + 1) - place for place, moment in enumerate(moments))


SCENARIO = Scenario(
    name="pace",
    title=f"A gateway that takes {RATE} messages a second, two workers",
    is_quick=False,
    trials=(Trial(name=OURS, measure=ours),),
    goals=(
        Goal(
            name=f"at most {RATE} in any second",
            measure="most_in_a_second",
            than=None,
            most=RATE,
            unit="messages",
        ),
        Goal(name=f"of {RATE} messages a second", than=None, least=0.95 * RATE),
    ),
)
