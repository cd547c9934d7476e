"""The embedded default: SQLite and no broker."""

import re

from benchmarks.bench import Bench
from benchmarks.loading import Invalid
from benchmarks.scenarios import accept
from benchmarks.services import running
from benchmarks.trial import OURS, Figures, Goal, Scenario, Trial

SERVER = "PostgreSQL"
FIRST, MESSAGES = 20, 500
TOLD = re.compile(rf"{MESSAGES} delivered in ([\d.]+) s")


def ours(bench: Bench) -> Figures:
    return accept.accept(bench, bench.embedded)


def end_to_end(bench: Bench) -> Figures:
    """Played by `simulate_smartico`, which checks every callback."""
    house = bench.embedded
    house.forget_messages()
    with running(house.web(), house.worker(), house.scheduler()):
        house.manage(*house.simulation(FIRST))  # they find everything cold
        told = house.manage(*house.simulation(MESSAGES))
    found = TOLD.search(told)
    if not found:
        raise Invalid(told[-500:])
    return {"seconds": float(found[1])}


ACCEPT = Scenario(
    name="embedded",
    title="Accept on the embedded default",
    is_quick=False,
    trials=(Trial(name=OURS, measure=ours), Trial(name=SERVER, measure=accept.ours)),
    goals=(Goal(name="accept on the embedded default, beside PostgreSQL", than=SERVER, least=0.5),),
)
END_TO_END = Scenario(
    name="embedded-end-to-end",
    title=f"{MESSAGES} messages end to end on the embedded default",
    unit="s",
    trials=(Trial(name=OURS, measure=end_to_end),),
    goals=(
        Goal(
            name=f"{MESSAGES} messages end to end, embedded",
            measure="seconds",
            than=None,
            most=3,
        ),
    ),
)
