"""Accepting and sending at once: from the first request until the last message is settled."""

from benchmarks import apprise
from benchmarks.bench import Bench
from benchmarks.draining import wait_until_sent
from benchmarks.services import running
from benchmarks.trial import APPRISE, OURS, USUAL, Figures, Goal, Scenario, Trial
from benchmarks.whole_way import go


def ours(bench: Bench) -> Figures:
    house = bench.house
    with running(house.web(), house.worker(), house.scheduler()) as services:
        return go(bench, house, services, wait_until_sent)


def usual(bench: Bench) -> Figures:
    with running(bench.usual.web(publishes_tasks=True), bench.usual.worker()) as services:
        return go(bench, bench.usual, services, wait_until_sent)


SCENARIO = Scenario(
    name="both",
    title="Accept and send at once",
    trials=(
        Trial(name=OURS, measure=ours),
        Trial(name=USUAL, measure=usual),
        Trial(name=APPRISE, measure=apprise.accept, missing=apprise.missing),
    ),
    goals=(
        Goal(name="accept and send, beside the usual way", least=8),
        Goal(
            name="accept and send, beside Apprise API",
            than=APPRISE,
            least=3,
            why=apprise.KEEPS_NOTHING,
        ),
    ),
)
