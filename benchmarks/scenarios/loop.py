"""The whole loop: accepted, sent, reported by the provider, told to Smartico."""

from benchmarks import kannel
from benchmarks.bench import Bench
from benchmarks.draining import wait_until_told
from benchmarks.house import House
from benchmarks.services import running
from benchmarks.trial import KANNEL, OURS, Figures, Goal, Scenario, Trial
from benchmarks.whole_way import go

CHANNEL = "whatsapp"
"""The one whose provider reports."""


def ours(bench: Bench) -> Figures:
    return loop(bench, bench.house)


def loop(bench: Bench, house: House) -> Figures:
    """From the first request until the last callback."""
    with running(house.web(), house.worker(), house.scheduler()) as services:
        return go(bench, house, services, wait_until_told, CHANNEL)


SCENARIO = Scenario(
    name="loop",
    title="The whole loop",
    trials=(
        Trial(name=OURS, measure=ours),
        Trial(name=KANNEL, measure=kannel.loop, missing=kannel.missing),
    ),
    goals=(Goal(name="the whole loop, beside Kannel", than=KANNEL, least=1, why=kannel.DOES_LESS),),
)
