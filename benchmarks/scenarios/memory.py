"""Memory of web and worker under full load: at the start, in the middle and at the end.

It is what they take of the machine: pages that their processes share are counted once (PSS).
"""

from benchmarks.bench import Bench
from benchmarks.posting import post, warm_up
from benchmarks.scenarios.loop import CHANNEL
from benchmarks.services import running
from benchmarks.trial import OURS, Figures, Goal, Scenario, Trial
from benchmarks.usage import memory

PARTS = 6
"""Loads one after the other; the start is after the first of them."""


def ours(bench: Bench) -> Figures:
    house = bench.house
    house.forget_messages()
    with running(house.web(), house.worker(), house.scheduler()) as (web, worker, _):
        warm_up(bench, house, CHANNEL)
        taken, resident, held = 0, [], []
        for _ in range(PARTS):
            taken += post(bench, house, bench.seconds, CHANNEL).requests
            told = memory(web, worker)
            held.append(told["web.pss_mb"] + told["worker.pss_mb"])
            resident.append(told["web.rss_mb"] + told["worker.rss_mb"])
    return {
        "messages": taken,
        "start_mb": held[0],
        "middle_mb": held[PARTS // 2],
        "end_mb": held[-1],
        "most_mb": max(held),
        "most_rss_mb": max(resident),
        "grown": held[-1] / held[PARTS // 2],
    }


SCENARIO = Scenario(
    name="memory",
    title="Memory of web and worker at full load",
    unit="MB",
    is_quick=False,
    trials=(Trial(name=OURS, measure=ours),),
    goals=(
        Goal(name="memory of web and worker", measure="most_mb", than=None, most=400),
        Goal(
            name="memory at the end, beside the middle",
            measure="grown",
            than=None,
            most=1.05,
            unit="ratio",
        ),
    ),
)
