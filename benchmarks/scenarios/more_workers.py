"""More worker processes, each with few calls in the air, before a provider that takes 50 ms."""

from functools import partial

from benchmarks.bench import Bench
from benchmarks.scenarios.send import SLOW, drain, wait_in
from benchmarks.services import running
from benchmarks.steadiness import steady_rate
from benchmarks.trial import Figures, Goal, Scenario, Trial

CAP = 2
SHARE = 40
"""How many times fewer messages wait for each worker: with few calls in the air it takes long."""
NOTE = f"each process has {CAP} calls in the air at most"
ONE, TWO, FOUR = "one worker", "two workers", "four workers"


def workers(bench: Bench, number: int) -> Figures:
    wait_in(bench, bench.house, SLOW, bench.backlog * number // SHARE)
    names = (f"worker-{n}" for n in range(1, number + 1))
    with running(*(bench.house.worker(name, cap=CAP) for name in names)) as services:
        figures = drain(bench, bench.house, *services)
    return {**figures, "rate": steady_rate(sorted(bench.outside.moments().values()))}


SCENARIO = Scenario(
    name="workers",
    title=f"More worker processes, {CAP} calls in the air each",
    is_quick=False,
    trials=tuple(
        Trial(name=name, measure=partial(workers, number=number))
        for name, number in ((ONE, 1), (TWO, 2), (FOUR, 4))
    ),
    goals=(
        Goal(name="two workers, beside one", of=TWO, than=ONE, least=1.8, note=NOTE),
        Goal(name="four workers, beside one", of=FOUR, than=ONE, least=3.5, note=NOTE),
    ),
)
